"""What runs inside a worker: the list is opened once, then one item at a time is read and matched."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from partwatch import formats
from partwatch.fingerprint.cloud import radius_of
from partwatch.fingerprint.descriptor import Fingerprint, fingerprint_of
from partwatch.fingerprint.feature_index import FeatureIndex
from partwatch.fingerprint.surface import sample_surface
from partwatch.formats import Content, Opened, Reading, ReadLimits
from partwatch.geometry.bodies import Solid, split_largest
from partwatch.geometry.clean import triangle_areas
from partwatch.matching import Matcher, Policy
from partwatch.matching.matcher import Matched
from partwatch.model.document import Body, Item, Reason
from partwatch.model.errors import LimitError, UnreadableError
from partwatch.model.mesh import MM_PER_UNIT, Mesh
from partwatch.screening.answer import Answer, BodyPrint
from partwatch.screening.files import sha256_of
from partwatch.screening.findings import finding_of, unscreenable
from partwatch.screening.opening import Opener
from partwatch.screening.terms import LateJudge, Terms
from partwatch.screening.walk import shown
from partwatch.toolpath import rebuilt
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

    @property
    def features(self) -> FeatureIndex:
        """The local features of the parts that have some."""
        return self.snapshot.features

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

    def prints(self, part: int) -> tuple[npt.NDArray[np.float32], float]:
        """(prints, D) descriptors of a part with geometry, and its root mean square radius in millimetres."""
        first, end = np.searchsorted(self.part_index, [part, part + 1])
        cloud = self.snapshot.cloud(int(first))
        return np.asarray(self.descriptors[first:end]), radius_of(cloud)


class BodyMatcher(Protocol):
    """What is done with the bodies of a reading: `Matcher`, or another use of the same way of reading."""

    def match_item(
        self, reading: Reading, solids: Sequence[Solid], sha256: str, groups: Sequence[Sequence[int]] = ()
    ) -> Matched:
        """As `Matcher.match_item`."""
        ...


@dataclass(eq=False)
class Screener:
    """Reads and matches items, members of one archive one after the other.

    prints: whether answers carry the fingerprints of the bodies.
    """

    matcher: BodyMatcher
    limits: ReadLimits = field(default_factory=ReadLimits)
    prints: bool = False

    def __post_init__(self) -> None:
        self._opener = Opener(self.limits)
        self._printed: list[BodyPrint] = []

    def screen(
        self, path: str, chain: tuple[str, ...], source_sha256: str | None = None, named: str | None = None
    ) -> Answer:
        """The item, and its members where it holds any. What cannot be read is an item all the same.

        source_sha256: what the file at `path` was when its members were listed. named: what whoever handed
        it in calls it, where that is not its path: what it unpacks to may be named after it.
        """
        named, member, sha256 = named or shown(path), "/".join(chain) or None, None
        self._printed.clear()
        if not chain:
            self._opener.let_go()
        try:
            data = self._opener.content(path, chain, source_sha256, named)
            sha256 = hashlib.sha256(data).hexdigest()
            content = formats.examine(data)
            opened = Opened(content, data, self.limits, chain[-1] if chain else named)
            item = self._item(named, member, sha256, data, content, opened)
            self._opener.keep(path, chain, opened, content)
            return Answer(item=item, members=opened.members, prints=tuple(self._printed))
        except UnreadableError as error:
            if isinstance(error, LimitError) and not chain and sha256 is None:
                # Too long to be read, not to be named.
                sha256 = sha256_of(path)
            return Answer(item=unscreenable(named, member, _reason(error), sha256))

    def _item(
        self, path: str, member: str | None, sha256: str, data: bytes, content: Content, opened: Opened
    ) -> Item:
        """All that the bytes are, in one item: the bodies of each reading, and what of each went unread."""
        bodies: list[Body] = []
        reasons = list(opened.remarks)
        unread = list(opened.unread)
        for reading in content.readings(data, self.limits):
            if isinstance(reading, UnreadableError):
                if not content.is_several:
                    raise reading
                unread.append(_reason(reading))
                continue
            before = len(self._printed)
            item = self.item_of(path, member, sha256, reading)
            self._count_prints(before, len(bodies))
            bodies += _counted_from(len(bodies), item.bodies)
            (reasons if item.complete else unread).extend(item.reasons)
        if content.is_several:
            message = f"the file opens as {' and as '.join(content.names)}: it was read as each of them"
            reasons.append(Reason(code="several_formats", message=message))
        return Item(
            path=path,
            member=member,
            sha256=sha256,
            format="+".join(content.names),
            finding=finding_of(bodies, [*reasons, *unread], not unread),
            complete=not unread,
            reasons=(*reasons, *unread),
            bodies=tuple(bodies),
        )

    def item_of(self, path: str, member: str | None, sha256: str, reading: Reading) -> Item:
        """What was read, matched; sha256: of the bytes that it was read from. Raises UnreadableError where a
        print job makes nothing."""
        bodies: list[Body] = []
        reasons: list[Reason] = []
        over: list[Reason] = []
        for part in rebuilt(reading):
            before = len(self._printed)
            found, said, dropped = self._matched(part, sha256)
            self._count_prints(before, len(bodies))
            bodies += _counted_from(len(bodies), found)
            reasons += said
            over += dropped
        unread = (*reading.unread, *over)
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
            bodies=tuple(bodies),
        )

    def _count_prints(self, before: int, first: int) -> None:
        """Fingerprints from that place on, by their bodies' places in the whole."""
        self._printed[before:] = [
            one.model_copy(update={"body": first + one.body}) for one in self._printed[before:]
        ]

    def _matched(self, reading: Reading, sha256: str) -> tuple[tuple[Body, ...], list[Reason], list[Reason]]:
        """Bodies with their matches, what the matcher has to say, and what was too much."""
        most = self.limits.max_bodies
        split = [split_largest(shape.mesh, shape.name, most) for shape in reading.shapes]
        solids, groups, over = keep_largest([solids for solids, _ in split], most)
        over += sum(dropped for _, dropped in split)
        bodies, said, known = self.matcher.match_item(reading, solids, sha256, groups)
        if self.prints:
            self._printed += filter(None, map(print_of, bodies, solids, known or [None] * len(bodies)))
        if not over:
            return bodies, said, []
        message = (
            f"it holds {len(solids) + over:,} bodies, more than the limit of {most:,}: the largest were "
            "compared, the others were not; split it, or raise --max-bodies"
        )
        return bodies, said, [Reason(code=LimitError.code, message=message)]


def print_of(body: Body, solid: Solid, known: Fingerprint | None = None) -> BodyPrint | None:
    """The fingerprint of a body; None where it has no extent. known: what the matcher searched it by."""
    if not solid.mesh.extents.max() > 0:
        return None
    fingerprint = known or fingerprint_of(sample_surface(solid.mesh))
    in_mm = fingerprint.scaled(MM_PER_UNIT[body.unit])
    return BodyPrint(
        body=body.index,
        descriptor=b64encode(in_mm.descriptor.astype("<f4").tobytes()).decode("ascii"),
        radius_mm=in_mm.radius,
        area_mm2=in_mm.area,
    )


def _counted_from(first: int, bodies: Sequence[Body]) -> list[Body]:
    """Bodies of a part of an item, by their place in the whole."""
    return [body.model_copy(update={"index": first + n}) for n, body in enumerate(bodies)]


def _reason(error: UnreadableError) -> Reason:
    return Reason(code=error.code, message=str(error))


def keep_largest(shapes: list[list[Solid]], most: int) -> tuple[list[Solid], list[Sequence[int]], int]:
    """At most so many solids, by area; where each shape's lie among them; how many were left out."""
    every = [solid for solids in shapes for solid in solids]
    kept = set(range(len(every)))
    if len(every) > most:
        areas = np.array([triangle_areas(solid.mesh).sum() for solid in every])
        kept = {int(k) for k in np.argsort(-areas, kind="stable")[:most]}
    groups: list[Sequence[int]] = []
    solids: list[Solid] = []
    place = 0
    for shape in shapes:
        start = len(solids)
        solids += [solid for k, solid in enumerate(shape, start=place) if k in kept]
        groups.append(range(start, len(solids)))
        place += len(shape)
    return solids, groups, len(every) - len(solids)


_screener: list[Screener] = []


def setup(
    home: str,
    snapshot_key: str,
    as_of: str,
    views: bool = False,
    with_part_geometry: bool = False,
    limits: Mapping[str, Any] | None = None,
    terms: Mapping[str, Any] | None = None,
    pieces: bool = False,
    prints: bool = False,
) -> None:
    """Open the list as the parent has it. StoreError where that is gone. limits: fields of ReadLimits.

    terms: as `Terms.told` gives them; without them nothing is weighed. pieces: look for shared regions too.
    prints: answer with fingerprints too.
    """
    snapshot = Watchlist.open(Path(home)).snapshot(snapshot_key)
    listed = Listed(snapshot)
    judge = LateJudge(Terms.heard(terms), listed) if terms is not None else None
    features = listed.features if pieces else None
    matcher = Matcher(listed, Policy(), date.fromisoformat(as_of), views, with_part_geometry, judge, features)
    _screener[:] = [Screener(matcher, ReadLimits(**limits or {}), prints)]


def current() -> Screener:
    """The screener that this worker was set up with."""
    return _screener[0]


def screen_file(
    path: str, chain: list[str], source_sha256: str | None = None, named: str | None = None
) -> bytes:
    """One file, or one member by its names from the outermost archive in; an `Answer` as JSON."""
    return current().screen(path, tuple(chain), source_sha256, named).model_dump_json().encode()
