"""The tables of a ledger, for a case's store to have in its own database, SQLite or PostgreSQL.

Entries and nodes are only ever added. An opening goes when it is forgotten; its entry stays.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

LEDGER_METADATA: Final = MetaData()


def _whole() -> TypeEngine[int]:
    # SQLite numbers rows by INTEGER only.
    return BigInteger().with_variant(Integer(), "sqlite")


ENTRIES: Final = Table(
    "ledger_entries",
    LEDGER_METADATA,
    Column("seq", _whole(), CheckConstraint("seq >= 0"), primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False, index=True),
    Column("bytes", LargeBinary, nullable=False),  # canonical JSON, of which the leaf is the hash
)

# RFC 6962 hashes of perfect subtrees: (0, seq) is a leaf, (level, index) covers 2^level leaves.
NODES: Final = Table(
    "ledger_nodes",
    LEDGER_METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", _whole(), primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

OPENINGS: Final = Table(
    "ledger_openings",
    LEDGER_METADATA,
    Column("seq", _whole(), ForeignKey("ledger_entries.seq"), primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),  # canonical JSON
)

CHECKPOINTS: Final = Table(
    "ledger_checkpoints",
    LEDGER_METADATA,
    Column("size", _whole(), primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
)

# RFC 3161 responses over a checkpoint's note.
TIMESTAMPS: Final = Table(
    "ledger_timestamps",
    LEDGER_METADATA,
    Column("size", _whole(), ForeignKey("ledger_checkpoints.size"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("response", LargeBinary, nullable=False),
)
