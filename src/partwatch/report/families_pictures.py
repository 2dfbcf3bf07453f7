"""Pictures of shapes, drawn in the workers that hold them: plain, or coloured by what differs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partwatch.curation import kin_job
from partwatch.curation.catalogue import Catalogue
from partwatch.curation.lineage import Drawing, Lineage
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.matching.overlay import overlay
from partwatch.matching.verification import exact_measurement
from partwatch.model.view import decode_view
from partwatch.report.picture import render

DRAW = "partwatch.report.families_pictures:draw"
SIZE = (240, 186)


def draw(place: tuple[str, int], above: tuple[str, int] | None) -> bytes:
    """In the worker: a specimen as PNG, coloured by its distance to the one above where that lies on it."""
    comparer = kin_job.current()
    mine = comparer.specimen((place[0], place[1]))
    measured, surface = exact_measurement(np.eye(3, 4), 0.1), mine.surface
    if above is not None:
        hits = comparer.hits((place[0], place[1]), [(above[0], above[1])])
        if hits:
            measured, surface = hits[0].measured, comparer.specimen((above[0], above[1])).surface
    view = overlay(mine.shown.mesh, surface, measured, 1.0, with_part=False)
    return render(decode_view(view), measured.tolerance_mm, size=SIZE)


def pictures(
    catalogue: Catalogue,
    lineage: Lineage,
    most: int,
    jobs: int,
    limits: Limits,
    progress: Callable[[int], None],
) -> dict[int, bytes]:
    """PNG by shape id, of at most that many shapes: those of the largest families first."""
    tasks = (
        Task(
            DRAW,
            {
                "place": catalogue.place(drawing.row),
                "above": None if drawing.above is None else catalogue.place(drawing.above),
            },
            shape,
        )
        for shape, drawing in _first(lineage, most)
    )
    pool = WorkerPool[int](
        jobs=jobs, limits=limits, setup=kin_job.SETUP, setup_args={"folder": str(catalogue.folder)}
    )
    drawn: dict[int, bytes] = {}
    with pool:
        for task, outcome in pool.run(tasks):
            progress(1)
            if not isinstance(outcome, Failure):
                drawn[task.tag] = outcome
    return drawn


def _first(lineage: Lineage, most: int) -> list[tuple[int, Drawing]]:
    """Shapes in the order of the document; a file alone has nothing to be compared with, and comes last."""
    families = lineage.document.families
    kin = [shape.id for family in families if len(family.shapes) > 1 for shape in family.shapes]
    others = [shape.id for family in families if len(family.shapes) == 1 for shape in family.shapes]
    return [(shape, lineage.drawings[shape]) for shape in [*kin, *others][:most]]
