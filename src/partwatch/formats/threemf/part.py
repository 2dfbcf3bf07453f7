"""One model part of a 3MF package: its objects, its build, and what in it we cannot read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from partwatch.formats.base import ReadLimits
from partwatch.formats.surface import check_triangle_count
from partwatch.formats.threemf.extensions import Extensions
from partwatch.formats.threemf.fastmesh import CUT, CutModel, cut
from partwatch.formats.xmltext import XmlReader, split_name
from partwatch.model.errors import EncryptedError
from partwatch.model.mesh import FloatArray, Unit

_ENCRYPTED = b"%3McF"
_UNITS = {
    "micron": Unit.MICRON,
    "millimeter": Unit.MILLIMETRE,
    "centimeter": Unit.CENTIMETRE,
    "inch": Unit.INCH,
    "foot": Unit.FOOT,
    "meter": Unit.METRE,
}
# Where each element of the core specification belongs.
_PARENT = {
    "model": "",
    "metadata": None,
    "metadatagroup": None,
    "resources": "model",
    "basematerials": "resources",
    "base": "basematerials",
    "object": "resources",
    "mesh": "object",
    "vertices": "mesh",
    "vertex": "vertices",
    "triangles": "mesh",
    "triangle": "triangles",
    "components": "object",
    "component": "components",
    "build": "model",
    "item": "build",
}
_PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
_SLICE = "http://schemas.microsoft.com/3dmanufacturing/slice/2015/07"


@dataclass(frozen=True)
class Reference:
    """A build item or a component: which object, in which part, moved how.

    path: the part that holds the object, None for the same part. T_parent_child: 4×4 for row vectors,
    as 3MF writes them.
    """

    object_id: str
    path: str | None
    T_parent_child: FloatArray
    line: int


@dataclass
class ModelObject:
    """An object: a mesh or a set of components. vertices: (n, 3); triangles: (m, 3), not yet checked."""

    object_id: str
    name: str | None
    kind: str
    low_resolution: bool
    vertices: FloatArray = field(default_factory=lambda: np.empty((0, 3)))
    triangles: np.ndarray = field(default_factory=lambda: np.empty((0, 3), np.int64))
    components: list[Reference] = field(default_factory=list)


@dataclass
class ModelPart:
    """A parsed model part; `extensions` holds what in it goes unread."""

    path: str
    unit: Unit
    objects: dict[str, ModelObject]
    items: list[Reference]
    extensions: Extensions


def read_part(path: str, data: bytes, limits: ReadLimits) -> ModelPart:
    """Parse a model part.

    Raises EncryptedError, DamagedError with the line, or LimitError.
    """
    if data.startswith(_ENCRYPTED):
        raise EncryptedError(f"{path}: is encrypted (3MF secure content): ask the sender for an open copy")
    check_triangle_count(data.count(b"<triangle "), limits)
    return _PartReader(path, cut(data), limits).read()


class _PartReader:
    def __init__(self, path: str, model: CutModel, limits: ReadLimits) -> None:
        self._model = model
        self._limits = limits
        self._xml = XmlReader(path)
        self._stack: list[str] = [""]
        self._foreign = 0
        self._core = ""
        self._object: ModelObject | None = None
        self._vertices: list[float] = []
        self._triangles: list[int] = []
        self._part = ModelPart(path, Unit.MILLIMETRE, {}, [], Extensions(path))

    def read(self) -> ModelPart:
        self._xml.parse(self._model.text, self._start, self._end)
        return self._part

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, local = split_name(name)
        if len(self._stack) == 1 and not self._foreign:
            self._start_model(namespace, local, attributes)
        if self._foreign or namespace != self._core or local not in _PARENT:
            self._foreign += 1
            inside = self._stack[-1]
            self._part.extensions.met(
                namespace, local, inside, core=namespace == self._core, nested=self._foreign > 1
            )
            return
        belongs = _PARENT[local]
        if belongs is not None and self._stack[-1] != belongs:
            raise self._xml.damaged(
                f"<{local}> stands in <{self._stack[-1]}>, where it does not belong; export it again"
            )
        self._stack.append(local)
        handler = _HANDLERS.get(local)
        if handler:
            handler(self, attributes)

    def _end(self, _name: str) -> None:
        if self._foreign:
            self._foreign -= 1
            return
        local = self._stack.pop()
        if local == "object":
            self._object = None
        elif local == "vertices" and self._vertices:
            self._set_vertices(np.array(self._vertices, dtype=np.float64).reshape(-1, 3))
            self._vertices = []
        elif local == "triangles" and self._triangles:
            self._set_triangles(np.array(self._triangles, dtype=np.int64).reshape(-1, 3))
            self._triangles = []

    def _start_model(self, namespace: str, local: str, attributes: dict[str, str]) -> None:
        if local != "model":
            raise self._xml.damaged(f"expected <model>, found <{local}>: this part is no 3MF model")
        # An older or foreign namespace at the root is read all the same: slicers do not mind either.
        self._core = namespace
        unit = attributes.get("unit", "millimeter").strip()
        if unit not in _UNITS:
            raise self._xml.damaged(f"unit {unit[:40]!r} is none of {', '.join(_UNITS)}; export it again")
        self._part.unit = _UNITS[unit]
        for prefix in attributes.get("requiredextensions", "").split():
            self._part.extensions.required(self._xml.namespaces.get(prefix), prefix)

    def _start_object(self, attributes: dict[str, str]) -> None:
        object_id = self._need(attributes, "id")
        if object_id in self._part.objects:
            raise self._xml.damaged(f"a second object has the id {object_id[:40]!r}; export it again")
        self._object = ModelObject(
            object_id,
            attributes.get("name") or None,
            attributes.get("type", "model"),
            attributes.get(f"{_SLICE} meshresolution") == "lowres",
        )
        self._part.objects[object_id] = self._object

    def _start_vertices(self, attributes: dict[str, str]) -> None:
        if CUT in attributes:
            self._set_vertices(self._model.vertices[int(attributes[CUT])])

    def _start_triangles(self, attributes: dict[str, str]) -> None:
        if CUT in attributes:
            self._set_triangles(self._model.triangles[int(attributes[CUT])])

    def _set_vertices(self, vertices: FloatArray) -> None:
        assert self._object is not None  # the table of parents saw to it
        if len(self._object.vertices):
            raise self._xml.damaged("the object has vertices twice; export it again")
        self._object.vertices = vertices

    def _set_triangles(self, triangles: np.ndarray) -> None:
        assert self._object is not None
        if len(self._object.triangles):
            raise self._xml.damaged("the object has triangles twice; export it again")
        self._object.triangles = triangles

    def _start_vertex(self, attributes: dict[str, str]) -> None:
        try:
            self._vertices += (_real(attributes["x"]), _real(attributes["y"]), _real(attributes["z"]))
        except (KeyError, ValueError):
            raise self._xml.damaged(
                f"the vertex {_show(attributes)} is not three numbers; export it again"
            ) from None

    def _start_triangle(self, attributes: dict[str, str]) -> None:
        try:
            corners = [_index(attributes[name]) for name in ("v1", "v2", "v3")]
        except (KeyError, ValueError):
            raise self._xml.damaged(
                f"the triangle {_show(attributes)} is not three indices; export it again"
            ) from None
        self._triangles += corners
        check_triangle_count(len(self._triangles) // 3, self._limits)

    def _start_component(self, attributes: dict[str, str]) -> None:
        assert self._object is not None
        self._object.components.append(self._reference(attributes))

    def _start_item(self, attributes: dict[str, str]) -> None:
        self._part.items.append(self._reference(attributes))

    def _reference(self, attributes: dict[str, str]) -> Reference:
        path = attributes.get(f"{_PRODUCTION} path")
        return Reference(
            self._need(attributes, "objectid"), path, self._transform(attributes), self._xml.line
        )

    def _transform(self, attributes: dict[str, str]) -> FloatArray:
        T = np.eye(4)
        text = attributes.get("transform")
        if text is None:
            return T
        try:
            T[:, :3] = np.array([_real(word) for word in text.split()]).reshape(4, 3)
        except ValueError:
            raise self._xml.damaged(
                f"the transform {text[:80]!r} is not twelve numbers; export it again"
            ) from None
        if not np.isfinite(T).all():
            raise self._xml.damaged(f"the transform {text[:80]!r} is not finite; export it again")
        return T

    def _need(self, attributes: dict[str, str], name: str) -> str:
        value = attributes.get(name, "").strip()
        if not value:
            raise self._xml.damaged(f"an element lacks its {name!r}; export it again")
        return value


_HANDLERS = {
    "object": _PartReader._start_object,
    "vertices": _PartReader._start_vertices,
    "triangles": _PartReader._start_triangles,
    "vertex": _PartReader._start_vertex,
    "triangle": _PartReader._start_triangle,
    "component": _PartReader._start_component,
    "item": _PartReader._start_item,
}


def _real(text: str) -> float:
    if "_" in text:  # Python's float allows 1_000, XML does not.
        raise ValueError(text)
    return float(text)


def _index(text: str) -> int:
    value = int(text) if "_" not in text else -1
    if not 0 <= value < 1 << 31:
        raise ValueError(text)
    return value


def _show(attributes: dict[str, str]) -> str:
    return (
        ", ".join(f"{name[:20]}={value[:20]!r}" for name, value in list(attributes.items())[:4])
        or "without attributes"
    )
