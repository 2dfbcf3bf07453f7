"""A folder of files as a catalogue: what each holds, in numbers to be searched, and what went unread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from partwatch.curation.catalogue_job import READ, SETUP, kept_name
from partwatch.curation.specimens import FACTS, Specimens, read_specimens
from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits, WorkerPool
from partwatch.model.document import Item, Reason
from partwatch.screening.driver import Driver
from partwatch.screening.expansion import Node
from partwatch.screening.walk import Source

_ONE_OF_SEVERAL = Reason(
    code="one_of_several", message="only the first of its readings was compared: look at the others yourself"
)
_GONE = Reason(
    code="not_kept",
    message="nothing of it could be kept to be compared: check the disk, export it again, run it again",
)


@dataclass(frozen=True, eq=False)
class CatalogueFile:
    """A file or an archive's member of which at least one surface was read."""

    item: Item
    kept: str
    first: int
    count: int

    @property
    def bodies(self) -> range:
        """Rows of its bodies; of a file with one body it is the whole."""
        return range(self.first + min(self.count - 1, 1), self.first + self.count)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """files: in the order of the walk; the specimens of each are rows of `specimens`, the whole first.

    owner: (rows,) the file of each row. unread: items with nothing to compare, archives left out.
    """

    folder: Path
    files: tuple[CatalogueFile, ...]
    specimens: Specimens
    owner: npt.NDArray[np.int64]
    unread: tuple[Item, ...]

    def place(self, row: int) -> tuple[str, int]:
        """Where a row's mesh is kept: the name of the file in the folder, and its number there."""
        file = self.files[int(self.owner[row])]
        return file.kept, row - file.first

    def named(self, row: int) -> str:
        """The file of a row as the result calls it."""
        item = self.files[int(self.owner[row])].item
        return item.path if item.member is None else f"{item.path}!{item.member}"


def read_catalogue(
    sources: Sequence[Source],
    folder: Path,
    jobs: int,
    worker: Limits,
    limits: ReadLimits,
    progress: Callable[[], None],
) -> Catalogue:
    """Read all sources in workers. folder: an empty one, for the specimens."""
    pool = WorkerPool[Node](
        jobs=jobs,
        limits=worker,
        setup=SETUP,
        setup_args={"folder": str(folder), "limits": asdict(limits)},
    )
    files: list[CatalogueFile] = []
    found: list[Specimens] = []
    unread: list[Item] = []
    first = 0
    with pool:
        for item in Driver(pool, READ, limits=limits).screen(sources):
            progress()
            readings = _readings(folder, item)
            if not readings:
                # An archive without a surface of its own has neither.
                if item.bodies or item.reasons:
                    unread.append(_explained(item))
                continue
            if len(readings) > 1:
                item = _only_one(item)
            kept, specimens = readings[0]
            files.append(CatalogueFile(item, kept, first, len(specimens)))
            found.append(specimens)
            first += len(specimens)
    owner = np.repeat(np.arange(len(files)), [file.count for file in files])
    return Catalogue(folder, tuple(files), _joined(found), owner, tuple(unread))


def _only_one(item: Item) -> Item:
    """A file that opens as several things is compared as the first, and says so."""
    return item.model_copy(update={"complete": False, "reasons": (*item.reasons, _ONE_OF_SEVERAL)})


def _explained(item: Item) -> Item:
    return item if item.reasons else item.model_copy(update={"reasons": (_GONE,)})


def _readings(folder: Path, item: Item) -> list[tuple[str, Specimens]]:
    """The readings of an item that hold a surface, by the names of the files they are kept in."""
    found = []
    for name in (item.format or "").split("+"):
        kept = kept_name(item.sha256 or "", name)
        try:
            specimens = read_specimens(folder / kept)
        except (OSError, ValueError):
            continue
        if len(specimens):
            found.append((kept, specimens))
    return found


def _joined(found: Sequence[Specimens]) -> Specimens:
    return Specimens(
        facts=np.concatenate([each.facts for each in found] or [np.zeros((0, FACTS))]),
        descriptors=np.concatenate(
            [each.descriptors for each in found] or [np.zeros((0, DESCRIPTOR_SIZE), np.float32)]
        ),
        placed=tuple(digest for each in found for digest in each.placed),
    )
