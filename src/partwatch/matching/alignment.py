"""Laying listed parts on a body: cheap trials on a closest-point field, then refinement on its triangles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from partwatch import kernel
from partwatch.fingerprint.cloud import CloudFrame, frame_of
from partwatch.fingerprint.local import Features, features_of_body
from partwatch.fingerprint.shipped import codebook
from partwatch.fingerprint.surface import Surface
from partwatch.matching.frames import trial_poses
from partwatch.model.document import Matrix4
from partwatch.model.mesh import FloatArray, IndexArray, Mesh

FIELD_RESOLUTION = 64
# A facet within 60 degrees of the wanted normal is compatible.
MIN_COSINE = 0.5
TRIALS_KEPT = 6
TRIALS_KEPT_TURNING = 32
KEPT_POSES = 4
LOOK_POINTS = 256


@dataclass(frozen=True)
class Effort:
    """Points and rounds spent on a refinement."""

    points: int
    rounds: int


SKETCH = Effort(80, 6)
FINISH = Effort(192, 10)


@dataclass(frozen=True, eq=False)
class Pose:
    """A trial that was refined on the field. T_body_part: (3, 4). score: 0 to 1, comparable on one body."""

    T_body_part: FloatArray
    score: float
    mirrored: bool


class Target:
    """A body, in its own unit, made ready for parts to be laid on it. Parts are built on first use."""

    def __init__(self, mesh: Mesh, surface: Surface) -> None:
        """mesh: the body's. surface: its samples."""
        self.mesh = mesh
        self.surface = surface
        self._features: tuple[float, Features] | None = None
        self._kinds: npt.NDArray[np.intp] | None = None

    def features(self, mm_per_unit: float) -> Features:
        """Local features of the body in millimetres, kept for that unit."""
        if self._features is None or self._features[0] != mm_per_unit:
            scaled = Mesh(self.mesh.vertices * mm_per_unit, self.mesh.triangles)
            self._features, self._kinds = (mm_per_unit, features_of_body(scaled)), None
        return self._features[1]

    def kinds(self, mm_per_unit: float) -> npt.NDArray[np.intp]:
        """(n,): the codebook's cell of each of the features."""
        features = self.features(mm_per_unit)
        if self._kinds is None:
            self._kinds = codebook().nearest(features["code"])[:, 0]
        return self._kinds

    @cached_property
    def frame(self) -> CloudFrame:
        """Frame of the evenly spaced points."""
        s = self.surface
        return CloudFrame(s.centre, s.radius, s.axes, s.spreads)

    @cached_property
    def field(self) -> kernel.Field:
        """Closest-point field of the samples."""
        return kernel.Field(
            np.ascontiguousarray(self.surface.raw),
            np.ascontiguousarray(self.surface.raw_normals),
            FIELD_RESOLUTION,
        )

    @cached_property
    def tree(self) -> kernel.TriangleTree:
        """Closest points on the triangles."""
        return kernel.TriangleTree(np.ascontiguousarray(self.mesh.vertices), self.mesh.triangles, MIN_COSINE)

    @property
    def reach(self) -> float:
        """Distance at which a trial stops counting: a few sample spacings."""
        return max(0.08 * self.surface.radius, 2.5 * self.surface.spacing)

    def poses(
        self, cloud: npt.NDArray[np.float32], frame: CloudFrame | None = None, least: float = 0.0
    ) -> list[Pose]:
        """Poses that lay a part's cloud (n, 6) on the body, best first: up to KEPT_POSES of either hand.

        Trials that cannot reach a score of `least` are given up early.
        """
        points = np.ascontiguousarray(cloud[:, :3], dtype=np.float64)
        normals = np.ascontiguousarray(cloud[:, 3:], dtype=np.float64)
        part = frame or frame_of(points)
        if not part.radius > 0:
            return []
        body = self.frame
        trials = trial_poses(
            part.centre, part.axes, part.spreads, part.radius,
            body.centre, body.axes, body.spreads, body.radius,
        )  # fmt: skip
        found = []
        for mirrored, frames in enumerate(trials):
            # More than the axes' own frames: the shape turns onto itself nearly, in many ways.
            kept = TRIALS_KEPT if len(frames) <= 24 else TRIALS_KEPT_TURNING
            T, scores = self.field.align(points, normals, frames, self.reach, kept, least)
            found += [
                Pose(T[k], float(scores[k]), bool(mirrored))
                for k in _apart(T, body.radius, part.centre, part.radius)
            ]
        return sorted(found, key=lambda pose: -pose.score)

    def look(self, T_body_part: FloatArray, cloud: npt.NDArray[np.float32], tolerance: float) -> float:
        """Rough coverage of a part's cloud (n, 6) at a pose, from the samples alone; 0 to 1.

        tolerance: in the body's unit. Low where details are finer than the samples, so it can only tell what
        lies badly from what may lie well.
        """
        spacing = self.surface.spacing
        return self.field.covered(
            np.ascontiguousarray(cloud[:LOOK_POINTS, :3], dtype=np.float64),
            np.ascontiguousarray(cloud[:LOOK_POINTS, 3:], dtype=np.float64),
            np.ascontiguousarray(T_body_part[None]),
            2.5 * spacing + self.field.voxel,
            tolerance + 0.1 * spacing,
            MIN_COSINE,
        )

    def settled(
        self,
        T_body_part: FloatArray,
        cloud: npt.NDArray[np.float32],
        reach: float,
        least: float,
        effort: Effort,
    ) -> FloatArray:
        """The pose after point-to-plane refinement on the triangles, from `reach` down to `least`; (3, 4)."""
        return self.tree.refine(
            np.ascontiguousarray(cloud[: effort.points, :3], dtype=np.float64),
            np.ascontiguousarray(cloud[: effort.points, 3:], dtype=np.float64),
            np.ascontiguousarray(T_body_part[None]),
            effort.rounds,
            max(reach, least),
            least,
        )


def _apart(T: FloatArray, radius: float, centre: FloatArray, part_radius: float) -> list[int]:
    """The first KEPT_POSES that are not, within a hundredth of the radius, an earlier one again."""
    corners = centre + part_radius * np.concatenate([np.eye(3), -np.eye(3)])
    placed = np.einsum("kij,nj->kni", T[:, :, :3], corners) + T[:, None, :, 3]
    gaps = np.abs(placed[:, None] - placed[None]).max(axis=(2, 3))
    kept: list[int] = []
    for k in range(len(T)):
        if all(gaps[k, i] > 0.01 * radius for i in kept):
            kept.append(k)
    return kept[:KEPT_POSES]


def inverse(T: FloatArray) -> FloatArray:
    """Inverse of a (3, 4) affine map."""
    A = np.linalg.inv(T[:, :3])
    return np.concatenate([A, -(A @ T[:, 3])[:, None]], axis=1)


def scale_of(T: FloatArray) -> float:
    """Uniform scale of a (3, 4) similarity."""
    return float(np.cbrt(abs(np.linalg.det(T[:, :3]))))


def shrunk(T: FloatArray, by: float, centre: FloatArray) -> FloatArray:
    """A (3, 4) similarity of a scale smaller by a factor, which leaves where the centre comes to lie."""
    A = T[:, :3] / by
    return np.concatenate([A, (T[:, :3] @ centre + T[:, 3] - A @ centre)[:, None]], axis=1)


def matrix_of(T: FloatArray) -> Matrix4:
    """(3, 4) to the contract's 4 x 4, row-major; ten digits are below a nanometre."""
    rows = [tuple(round(float(x), 10) + 0.0 for x in row) for row in T]
    return (rows[0], rows[1], rows[2], (0.0, 0.0, 0.0, 1.0))  # type: ignore[return-value] # rows of four


def apply(T: FloatArray, points: FloatArray) -> FloatArray:
    """(n, 3) points through a (3, 4) map."""
    return np.ascontiguousarray(points @ T[:, :3].T + T[:, 3])


def planes_of(mesh: Mesh, triangles: IndexArray) -> tuple[FloatArray, FloatArray]:
    """Of some triangles, by their numbers: (n, 3) unit normals, and (n, 3) a place on each."""
    a, b, c = (mesh.vertices[mesh.triangles[triangles, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    return normal / np.maximum(np.linalg.norm(normal, axis=1), 1e-30)[:, None], a


def turn_normals(T: FloatArray, normals: FloatArray) -> FloatArray:
    """(n, 3) unit normals through a similarity; their sense is not kept, and nothing here needs it."""
    return np.ascontiguousarray(normals @ (T[:, :3].T / scale_of(T)))
