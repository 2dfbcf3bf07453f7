"""From AMF objects to placed shapes: constellations within constellations, volumes, curved triangles."""

from __future__ import annotations

import re

import numpy as np

from partwatch.formats.amf.document import AmfObject, Constellation, Document, Instance, Volume
from partwatch.formats.base import ReadLimits, Shape
from partwatch.formats.seams import join_open
from partwatch.formats.surface import check_triangle_count, make_shape
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import MM_PER_UNIT, FloatArray, Mesh

# Curved triangles that bulge no further than this are as good as flat: what STEP is cut to as well.
BULGE_MM = 0.05
# The standard has degrees; the slicers of this family write radians.
_IN_RADIANS = re.compile(r"slic3r|prusaslicer|superslicer", re.IGNORECASE)
# A transform whose volume is this small beside its largest entry leaves no solid.
_FLAT = 1e-12


class Placement:
    """Places every object of a document; `shapes` and `reasons` grow as it goes."""

    def __init__(self, document: Document, limits: ReadLimits) -> None:
        self._document = document
        self._limits = limits
        self._radians_per_unit = 1.0 if _IN_RADIANS.search(document.writer) else np.pi / 180
        self._shapes_of: dict[str, tuple[Shape, ...]] = {}
        self._weights: dict[str, tuple[int, int]] = {}
        self._entered: set[str] = set()
        self._placed: set[str] = set()
        self._triangles = 0
        self._instances = 0
        self.shapes: list[Shape] = []
        self.reasons: dict[Reason, None] = {}

    def run(self) -> None:
        """Place what constellations place, then hand over the objects that none of them has."""
        document = self._document
        inner = {each.target for one in document.constellations.values() for each in one.instances}
        for identity, found in document.constellations.items():
            if identity not in inner:
                self._attempt(identity, found)
        # What no root leads to can only lie in itself, by however many steps.
        for identity in document.constellations:
            if identity in inner and identity not in self._entered:
                self._report(
                    DamagedError(
                        f"constellation {identity[:40]} lies in itself, or in one that does: export it again"
                    )
                )
        note = ("not in a constellation",) if document.constellations else ()
        for identity, each in document.objects.items():
            if identity not in self._placed and each.triangle_count:
                try:
                    self._add(each, np.eye(4), None, note)
                except UnreadableError as error:
                    self._report(error)

    def _attempt(self, identity: str, found: Constellation) -> None:
        """Each instance on its own: one that cannot be read does not hide the others."""
        for instance in found.instances:
            where = f"line {instance.line}: an instance in constellation {identity[:40]}"
            try:
                triangles, instances = self._weigh(instance.target, (identity,))
                check_triangle_count(self._triangles + triangles, self._limits)
                self._instances += instances
                if self._instances > self._limits.max_members:
                    raise LimitError(
                        f"more than {self._limits.max_members:,} placed objects: raise the limit, or split it"
                    )
                self._place(instance, np.eye(4), found.name)
            except UnreadableError as error:
                self._report(type(error)(f"{where}: {error}"))

    def _weigh(self, identity: str, above: tuple[str, ...]) -> tuple[int, int]:
        """Triangles and placed objects that an instance unfolds into, without unfolding it."""
        if identity in above:
            raise DamagedError(f"constellation {identity[:40]} contains itself; export the file again")
        if len(above) > self._limits.max_depth:
            raise LimitError(
                f"constellations are nested more than {self._limits.max_depth} deep: flatten them"
            )
        if identity in self._document.objects:
            return self._document.objects[identity].triangle_count, 1
        self._entered.add(identity)
        if identity not in self._weights:
            found = self._constellation(identity)
            inner = [self._weigh(each.target, (*above, identity)) for each in found.instances]
            self._weights[identity] = (sum(each[0] for each in inner), 1 + sum(each[1] for each in inner))
        return self._weights[identity]

    def _constellation(self, identity: str) -> Constellation:
        found = self._document.constellations.get(identity)
        if found is None:
            raise DamagedError(
                f"there is no object {identity[:40]!r}, but it is referred to; export it again"
            )
        return found

    def _place(self, instance: Instance, T_outer: FloatArray, name: str | None) -> None:
        T = T_outer @ self._transform(instance.moves)
        found = self._document.objects.get(instance.target)
        if found is None:
            inner = self._constellation(instance.target)
            for each in inner.instances:
                self._place(each, T, inner.name or name)
            return
        self._placed.add(instance.target)
        if not found.triangle_count:
            raise DamagedError(f"object {instance.target[:40]!r} is placed but has no triangle")
        self._add(
            found, T, name, ("marked as not to be printed",) if instance.moves.get("printable") == 0 else ()
        )

    def _transform(self, moves: dict[str, float]) -> FloatArray:
        """4×4 for column vectors: scale, then turns about x, y and z, then the shift (ISO/ASTM 52915)."""
        if not np.isfinite(list(moves.values())).all():
            raise DamagedError("its place is not finite; export the file again")
        T = np.eye(4)
        uniform = moves.get("scale", 1.0)
        for axis, name in enumerate("xyz"):
            mirrored = -1.0 if moves.get(f"mirror{name}", 1.0) < 0 else 1.0
            T[axis, axis] = uniform * moves.get(f"scale{name}", 1.0) * mirrored
        for axis, name in enumerate("xyz"):
            T = _turn(axis, moves.get(f"r{name}", 0.0) * self._radians_per_unit) @ T
        T[:3, 3] = [moves.get(f"delta{name}", 0.0) for name in "xyz"]
        return T

    def _add(self, found: AmfObject, T: FloatArray, name: str | None, notes: tuple[str, ...]) -> None:
        check_triangle_count(self._triangles + found.triangle_count, self._limits)
        self._triangles += found.triangle_count
        linear = T[:3, :3]
        with np.errstate(all="ignore"):
            flat = not abs(np.linalg.det(linear)) > _FLAT * np.abs(linear).max() ** 3
        if flat:
            self._report(
                DamagedError(f"object {found.object_id[:40]}: its instance flattens it; export it again")
            )
        for shape in self._of_object(found):
            # What overflows here is not finite, and make_shape drops it with a reason.
            with np.errstate(all="ignore"):
                vertices = shape.mesh.vertices @ linear.T + T[:3, 3]
            where = f"object {found.object_id[:40]}"
            placed, reasons = make_shape(
                shape.name or name, vertices, shape.mesh.triangles, where, (*shape.notes, *notes)
            )
            self.shapes.append(placed)
            self.reasons.update(dict.fromkeys(reasons))

    def _of_object(self, found: AmfObject) -> tuple[Shape, ...]:
        """The object's own shapes: its closed volumes, and the open ones that continue one another."""
        known = self._shapes_of.get(found.object_id)
        if known is not None:
            return known
        made = []
        for place, volume in enumerate(found.volumes, start=1):
            where = f"object {found.object_id[:40]}, volume {place}"
            shape, reasons = make_shape(
                volume.name or found.name, found.vertices, volume.triangles, where, _notes_on(volume)
            )
            if volume.negative:
                self._report(
                    UnsupportedError(
                        f"{where}: is cut away while slicing, so what is printed is not what is drawn: "
                        "export the result as a plain mesh"
                    )
                )
            self.reasons.update(dict.fromkeys(reasons))
            made.append(Shape(shape.name, _compact(shape.mesh), shape.notes))
        self._judge_curves(found)
        joined = self._shapes_of[found.object_id] = join_open(made)
        return joined

    def _judge_curves(self, found: AmfObject) -> None:
        bulge = _bulge(found) * MM_PER_UNIT[self._document.unit]
        if found.edges or bulge > BULGE_MM:
            how_far = f", by up to {bulge:.2g} mm" if bulge > BULGE_MM else ""
            self._report(
                UnsupportedError(
                    f"object {found.object_id[:40]}: its triangles are curved{how_far}, and were compared as "
                    "flat ones: export it with flat triangles, fine enough"
                )
            )

    def _report(self, error: UnreadableError) -> None:
        self.reasons.setdefault(Reason(code=error.code, message=str(error)))


def _notes_on(volume: Volume) -> tuple[str, ...]:
    notes = []
    if volume.kind not in ("object", "model"):
        notes.append(f"declared as {volume.kind!r}, not as an object")
    if volume.modifier:
        notes.append("a slicer's modifier, which is not printed itself")
    return tuple(notes)


def _compact(mesh: Mesh) -> Mesh:
    """Only the vertices that the triangles use: a volume shares those of its whole object."""
    used, numbers = np.unique(mesh.triangles, return_inverse=True)
    return Mesh(
        np.ascontiguousarray(mesh.vertices[used]), numbers.reshape(mesh.triangles.shape).astype(np.int32)
    )


def _turn(axis: int, angle_rad: float) -> FloatArray:
    T = np.eye(4)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    T[first, first] = T[second, second] = np.cos(angle_rad)
    T[second, first] = np.sin(angle_rad)
    T[first, second] = -np.sin(angle_rad)
    return T


def _bulge(found: AmfObject) -> float:
    """How far the middle of a curved edge lies off its chord, in the file's unit, at most.

    Between two vertices with normals the standard lays a Hermite curve whose tangents are the chord
    turned at right angles to the normals (ISO/ASTM 52915, annex on curved triangles).
    """
    places, values = found.normals
    if not len(places) or not found.triangle_count:
        return 0.0
    normals = np.full((len(found.vertices), 3), np.nan)
    normals[places] = values
    with np.errstate(all="ignore"):
        normals /= np.linalg.norm(normals, axis=1)[:, None]
        triangles = np.concatenate([volume.triangles for volume in found.volumes])
        triangles = triangles[(triangles < len(normals)).all(axis=1)]
        starts, ends = triangles.reshape(-1), np.roll(triangles, -1, axis=1).reshape(-1)
        chords = found.vertices[ends] - found.vertices[starts]
        lengths = np.linalg.norm(chords, axis=1)[:, None]
        apart = np.linalg.norm(
            _tangents(normals[starts], chords, lengths) - _tangents(normals[ends], chords, lengths), axis=1
        )
    # Edges without both normals are straight.
    return float(np.nanmax(apart, initial=0.0)) / 8


def _tangents(normals: FloatArray, chords: FloatArray, lengths: FloatArray) -> FloatArray:
    across = chords - normals * (normals * chords).sum(axis=1)[:, None]
    return np.asarray(across / np.linalg.norm(across, axis=1)[:, None] * lengths)
