"""What a reader hands over, and the limits that it keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from partwatch.model.document import Medium, Reason
from partwatch.model.layers import Layers
from partwatch.model.mesh import Mesh, Unit
from partwatch.model.toolpath import Toolpath


@dataclass(frozen=True, eq=False)
class Shape:
    """One mesh as placed in the item, in the item's own unit; it may hold several solids."""

    name: str | None
    mesh: Mesh
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Reading:
    """All that was read of one file.

    unit: the unit that the format states, or None where it states none.
    unread: one reason for each thing in the file that went unread; the item is complete only
    without any.
    toolpaths, layers: print jobs, in millimetres, that `toolpath.rebuilt` turns into shapes.
    """

    format: str
    medium: Medium
    unit: Unit | None
    shapes: tuple[Shape, ...]
    unread: tuple[Reason, ...] = ()
    toolpaths: tuple[Toolpath, ...] = ()
    layers: tuple[Layers, ...] = ()


@dataclass(frozen=True)
class ReadLimits:
    """Upper bounds on what one file may unfold into.

    max_members: of one container, and of all that nest in one file. max_depth: containers in containers.
    max_expansion_ratio: unpacked bytes to packed ones.
    """

    max_file_bytes: int = 1 << 30
    max_triangles: int = 20_000_000
    max_bodies: int = 5_000
    max_members: int = 10_000
    max_member_bytes: int = 1 << 30
    max_expansion_ratio: float = 1000.0
    max_depth: int = 8


DEFAULT_LIMITS = ReadLimits()


@dataclass(frozen=True)
class Member:
    """One file within an archive. path: as the archive spells it; size_bytes: as it claims."""

    path: str
    size_bytes: int


@dataclass(frozen=True)
class Format:
    """A reader, as it registers itself.

    recognises: from the first 64 KiB and the whole size in bytes, whether this reader should try.
    read: the whole content to a Reading; raises UnreadableError with the place and the mend.
    examples: small valid files by name, made by code, on which one contract test runs every format.
    """

    name: str
    recognises: Callable[[bytes, int], bool]
    read: Callable[[bytes, ReadLimits], Reading]
    examples: Callable[[], dict[str, bytes]] = field(default=dict)
