"""`partwatch families` without its command line: from a folder to its lineage."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from partwatch.curation.catalogue import Catalogue, read_catalogue
from partwatch.curation.kinship import Workers, settle
from partwatch.curation.lineage import Lineage, lineage
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits
from partwatch.screening.walk import Source, shown, walk

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Means:
    """What may be used: workers, what each may use, and what one file may unfold into."""

    jobs: int
    worker: Limits
    limits: ReadLimits


def sources_below(folder: str) -> list[Source]:
    """Every file below a folder, named by its path from there: the result is the same wherever it lies."""
    # A folder holds no stdin.
    found = walk([folder], lambda: "")
    return [replace(source, shown=shown(os.path.relpath(source.path, folder))) for source in found]


def find_families(
    sources: Sequence[Source], folder: Path, means: Means, progress: Progress
) -> tuple[Catalogue, Lineage]:
    """Read, compare, and put together. folder: an empty one, for the specimens. The same whatever `jobs`.

    progress: told of each step, `read` or `compared`, and of how many at once.
    """
    catalogue = read_catalogue(
        sources, folder, means.jobs, means.worker, means.limits, lambda: progress("read", 1)
    )
    workers = Workers(catalogue, means.jobs, means.worker, lambda count: progress("compared", count))
    with workers.pool:
        found = settle(catalogue, workers.compare)
    return catalogue, lineage(catalogue, found)
