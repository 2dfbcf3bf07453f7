"""The audit log: who looked at findings, who decided, who came in, and whether the ledger holds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from partwatch.service.access.needs import needs
from partwatch.service.api.told import FORBIDDEN, errors
from partwatch.service.asking import Here
from partwatch.service.auditing import Wanted, ledger_state, noted
from partwatch.service.states import Role

router = APIRouter(
    prefix="/audit", tags=["audit"], dependencies=[needs(Role.ADMINISTER)], responses=errors(*FORBIDDEN)
)
_MOST_HASHED = 1_000_000


class AuditEntry(BaseModel):
    """An entry of the ledger."""

    model_config = ConfigDict(frozen=True)

    seq: int = Field(description="Its number.")
    kind: str = Field(description="look, decision, login, account, token, customer, submission or another.")
    at: str = Field(description="When, in UTC.")
    by: str = Field(description="The account, or what else made it.")
    told: dict[str, Any] | None = Field(description="What it says; null where that was forgotten.")


class AuditPage(BaseModel):
    """Entries, the latest first."""

    model_config = ConfigDict(frozen=True)

    entries: list[AuditEntry]
    before: int | None = Field(description="Ask with it for those before; null where there are no more.")


class AuditState(BaseModel):
    """How the ledger stands."""

    model_config = ConfigDict(frozen=True)

    size: int = Field(description="Its entries.")
    signed_at_size: int = Field(description="Entries under the last signed checkpoint.")
    key: str = Field(description="The fingerprint of the key that signs.")
    whole: bool = Field(description="Whether every entry was hashed anew.")
    holds: bool = Field(description="Whether all that was looked at is as it was signed.")
    problem: str | None = Field(description="What is wrong.")


Text = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")]


Kind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
Kinds = Annotated[list[Kind] | None, Query(max_length=20)]


@router.get("")
def list_entries(
    here: Here,
    kind: Kinds = None,
    by: Text = "",
    about: Text = "",
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> AuditPage:
    """Entries of the ledger, the latest first: of some kinds, by somebody, about a submission or an account.

    A page may be short of `limit` where few among many are wanted; go on with `before` until it is null.
    """
    with here.store.reading() as connection:
        found = noted(connection, Wanted(tuple(kind or ()), by, about), before, limit)
    entries = [AuditEntry(seq=e.seq, kind=e.kind, at=e.at, by=e.by, told=e.told) for e in found.entries]
    return AuditPage(entries=entries, before=found.before)


@router.get("/state")
def state(here: Here) -> AuditState:
    """Whether the ledger is as it was signed; up to a million entries are hashed anew."""
    found = ledger_state(here.store, _MOST_HASHED)
    return AuditState(
        size=found.size, signed_at_size=found.signed_at_size, key=found.key, whole=found.whole,
        holds=found.holds, problem=found.problem,
    )  # fmt: skip
