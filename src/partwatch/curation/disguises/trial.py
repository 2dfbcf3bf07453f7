"""One disguised part, or a revision of one, written as a file and screened. Runs in a worker."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from partwatch.curation.changes import moved
from partwatch.curation.disguises import GROUPS, LEAST_DIAGONAL_MM, disguised, surviving
from partwatch.curation.disguises.solids import solid_of
from partwatch.curation.trial import explained, part_in_mm, screened, written
from partwatch.geometry.bodies import split_bodies
from partwatch.matching import Matcher
from partwatch.model.document import Item
from partwatch.model.errors import UnreadableError
from partwatch.model.mesh import Mesh
from partwatch.screening import job

DISGUISE = "partwatch.curation.disguises.trial:run_disguise"
REVISION = "partwatch.curation.disguises.trial:run_revision"
# What a part is joined to is of about its size, and not so fine that joining takes long.
_SIZES = (0.3, 3.0)
_MOST_TRIANGLES = 30_000


def run_disguise(path: str, kind: str, part: int, others: list[str], needed: int) -> bytes:
    """Screens the part file under that kind of disguise; JSON, null where it does not apply.

    part: its number in the list. others: files that it may be joined to, of which the first `needed` that fit
    are taken. The same arguments always give the same trial.
    """
    rng = np.random.default_rng(zlib.crc32(f"{kind}:{Path(path).name}".encode()))
    mesh = part_in_mm(Path(path))
    found = disguised(kind, mesh, rng, _fitting(mesh, others, needed))
    if found is None:
        return b"null"
    placed = moved(found.mesh, rng)
    at_truth = _at_truth(placed, part, found.mesh) if kind in GROUPS["pieces"] else None
    return _told(screened(written(placed, "stl")), found.surviving, at_truth)


def _at_truth(placed: Mesh, part: int, before: Mesh) -> float | None:
    """The information that a piece carries where it was cut out, whether a search would find that or not."""
    matcher = job.current().matcher
    solids = split_bodies(placed)
    if not isinstance(matcher, Matcher) or not solids:
        return None
    rows = np.column_stack([before.vertices, np.ones(len(before.vertices))])
    T = np.linalg.lstsq(rows, placed.vertices, rcond=None)[0].T
    largest = max(solids, key=lambda solid: float(np.linalg.norm(solid.mesh.extents)))
    shared = matcher.engine.shared_at(largest, part, np.ascontiguousarray(T), 1.0)
    return None if shared is None else shared.information


def run_revision(path: str, listed: str) -> bytes:
    """Screens one revision as it is; `surviving`: of the listed one's surface, in the file's own place."""
    data = Path(path).read_bytes()
    share = surviving(part_in_mm(Path(listed)), part_in_mm(Path(path)))
    return _told(screened(data), share)


def _fitting(part: Mesh, paths: Sequence[str], needed: int) -> list[Mesh]:
    size = float(np.linalg.norm(part.extents))
    chosen: list[Mesh] = []
    for path in paths:
        if len(chosen) >= needed:
            break
        try:
            mesh = part_in_mm(Path(path))
        except UnreadableError:
            continue
        diagonal = float(np.linalg.norm(mesh.extents))
        fits = _SIZES[0] * size <= diagonal <= _SIZES[1] * size and diagonal >= LEAST_DIAGONAL_MM
        if fits and len(mesh.triangles) <= _MOST_TRIANGLES and solid_of(mesh) is not None:
            chosen.append(mesh)
    return chosen


def _told(item: Item, share: float, at_truth: float | None = None) -> bytes:
    return json.dumps(
        {
            "surviving": share,
            "at_truth": at_truth,
            "listed": [
                {
                    "design": match.design,
                    "finding": match.finding.value,
                    "relation": match.relation.value,
                    "score": match.score,
                    "coverage_part": match.coverage_part,
                    "coverage_body": match.coverage_body,
                    "bits": match.bits,
                    "information": match.evidence.region_rarity if match.evidence else None,
                    **explained(match, body),
                }
                for body in item.bodies
                for match in body.matches
            ],
        }
    ).encode()
