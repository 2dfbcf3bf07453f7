"""The tables of a watch-list.

Ids are AUTOINCREMENT: an id once given is never given again, so an index built earlier can at worst
miss a row, never find another one in its place.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION: Final = 3
APPLICATION_ID: Final = 0x50572D4C  # "PW-L": tells our file from any other SQLite database

METADATA: Final = MetaData()


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _parent(table: str, primary_key: bool = False, index: bool = False) -> Column[int]:
    key = ForeignKey(f"{table}.id", ondelete="CASCADE")
    name = f"{table.removesuffix('s')}_id"
    return Column(name, Integer, key, nullable=False, primary_key=primary_key, index=index)


META: Final = Table(
    "meta",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

DESIGNS: Final = Table(
    "designs",
    METADATA,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("authority", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires", Text, nullable=False),  # ISO 8601
    Column("note", Text),
    Column("digest", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

PARTS: Final = Table(
    "parts",
    METADATA,
    _id(),
    _parent("designs"),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, CheckConstraint("quantity >= 1"), nullable=False),
    Column("required", Boolean, nullable=False),
    Column("alternative_to", Text),
    Column("source_name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("medium", Text, nullable=False),
    Column("distinctiveness", Float, nullable=False),
    Column("area_mm2", Float, nullable=False),
    Column("extent_x_mm", Float, nullable=False),
    Column("extent_y_mm", Float, nullable=False),
    Column("extent_z_mm", Float, nullable=False),
    Column("triangles", Integer, nullable=False),
    Column("has_geometry", Boolean, nullable=False),
    UniqueConstraint("design_id", "name"),
    sqlite_autoincrement=True,
)

# Heavy columns have tables of their own: scanning parts or descriptors never walks over them.
GEOMETRY: Final = Table(
    "geometry",
    METADATA,
    _parent("parts", primary_key=True),
    Column("vertex_type", Text, nullable=False),
    Column("vertices", LargeBinary, nullable=False),
    Column("triangles", LargeBinary, nullable=False),
)

PRINTS: Final = Table(
    "prints",
    METADATA,
    _id(),
    _parent("parts", index=True),
    Column("shell", Integer, nullable=False),
    Column("descriptor", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

CLOUDS: Final = Table(
    "clouds",
    METADATA,
    _parent("prints", primary_key=True),
    Column("points", LargeBinary, nullable=False),
)

# Since version 2. What the goodware gate found of a part: no digest and no list's version counts it, since it
# speaks of the background as much as of the part. Made anew with another one, it leaves the designs, what is
# searched and what others have of the list as they were.
GATE_REPORTS: Final = Table(
    "gate_reports",
    METADATA,
    _parent("parts", primary_key=True),
    Column("rate", Float, nullable=False),
    Column("look_alikes", Text, nullable=False),  # JSON: name and similarity of each
    Column("population", Text, nullable=False),
    Column("calibration", Text, nullable=False),
    Column("made", Text, nullable=False),  # ISO 8601
    Column("allowed", Text),
)

# Since version 3. By what pieces of a part are found, for parts with geometry. They follow from the mesh and
# from the codebook, so no digest and no list's version counts them; a part without a row of this program's
# layout has none yet.
LOCAL_FEATURES: Final = Table(
    "local_features",
    METADATA,
    _parent("parts", primary_key=True),
    Column("layout", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("records", LargeBinary, nullable=False),
)
