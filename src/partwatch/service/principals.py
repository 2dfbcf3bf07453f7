"""Who asks: an account with what it may do now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from partwatch.service.states import Role
from partwatch.service.store import LOCAL


class ForbiddenError(Exception):
    """Whoever asks may not do that. The message is theirs to read."""


@dataclass(frozen=True)
class Principal:
    """name: of the account. customer: whose things it sees and hands in; None for the operator's own people,
    who see all of them. roles: the account's, or what is left of them by the scopes of its token."""

    name: str
    customer: str | None
    roles: frozenset[Role]

    def sees(self, customer: str) -> bool:
        """Whether things of that customer exist for it."""
        return self.customer is None or self.customer == customer

    def require(self, *roles: Role) -> None:
        """Raise ForbiddenError where it has none of these roles."""
        if not any(role in self.roles for role in roles):
            wanted = " or ".join(role.value for role in roles)
            raise ForbiddenError(f"{self.name} lacks the role {wanted}; ask whoever administers this service")


# Who uses the service on its own machine, where no login is asked for.
THIS_MACHINE: Final = Principal("this machine", None, frozenset(Role))


def submits_as(principal: Principal, customer: str | None) -> str:
    """The customer that something is handed in for: its own; the operator's people may name one."""
    if principal.customer is not None:
        if customer not in (None, principal.customer):
            raise ForbiddenError(f"{principal.name} hands in for {principal.customer} only")
        return principal.customer
    return customer or LOCAL
