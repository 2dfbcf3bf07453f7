"""The tables of the service, the same on SQLite and PostgreSQL. Times are texts in UTC to the millisecond."""

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
APPLICATION_ID: Final = 0x50572D53  # "PW-S"

METADATA: Final = MetaData()
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

META: Final = Table(
    "meta", METADATA, Column("key", Text, primary_key=True), Column("value", Text, nullable=False)
)

# Who submits; everything that is handed in belongs to one, and nobody of another sees it.
CUSTOMERS: Final = Table(
    "customers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("disabled_at", Text),
    # Virtual time of fair queueing: see `queueing`.
    Column("last_due", Float, nullable=False, default=0.0),
)

# customer: None for the operator's own people. password: by argon2, None for accounts that only have tokens.
# setup: of the link by which its person sets a password, once.
ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("customer", Text, ForeignKey("customers.id")),
    Column("roles", Text, nullable=False),  # JSON
    Column("password", Text),
    Column("setup_sha256", Text, unique=True),
    Column("setup_until", Text),
    Column("created_at", Text, nullable=False),
    Column("disabled_at", Text),
    sqlite_autoincrement=True,
)

TOKENS: Final = Table(
    "tokens",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # JSON: some of the account's roles
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("revoked_at", Text),
    Column("used_at", Text),
)

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id_sha256", Text, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
)

# id: what the outside knows it by. due: its place in the queue. claimed_by, lease_until: whose desk has it.
# lost: how often a desk that had it ended. header: with what it was screened. withheld: whether the finding
# is not told to the submitter before a person decided.
SUBMISSIONS: Final = Table(
    "submissions",
    METADATA,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("customer", Text, ForeignKey("customers.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("reference", Text),
    Column("groups", Text, nullable=False),  # JSON: kind to value, for assemblies
    Column("received_at", Text, nullable=False),
    Column("files", Integer, nullable=False),
    Column("bytes", _NUMBER, nullable=False),
    Column("state", Text, nullable=False),
    Column("finding", Text),
    Column("due", Float, nullable=False),
    Column("claimed_by", Text),
    Column("lease_until", Float),
    Column("lost", Integer, nullable=False, default=0),
    Column("header", Text, ForeignKey("headers.digest")),
    Column("screened_at", Text),
    Column("decided_at", Text),
    Column("withheld", Integer, nullable=False, default=0),
    Column("files_gone_at", Text),
    Column("forgotten_at", Text),
    Index("submissions_by_state", "state", "due"),
    Index("submissions_by_customer", "customer", "number"),
    sqlite_autoincrement=True,
)

# stored: its name below the files folder, None once it is gone.
FILES: Final = Table(
    "files",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("submission", _NUMBER, ForeignKey("submissions.number", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("bytes", _NUMBER, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("stored", Text),
    UniqueConstraint("submission", "position"),
    sqlite_autoincrement=True,
)

HEADERS: Final = Table(
    "headers", METADATA, Column("digest", Text, primary_key=True), Column("header", Text, nullable=False)
)

# found: the items of one file, JSON, deflated. Written once all of them are known.
RESULTS: Final = Table(
    "results",
    METADATA,
    Column("file", _NUMBER, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("header", Text, ForeignKey("headers.digest"), nullable=False),
    Column("found", LargeBinary, nullable=False),
    Column("finding", Text, nullable=False),
)

# Fingerprints on their way into the history: written with the result, gone once the history has them.
PRINTS: Final = Table(
    "prints",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("file", _NUMBER, ForeignKey("files.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("member", Text),
    Column("sha256", Text),
    Column("body", Integer, nullable=False),
    Column("descriptor", LargeBinary, nullable=False),  # DESCRIPTOR_SIZE little-endian float32
    Column("radius_mm", Float, nullable=False),
    Column("area_mm2", Float, nullable=False),
    Column("extents_mm", Text, nullable=False),  # JSON
    sqlite_autoincrement=True,
)

# What was held of a customer, by fingerprint: what near-copies are told by.
HELD_PRINTS: Final = Table(
    "held_prints",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("customer", Text, nullable=False),
    Column(
        "submission",
        _NUMBER,
        ForeignKey("submissions.number", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("at", Text, nullable=False),
    Column("descriptor", LargeBinary, nullable=False),
    Column("radius_mm", Float, nullable=False),
    Index("held_prints_by_customer", "customer", "at"),
    sqlite_autoincrement=True,
)

# What people did about a submission, in its order.
DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("submission", _NUMBER, ForeignKey("submissions.number"), nullable=False, index=True),
    Column("act", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    sqlite_autoincrement=True,
)

# What happened, in its order, for event streams and webhooks.
EVENTS: Final = Table(
    "events",
    METADATA,
    Column("seq", _NUMBER, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("submission", Text, nullable=False),  # its id
    Column("kind", Text, nullable=False),
    Column("told", Text, nullable=False),  # JSON; never a score, never a part
    Column("at", Text, nullable=False),
    Index("events_by_customer", "customer", "seq"),
    Index("events_by_submission", "submission", "seq"),
    sqlite_autoincrement=True,
)

HOOKS: Final = Table(
    "hooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("customer", Text),  # None: of all customers
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # JSON; [] for all
    Column("created_at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("after_seq", _NUMBER, nullable=False),  # the last event that deliveries were made for
    Column("disabled_at", Text),
)

DELIVERIES: Final = Table(
    "deliveries",
    METADATA,
    Column("hook", Text, ForeignKey("hooks.id", ondelete="CASCADE"), nullable=False),
    Column("seq", _NUMBER, ForeignKey("events.seq", ondelete="CASCADE"), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("done_at", Text),
    Column("gave_up_at", Text),
    Column("said", Text),  # the last answer, in words
    PrimaryKeyConstraint("hook", "seq"),
    Index("deliveries_by_time", "done_at", "gave_up_at", "next_at"),
)

# What an Idempotency-Key led to. request: a digest of what was asked.
IDEMPOTENCY: Final = Table(
    "idempotency",
    METADATA,
    Column("customer", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("submission", Text, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("customer", "key"),
)

# Work that is done beside screening, by one process at a time: see `housekeeping`.
CHORES: Final = Table(
    "chores",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("lease_until", Float, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("last_at", Text),
    Column("failed", Text),  # what went wrong the last time, in words
)

# Hunts through the history. customer: whose things it may show, None for all. asked: JSON; progress: JSON,
# deflated. What is hunted for and is no listed part lies as a file of the hunt's id in the folder of hunts.
HUNTS: Final = Table(
    "hunts",
    METADATA,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("by", Text, nullable=False),
    Column("customer", Text),
    Column("asked_at", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("progress", LargeBinary),
    Column("failed", Text),
    Column("done_at", Text),
    Index("hunts_by_state", "state", "number"),
    sqlite_autoincrement=True,
)
