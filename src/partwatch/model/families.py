"""The families of a catalogue: frozen, versioned, and all that its renderers read.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/reference/families.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from partwatch.model.document import Deviation, Reason, Record, Vector3

SCHEMA = "partwatch-families-1"


class Sameness(StrEnum):
    """What a file is to the first file of its shape."""

    FIRST = "first"
    SAME_FILE = "same_file"
    SAME_MESH = "same_mesh"
    SAME_SHAPE = "same_shape"


class Kinship(StrEnum):
    """What a shape is to the shape above it in its family's tree.

    mirror: its mirror image. revision: one shape, edited. rearranged: the same bodies, in other numbers or
    laid out otherwise. remix: shares bodies, or is cut from or built into the other.
    """

    MIRROR = "mirror"
    REVISION = "revision"
    REARRANGED = "rearranged"
    REMIX = "remix"


class FamilyFile(Record):
    """A file, or an archive's member, of one shape.

    scale: of this file to the first one, stated units applied. unit_factor: the number of millimetres in a
    unit (25.4 for an inch, 10, 1000 ...) that explains the scale, or one over it; None where none does.
    complete: false where something in the file went unread, for the `reasons`.
    """

    path: str
    member: str | None
    sha256: str
    format: str
    sameness: Sameness
    scale: float
    unit_factor: float | None
    complete: bool
    reasons: tuple[Reason, ...]


class FamilyShape(Record):
    """Files of one shape and hand, in the order of their paths, those that were read only in part last.
    Sizes are the first file's.

    bodies: different ones in the file; repeats count once. volume_mm3: None where the surface is open.
    plain: so plain that only copies of one export are known again.
    """

    id: int
    files: tuple[FamilyFile, ...]
    extents_mm: Vector3
    area_mm2: float
    volume_mm3: float | None
    triangles: int
    bodies: int
    distinctiveness: float
    plain: bool


class Difference(Record):
    """How two shapes, measured on one file each, are kin.

    coverage_parent, coverage_child: the share of each surface that the other has; of a remix by bodies, the
    share of the area of its different bodies that the other has as well. scale: of child to parent, by their
    first files.
    volume_change, area_change: of child against parent, as a share, at the parent's scale; None where a
    surface is open. tolerance_mm, deviation_mm: None where nothing was laid on each other.
    """

    kinship: Kinship
    mirrored: bool
    scale: float
    coverage_parent: float
    coverage_child: float
    volume_change: float | None
    area_change: float
    tolerance_mm: float | None
    deviation_mm: Deviation | None


class Branch(Record):
    """An edge of a family's tree: ids of two of its shapes, parent above child."""

    parent: int
    child: int
    difference: Difference


class Family(Record):
    """Shapes that are kin, and the tree of least differences that holds them together.

    root: the shape in the middle, from which the others differ least; nothing is said of which was first.
    """

    id: int
    root: int
    shapes: tuple[FamilyShape, ...]
    tree: tuple[Branch, ...]


class Link(Record):
    """Two shapes of different families that share bodies, but not the greater part of both."""

    shape: int
    other: int
    difference: Difference


class Unread(Record):
    """An item that is in no family, with its reasons."""

    path: str
    member: str | None
    sha256: str | None
    reasons: tuple[Reason, ...]


class FamiliesSummary(Record):
    """files: in families. unread: items in none. alone: families of one file. same_files: files that repeat
    the bytes of an earlier one. incomplete: files in families of which something went unread.
    compared: pairs laid on each other. uncompared: pairs that came to no end, named in `unsettled`."""

    files: int
    unread: int
    families: int
    alone: int
    shapes: int
    same_files: int
    incomplete: int
    compared: int
    uncompared: int


class FamiliesDocument(Record):
    """All of it. families: the largest first. unsettled: pairs of paths whose comparison failed."""

    type: Literal["families"] = "families"
    schema_version: str
    program_version: str
    fingerprint_version: str
    thresholds: dict[str, float]
    summary: FamiliesSummary
    families: tuple[Family, ...]
    links: tuple[Link, ...]
    unread: tuple[Unread, ...]
    unsettled: tuple[tuple[str, str], ...]
