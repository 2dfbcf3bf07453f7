"""What a job's own labels add to what its geometry shows.

Objects that touch, or are printed within a stroke of each other, come out of geometry as one body. Where a
job says which strokes are whose, each object is rebuilt of its own as well. Labels can lie: they may add
bodies and give names, and never take anything away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.geometry.bodies import split_largest
from partwatch.geometry.clean import signed_volume
from partwatch.model.errors import UnreadableError
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath.solids import solids_of

# Strokes that are nearer than this may grow together.
NEAR_MM = 1.0
# So much of what is laid within a body's box is of one object before the body bears its name.
NEARLY_ALL = 0.95
# Bodies whose boxes and volumes differ by less are the same body, rebuilt twice.
SAME_BOX_MM = 0.5
SAME_VOLUME = 0.02
# Objects that are rebuilt of their own fill at most so many times the box of all that is laid: what lies may
# cost time, but not much of it. The smallest come first.
MOST_BOXES = 2.0
# Bodies of one mesh that are compared.
MOST_BODIES = 1000


@dataclass(frozen=True, eq=False)
class _Object:
    """What a job says to be one object. number: of its label. low, high: (3,) of its strokes, in mm."""

    number: int
    low: FloatArray
    high: FloatArray

    @property
    def volume(self) -> float:
        """Of its box, in mm³."""
        return float(np.prod(self.high - self.low))

    def is_near(self, other: _Object) -> bool:
        """Whether strokes of both may grow together."""
        return bool((self.low <= other.high + NEAR_MM).all() and (other.low <= self.high + NEAR_MM).all())


def names_of(path: Toolpath, meshes: Sequence[Mesh]) -> list[str | None]:
    """For each mesh that the job makes the object whose strokes (nearly) all of it is, or None."""
    if path.label is None or not meshes:
        return [None] * len(meshes)
    laying = np.flatnonzero(path.filament > 0)
    middle = (path.start[laying] + path.end[laying]) / 2
    order = np.argsort(middle[:, 0], kind="stable")
    middle, weight, label = middle[order], path.filament[laying][order], path.label[laying][order]
    found: list[str | None] = []
    for mesh in meshes:
        low, high = mesh.bounds
        first, last = np.searchsorted(middle[:, 0], [low[0], high[0]])
        at = middle[first:last, 1:]
        # A stroke's height is that of its top.
        high = high + np.array([0, 0, NEAR_MM])
        within = ((at >= low[1:]) & (at <= high[1:])).all(axis=1)
        of_label = np.bincount(label[first:last][within], weights=weight[first:last][within])
        most = int(of_label.argmax()) if len(of_label) else 0
        is_one = most > 0 and of_label[most] >= NEARLY_ALL * of_label.sum()
        found.append(path.names[most - 1] if is_one else None)
    return found


def added_by_labels(path: Toolpath, meshes: Sequence[Mesh]) -> Iterator[tuple[str, Mesh]]:
    """Bodies that objects make of their own and that are not among the meshes that geometry gave."""
    if path.label is None:
        return
    crowded = _crowded(_objects(path, path.label))
    known = [_size(mesh) for mesh in _bodies(meshes)] if crowded else []
    for one in crowded:
        try:
            made = list(_bodies(list(solids_of(_alone(path, path.label == one.number)))))
        except UnreadableError:
            # It makes nothing of its own: what geometry gave stands.
            continue
        for mesh in made:
            if not any(_are_same(_size(mesh), other) for other in known):
                yield path.names[one.number - 1], mesh


def _objects(path: Toolpath, label: npt.NDArray[np.int16]) -> list[_Object]:
    own = np.flatnonzero((path.filament > 0) & (label > 0))
    if not len(own):
        return []
    own = own[np.argsort(label[own], kind="stable")]
    numbers, first = np.unique(label[own], return_index=True)
    low = np.minimum.reduceat(np.minimum(path.start[own], path.end[own]), first)
    high = np.maximum.reduceat(np.maximum(path.start[own], path.end[own]), first)
    return [_Object(*each) for each in zip(numbers.tolist(), low, high, strict=True)]


def _crowded(objects: Sequence[_Object]) -> list[_Object]:
    """Those that others come near, as many as may be rebuilt."""
    if not objects:
        return []
    near = [one for one in objects if any(one.is_near(other) for other in objects if other is not one)]
    near.sort(key=lambda one: one.volume)
    low = np.min([one.low for one in objects], axis=0)
    high = np.max([one.high for one in objects], axis=0)
    room = MOST_BOXES * float(np.prod(high - low))
    filled = np.cumsum([one.volume for one in near])
    return near[: int(np.count_nonzero(filled <= room))]


def _alone(path: Toolpath, own: npt.NDArray[np.bool_]) -> Toolpath:
    """The job of some moves, with those before them, which tell where they begin."""
    kept = own.copy()
    kept[:-1] |= own[1:]
    return Toolpath(
        path.end[kept],
        np.where(own, path.filament, 0.0)[kept],
        path.feed[kept],
        path.line[kept],
        path.tool[kept],
        path.chord[kept],
    )


def _bodies(meshes: Sequence[Mesh]) -> Iterator[Mesh]:
    for mesh in meshes:
        yield from (solid.mesh for solid in split_largest(mesh, None, MOST_BODIES)[0])


def _size(mesh: Mesh) -> tuple[FloatArray, float]:
    """Its box and its volume."""
    return np.concatenate(mesh.bounds), signed_volume(mesh)


def _are_same(one: tuple[FloatArray, float], other: tuple[FloatArray, float]) -> bool:
    apart = float(np.abs(one[0] - other[0]).max())
    return apart <= SAME_BOX_MM and abs(one[1] - other[1]) <= SAME_VOLUME * max(one[1], other[1])
