"""A walk over files, screened by a server: in parts that are handed in one after the other, and whose items
come back in the order of the walk, as they would from a screening on this machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from partwatch.model.document import Header, Item, Reason, ResultDocument
from partwatch.model.errors import LimitError, UnreadableError
from partwatch.screening.files import sha256_of
from partwatch.screening.findings import unscreenable
from partwatch.screening.walk import Source
from partwatch.service.client import Client, ServerError, TooLargeError
from partwatch.service.uploading import Form, Outgoing, outgoing
from partwatch.service.views import SubmissionView

# Of one submission: what a person who looks at it sees as one. Most runs are.
_MOST_FILES: Final = 500
_MOST_BYTES: Final = 512 << 20
# Submissions that are waited for at once, while the next is handed in.
_AHEAD: Final = 4


@dataclass(frozen=True)
class Batch:
    """What is handed in at once: each an item already, where it cannot be read here, or a file."""

    entries: tuple[Item | Outgoing, ...]

    @property
    def files(self) -> list[Outgoing]:
        """Those that are sent."""
        return [one for one in self.entries if isinstance(one, Outgoing)]


@dataclass(frozen=True)
class Handed:
    """A batch that the server has; submission: None where nothing of it was sent."""

    batch: Batch
    submission: SubmissionView | None


class Remote:
    """A walk on a server. header: of its result, known with the first item that the server has said something
    of, and the same for all. Raises ServerError."""

    def __init__(self, client: Client, views: bool) -> None:
        self._client, self._views = client, views
        self.header: Header | None = None

    def items(self, sources: Iterable[Source]) -> Iterator[Item]:
        """Their items, in order."""
        for handed in self._handed(batches(sources)):
            if handed.submission is None:
                yield from (one for one in handed.batch.entries if isinstance(one, Item))
                continue
            done = self._client.screened(handed.submission.id)
            document = self._client.result(done.id, self._views)
            self._check_header(document)
            yield from merged(handed.batch.entries, document)

    def states(self, sources: Iterable[Source]) -> Iterator[SubmissionView | Item]:
        """What became of all that is handed in, for whoever is not told what was found; and what could not be
        read here."""
        for handed in self._handed(batches(sources)):
            yield from (one for one in handed.batch.entries if isinstance(one, Item))
            if handed.submission is not None:
                yield self._client.screened(handed.submission.id)

    def _check_header(self, document: ResultDocument) -> None:
        if self.header is None:
            self.header = document.header
        elif document.header != self.header:
            raise ServerError(
                "the server's list, its calibration or the day changed in the middle, so this is no one "
                "result; screen it again"
            )

    def _handed(self, coming: Iterator[Batch]) -> Iterator[Handed]:
        """All batches, handed in some ahead of what is being waited for."""
        waiting: deque[Handed] = deque()
        for batch in coming:
            for handed in self._hand_in(batch):
                waiting.append(handed)
                if len(waiting) > _AHEAD:
                    yield waiting.popleft()
        yield from waiting

    def _hand_in(self, batch: Batch) -> Iterator[Handed]:
        """A batch as the server takes it: without a file that is too large for it, or in halves."""
        pending = [batch]
        while pending:
            now = pending.pop()
            if not now.files:
                yield Handed(now, None)
                continue
            try:
                yield Handed(now, self._client.submit(Form(now.files)))
            except TooLargeError as error:
                pending.extend(reversed(_smaller(now, error)))


def _smaller(batch: Batch, error: TooLargeError) -> list[Batch]:
    """What to send instead of a batch that is too large."""
    files = batch.files
    if error.file is not None and error.file < len(files):
        return [without(batch, files[error.file], str(error))]
    if len(files) == 1:
        return [without(batch, files[0], str(error))]
    middle = batch.entries.index(files[len(files) // 2])
    return [Batch(batch.entries[:middle]), Batch(batch.entries[middle:])]


def without(batch: Batch, file: Outgoing, why: str) -> Batch:
    """A batch in which a file is an item that was not screened: too large, as it would be here."""
    reason = Reason(code=LimitError.code, message=f"the server does not take it: {why}")
    item = unscreenable(file.shown, None, reason, sha256_of(file.path))
    return replace(batch, entries=tuple(item if one is file else one for one in batch.entries))


def batches(
    sources: Iterable[Source], most_files: int = _MOST_FILES, most_bytes: int = _MOST_BYTES
) -> Iterator[Batch]:
    """The sources, so many at once; what cannot be opened here is an item already."""
    entries: list[Item | Outgoing] = []
    size = files = 0
    for source in sources:
        one = _entry(source)
        length = one.bytes if isinstance(one, Outgoing) else 0
        if files and (files >= most_files or size + length > most_bytes) and isinstance(one, Outgoing):
            yield Batch(tuple(entries))
            entries, size, files = [], 0, 0
        entries.append(one)
        size += length
        files += isinstance(one, Outgoing)
    if entries:
        yield Batch(tuple(entries))


def _entry(source: Source) -> Item | Outgoing:
    if source.problem is not None:
        return unscreenable(source.shown, None, source.problem)
    try:
        return outgoing(source.path, source.shown)
    except UnreadableError as error:
        return unscreenable(source.shown, None, Reason(code=error.code, message=str(error)))


def merged(entries: Sequence[Item | Outgoing], document: ResultDocument) -> Iterator[Item]:
    """The items of a document, each file's under its own name here, with those that were not sent in their
    places. Raises ServerError where the document is not about these files."""
    groups: list[list[Item]] = []
    for item in document.items:
        if item.member is None:
            groups.append([])
        if not groups:
            break
        groups[-1].append(item)
    if len(groups) != sum(isinstance(one, Outgoing) for one in entries):
        raise ServerError("the server's result is not about what was handed in; report this")
    found = iter(groups)
    for one in entries:
        if isinstance(one, Item):
            yield one
        else:
            yield from (item.model_copy(update={"path": one.shown}) for item in next(found))
