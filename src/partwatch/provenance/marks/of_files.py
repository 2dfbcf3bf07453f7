"""`partwatch marks` without its command line: from paths to a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import ValidationError

from partwatch import __version__
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits, WorkerPool
from partwatch.model.document import Item, Reason
from partwatch.model.marks import MarkedItem, MarksDocument, MarksSummary
from partwatch.provenance.marks.job import READ, SETUP, Kept, kept_name
from partwatch.provenance.marks.rarity import Table, weighed
from partwatch.screening.driver import Driver
from partwatch.screening.expansion import Node
from partwatch.screening.walk import Source

# Of one item: its marks are bounded, and so is what is said of them.
_MOST_KEPT_BYTES = 32 << 20
_GONE = Reason(code="not_kept", message="its marks could not be kept: check the disk, and run it again")


@dataclass(frozen=True)
class Means:
    """What may be used: workers, what each may use, and what one file may unfold into.

    triangulation: whether triangles are looked at as well, which only links ask for.
    """

    jobs: int
    worker: Limits
    limits: ReadLimits
    triangulation: bool = False


def marked_items(
    sources: Iterable[Source], folder: Path, means: Means, table: Table | None, progress: Callable[[], None]
) -> Iterator[MarkedItem]:
    """Every file and member, in the order of the walk. folder: an empty one, for what workers find."""
    pool = WorkerPool[Node](
        jobs=means.jobs,
        limits=means.worker,
        setup=SETUP,
        setup_args={
            "folder": str(folder),
            "limits": asdict(means.limits),
            "triangulation": means.triangulation,
        },
    )
    with pool:
        for item in Driver(pool, READ, limits=means.limits).screen(sources):
            progress()
            yield _marked(item, folder, table)


def document_of(items: Iterable[MarkedItem], table: Table | None) -> MarksDocument:
    """All of it."""
    every = tuple(items)
    return MarksDocument(
        program_version=__version__,
        population=table.about if table else None,
        summary=MarksSummary(
            items=len(every),
            marked=sum(bool(item.marks) for item in every),
            marks=sum(len(item.marks) for item in every),
            incomplete=sum(not item.complete for item in every),
        ),
        items=every,
    )


def _marked(item: Item, folder: Path, table: Table | None) -> MarkedItem:
    kept = _kept(item, folder)
    reasons = item.reasons
    # The driver's own failures leave nothing to be kept.
    if kept is None and item.complete:
        reasons = (*reasons, _GONE)
    return MarkedItem(
        path=item.path,
        member=item.member,
        sha256=item.sha256,
        formats=kept.formats if kept else (),
        marks=weighed(kept.marks, table) if kept else (),
        left_out=kept.left_out if kept else 0,
        attribution=kept.attribution if kept else (),
        complete=item.complete and kept is not None,
        reasons=reasons,
    )


def _kept(item: Item, folder: Path) -> Kept | None:
    if item.sha256 is None:
        return None
    path = folder / kept_name(item.sha256)
    try:
        if path.stat().st_size > _MOST_KEPT_BYTES:
            return None
        return Kept.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
