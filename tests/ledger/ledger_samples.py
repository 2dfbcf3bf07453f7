"""A log in a database of its own, and bundles of it, for the tests of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from partwatch.ledger import log
from partwatch.ledger.bundle import DisclosedStatement, WithheldStatement, export
from partwatch.ledger.commitments import statement_key, statement_leaf, statements_claim
from partwatch.ledger.keys import Signer
from partwatch.ledger.merkle import inclusion_proofs
from partwatch.ledger.tables import LEDGER_METADATA

AT = "2026-03-01T09:00:00Z"
NAME = "partwatch.case/test"
ENTITY = bytes(range(32))
STATEMENTS = [f'{{"entity":"e{n}","prop":"name","value":"Änne {n}"}}'.encode() for n in range(5)]
LEAVES = [statement_leaf(ENTITY, n, text) for n, text in enumerate(STATEMENTS)]


def signer(seed: int = 1, name: str = NAME) -> Signer:
    """The same key for the same seed."""
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def engine(path: Path) -> Engine:
    """As a case opens its SQLite file."""
    made = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 60})

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


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
