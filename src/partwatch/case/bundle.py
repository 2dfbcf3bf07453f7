"""The ledger of a case taken out for anybody to verify: with what its entries say, and chosen statements.

A statement that is shown comes with the key that opens it alone and the proof that it is one of those that
its source was taken in with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from partwatch.case.leaves import Leaf, leaves_of
from partwatch.case.store import CaseStore
from partwatch.case.tables import SOURCES, STATEMENTS
from partwatch.ledger.bundle import DisclosedStatement, export
from partwatch.ledger.commitments import statement_key
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


def broken_sources(store: CaseStore) -> list[str]:
    """Names of sources whose statements are no longer those they were taken in with."""
    with store.reading() as connection:
        return [
            row.name or f"source {row.id}"
            for row in connection.execute(select(SOURCES).order_by(SOURCES.c.id)).all()
            if store.notary.root(leaf.hash for leaf in leaves_of(connection, row.id)).hex() != row.root
        ]


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
