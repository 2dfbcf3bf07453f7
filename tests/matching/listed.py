"""A watch-list in memory, and items made of meshes, to match against it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import DESCRIPTOR_SIZE, enrol_part
from partwatch.formats.base import Reading, Shape
from partwatch.geometry.bodies import merge, split_bodies
from partwatch.matching import Matcher, Policy
from partwatch.model.document import Body, Match, Medium, Reason
from partwatch.model.mesh import MM_PER_UNIT, FloatArray, Mesh, Unit

TODAY = date(2026, 5, 4)
EXPIRES = date(2027, 12, 31)


def sha256_of(name: str) -> str:
    """The hash of the file that a part of that name was listed from."""
    return hashlib.sha256(name.encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """A listed part."""

    design: str
    name: str
    sha256: str
    expires: date
    distinctiveness: float
    area_mm2: float
    triangles: int
    has_geometry: bool


class MemoryIndex:
    """Parts by name as a `PartIndex`; each is a design of its own, `design of NAME`."""

    def __init__(self, meshes: Mapping[str, Mesh], expires: date = EXPIRES, geometry: bool = True) -> None:
        self.entries: list[Entry] = []
        self._meshes: list[Mesh] = []
        rows = []
        for part, (name, mesh) in enumerate(meshes.items()):
            solids = split_bodies(mesh)
            whole = merge([solid.mesh for solid in solids])
            enrolled = enrol_part(whole, solids)
            self._meshes.append(whole)
            self.entries.append(
                Entry(
                    design=f"design of {name}",
                    name=name,
                    sha256=sha256_of(name),
                    expires=expires,
                    distinctiveness=enrolled.distinctiveness,
                    area_mm2=enrolled.area_mm2,
                    triangles=len(whole.triangles),
                    has_geometry=geometry,
                )
            )
            rows += [(descriptor, cloud, part) for descriptor, cloud, _ in enrolled.prints]
        self._descriptors = np.array([row[0] for row in rows], dtype=np.float32).reshape(-1, DESCRIPTOR_SIZE)
        self._clouds = np.array([row[1] for row in rows], dtype=np.float32)
        self._part_index = np.array([row[2] for row in rows], dtype=np.int32)

    @property
    def descriptors(self) -> npt.NDArray[np.float32]:
        """One row a print."""
        return self._descriptors

    @property
    def part_index(self) -> npt.NDArray[np.int32]:
        """The part of each row."""
        return self._part_index

    def part(self, index: int) -> Entry:
        """By its number."""
        return self.entries[index]

    def parts_of_file(self, sha256: str) -> list[int]:
        """Those read from exactly that file."""
        return [k for k, entry in enumerate(self.entries) if entry.sha256 == sha256]

    def mesh(self, index: int) -> Mesh:
        """In millimetres."""
        assert self.entries[index].has_geometry
        return self._meshes[index]

    def clouds(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Of some rows."""
        assert all(self.entries[part].has_geometry for part in self._part_index[rows])
        return self._clouds[rows]


@dataclass(frozen=True)
class Answer:
    """What an item gave."""

    bodies: tuple[Body, ...]
    reasons: list[Reason]

    @property
    def body(self) -> Body:
        """The only one."""
        (body,) = self.bodies
        return body

    @property
    def best(self) -> Match:
        """The first match of the only body."""
        return self.body.matches[0]


def matcher_of(
    index: MemoryIndex, as_of: date = TODAY, views: bool = False, with_part_geometry: bool = False
) -> Matcher:
    """A matcher under the policy as it is."""
    return Matcher(index, Policy(), as_of, views=views, with_part_geometry=with_part_geometry)


def screened(
    matcher: Matcher,
    *meshes: Mesh,
    unit: Unit | None = None,
    sha256: str = "0" * 64,
    medium: Medium = Medium.MESH,
) -> Answer:
    """An item of those shapes, in its own unit, matched."""
    shapes = tuple(Shape(f"shape {k}", mesh) for k, mesh in enumerate(meshes))
    solids = [solid for shape in shapes for solid in split_bodies(shape.mesh, shape.name)]
    bodies, reasons, _ = matcher.match_item(Reading("stl", medium, unit, shapes), solids, sha256)
    return Answer(bodies, reasons)


def in_unit(mesh: Mesh, unit: Unit) -> Mesh:
    """A mesh in millimetres as a file in that unit has it."""
    return Mesh(mesh.vertices / MM_PER_UNIT[unit], mesh.triangles)


def placed(match: Match, points_mm: FloatArray) -> FloatArray:
    """Points of the item, in millimetres, in the part's frame by the match."""
    T = np.array(match.T_part_body)
    assert T.shape == (4, 4)
    assert T[3].tolist() == [0, 0, 0, 1]
    return np.asarray(points_mm @ T[:3, :3].T + T[:3, 3])


def misplaced_mm(match: Match, body: Body, in_item: FloatArray, in_part: FloatArray) -> float:
    """Largest distance between where the match puts the item's points and where they are in the part.

    in_item: in the item's own unit.
    """
    there = placed(match, in_item * MM_PER_UNIT[body.unit])
    return float(np.linalg.norm(there - in_part, axis=1).max())


def named(answer: Answer, part: str) -> list[Match]:
    """All matches of a part, over all bodies."""
    return [match for body in answer.bodies for match in body.matches if match.part == part]
