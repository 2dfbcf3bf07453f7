"""A log in a database of its own, and bundles of it, for the tests of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger_database import AT, NAME, engine, signer
from sqlalchemy import Connection, Engine

from partwatch.ledger import log
from partwatch.ledger.bundle import DisclosedStatement, WithheldStatement, export
from partwatch.ledger.commitments import statement_key, statement_leaf, statements_claim
from partwatch.ledger.keys import Signer
from partwatch.ledger.merkle import inclusion_proofs
from partwatch.ledger.tables import LEDGER_METADATA

__all__ = ["AT", "NAME", "engine", "signer"]

ENTITY = bytes(range(32))
STATEMENTS = [f'{{"entity":"e{n}","prop":"name","value":"Änne {n}"}}'.encode() for n in range(5)]
LEAVES = [statement_leaf(ENTITY, n, text) for n, text in enumerate(STATEMENTS)]


@contextmanager
def fresh_log(path: Path) -> Iterator[Engine]:
    made = engine(path)
    with made.begin() as connection:
        LEDGER_METADATA.create_all(connection)
    yield made
    made.dispose()


def fill(connection: Connection, count: int, by: Signer, first: int = 0) -> None:
    """Entries that say which they are; a checkpoint after each second one and after the last."""
    for number in range(first, first + count):
        body = {"item": hashlib.sha256(b"%d" % number).hexdigest(), "number": number, "share": number / 8}
        log.append(connection, "decision", body, "A. Curator", AT)
        if number % 2 or number == first + count - 1:
            log.sign_checkpoint(connection, by)


def fill_source(connection: Connection, by: Signer) -> int:
    """An entry that takes in a source of five statements."""
    root, count, _ = inclusion_proofs(LEAVES, [])
    body = {"source": "listings", "statements": statements_claim(root, count)}
    return log.append(connection, "import", body, "A. Curator", AT, by).seq


def proven(positions: list[int]) -> list[DisclosedStatement]:
    """Those statements with a proof each."""
    _, _, proofs = inclusion_proofs(LEAVES, positions)
    return [
        DisclosedStatement(n, statement_key(ENTITY, n), STATEMENTS[n], proof) for n, proof in proofs.items()
    ]


def among_all(positions: list[int]) -> list[DisclosedStatement | WithheldStatement]:
    """Those statements among the leaves of all."""
    return [
        DisclosedStatement(n, statement_key(ENTITY, n), STATEMENTS[n])
        if n in positions
        else WithheldStatement(n, LEAVES[n])
        for n in range(len(LEAVES))
    ]


def small_bundle(folder: Path, name: str = "bundle", count: int = 5) -> Path:
    """Some entries, two sources with disclosed statements, one entry forgotten, one withheld."""
    with fresh_log(folder / f"{name}.sqlite") as made:
        with made.begin() as connection:
            fill(connection, count, signer())
            sources = [fill_source(connection, signer()) for _ in range(2)]
            log.forget(connection, [1])
        with made.begin() as connection:
            export(
                connection,
                folder / name,
                signer(),
                openings=set(range(count + 2)) - {2},
                statements={sources[0]: proven([1, 4]), sources[1]: among_all([0, 2])},
            )
    return folder / name
