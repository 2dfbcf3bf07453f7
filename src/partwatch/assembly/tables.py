"""The tables of what was seen.

Everything about groups can be made anew from `items`, `groupings` and `sightings`. Group values are
pseudonyms; what they stand for lies in `identities` alone.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x50572D41  # "PW-A"

METADATA: Final = MetaData()


def _item(primary_key: bool = False) -> Column[int]:
    key = ForeignKey("items.id", ondelete="CASCADE")
    return Column("item_id", Integer, key, nullable=False, primary_key=primary_key, index=not primary_key)


META: Final = Table(
    "meta", METADATA, Column("key", Text, primary_key=True), Column("value", Text, nullable=False)
)

ITEMS: Final = Table(
    "items",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("path", Text, nullable=False),
    Column("member", Text),
    Column("sha256", Text),
    Column("bodies", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("time", Text),  # ISO 8601 day
    Column("kept_since", Text, nullable=False, index=True),  # ISO 8601 day
    sqlite_autoincrement=True,
)

GROUPINGS: Final = Table(
    "groupings",
    METADATA,
    _item(primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Index("groupings_by_group", "kind", "value"),
)

# What an item says, under each of its groups: the best of a group's sightings of a part are found without
# looking at the others.
SIGHTINGS: Final = Table(
    "sightings",
    METADATA,
    Column("id", Integer, primary_key=True),
    _item(),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("body", Integer, nullable=False),
    Column("design", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("bits", Float, nullable=False),
    Column("finding", Text, nullable=False),
    Column("relation", Text, nullable=False),
    Column("medium", Text, nullable=False),
    Index("sightings_by_part", "kind", "value", "design", "part", "bits"),
    Index("sightings_by_design", "design"),
)

GROUPS: Final = Table(
    "groups",
    METADATA,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("bodies", Integer, nullable=False),
    Column("incomplete", Integer, nullable=False),
    PrimaryKeyConstraint("kind", "value"),
)

# What a group holds of a design. slots: names of those that it counts with, as JSON; filled: how many have
# a sighting.
HELD: Final = Table(
    "held",
    METADATA,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("design", Text, nullable=False),
    Column("slots", Text, nullable=False),
    Column("filled", Integer, nullable=False),
    PrimaryKeyConstraint("kind", "value", "design"),
    Index("held_by_filled", "filled"),
    Index("held_by_design", "design"),
)

KINDS: Final = Table(
    "kinds",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("groups", Integer, nullable=False),
    Column("bodies", Integer, nullable=False),
)

HOLDING: Final = Table(
    "holding",
    METADATA,
    Column("kind", Text, nullable=False),
    Column("design", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("groups", Integer, nullable=False),
    PrimaryKeyConstraint("kind", "design", "slot"),
)

TOGETHER: Final = Table(
    "together",
    METADATA,
    Column("kind", Text, nullable=False),
    Column("design", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("groups", Integer, nullable=False),
    PrimaryKeyConstraint("kind", "design", "slot", "other"),
)

# The plan with which a design was counted: another one has it counted anew.
PLANS: Final = Table(
    "plans",
    METADATA,
    Column("design", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)

VERDICTS: Final = Table(
    "verdicts",
    METADATA,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("design", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("day", Text, nullable=False),
    PrimaryKeyConstraint("kind", "value", "design"),
)

IDENTITIES: Final = Table(
    "identities",
    METADATA,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("kind", "value"),
)

ESCALATIONS: Final = Table(
    "escalations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("day", Text, nullable=False),
    sqlite_autoincrement=True,
)
