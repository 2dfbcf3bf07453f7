"""The ledger of a case taken out for anybody to verify: with what its entries say, and chosen statements.

A statement that is shown comes with the key that opens it alone and the proof that it is one of those that
its source was taken in with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from partwatch.case.leaves import Leaf, leaves_of
from partwatch.case.store import CaseStore
from partwatch.case.tables import SOURCES, STATEMENTS
from partwatch.ledger import log
from partwatch.ledger.bundle import DisclosedStatement, export
from partwatch.ledger.commitments import Entry, claimed_statements, statement_key, statements_root
from partwatch.ledger.merkle import inclusion_proofs
from partwatch.ledger.notes import Checkpoint

_LOOKED_UP: Final = 900


def write_bundle(store: CaseStore, target: Path, statements: Iterable[int] = ()) -> Checkpoint:
    """Write the ledger to a new folder or ZIP. statements: numbers of those to show. Raises LedgerError."""
    with store.reading() as connection:
        entries = {row.id: row.entry for row in connection.execute(select(SOURCES.c.id, SOURCES.c.entry))}
        shown = {
            entries[source]: _disclosed(connection, source, positions)
            for source, positions in _positions(connection, sorted(set(statements))).items()
        }
        return export(connection, target, store.notary.signer, statements=shown)


def problems_of(store: CaseStore) -> list[str]:
    """What in the case is not what its ledger says: the log itself, sources that are gone or were never taken
    in, and statements that are not those a source was taken in with."""
    with store.reading() as connection:
        found = list(log.problems(connection))
        rows = {row.entry: row for row in connection.execute(select(SOURCES)).all()}
        entries = {entry.seq: entry for entry in log.entries(connection, kind="import")}
        for seq, row in sorted(rows.items()):
            name = row.name or f"source {row.id}"
            if seq not in entries:
                found.append(f"{name}: entry {seq} of the ledger took no source in")
                continue
            found += _problems_of_source(connection, row, entries[seq], name)
        found += [
            f"entry {seq} took a source in that is gone" for seq in sorted(entries.keys() - rows.keys())
        ]
    return found


def _problems_of_source(connection: Connection, row: Row[Any], entry: Entry, name: str) -> Iterator[str]:
    """Against what the entry claims; once that is forgotten, against what was kept of it."""
    leaves = count = 0

    def hashes() -> Iterator[bytes]:
        nonlocal count
        for leaf in leaves_of(connection, row.id):
            count += 1
            yield leaf.hash

    root = statements_root(hashes())
    if entry.opening is None:
        if root.hex() != row.root:
            yield f"{name}: its statements are not those it was taken in with"
        return
    claimed, leaves = claimed_statements(entry.opening.body)
    if (root, count) != (claimed, leaves) or entry.opening.body.get("key") != row.key:
        yield f"{name}: its statements are not those it was taken in with (entry {entry.seq})"


def _positions(connection: Connection, numbers: Sequence[int]) -> dict[int, set[int]]:
    """Places of statements in their sources, by source."""
    found: dict[int, set[int]] = {}
    for start in range(0, len(numbers), _LOOKED_UP):
        chosen = STATEMENTS.c.id.in_(numbers[start : start + _LOOKED_UP])
        for row in connection.execute(select(STATEMENTS.c.source_id, STATEMENTS.c.position).where(chosen)):
            found.setdefault(row.source_id, set()).add(row.position)
    return found


def _disclosed(connection: Connection, source: int, positions: Collection[int]) -> list[DisclosedStatement]:
    kept: dict[int, Leaf] = {}

    def hashes() -> Iterator[bytes]:
        for leaf in leaves_of(connection, source):
            if leaf.position in positions:
                kept[leaf.position] = leaf
            yield leaf.hash

    _, _, proofs = inclusion_proofs(hashes(), positions)
    return [_shown(leaf, proofs[position]) for position, leaf in sorted(kept.items())]


def _shown(leaf: Leaf, proof: tuple[bytes, ...]) -> DisclosedStatement:
    assert leaf.secret is not None
    assert leaf.statement is not None
    key = statement_key(leaf.secret, leaf.position)
    return DisclosedStatement(leaf.position, key, leaf.statement.canonical(), proof)
