"""What role a route needs, said where the route is, so that a test can hold every one to it."""

from __future__ import annotations

from typing import Any

from fastapi import Depends

from partwatch.service.asking import Who
from partwatch.service.principals import Principal
from partwatch.service.states import Role


class Needs:
    """A dependency: whoever asks has one of `roles`."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    def __call__(self, who: Who) -> Principal:
        """Whoever asks. Raises ForbiddenError."""
        who.require(*sorted(self.roles))
        return who


def needs(*roles: Role) -> Any:
    """For a route's `dependencies`."""
    return Depends(Needs(*roles))
