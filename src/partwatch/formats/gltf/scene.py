"""From nodes to placed shapes: transforms, instances, primitives of every mode."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from partwatch.formats.base import ReadLimits, Shape
from partwatch.formats.glb import local_transform
from partwatch.formats.gltf.accessors import Accessors
from partwatch.formats.gltf.container import (
    Container,
    Json,
    entries,
    entry,
    indices,
    name_of,
    numbers,
    part,
    whole,
)
from partwatch.formats.gltf.extensions import DRACO
from partwatch.formats.surface import check_triangle_count, make_shape
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import FloatArray

_MAX_DEPTH = 64
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
# Points, lines and line strips have no surface to lose.
_LOOSE = {0, 1, 2, 3}
# A transform whose volume is this small beside its largest entry leaves no solid.
_FLAT = 1e-12


class Scene:
    """Places every mesh of a file; `shapes` and `reasons` grow as it goes."""

    def __init__(self, container: Container, limits: ReadLimits) -> None:
        self._root = container.root
        self._accessors = Accessors(container, limits)
        self._limits = limits
        self._meshes: dict[int, tuple[FloatArray, npt.NDArray[np.int64]]] = {}
        self._seen_nodes: set[int] = set()
        self._seen_meshes: set[int] = set()
        self._visits = 0
        self._most_visits = 0
        self._triangles = 0
        self.loose = False
        self.shapes: list[Shape] = []
        self.reasons: dict[Reason, None] = {}

    def run(self) -> None:
        """The scenes, then the nodes that are in none, then the meshes that no node has."""
        nodes = entries(self._root, "nodes")
        self._most_visits = self._limits.max_members + len(nodes)
        try:
            for scene in entries(self._root, "scenes"):
                self._roots(indices(scene, "nodes"), ())
            note = ("not in a scene",) if self._root.get("scenes") else ()
            inner = {child for node in nodes for child in indices(node, "children")}
            self._roots([index for index in range(len(nodes)) if index not in inner], note)
            # Of nodes in a circle each is another's child.
            self._roots(range(len(nodes)), note)
            for index, mesh in enumerate(entries(self._root, "meshes")):
                if index not in self._seen_meshes:
                    self._placed(index, np.eye(4), name_of(mesh), ("not in a scene",))
        except LimitError as error:
            # Beyond a limit nothing more is unfolded.
            self._report(error)

    def _roots(self, chosen: Iterable[int], notes: tuple[str, ...]) -> None:
        for index in chosen:
            if index not in self._seen_nodes:
                try:
                    self._walk(index, np.eye(4), None, notes, ())
                except LimitError:
                    raise
                except UnreadableError as error:
                    self._report(error)

    def _walk(
        self,
        index: int,
        T_parent: FloatArray,
        name: str | None,
        notes: tuple[str, ...],
        above: tuple[int, ...],
    ) -> None:
        if index in above:
            raise DamagedError(f"nodes[{index}]: contains itself; export the file again")
        if len(above) >= _MAX_DEPTH:
            raise LimitError(f"nodes[{index}]: nodes are nested more than {_MAX_DEPTH} deep: flatten them")
        node = entry(self._root, "nodes", index)
        self._visits += 1
        if self._visits > self._most_visits:
            raise LimitError(
                "nodes unfold into more instances than the limit allows: raise it, or split the file"
            )
        self._seen_nodes.add(index)
        with np.errstate(over="ignore", invalid="ignore"):
            T = T_parent @ _local(node, index)
        if not np.isfinite(T).all():
            raise DamagedError(
                f"nodes[{index}]: nodes above it scale it beyond all numbers; export the file again"
            )
        name = name_of(node) or name
        if "skin" in node:
            self._report(
                UnsupportedError(
                    f"nodes[{index}]: its mesh is posed by a skeleton, and was compared unposed: "
                    "export it as posed"
                )
            )
        if "mesh" in node:
            self._placed(whole(node, "mesh"), T, name, notes)
        for child in indices(node, "children"):
            try:
                self._walk(child, T, name, notes, (*above, index))
            except LimitError:
                raise
            except UnreadableError as error:
                self._report(error)

    def _placed(self, index: int, T: FloatArray, name: str | None, notes: tuple[str, ...]) -> None:
        try:
            self._add(index, T, name or name_of(entry(self._root, "meshes", index)), notes)
        except LimitError:
            raise
        except UnreadableError as error:
            self._report(error)

    def _add(self, index: int, T: FloatArray, name: str | None, notes: tuple[str, ...]) -> None:
        self._seen_meshes.add(index)
        vertices, triangles = self._mesh(index)
        if not len(triangles):
            return
        check_triangle_count(self._triangles + len(triangles), self._limits)
        self._triangles += len(triangles)
        linear = T[:3, :3]
        where = f"meshes[{index}]"
        with np.errstate(all="ignore"):
            placed = vertices @ linear.T + T[:3, 3]
            volume = np.linalg.det(linear)
            flat = not abs(volume) > _FLAT * np.abs(linear).max() ** 3
        if flat:
            self._report(DamagedError(f"{where}: its transform flattens it; export the file again"))
        # A mirrored mesh is turned inside out unless its corners change their order (3.7.4).
        faces = triangles[:, ::-1] if volume < 0 else triangles
        shape, reasons = make_shape(name, placed, faces, where, notes)
        self.shapes.append(shape)
        self.reasons.update(dict.fromkeys(reasons))

    def _mesh(self, index: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """All primitives as one: they part a body by its materials."""
        known = self._meshes.get(index)
        if known is not None:
            return known
        vertices: list[FloatArray] = []
        triangles: list[npt.NDArray[np.int64]] = []
        start = 0
        for place, primitive in enumerate(entries(entry(self._root, "meshes", index), "primitives")):
            where = f"meshes[{index}].primitives[{place}]"
            try:
                points, faces = self._primitive(primitive, where)
            except LimitError:
                raise
            except UnreadableError as error:
                self._report(type(error)(f"{where}: {error}"))
                continue
            check_triangle_count(self._triangles + len(faces) + sum(map(len, triangles)), self._limits)
            vertices.append(points)
            triangles.append(faces + start)
            start += len(points)
        made = (
            np.concatenate([*vertices, np.empty((0, 3))]),
            np.concatenate([*triangles, np.empty((0, 3), np.int64)]),
        )
        self._meshes[index] = made
        return made

    def _primitive(self, primitive: Json, where: str) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        mode = whole(primitive, "mode", _TRIANGLES)
        if mode in _LOOSE:
            self.loose = True
            return np.empty((0, 3)), np.empty((0, 3), np.int64)
        if mode not in (_TRIANGLES, _STRIP, _FAN):
            raise DamagedError(f"no mode has the number {mode}; export the file again")
        if primitive.get("targets"):
            self._report(
                UnsupportedError(
                    f"{where}: has shapes to morph into, which were not read: export it as one mesh"
                )
            )
        position = whole(part(primitive, "attributes"), "POSITION")
        if DRACO in part(primitive, "extensions") and self._accessors.is_bare(position):
            raise UnsupportedError("is compressed by Draco: export it without compression")
        count = self._accessors.count(position)
        if "indices" in primitive:
            corners = self._accessors.indices(whole(primitive, "indices"))
            if len(corners) and corners.max() >= count:
                raise DamagedError(
                    f"refers to vertex {corners.max()} of {count:,} vertices; export the file again"
                )
        else:
            check_triangle_count(count // 3, self._limits)
            corners = np.arange(count)
        faces = _faces(corners, mode)
        used, compacted = np.unique(faces, return_inverse=True)
        return self._accessors.positions(position, used), compacted.reshape(-1, 3).astype(np.int64)

    def _report(self, error: UnreadableError) -> None:
        self.reasons.setdefault(Reason(code=error.code, message=str(error)))


def _faces(corners: npt.NDArray[np.int64], mode: int) -> npt.NDArray[np.int64]:
    """(m, 3), in the order of corners that the specification gives (3.7.2.1)."""
    if mode == _TRIANGLES:
        if len(corners) % 3:
            raise DamagedError(f"{len(corners):,} corners are no whole number of triangles; export it again")
        return corners.reshape(-1, 3)
    count = max(len(corners) - 2, 0)
    step = np.arange(count)
    if mode == _FAN:
        return np.stack([corners[step + 1], corners[step + 2], np.broadcast_to(corners[:1], count)], axis=1)
    odd = step % 2
    return np.stack([corners[step], corners[step + 1 + odd], corners[step + 2 - odd]], axis=1)


def _local(node: Json, index: int) -> FloatArray:
    try:
        numbers(node, "matrix", 16)
        for key, count in (("rotation", 4), ("scale", 3), ("translation", 3)):
            numbers(node, key, count)
    except DamagedError as error:
        raise DamagedError(f"nodes[{index}]: {error}") from None
    return local_transform({key: value for key, value in node.items() if value is not None})
