"""What runs inside a worker for `compare`: two files are read, each in a task of its own, then compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from partwatch import __version__, formats
from partwatch.formats import Opened, Reading, ReadLimits
from partwatch.geometry.bodies import split_largest
from partwatch.matching.comparing import Compared, Given, compare
from partwatch.matching.policy import Policy
from partwatch.model.comparison import ComparedBody, Comparison, FileLineage, Side, Totals, Verdict
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, UnreadableError
from partwatch.screening.files import read_regular
from partwatch.toolpath import rebuilt

SETUP = "partwatch.screening.compare:setup"
READ = "partwatch.screening.compare:read_file"
COMPARE = "partwatch.screening.compare:compare_files"

MOST_NAMES = 20
_EMPTY = "there is no surface in it to compare: export it again, with its solids"


@dataclass(frozen=True, eq=False)
class _Unread:
    """Why something went unread, and the digest of the file or member that it is in; None where unknown."""

    reason: Reason
    sha256: str | None


@dataclass(frozen=True, eq=False)
class _File:
    """A file as it was read, and all bodies in it and its members."""

    sha256: str
    size_bytes: int
    format: str
    given: tuple[Given, ...]
    unread: tuple[_Unread, ...]

    def reasons(self, other: _File) -> tuple[Reason, ...]:
        """What went unread, but for what the other file holds in the same bytes: a picture, a text."""
        known = {each.sha256 for each in other.unread if each.sha256 is not None}
        return tuple(each.reason for each in self.unread if each.sha256 not in known)


_limits: list[ReadLimits] = [ReadLimits()]
_files: dict[str, _File] = {}


def setup(limits: Mapping[str, Any] | None = None) -> None:
    """limits: fields of ReadLimits."""
    _limits[:] = [ReadLimits(**limits or {})]
    _files.clear()


def read_file(path: str) -> bytes:
    """Read one file and keep it for `compare_files`. Raises UnreadableError where there is nothing in it."""
    _files[path] = _read(path, _limits[0])
    return b""


def compare_files(paths: Sequence[str], shown: Sequence[str], views: bool) -> bytes:
    """A `Comparison` as JSON; a file that this worker did not read is read again."""
    a, b = (_files.get(path) or _read(path, _limits[0]) for path in paths)
    same_bytes = a.sha256 == b.sha256
    reasons_a, reasons_b = a.reasons(b), b.reasons(a)
    found = compare(a.given, b.given, Policy(), same_file=same_bytes, views=views)
    document = Comparison(
        program_version=__version__,
        verdict=_verdict(found, same_bytes, complete=not reasons_a and not reasons_b),
        a=_side(a, shown[0], found.a, reasons_a),
        b=_side(b, shown[1], found.b, reasons_b),
        lineage=FileLineage(same_bytes=same_bytes, same_format=a.format == b.format, names=_names(found)),
        pairs=found.pairs,
        removed=found.removed,
        added=found.added,
        totals=_totals(found),
    )
    return document.model_dump_json(by_alias=True).encode()


def _read(path: str, limits: ReadLimits) -> _File:
    data = read_regular(path, limits.max_file_bytes)
    given: list[Given] = []
    unread: list[_Unread] = []
    name = ""
    for chain, content, names, found in _unfolded(data, limits):
        name = name or "+".join(names)
        reasons: list[Reason] = []
        for entry in found:
            if isinstance(entry, Reason):
                reasons.append(entry)
            else:
                bodies, over = _bodies(entry, chain, limits.max_bodies - len(given))
                given += bodies
                reasons += [*entry.unread, *over]
        digest = hashlib.sha256(content).hexdigest() if reasons and content is not None else None
        unread += [_Unread(_of_member(reason, chain), digest) for reason in reasons]
    if not given:
        raise DamagedError("; ".join(each.reason.message for each in unread[:3]) or _EMPTY)
    return _File(hashlib.sha256(data).hexdigest(), len(data), name, tuple(given), tuple(unread))


_Found = Reading | Reason
_Chain = tuple[str, ...]
_Waiting = tuple[_Chain, Callable[[], bytes]]
_Unfolded = tuple[_Chain, bytes | None, Sequence[str], list[_Found]]


def _unfolded(data: bytes, limits: ReadLimits) -> Iterator[_Unfolded]:
    """What the bytes are and hold, themselves first, then each member's: where, the bytes, formats, readings.

    Raises UnreadableError for the bytes themselves; what a member cannot be read for is among what was found.
    """
    waiting: list[_Waiting] = [((), lambda: data)]
    members = 0
    while waiting:
        chain, take = waiting.pop(0)
        content: bytes | None = None
        try:
            content = take()
            names, found, inside = _opened(content, chain, limits)
            members += len(inside)
            _check_members(members, chain, inside, limits)
        except UnreadableError as error:
            if not chain:
                raise
            yield chain, content, (), [_reason(error)]
            continue
        yield chain, content, names, found
        waiting[0:0] = inside


def _check_members(members: int, chain: _Chain, inside: Sequence[_Waiting], limits: ReadLimits) -> None:
    if inside and members > limits.max_members:
        raise LimitError(f"there are more than {limits.max_members:,} members: raise --max-members")
    if inside and len(chain) >= limits.max_depth:
        raise LimitError(f"archives nest more than {limits.max_depth} deep: raise --max-depth")


def _opened(
    data: bytes, chain: _Chain, limits: ReadLimits
) -> tuple[Sequence[str], list[_Found], list[_Waiting]]:
    content = formats.examine(data)
    opened = Opened(content, data, limits, chain[-1] if chain else "the file")
    found: list[_Found] = list(opened.unread)
    for reading in content.readings(data, limits):
        if isinstance(reading, UnreadableError):
            if not content.is_several:
                raise reading
            found.append(_reason(reading))
        else:
            found += rebuilt(reading)
    inside: list[_Waiting] = [((*chain, label), partial(opened.extract, label)) for label in opened.members]
    return content.names, found, inside


def _bodies(reading: Reading, chain: _Chain, most: int) -> tuple[list[Given], list[Reason]]:
    member = "/".join(chain) or None
    bodies: list[Given] = []
    over = 0
    for shape in reading.shapes:
        solids, dropped = split_largest(shape.mesh, shape.name, max(most - len(bodies), 0))
        kept = solids[: max(most - len(bodies), 0)]
        over += dropped + len(solids) - len(kept)
        bodies += [Given(solid, reading.unit, member) for solid in kept]
    if not over:
        return bodies, []
    message = f"{over:,} bodies are beyond the limit: split it, or raise --max-bodies"
    return bodies, [Reason(code=LimitError.code, message=message)]


def _reason(error: UnreadableError) -> Reason:
    return Reason(code=error.code, message=str(error))


def _of_member(reason: Reason, chain: _Chain) -> Reason:
    if not chain or chain[-1] in reason.message:
        return reason
    return Reason(code=reason.code, message=f"member {'/'.join(chain)!r}: {reason.message}")


def _verdict(found: Compared, same_bytes: bool, complete: bool) -> Verdict:
    if same_bytes:
        return Verdict.SAME
    if not complete:
        return Verdict.UNKNOWN
    alone = found.removed or found.added
    return Verdict.DIFFERENT if alone or not all(pair.same for pair in found.pairs) else Verdict.SAME


def _side(file: _File, shown: str, bodies: tuple[ComparedBody, ...], reasons: tuple[Reason, ...]) -> Side:
    return Side(
        path=shown,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        format=file.format,
        bodies=bodies,
        reasons=reasons,
        complete=not reasons,
    )


def _names(found: Compared) -> tuple[str, ...]:
    a, b = ({body.name for body in bodies if body.name} for bodies in (found.a, found.b))
    return tuple(sorted(a & b))[:MOST_NAMES]


def _totals(found: Compared) -> Totals:
    volumes_a, volumes_b = ([body.volume_mm3 for body in bodies] for bodies in (found.a, found.b))
    return Totals(
        a_mm3=_sum(volumes_a),
        b_mm3=_sum(volumes_b),
        added_mm3=_sum(
            [p.volumes.added_mm3 for p in found.pairs] + [volumes_b[k.index] for k in found.added]
        ),
        removed_mm3=_sum(
            [p.volumes.removed_mm3 for p in found.pairs] + [volumes_a[k.index] for k in found.removed]
        ),
    )


def _sum(volumes: Sequence[float | None]) -> float | None:
    known = [volume for volume in volumes if volume is not None]
    return round(sum(known), 3) + 0.0 if len(known) == len(volumes) else None
