"""A folder of files and print jobs, screened on the way in; every file becomes an item, clear ones too.

What screens, reads marks and links is handed in (`FolderWork`; `folder_work.work_of` makes it of the
operator's home), so that this is only the way from their answers to statements.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from partwatch.case.imports import links_document, marks_said
from partwatch.case.imports.base import Example, Importer, Reading, RowError, Told
from partwatch.case.imports.items import ItemTeller, item_key, schema_of_formats, schema_of_item
from partwatch.case.imports.origins import OriginTable
from partwatch.case.imports.plans_said import PlanTexts
from partwatch.case.statements import Statement
from partwatch.model.document import Item
from partwatch.model.errors import UsageError
from partwatch.model.links import LinksDocument
from partwatch.model.marks import MarkedItem
from partwatch.provenance.linking.blocks import block_of
from partwatch.screening.files import sha256_of
from partwatch.screening.walk import shown, walk

NAME: Final = "folder"
_VERSION: Final = "1"
# Marks that are held at once for linking; about 700 MB.
MOST_MARKS: Final = 500_000
_DIGITS: Final = 16
_NOTED_ONLY: Final = frozenset({"as_of", "worker"})

Progress = Callable[[str, int], None]


def silent(_stage: str, _done: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class FolderWork:
    """What is done to a folder. Paths in what it answers are relative to the folder.

    screened: every file and member as an item, in the order of the walk. marked: the same, with marks.
    linked: which of these are of one source; None where links are not wanted. watchlist: version of the
    list that is searched; plans: of its designs; noted: with what, and against what, for the ledger.
    origins: where items came from. progress: told of the stage, and how many items it has done.
    """

    screened: Callable[[Path], Iterator[Item]]
    marked: Callable[[Path], Iterator[MarkedItem]]
    linked: Callable[[Sequence[MarkedItem]], LinksDocument] | None
    watchlist: str
    plans: PlanTexts
    noted: Mapping[str, Any]
    origins: OriginTable = field(default_factory=OriginTable)
    progress: Progress = silent
    most_marks: int = MOST_MARKS


def looks(path: Path) -> bool:
    """Whether it is a folder."""
    return path.is_dir()


def digest_of(path: Path) -> str:
    """SHA-256 of a folder: of a line for each file below it, its digest and its path, in the order of the
    walk. What cannot be read counts by its path."""
    whole = hashlib.sha256()
    for source in walk([str(path.absolute())], _no_stdin):
        own = None if source.problem else sha256_of(source.path)
        whole.update(f"{own or 'unread'}  {below(path.absolute(), source.shown)}\n".encode())
    return whole.hexdigest()


def _no_stdin() -> str:
    raise UsageError("stdin is no folder: give the folder")


def below(folder: Path, path: str) -> str:
    """A path, as the walk shows it, relative to the folder that was walked."""
    return path.removeprefix(shown(str(folder))).lstrip("/") or path


def importer(work: FolderWork) -> Importer:
    """The importer of one run. Its version is of all that the outcome depends on: another list reads the
    same folder as another source. The day itself, and how long a worker may take, are only noted."""
    depends = {name: value for name, value in work.noted.items() if name not in _NOTED_ONLY}
    told = json.dumps(depends, sort_keys=True, default=str).encode()
    version = f"{_VERSION}-{hashlib.sha256(told).hexdigest()[:_DIGITS]}"
    return Importer(
        NAME, version, "a folder of files and print jobs, screened on the way in", looks,
        lambda reading: read(reading, work), _examples,
    )  # fmt: skip


def read(reading: Reading, work: FolderWork) -> Iterator[Told]:
    """Items with their matches, then their marks, then links, each as it comes."""
    known: set[str] = set()
    teller = ItemTeller(reading.sha256, work.watchlist, work.plans.of(work.watchlist))
    for count, item in enumerate(work.screened(reading.path), start=1):
        place = _place(item.path, item.member)
        try:
            yield from teller.tell(item, place)
        except ValueError as error:
            yield RowError(place, str(error), "report it: screening said what is no number")
        key = item_key(item.sha256, reading.sha256, item.path, item.member)
        known.add(key)
        yield from work.origins.told(key, schema_of_item(item), item.path)
        work.progress("screened", count)
    yield from work.origins.ending()
    yield from _marks_and_links(reading, work, known)


def _marks_and_links(reading: Reading, work: FolderWork, known: set[str]) -> Iterator[Told]:
    kept: list[MarkedItem] | None = [] if work.linked else None
    marks = 0
    for count, item in enumerate(work.marked(reading.path), start=1):
        yield from _marks(item, reading.sha256, known)
        work.progress("marks read", count)
        if kept is not None:
            # What no link is made of need not wait for the others.
            own = tuple(mark for mark in item.marks if block_of(mark) is not None)
            marks += len(own)
            kept.append(item.model_copy(update={"marks": own}))
            if marks > work.most_marks:
                kept = None
                problem = f"more than {work.most_marks:,} marks: links between items were not looked for"
                yield RowError("links", problem, "import parts of the folder, or `partwatch link` them apart")
    if work.linked and kept:
        yield from _links(work.linked(kept), reading.sha256)
        work.progress("linked", len(kept))


def _marks(item: MarkedItem, source: str, known: set[str]) -> Iterator[Statement | RowError]:
    key = item_key(item.sha256, source, item.path, item.member)
    place = _place(item.path, item.member)
    if key in known:
        yield from marks_said.stated(item, key, schema_of_formats(item.formats), place)
    elif item.sha256 is not None:
        yield RowError(place, "changed between being screened and being read for marks", "import it again")


def _links(document: LinksDocument, source: str) -> Iterator[Told]:
    keys = {one.id: item_key(one.sha256, source, one.path, one.member) for one in document.items}
    yield from links_document.edges_of(document, keys)


def _place(path: str, member: str | None) -> str:
    return path if member is None else f"{path} > {member}"


def _examples() -> Iterable[Example]:
    # What comes of a folder depends on the work: tests of its own hold it.
    return ()
