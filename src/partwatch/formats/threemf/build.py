"""From model parts to placed shapes: build items, components within components, transforms.

Everything ends up in the unit of the model that the package starts with. As in lib3mf, a part file's
own unit changes nothing: numbers are taken as they stand, and a part that disagrees is noted.
"""

from __future__ import annotations

import posixpath

import numpy as np

from partwatch.formats.base import ReadLimits, Shape
from partwatch.formats.surface import check_triangle_count, make_shape
from partwatch.formats.threemf.package import Package, canonical
from partwatch.formats.threemf.part import ModelObject, ModelPart, Reference, read_part
from partwatch.formats.threemf.slicers import SlicerSettings
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, EncryptedError, LimitError, UnreadableError
from partwatch.model.mesh import FloatArray, Unit

# An object is known by its part and its id: part files reuse ids.
Key = tuple[str, str]

# A transform whose volume is this small beside its largest entry leaves no solid.
_FLAT = 1e-12


class Build:
    """Places every object of a package; `shapes` and `reasons` grow as it goes."""

    def __init__(self, package: Package, root: str, settings: SlicerSettings, limits: ReadLimits) -> None:
        self._package = package
        self._settings = settings
        self._sealed = package.sealed_parts()
        self._limits = limits
        self._parts: dict[str, ModelPart | UnreadableError] = {}
        self._weights: dict[Key, tuple[int, int]] = {}
        self._placed: set[Key] = set()
        self._triangles = 0
        self._instances = 0
        self.shapes: list[Shape] = []
        self.reasons: list[Reason] = []
        self._root = self._part(root)

    @property
    def unit(self) -> Unit:
        """The unit of the model that the package starts with."""
        return self._root.unit

    @property
    def parts(self) -> set[str]:
        """Canonical names of the parts that were read or tried."""
        return set(self._parts)

    def place_items(self) -> None:
        """Place the build items, each on its own: one that cannot be read does not hide the others."""
        for item in self._root.items:
            self._attempt(item, f"{self._root.path}, line {item.line}: the build item")

    def add_unbuilt(self, path: str) -> None:
        """Hand over the meshes of a part that no build item placed, where they stand."""
        tried = path in self._parts
        try:
            part = self._part(path)
        except UnreadableError as error:
            if not tried:
                self._report(error)
            return
        for object_id, found in part.objects.items():
            if (path, object_id) not in self._placed and len(found.triangles):
                try:
                    self._add((path, object_id), found, np.eye(4), found.name, ("not in the build",))
                except UnreadableError as error:
                    self._report(error)

    def extension_reasons(self) -> tuple[Reason, ...]:
        """What the parts hold beyond the core, in the order in which they were read."""
        parts = [part for part in self._parts.values() if isinstance(part, ModelPart)]
        return tuple(reason for part in parts for reason in part.extensions.reasons)

    def _attempt(self, item: Reference, where: str) -> None:
        key = self._target(self._root.path, item)
        try:
            triangles, instances = self._weigh(key, ())
            check_triangle_count(self._triangles + triangles, self._limits)
            self._instances += instances
            if self._instances > self._limits.max_members:
                raise LimitError(
                    f"more than {self._limits.max_members:,} placed objects: raise the limit, or split it"
                )
            self._place(
                key, item.T_parent_child, self._settings.object_names.get(item.object_id), item.object_id
            )
        except UnreadableError as error:
            self._report(type(error)(f"{where}: {error}"))

    def _target(self, path: str, reference: Reference) -> Key:
        if reference.path is None:
            return path, reference.object_id
        return canonical(posixpath.join(posixpath.dirname(path), reference.path)), reference.object_id

    def _weigh(self, key: Key, above: tuple[Key, ...]) -> tuple[int, int]:
        """Triangles and placed meshes that an object unfolds into, without unfolding it."""
        if key in above:
            chain = " in ".join(object_id for _, object_id in (key, *reversed(above)))
            raise DamagedError(f"object {key[1]} contains itself ({chain}); export the file again")
        if len(above) > self._limits.max_depth:
            raise LimitError(
                f"components are nested more than {self._limits.max_depth} deep: flatten the assembly"
            )
        if key not in self._weights:
            found = self._object(key)
            inner = [self._weigh(self._target(key[0], child), (*above, key)) for child in found.components]
            self._weights[key] = (
                len(found.triangles) + sum(triangles for triangles, _ in inner),
                1 + sum(instances for _, instances in inner),
            )
        return self._weights[key]

    def _place(self, key: Key, T_build_object: FloatArray, outer_name: str | None, item_id: str) -> None:
        found = self._object(key)
        self._placed.add(key)
        name = self._settings.part_names.get((item_id, key[1])) or found.name or outer_name
        for child in found.components:
            self._place(self._target(key[0], child), child.T_parent_child @ T_build_object, name, item_id)
        if len(found.triangles):
            self._add(key, found, T_build_object, name, ())
        elif not found.components and not self._part(key[0]).extensions.reasons:
            self._report(
                DamagedError(f"{key[0]}: object {key[1]} is placed but has no triangle; export it again")
            )

    def _add(
        self, key: Key, found: ModelObject, T: FloatArray, name: str | None, notes: tuple[str, ...]
    ) -> None:
        where = f"{key[0]}, object {key[1]}"
        check_triangle_count(self._triangles + len(found.triangles), self._limits)
        self._triangles += len(found.triangles)
        if found.kind != "model":
            notes = (*notes, f"declared as {found.kind[:40]!r}, not as a model")
        if found.low_resolution:
            self._report(
                DamagedError(
                    f"{where}: its mesh is only a low-resolution stand-in for slices; export it in full"
                )
            )
        part = self._part(key[0])
        if part.unit is not self.unit:
            notes = (*notes, f"{key[0]} states {part.unit}, the build is in {self.unit}, which was taken")
        linear = T[:3, :3]
        # What overflows here is not finite, and make_shape drops it with a reason.
        with np.errstate(all="ignore"):
            vertices = found.vertices @ linear + T[3, :3]
            flat = not abs(np.linalg.det(linear)) > _FLAT * np.abs(linear).max() ** 3
        if flat:
            self._report(DamagedError(f"{where}: its transform flattens it; export it again"))
        shape, reasons = make_shape(name, vertices, found.triangles, where, notes)
        self.shapes.append(shape)
        self.reasons.extend(reasons)

    def _object(self, key: Key) -> ModelObject:
        found = self._part(key[0]).objects.get(key[1])
        if found is None:
            raise DamagedError(
                f"{key[0]}: there is no object {key[1][:40]}, but it is referred to; export it again"
            )
        return found

    def _part(self, path: str) -> ModelPart:
        known = self._parts.get(path)
        if known is None:
            try:
                known = read_part(path, self._package.read(path), self._limits)
            except UnreadableError as error:
                known = error
                if isinstance(error, DamagedError) and path in self._sealed:
                    known = EncryptedError(
                        f"{path}: is encrypted (3MF secure content): ask the sender for an open copy"
                    )
            self._parts[path] = known
        if isinstance(known, UnreadableError):
            raise known
        return known

    def _report(self, error: UnreadableError) -> None:
        reason = Reason(code=error.code, message=str(error))
        if reason not in self.reasons:
            self.reasons.append(reason)
