"""The text of an AMF file: its objects with their volumes, and its constellations."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from partwatch.formats.base import ReadLimits
from partwatch.formats.surface import check_triangle_count
from partwatch.formats.xmltext import XmlReader, split_name
from partwatch.model.document import Reason
from partwatch.model.errors import UnsupportedError
from partwatch.model.mesh import FloatArray, IndexArray, Unit

# "feet" is the standard's spelling (ISO/ASTM 52915), the others are met in the wild.
_UNITS = {
    "millimeter": Unit.MILLIMETRE,
    "millimetre": Unit.MILLIMETRE,
    "mm": Unit.MILLIMETRE,
    "inch": Unit.INCH,
    "feet": Unit.FOOT,
    "foot": Unit.FOOT,
    "meter": Unit.METRE,
    "metre": Unit.METRE,
    "micron": Unit.MICRON,
    "micrometer": Unit.MICRON,
}
# Where each element that makes up a shape belongs.
_PARENT: dict[str, tuple[str, ...]] = {
    "amf": ("",),
    "object": ("amf",),
    "mesh": ("object",),
    "vertices": ("mesh",),
    "vertex": ("vertices",),
    "coordinates": ("vertex",),
    "normal": ("vertex",),
    "edge": ("vertices",),
    "volume": ("mesh",),
    "triangle": ("volume",),
    "constellation": ("amf",),
    "instance": ("constellation",),
    "metadata": ("amf", "object", "volume", "mesh", "material", "constellation"),
}
_MOVES = ("deltax", "deltay", "deltaz", "rx", "ry", "rz")
_LEAVES: dict[str, tuple[str, ...]] = {
    "coordinates": ("x", "y", "z"),
    "normal": ("nx", "ny", "nz"),
    "edge": ("v1", "v2", "dx1", "dy1", "dz1", "dx2", "dy2", "dz2"),
    "triangle": ("v1", "v2", "v3"),
    # Scales and mirrors are Slic3r's; they change the size of what is printed.
    "instance": (
        *_MOVES,
        *("scale", "scalex", "scaley", "scalez"),
        *("mirrorx", "mirrory", "mirrorz"),
        "printable",
    ),
}
# Colours, textures and a slicer's settings change no shape.
_HARMLESS = {
    *("metadata", "color", "texture", "texmap", "map"),
    *("layer_config_ranges", "custom_gcodes_per_height", "custom_code_per_height"),
}
_SHAPES = {"object", "mesh", "vertices", "vertex", "volume", "triangle", "constellation", "instance", "edge"}
_SUBTRACTED = {"negativevolume", "negative_part"}
_LONGEST_NUMBER = 400


@dataclass
class Volume:
    """Triangles over the vertices of its object. triangles: (m, 3), not yet checked."""

    name: str | None = None
    kind: str = "object"
    modifier: bool = False
    negative: bool = False
    indices: array[int] = field(default_factory=lambda: array("q"))

    @property
    def triangles(self) -> np.ndarray:
        """(m, 3) int64."""
        return np.frombuffer(self.indices, dtype=np.int64).reshape(-1, 3)


@dataclass
class AmfObject:
    """One object. vertices: (n, 3); normals: (k, 3), of the vertices numbered in normal_of."""

    object_id: str
    name: str | None = None
    coordinates: array[float] = field(default_factory=lambda: array("d"))
    normal_values: array[float] = field(default_factory=lambda: array("d"))
    normal_places: array[int] = field(default_factory=lambda: array("q"))
    edges: int = 0
    volumes: list[Volume] = field(default_factory=list)

    @property
    def vertices(self) -> FloatArray:
        """(n, 3)."""
        return np.frombuffer(self.coordinates, dtype=np.float64).reshape(-1, 3)

    @property
    def triangle_count(self) -> int:
        """Over all volumes."""
        return sum(len(volume.indices) for volume in self.volumes) // 3

    @property
    def normals(self) -> tuple[IndexArray, FloatArray]:
        """The vertices that have a normal, (k,), and their normals, (k, 3)."""
        return (
            np.frombuffer(self.normal_places, dtype=np.int64).astype(np.int32),
            np.frombuffer(self.normal_values, dtype=np.float64).reshape(-1, 3),
        )


@dataclass
class Instance:
    """An object or constellation within a constellation. moves: numbers by element, as written."""

    target: str
    line: int
    moves: dict[str, float] = field(default_factory=dict)


@dataclass
class Constellation:
    """A set of instances."""

    name: str | None = None
    instances: list[Instance] = field(default_factory=list)


@dataclass
class Document:
    """All of one AMF text; `reasons` say what in it went unread."""

    where: str
    unit: Unit = Unit.MILLIMETRE
    writer: str = ""
    objects: dict[str, AmfObject] = field(default_factory=dict)
    constellations: dict[str, Constellation] = field(default_factory=dict)
    reasons: dict[str, Reason] = field(default_factory=dict)

    def say(self, what: str) -> None:
        """Add a reason, once."""
        message = f"{self.where} uses {what}; this was not read: export it as a plain mesh"
        self.reasons.setdefault(what, Reason(code=UnsupportedError.code, message=message))


def parse(data: bytes, where: str, limits: ReadLimits) -> Document:
    """The document of an AMF text.

    Raises DamagedError with the line, UnsupportedError on a DTD, LimitError on too many triangles.
    """
    check_triangle_count(data.count(b"<triangle>"), limits)
    return _Parser(where, limits).run(data)


class _Parser:
    def __init__(self, where: str, limits: ReadLimits) -> None:
        self._limits = limits
        self._xml = XmlReader(where)
        self._document = Document(where)
        self._stack: list[str] = [""]
        self._foreign = 0
        self._triangles = 0
        self._vertex_ends_at = 0
        self._text: list[str] | None = None
        self._kind = ""
        self._numbers: dict[str, str] = {}
        self._object = AmfObject("")
        self._volume: Volume | None = None
        self._constellation = Constellation()

    def run(self, data: bytes) -> Document:
        self._xml.parse(data, self._start, self._end, self._add_text)
        return self._document

    def _add_text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = split_name(name)[1].lower()
        if self._foreign:
            self._foreign += 1
            if local in _SHAPES:
                self._document.say(f"<{local}> in an unexpected place, which may be a shape")
            return
        inside = self._stack[-1]
        if local in _LEAVES.get(inside, ()):
            self._stack.append(local)
            self._text = []
            return
        if local not in _PARENT or (local == "metadata" and inside not in _PARENT[local]):
            self._pass_over(local, inside)
            return
        if inside not in _PARENT[local]:
            raise self._xml.damaged(
                f"<{local[:40]}> stands in <{inside[:40]}>, where it does not belong; export it again"
            )
        self._stack.append(local)
        handler = _STARTS.get(local)
        if handler:
            handler(self, attributes)

    def _pass_over(self, local: str, inside: str) -> None:
        if not inside:
            raise self._xml.damaged(f"expected <amf>, found <{local[:40]}>: this is no AMF file")
        if local in ("composite", "material"):
            # A material by formula may be air in places: the standard's way to write a lattice.
            if local == "composite":
                self._document.say("a material made of others by a formula, which may leave holes")
            self._stack.append(local)
            return
        if local not in _HARMLESS:
            self._document.say(f"<{local[:40]}>, which no reader here knows")
        self._foreign = 1

    def _end(self, name: str) -> None:
        if self._foreign:
            self._foreign -= 1
            return
        local = self._stack.pop()
        inside = self._stack[-1]
        if local in _LEAVES.get(inside, ()) and self._text is not None:
            if local in self._numbers:
                raise self._xml.damaged(f"<{inside}> has two <{local}>; export it again")
            self._numbers[local] = "".join(self._text)
            self._text = None
        elif (handler := _ENDS.get(local)) is not None:
            handler(self)

    def _start_amf(self, attributes: dict[str, str]) -> None:
        unit = attributes.get("unit", "millimeter").strip().lower()
        if unit not in _UNITS:
            raise self._xml.damaged(
                f"unit {unit[:40]!r} is none of millimeter, inch, feet, meter, micron; export it again"
            )
        self._document.unit = _UNITS[unit]

    def _start_object(self, attributes: dict[str, str]) -> None:
        object_id = self._identity(attributes)
        self._object = self._document.objects[object_id] = AmfObject(object_id)

    def _start_constellation(self, attributes: dict[str, str]) -> None:
        self._constellation = self._document.constellations[self._identity(attributes)] = Constellation()

    def _identity(self, attributes: dict[str, str]) -> str:
        """Objects and constellations share their ids."""
        found = attributes.get("id", "").strip()
        if not found or found in self._document.objects or found in self._document.constellations:
            raise self._xml.damaged(f"the id {found[:40]!r} is empty or given twice; export it again")
        return found

    def _start_mesh(self, _attributes: dict[str, str]) -> None:
        if self._object.volumes or self._object.coordinates:
            # Its indices would count from its own vertices, or from the first mesh's: programs differ.
            raise self._xml.damaged("an object has two meshes; export it again")

    def _start_vertex(self, _attributes: dict[str, str]) -> None:
        self._vertex_ends_at = len(self._object.coordinates) + 3

    def _end_vertex(self) -> None:
        if len(self._object.coordinates) != self._vertex_ends_at:
            raise self._xml.damaged("a vertex has none or several coordinates; export it again")

    def _start_volume(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "object").strip()[:40]
        self._volume = Volume(kind=kind or "object")
        self._object.volumes.append(self._volume)

    def _start_numbers(self, _attributes: dict[str, str]) -> None:
        self._numbers = {}

    def _start_instance(self, attributes: dict[str, str]) -> None:
        self._numbers = {}
        target = attributes.get("objectid", "").strip()
        self._constellation.instances.append(Instance(target, self._xml.line))

    def _start_metadata(self, attributes: dict[str, str]) -> None:
        self._kind = attributes.get("type", "").strip().lower()
        self._text = []

    def _end_metadata(self) -> None:
        value = "".join(self._text or ()).strip()
        self._text = None
        inside = self._stack[-1]
        if inside == "volume" and self._volume is not None:
            self._describe(self._volume, value)
        elif inside == "amf" and self._kind == "cad":
            self._document.writer = value
        elif self._kind == "name" and value:
            if inside == "object":
                self._object.name = value
            elif inside == "constellation":
                self._constellation.name = value

    def _describe(self, volume: Volume, value: str) -> None:
        if self._kind == "name":
            volume.name = value or None
        elif self._kind == "slic3r.modifier":
            volume.modifier = value == "1"
        elif self._kind == "slic3r.volume_type":
            volume.negative |= value.lower() in _SUBTRACTED
            volume.modifier |= value.lower() == "parametermodifier"

    def _end_coordinates(self) -> None:
        self._object.coordinates.extend(self._reals("x", "y", "z"))

    def _end_normal(self) -> None:
        self._object.normal_values.extend(self._reals("nx", "ny", "nz"))
        self._object.normal_places.append(len(self._object.coordinates) // 3 - 1)

    def _end_edge(self) -> None:
        self._object.edges += 1

    def _end_triangle(self) -> None:
        assert self._volume is not None  # the table of parents saw to it
        try:
            corners = [_whole(self._numbers[name]) for name in ("v1", "v2", "v3")]
        except (KeyError, ValueError):
            raise self._wrong("a triangle", "three indices") from None
        self._volume.indices.extend(corners)
        self._triangles += 1
        check_triangle_count(self._triangles, self._limits)

    def _end_instance(self) -> None:
        try:
            moves = {name: _real(text) for name, text in self._numbers.items()}
        except ValueError:
            raise self._wrong("an instance", "numbers") from None
        self._constellation.instances[-1].moves = moves

    def _reals(self, *names: str) -> list[float]:
        try:
            return [_real(self._numbers[name]) for name in names]
        except (KeyError, ValueError):
            raise self._wrong("a vertex", "three numbers") from None

    def _wrong(self, what: str, wanted: str) -> Exception:
        shown = ", ".join(f"{name}={text[:20]!r}" for name, text in self._numbers.items()) or "empty"
        return self._xml.damaged(f"{what} ({shown}) is not {wanted}; export it again")


_STARTS = {
    "amf": _Parser._start_amf,
    "object": _Parser._start_object,
    "constellation": _Parser._start_constellation,
    "mesh": _Parser._start_mesh,
    "vertex": _Parser._start_vertex,
    "volume": _Parser._start_volume,
    "instance": _Parser._start_instance,
    "metadata": _Parser._start_metadata,
    "coordinates": _Parser._start_numbers,
    "normal": _Parser._start_numbers,
    "edge": _Parser._start_numbers,
    "triangle": _Parser._start_numbers,
}
_ENDS = {
    "metadata": _Parser._end_metadata,
    "vertex": _Parser._end_vertex,
    "coordinates": _Parser._end_coordinates,
    "normal": _Parser._end_normal,
    "edge": _Parser._end_edge,
    "triangle": _Parser._end_triangle,
    "instance": _Parser._end_instance,
}


def _real(text: str) -> float:
    if "_" in text or len(text) > _LONGEST_NUMBER:  # Python's float allows 1_000, XML does not.
        raise ValueError(text)
    return float(text)


def _whole(text: str) -> int:
    value = int(text) if "_" not in text and len(text) <= _LONGEST_NUMBER else -1
    if not 0 <= value < 1 << 31:
        raise ValueError(text)
    return value
