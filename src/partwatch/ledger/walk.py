"""Entries read once, in order, and every checkpoint held against what they come to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from partwatch.ledger import container as files
from partwatch.ledger.commitments import Entry, parse_entry
from partwatch.ledger.container import Container, lines
from partwatch.ledger.earlier import Kept
from partwatch.ledger.errors import DamagedLedgerError
from partwatch.ledger.merkle import Frontier, leaf_hash
from partwatch.ledger.verified import Checking

_ENTRIES: Final = "an entry was changed, dropped, added or moved after the checkpoint was signed"


@dataclass
class Walked:
    """What the entries, read once, gave. roots: of the sizes that were wanted."""

    size: int = 0
    roots: dict[int, bytes] = field(default_factory=dict)
    commitments: bytearray = field(default_factory=bytearray)
    moments: list[str] = field(default_factory=list)  # first and last
    back: int = 0


def walk(container: Container, wanted: Collection[int], checking: Checking) -> Walked:
    """Read every entry once; stops at the first that is none."""
    walked, frontier = Walked(), Frontier()
    walked.roots[0] = frontier.root()
    try:
        for number, raw in lines(container, files.ENTRIES):
            where = f"{files.ENTRIES}, line {number}"
            entry = parse_entry(raw, where)
            if entry.seq != frontier.size:
                raise DamagedLedgerError(f"{where}: entry {entry.seq} where {frontier.size} is due")
            frontier.push(leaf_hash(raw))
            _note(walked, entry)
            walked.size = checking.count = frontier.size
            if frontier.size in wanted:
                walked.roots[frontier.size] = frontier.root()
    except DamagedLedgerError as error:
        checking.fail(
            files.ENTRIES, str(error), "an entry was changed, dropped, added or moved, or the file was cut"
        )
    walked.roots[frontier.size] = frontier.root()
    return walked


def _note(walked: Walked, entry: Entry) -> None:
    walked.commitments += entry.commitment
    if walked.moments:
        walked.back += _order(entry.at) < _order(walked.moments[1])
        walked.moments[1] = entry.at
    else:
        walked.moments = [entry.at, entry.at]


def _order(at: str) -> str:
    """Moments in an order: a whole second has no fraction, and "Z" would stand behind one."""
    return at.rstrip("Z")


def check_end(size: int, last: int, checking: Checking) -> None:
    """Entries read against the size of the last checkpoint."""
    if checking.failures:
        return
    if size < last:
        what = f"{size} entries, and the last checkpoint is of {last}"
        checking.fail(files.ENTRIES, what, "entries at the end are missing: the file was cut")
    elif size > last:
        what = f"entries {last} to {size - 1} stand beyond the last checkpoint"
        checking.fail(files.ENTRIES, what, "nothing signs them: they were added, or the checkpoint taken out")


def check_prefixes(notes: list[Kept], walked: Walked, checking: Checking) -> None:
    """Each checkpoint's root against that of the entries: so each is the beginning of the next."""
    good = 0
    for one in notes:
        size = one.checkpoint.size
        if size > walked.size:
            checking.fail(one.where, f"of {size} entries, and {walked.size} can be read", _ENTRIES)
            return
        if walked.roots[size] != one.checkpoint.root:
            what = (
                f"its root is not that of the first {size} entries; those of the first {good} are as signed"
            )
            # Every later one fails with it, and says no more.
            checking.fail(f"{one.where}: entries {good} to {size - 1}", what, _ENTRIES)
            return
        good = size
