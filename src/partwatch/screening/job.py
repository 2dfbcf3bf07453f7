"""What runs inside a worker: the list is opened once, then one item at a time is read and matched."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from partwatch import formats
from partwatch.formats import Archive, Reading, ReadLimits
from partwatch.geometry.bodies import Solid, split_bodies
from partwatch.matching import Matcher, Policy
from partwatch.model.document import Body, Finding, Item, Reason
from partwatch.model.errors import LimitError, UnreadableError
from partwatch.model.mesh import Mesh
from partwatch.screening.answer import Answer
from partwatch.screening.files import inaccessible, read_regular, sha256_of
from partwatch.screening.findings import finding_of, unscreenable
from partwatch.screening.walk import shown
from partwatch.watchlist.snapshot import ListedPart, Snapshot
from partwatch.watchlist.store import Watchlist

PARTS_KEPT = 20_000
SETUP = "partwatch.screening.job:setup"
_EMPTY = Reason(
    code="empty", message="there is no surface in it to compare: export it again, with its solids"
)


@dataclass(frozen=True)
class Listed:
    """A snapshot of the list, as matching asks for it; parts are kept, for each takes a while to decode."""

    snapshot: Snapshot
    _parts: dict[int, ListedPart] = field(default_factory=dict)

    @property
    def descriptors(self) -> npt.NDArray[np.float32]:
        """(rows, D)."""
        return self.snapshot.descriptors

    @property
    def part_index(self) -> npt.NDArray[np.int32]:
        """(rows,): the part of each row."""
        return self.snapshot.part_index

    def part(self, index: int) -> ListedPart:
        """The part of that number."""
        part = self._parts.get(index)
        if part is None:
            if len(self._parts) >= PARTS_KEPT:
                self._parts.clear()
            part = self._parts[index] = self.snapshot.parts[index]
        return part

    def parts_of_file(self, sha256: str) -> list[int]:
        """The parts that were read from exactly that file."""
        return self.snapshot.parts.with_sha256(sha256)

    def mesh(self, index: int) -> Mesh:
        """Its geometry in millimetres."""
        return self.snapshot.mesh(index)

    def clouds(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """(n, K, 6): points and normals of some rows."""
        return self.snapshot.clouds(rows)


@dataclass(eq=False)
class Screener:
    """Reads and matches items; keeps the archive opened last, whose members come one after the other."""

    matcher: Matcher
    limits: ReadLimits = field(default_factory=ReadLimits)
    _kept: tuple[Any, Archive] | None = None

    def screen(self, path: str, chain: tuple[str, ...]) -> Answer:
        """The item, and its members where it is an archive. What cannot be read is an item all the same."""
        named, member, sha256 = shown(path), "/".join(chain) or None, None
        try:
            data = self._content(path, chain)
            sha256 = hashlib.sha256(data).hexdigest()
            if formats.is_archive(data):
                return self._archive_item(named, member, sha256, data)
            reading = formats.read(data, self.limits)
            return Answer(item=self.item_of(named, member, sha256, reading))
        except UnreadableError as error:
            if isinstance(error, LimitError) and not chain and sha256 is None:
                # Too long to be read, not to be named.
                sha256 = sha256_of(path)
            reason = Reason(code=error.code, message=str(error))
            return Answer(item=unscreenable(named, member, reason, sha256))

    def _content(self, path: str, chain: tuple[str, ...]) -> bytes:
        if not chain:
            return read_regular(path, self.limits.max_file_bytes)
        return self._archive(path, chain[:-1]).extract(chain[-1])

    def _archive(self, path: str, chain: tuple[str, ...]) -> Archive:
        try:
            status = Path(path).lstat()
        except OSError as error:
            raise inaccessible(error) from error
        key = (path, chain, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if self._kept is None or self._kept[0] != key:
            # Let go of the old one first: both together may be more than there is room for.
            self._kept = None
            self._kept = (key, Archive(self._content(path, chain), self.limits))
        return self._kept[1]

    def _archive_item(self, path: str, member: str | None, sha256: str, data: bytes) -> Answer:
        archive = Archive(data, self.limits)
        item = Item(
            path=path,
            member=member,
            sha256=sha256,
            format="zip",
            finding=Finding.CLEAR,
            complete=True,
            reasons=(),
            bodies=(),
        )
        return Answer(item=item, members=tuple(each.path for each in archive.members))

    def item_of(self, path: str, member: str | None, sha256: str, reading: Reading) -> Item:
        """What was read, matched; sha256: of the bytes that it was read from."""
        bodies, reasons = self._matched(reading, sha256)
        unread = reading.unread
        if not bodies and not unread:
            # Nothing was compared, so nothing is clear.
            unread = (_EMPTY,)
        complete = not unread
        return Item(
            path=path,
            member=member,
            sha256=sha256,
            format=reading.format,
            finding=finding_of(bodies, reasons, complete),
            complete=complete,
            reasons=(*reasons, *unread),
            bodies=bodies,
        )

    def _matched(self, reading: Reading, sha256: str) -> tuple[tuple[Body, ...], list[Reason]]:
        solids: list[Solid] = []
        groups = []
        for shape in reading.shapes:
            start = len(solids)
            solids += split_bodies(shape.mesh, shape.name)
            groups.append(range(start, len(solids)))
        return self.matcher.match_item(reading, solids, sha256, groups)


_screener: list[Screener] = []


def setup(
    home: str, snapshot_key: str, as_of: str, views: bool = False, with_part_geometry: bool = False
) -> None:
    """Open the list as the parent has it. StoreError where that is gone."""
    snapshot = Watchlist.open(Path(home)).snapshot(snapshot_key)
    matcher = Matcher(Listed(snapshot), Policy(), date.fromisoformat(as_of), views, with_part_geometry)
    _screener[:] = [Screener(matcher)]


def current() -> Screener:
    """The screener that this worker was set up with."""
    return _screener[0]


def screen_file(path: str, chain: list[str]) -> bytes:
    """One file, or one member by its names from the outermost archive in; an `Answer` as JSON."""
    return current().screen(path, tuple(chain)).model_dump_json().encode()
