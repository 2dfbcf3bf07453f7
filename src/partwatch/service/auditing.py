"""The ledger as those who administer read it: who looked, decided and came in, and whether it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from partwatch.case.notary import KEY_FILE
from partwatch.ledger import log
from partwatch.ledger.commitments import Entry, Opening, parse_entry
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.keys import read_key, verifies
from partwatch.ledger.merkle import Frontier, leaf_hash
from partwatch.ledger.notes import parse_checkpoint
from partwatch.ledger.tables import ENTRIES, OPENINGS
from partwatch.service.said_of import ids_in
from partwatch.service.store import ServiceStore

# Read at once, however few of them were wanted.
MOST_READ: Final = 5000
# What people did, by the kinds of entries; what desks write down of screenings is not among it.
KINDS: Final = (
    "look", "decision", "watchlist", "hunt", "forgetting", "login", "account", "token", "customer", "webhook",
)  # fmt: skip


@dataclass(frozen=True)
class Noted:
    """An entry. told: what it says, None where that was forgotten."""

    seq: int
    kind: str
    at: str
    by: str
    told: dict[str, Any] | None


@dataclass(frozen=True)
class NotedPage:
    """Entries, the latest first. before: ask with it for those before them; None where there are no more."""

    entries: list[Noted]
    before: int | None


@dataclass(frozen=True)
class Wanted:
    """Which entries. kinds: all where empty. by: who made them. about: a text that is a value in what they
    say, such as a submission's id, also one of several, or an account's name."""

    kinds: tuple[str, ...] = ()
    by: str = ""
    about: str = ""

    def has(self, one: Noted) -> bool:
        """Whether an entry is one of them, its kind aside."""
        if self.by and one.by != self.by:
            return False
        if not self.about:
            return True
        return one.told is not None and (self.about in one.told.values() or self.about in ids_in(one.told))


def noted(connection: Connection, wanted: Wanted, before: int | None = None, limit: int = 50) -> NotedPage:
    """A page of entries. It may be short of `limit`, and even empty, where few among many are wanted: ask on.

    Raises DamagedLedgerError for a row that is no entry.
    """
    found: list[Noted] = []
    read = 0
    last = None
    for one in _backwards(connection, wanted.kinds, before):
        if len(found) == limit or read == MOST_READ:
            return NotedPage(found, last)
        read, last = read + 1, one.seq
        if wanted.has(one):
            found.append(one)
    return NotedPage(found, None)


def _backwards(connection: Connection, kinds: Collection[str], before: int | None) -> Iterator[Noted]:
    asked = (
        select(ENTRIES.c.seq, ENTRIES.c.bytes, OPENINGS.c.key, OPENINGS.c.body)
        .outerjoin_from(ENTRIES, OPENINGS, ENTRIES.c.seq == OPENINGS.c.seq)
        .order_by(ENTRIES.c.seq.desc())
        .limit(MOST_READ + 1)
    )
    if kinds:
        asked = asked.where(ENTRIES.c.kind.in_(sorted(kinds)))
    if before is not None:
        asked = asked.where(ENTRIES.c.seq < before)
    for row in connection.execute(asked):
        entry = parse_entry(bytes(row.bytes), f"entry {row.seq}")
        opening = None if row.key is None else Opening(bytes(row.key), bytes(row.body))
        yield _noted(entry, opening)


def _noted(entry: Entry, opening: Opening | None) -> Noted:
    """What an entry says; what does not open it is not believed."""
    if opening is not None and not opening.opens(entry.commitment):
        raise DamagedLedgerError(f"entry {entry.seq}: what it says was changed; restore a backup")
    return Noted(entry.seq, entry.kind, entry.at, entry.by, None if opening is None else opening.body)


@dataclass(frozen=True)
class LedgerState:
    """size: entries. signed_at_size: of the last checkpoint. whole: whether every entry was read, and not the
    checkpoint alone. problem: what is wrong."""

    size: int
    signed_at_size: int
    key: str
    whole: bool
    problem: str | None

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


def ledger_state(store: ServiceStore, most: int) -> LedgerState:
    """How the ledger stands. Every entry is hashed anew where there are `most` at most; else the stored
    hashes are held against the signed checkpoint."""
    with store.reading() as connection:
        size = log.size(connection)
        whole = size <= most
        try:
            signed, key = _checked(store, connection, size, whole)
            problem = None
        except LedgerError as error:
            signed, key, problem = 0, "", str(error)
    return LedgerState(size, signed, key, whole, problem)


def _checked(store: ServiceStore, connection: Connection, size: int, whole: bool) -> tuple[int, str]:
    last = log.last_checkpoint(connection)
    if last is None:
        if size:
            raise DamagedLedgerError(f"{size} entries, and no checkpoint signs them")
        return 0, ""
    _, note = parse_checkpoint(last.note)
    signer = read_key(store.folder / KEY_FILE, last.origin)
    if not verifies(note, signer.verifier):
        raise DamagedLedgerError("the last checkpoint was not signed by this service's key")
    if last.size != size:
        raise DamagedLedgerError(f"{size} entries, and the last checkpoint is of {last.size}")
    if (_hashed(connection) if whole else log.root(connection)) != last.root:
        raise DamagedLedgerError("the entries are not those that were signed; restore a backup")
    return last.size, signer.verifier.fingerprint


def _hashed(connection: Connection) -> bytes:
    frontier = Frontier()
    for entry in log.entries(connection, openings=False):
        frontier.push(leaf_hash(entry.raw))
    return frontier.root()
