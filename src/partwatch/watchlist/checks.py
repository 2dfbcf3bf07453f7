"""What every entry must keep before it goes into a list, wherever it came from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from partwatch.model.errors import StoreError
from partwatch.watchlist.features import feature_problems
from partwatch.watchlist.gating import report_problems
from partwatch.watchlist.rules import alternative_problems, name_problem, quantity_problem, text_problem
from partwatch.watchlist.types import DesignEntry, PartEntry, PartPrint, PrintLayout

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def check_entry(entry: DesignEntry, layout: PrintLayout) -> None:
    """Raises StoreError with everything that is wrong with the entry."""
    problems = [f'design "{entry.name}": {problem}' for problem in _design_problems(entry, layout)]
    if problems:
        raise StoreError("\n".join(problems))


def _design_problems(entry: DesignEntry, layout: PrintLayout) -> Iterator[str]:
    told = {
        "name": name_problem(entry.name),
        "authority": name_problem(entry.authority),
        "reason": text_problem(entry.reason),
        "note": None if entry.note is None else text_problem(entry.note),
    }
    yield from (f"{key} {problem}" for key, problem in told.items() if problem is not None)
    if not entry.parts:
        yield "has no part"
    relations = {part.name: part.alternative_to for part in entry.parts}
    if len(relations) != len(entry.parts):
        yield "has two parts of one name"
    for name, problem in alternative_problems(relations).items():
        yield f'part "{name}": alternative_to {problem}'
    for part in entry.parts:
        yield from (f'part "{part.name}": {problem}' for problem in _part_problems(part, layout))


def _part_problems(part: PartEntry, layout: PrintLayout) -> Iterator[str]:
    told = {
        "name": name_problem(part.name),
        "file name": name_problem(part.source_name),
        "quantity": quantity_problem(part.quantity),
    }
    yield from (f"{key} {problem}" for key, problem in told.items() if problem is not None)
    if not _SHA256.fullmatch(part.sha256):
        yield "sha256 is not 64 lower-case hex digits"
    measures = (part.distinctiveness, part.area_mm2, *part.extents_mm)
    if not all(math.isfinite(measure) and measure >= 0 for measure in measures):
        yield "a measure of it is negative or no number"
    if not part.prints:
        yield "has no print"
    for one in part.prints:
        yield from _print_problems(one, part.has_geometry, layout)
    yield from _mesh_problems(part)
    if part.gate is not None:
        yield from report_problems(part.gate)
    if part.features is not None:
        if not part.has_geometry:
            yield "has local features but no mesh"
        yield from feature_problems(part.features)


def _print_problems(one: PartPrint, has_geometry: bool, layout: PrintLayout) -> Iterator[str]:
    if one.descriptor.shape != (layout.descriptor_size,):
        yield f"a descriptor has shape {one.descriptor.shape}, not ({layout.descriptor_size},)"
    if not np.isfinite(one.descriptor).all():
        yield "a descriptor holds what is no number"
    if (one.cloud is not None) != has_geometry:
        yield "has a mesh but no cloud, or a cloud but no mesh"
    elif one.cloud is not None:
        if one.cloud.shape != (layout.cloud_size, 6):
            yield f"a cloud has shape {one.cloud.shape}, not ({layout.cloud_size}, 6)"
        if not np.isfinite(one.cloud).all():
            yield "a cloud holds what is no number"


def _mesh_problems(part: PartEntry) -> Iterator[str]:
    mesh = part.mesh
    if mesh is None:
        return
    if mesh.triangles.shape[1:] != (3,) or mesh.vertices.shape[1:] != (3,):
        yield "its mesh is not of triangles in space"
    elif len(mesh.triangles) != part.triangles or part.triangles == 0:
        yield f"says {part.triangles} triangles and has {len(mesh.triangles)}"
    elif mesh.triangles.min() < 0 or mesh.triangles.max() >= len(mesh.vertices):
        yield "a triangle names a vertex that is not there"
    if not np.isfinite(mesh.vertices).all():
        yield "a vertex is no number"
