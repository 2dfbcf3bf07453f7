"""What is odd about a list: not wrong, but worth a curator's look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from partwatch.watchlist.gating import nearest_text, rate_text
from partwatch.watchlist.snapshot import ListedPart, Snapshot
from partwatch.watchlist.types import GateReport

_SHOWN: Final = 5
_MEND: Final = "`partwatch watchlist lint --refresh` makes it"


@dataclass(frozen=True)
class Remark:
    """One remark. code: expired, expires_soon, no_gate_report, stale_gate_report, no_local_features,
    generic_part, same_file or same_shape."""

    code: str
    design: str
    part: str | None
    message: str


@dataclass(frozen=True)
class Thresholds:
    """What is told. soon_days: an expiry within so many days. gate_version: of a fresh gate report.
    gate_rate: benign bodies of 10,000 that a part may flag. generic_below: least distinctiveness of a part
    without a report.

    What is too much or too little is for others down the stream to say, so the caller brings it.
    """

    soon_days: int
    gate_version: str
    gate_rate: float
    generic_below: float


def lint_list(snapshot: Snapshot, as_of: date, thresholds: Thresholds) -> list[Remark]:
    """All remarks on a list, by design."""
    reports = snapshot.gate_reports()
    found = [
        *_expiries(snapshot, as_of, thresholds.soon_days),
        *_unfit_reports(snapshot, reports, thresholds.gate_version),
        *_without_features(snapshot),
        *_generic_parts(snapshot, reports, thresholds),
        *_repeated_parts(snapshot),
    ]
    return sorted(found, key=lambda remark: (remark.design, remark.part or "", remark.code))


def _expiries(snapshot: Snapshot, as_of: date, soon_days: int) -> Iterator[Remark]:
    soon = as_of + timedelta(days=soon_days)
    for design in snapshot.designs:
        if design.expires < as_of:
            message = f"expired on {design.expires} and matches no more; renew or remove it"
            yield Remark("expired", design.name, None, message)
        elif design.expires <= soon:
            yield Remark("expires_soon", design.name, None, f"expires on {design.expires}; renew it in time")


def _unfit_reports(snapshot: Snapshot, reports: list[GateReport | None], version: str) -> Iterator[Remark]:
    for index, report in enumerate(reports):
        if report is not None and report.version == version:
            continue
        part = snapshot.parts[index]
        if report is None:
            yield Remark("no_gate_report", part.design, part.name, f"has no gate report; {_MEND}")
        else:
            message = f"its gate report is stale (made with {report.version}, now {version}); {_MEND}"
            yield Remark("stale_gate_report", part.design, part.name, message)


def _without_features(snapshot: Snapshot) -> Iterator[Remark]:
    for index in np.flatnonzero(snapshot.parts.without_features):
        part = snapshot.parts[int(index)]
        message = "has no local features, so pieces of it are not found"
        mend = "`partwatch watchlist refresh` makes them"
        yield Remark("no_local_features", part.design, part.name, f"{message}; {mend}")


def _generic_parts(
    snapshot: Snapshot, reports: list[GateReport | None], thresholds: Thresholds
) -> Iterator[Remark]:
    for index, report in enumerate(reports):
        says = _generic_by_shape(snapshot, index, thresholds.generic_below)
        if report is not None:
            says = _generic_by_rate(report, thresholds.gate_rate)
        if says is not None:
            part = snapshot.parts[index]
            message = (
                f"is a generic shape ({says}): it will match much that is harmless and carry little weight"
            )
            if report is not None and report.allowed is not None:
                message += f"; listed all the same: {report.allowed}"
            yield Remark("generic_part", part.design, part.name, message)


def _generic_by_shape(snapshot: Snapshot, index: int, least: float) -> str | None:
    found = float(snapshot.parts.distinctiveness[index])
    return f"distinctiveness {found:.2f}, below {least:.2f}" if found < least else None


def _generic_by_rate(report: GateReport, most: float) -> str | None:
    if report.rate <= most:
        return None
    return (
        f"flags {rate_text(report.rate)} of 10,000 benign bodies, above {most:g}; {nearest_text(report, 1)}"
    )


def _repeated_parts(snapshot: Snapshot) -> Iterator[Remark]:
    """Parts that lie in several designs: of one file, else of one shape."""
    files: dict[str, list[int]] = defaultdict(list)
    shapes: dict[bytes, list[int]] = defaultdict(list)
    for index, shape in enumerate(_shapes(snapshot)):
        files[snapshot.parts[index].sha256].append(index)
        shapes[shape].append(index)
    told: set[int] = set()
    for code, what, groups in (
        ("same_file", "the same file", files.values()),
        ("same_shape", "the same shape", shapes.values()),
    ):
        for group in _in_several_designs(snapshot, groups):
            fresh = [part for part in group if part.index not in told]
            told.update(part.index for part in group)
            yield from (_repeated(code, what, part, group) for part in fresh)


def _shapes(snapshot: Snapshot) -> list[bytes]:
    """Each part's descriptors as bytes: equal only where the prints are."""
    ends = np.searchsorted(snapshot.part_index, np.arange(len(snapshot.parts) + 1))
    return [snapshot.descriptors[start:end].tobytes() for start, end in pairwise(ends)]


def _in_several_designs(snapshot: Snapshot, groups: Iterable[list[int]]) -> Iterator[list[ListedPart]]:
    for group in groups:
        if len({int(snapshot.parts.design_index[index]) for index in group}) > 1:
            yield [snapshot.parts[index] for index in group]


def _repeated(code: str, what: str, part: ListedPart, group: list[ListedPart]) -> Remark:
    others = [f'"{other.design}", "{other.name}"' for other in group if other.design != part.design]
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    return Remark(code, part.design, part.name, f"is {what} as {'; '.join(others[:_SHOWN])}{more}")
