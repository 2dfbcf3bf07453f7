"""One trial: a listed part, changed and written as a file, screened like any other. Runs in a worker."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh

from partwatch import formats, kernel
from partwatch.curation import changes
from partwatch.curation.changes import Change, moved
from partwatch.formats import ReadLimits
from partwatch.geometry.bodies import merge
from partwatch.matching.policy import Policy
from partwatch.matching.relation import explain_size
from partwatch.model.document import Body, Item, Match, UnitSource
from partwatch.model.mesh import MM_PER_UNIT, FloatArray, Mesh, Unit
from partwatch.screening import job


@dataclass(frozen=True)
class Trial:
    """A class of change. shape: what is done to the part. file_type: what it is written as.

    plate: whether two other bodies lie beside it. bounded: its deviation is measured and reported.
    """

    shape: Change
    file_type: str = "stl"
    plate: bool = False
    bounded: bool = False


def _unit_trials() -> dict[str, Trial]:
    return {
        f"unit {unit.value}": Trial(changes.in_unit(MM_PER_UNIT[unit]))
        for unit in (Unit.INCH, Unit.CENTIMETRE, Unit.METRE, Unit.MICRON)
    }


TRIALS: dict[str, Trial] = {
    "rotation": Trial(changes.untouched),
    "mirror": Trial(changes.mirrored),
    **_unit_trials(),
    **{
        f"format {kind}": Trial(changes.untouched, file_type=kind)
        for kind in ("stl_ascii", "ply", "obj", "off")
    },
    "winding": Trial(changes.wound_inward),
    "reordering": Trial(changes.reordered),
    "plate": Trial(changes.untouched, plate=True),
    "noise": Trial(changes.noisy),
    "subdivided": Trial(changes.subdivided, bounded=True),
    "remeshed": Trial(changes.remeshed, bounded=True),
    **{
        f"decimated {keep:.0%}": Trial(changes.simplified(keep), bounded=True)
        for keep in (0.7, 0.5, 0.3, 0.15)
    },
}

# Measured deviation (p95, max) in millimetres up to which a bounded trial counts in each band; beyond the
# widest it is another shape.
BANDS = {"p95 ≤ 0.1, max ≤ 0.3 mm": (0.1, 0.3), "p95 ≤ 0.3 mm": (0.3, float("inf"))}
BOUNDED_KINDS = tuple(kind for kind, trial in TRIALS.items() if trial.bounded)
# Changes that leave every distance as it was, or scale them all: the pooled class of the accuracy bar.
RIGID_KINDS = tuple(kind for kind in TRIALS if kind not in BOUNDED_KINDS and kind != "noise")

# Below this size a deviation of a tenth of a millimetre is another shape, not another tessellation. (Files in
# metres without a unit come out so small.)
BOUNDED_LEAST_DIAGONAL_MM = 5.0


def run_trial(path: str, kind: str) -> bytes:
    """Screens the part file at `path` under that change; JSON for `evaluate`, null where it does not apply.

    The same path and kind always give the same trial.
    """
    trial = TRIALS[kind]
    rng = np.random.default_rng(zlib.crc32(f"{kind}:{Path(path).name}".encode()))
    part = part_in_mm(Path(path))
    if trial.bounded and float(np.linalg.norm(part.extents)) < BOUNDED_LEAST_DIAGONAL_MM:
        return b"null"
    shape = trial.shape(part, rng)
    if shape is None or len(shape.triangles) == 0:
        return b"null"
    placed = moved(shape, rng)
    data = written(_on_plate(placed, rng) if trial.plate else placed, trial.file_type)
    item = screened(data)
    deviation = _deviation(part, shape) if trial.bounded else None
    return json.dumps(
        {
            "matches": [
                {
                    "design": match.design,
                    "finding": match.finding.value,
                    "relation": match.relation.value,
                    "score": match.score,
                    "coverage": min(match.coverage_part, match.coverage_body),
                    **explained(match, body),
                }
                for body in item.bodies
                for match in body.matches
            ],
            "deviation": deviation,
        }
    ).encode()


def explained(match: Match, body: Body) -> dict[str, object]:
    """Scale and unit's source that explain this match: the body's unit is that of its best match, which may
    be another one."""
    stated = body.unit if body.unit_source is UnitSource.STATED else None
    size = explain_size(match.scale * MM_PER_UNIT[body.unit], stated, Policy().scale_tolerance)
    return {"scale": size.scale, "source": size.source.value}


def screened(data: bytes) -> Item:
    """The item that these bytes make, against the list that the worker opened."""
    return job.current().item_of(
        "trial", None, hashlib.sha256(data).hexdigest(), formats.read(data, ReadLimits())
    )


def part_in_mm(path: Path) -> Mesh:
    """All of a file's shapes in one mesh, in millimetres by its stated unit. Raises UnreadableError."""
    reading = formats.read(path.read_bytes(), ReadLimits())
    scale = MM_PER_UNIT[reading.unit] if reading.unit else 1.0
    return merge([Mesh(shape.mesh.vertices * scale, shape.mesh.triangles) for shape in reading.shapes])


def _on_plate(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Beside a block and a ball of about its size, well apart."""
    size = float(mesh.extents.max())
    block = trimesh.creation.box(extents=size * rng.uniform(0.2, 0.6, size=3))
    ball = trimesh.creation.icosphere(subdivisions=2, radius=size * 0.2)
    low, high = mesh.bounds
    others = [
        Mesh(np.asarray(block.vertices) + low - [size, 0, 0], np.asarray(block.faces, dtype=np.int32)),
        Mesh(np.asarray(ball.vertices) + high + [size, 0, 0], np.asarray(ball.faces, dtype=np.int32)),
    ]
    return merge([others[0], mesh, others[1]])


def written(mesh: Mesh, file_type: str) -> bytes:
    """The mesh as a file's bytes."""
    surface = trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False)
    content = surface.export(file_type=file_type)
    return content if isinstance(content, bytes) else str(content).encode()


def _deviation(part: Mesh, changed: Mesh) -> tuple[float, float]:
    """p95 and max distance between two meshes in place, both ways, samples and vertices, in millimetres."""
    both = np.concatenate([_distances(part, changed), _distances(changed, part)])
    return float(np.quantile(both, 0.95)), float(both.max())


def _distances(source: Mesh, target: Mesh) -> FloatArray:
    tree = kernel.TriangleTree(np.ascontiguousarray(target.vertices), target.triangles, 0.0)
    samples, _, _, _ = kernel.sample(np.ascontiguousarray(source.vertices), source.triangles, 4096)
    points = np.concatenate([samples, source.vertices[source.triangles.reshape(-1)][:4096]])
    distance, _ = tree.closest(
        np.ascontiguousarray(points), np.zeros_like(points), float(target.extents.max())
    )
    return np.where(np.isfinite(distance), distance, float(target.extents.max()))
