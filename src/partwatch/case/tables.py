"""The tables of a case, the same on SQLite and PostgreSQL.

Rows are only ever added; what no longer counts is said so by a later row. The one exception is forgetting,
which takes statements and their entity's secret out, and leaves the commitments.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x50572D43  # "PW-C"

METADATA: Final = MetaData()
# SQLite counts rows by INTEGER alone; PostgreSQL needs the larger one for millions of them.
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

META: Final = Table(
    "meta", METADATA, Column("key", Text, primary_key=True), Column("value", Text, nullable=False)
)

SOURCES: Final = Table(
    "sources",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("said_by", Text, nullable=False),
    Column("reliability", Text, nullable=False),
    Column("legal_ref", Text),
    Column("importer", Text, nullable=False),
    Column("imported_at", Text, nullable=False),
    Column("imported_by", Text, nullable=False),
    Column("statements", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("root", Text, nullable=False),  # of the commitments of its statements
    Column("entry", Integer, nullable=False),
    sqlite_autoincrement=True,
)

# secret: what the commitments of its statements are keyed with.
ENTITIES: Final = Table(
    "entities",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("secret", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

# position: within the source, from 0; it is the statement's leaf in the source's tree.
STATEMENTS: Final = Table(
    "statements",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("entity_id", _NUMBER, nullable=False),
    Column("schema", Text, nullable=False),
    Column("prop", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("original", Text),
    Column("said_at", Text),
    Column("bits", Float),
    Index("statements_by_entity", "entity_id"),
    Index("statements_by_source", "source_id", "position"),
    # A message's text is longer than PostgreSQL's trees take; only equal values are looked for.
    Index("statements_by_value", "value", postgresql_using="hash"),
    sqlite_autoincrement=True,
)

# What was forgotten: the leaf stays, so that the source's tree can still be made.
FORGOTTEN: Final = Table(
    "forgotten",
    METADATA,
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    PrimaryKeyConstraint("source_id", "position"),
)

# standing: 0 withdrawn, 1 reinstated; the latest row of a source counts.
WITHDRAWALS: Final = Table(
    "withdrawals",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
    Column("standing", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    sqlite_autoincrement=True,
)

# A run of the resolution; the latest one counts.
RUNS: Final = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("model", Text, nullable=False),  # its digest
    Column("told", Text, nullable=False),  # JSON: what it rests on
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    sqlite_autoincrement=True,
)

PAIRS: Final = Table(
    "pairs",
    METADATA,
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("left", Text, nullable=False),  # entity keys, left < right
    Column("right", Text, nullable=False),
    Column("raw", Float, nullable=False),
    Column("bits", Float, nullable=False),
    Column("merged", Integer, nullable=False),  # whether the run decided `same`
    Column("waterfall", Text, nullable=False),  # JSON
    UniqueConstraint("run_id", "left", "right"),
    Index("pairs_by_merged", "run_id", "merged"),
)

# What a person decided of a pair; the latest row of a pair counts. verdict: same, different, unsure, undone.
DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("left", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    Index("decisions_by_pair", "left", "right"),
    sqlite_autoincrement=True,
)

# What was asked of the case, so that it is answered again when a source falls. told: JSON.
QUESTIONS: Final = Table(
    "questions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    UniqueConstraint("kind", "told"),
    sqlite_autoincrement=True,
)
