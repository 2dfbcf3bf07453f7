"""What is odd about a list: not wrong, but worth a curator's look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from partwatch.watchlist.snapshot import ListedPart, Snapshot

_SHOWN: Final = 5


@dataclass(frozen=True)
class Remark:
    """One remark. code: expired, expires_soon, generic_part, same_file or same_shape."""

    code: str
    design: str
    part: str | None
    message: str


def lint_list(snapshot: Snapshot, as_of: date, soon_days: int, generic_below: float) -> list[Remark]:
    """All remarks on a list, by design.

    soon_days: an expiry within so many days of `as_of` is told. generic_below: a part of lesser
    distinctiveness is told; what is too little is matching's to say, so the caller brings it.
    """
    found = [
        *_expiries(snapshot, as_of, soon_days),
        *_generic_parts(snapshot, generic_below),
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


def _generic_parts(snapshot: Snapshot, generic_below: float) -> Iterator[Remark]:
    for index in np.flatnonzero(snapshot.parts.distinctiveness < generic_below):
        part = snapshot.parts[index]
        message = (
            f"is a generic shape (distinctiveness {part.distinctiveness:.2f}, below {generic_below:.2f}): "
            "it will match much that is harmless and carry little weight"
        )
        yield Remark("generic_part", part.design, part.name, message)


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
