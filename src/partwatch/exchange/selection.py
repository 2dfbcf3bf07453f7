"""Which entities go out, and which statements about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.view import CaseView
from partwatch.case.vocabulary import SCHEMATA, Type, most_specific, property_of
from partwatch.exchange.base import EVENT_DATES, Options
from partwatch.exchange.pseudonyms import Pseudonyms
from partwatch.model.errors import UsageError

Flags = NDArray[np.bool_]
Places = NDArray[np.int32]

# Joins others: comes along with them, and has no place without.
_JOINS: Final = "Interval"
# Names another without being between it and a third.
_SPOKEN_OF: Final = frozenset(("inReplyToMessage",))
# When these were made says when the case was worked on, not when something happened.
_INFERRED: Final = frozenset(("Match", "SameSource"))
# Why a statement may not go out; the first: it may.
REASONS: Final = ("", "statements_outside_vocabulary", "message_bodies", "missing_parts", "free_text")
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True)
class Selection:
    """entities: bool (m,), canonical entities that go out. rows: bool (n,), statements that may. kinds: what
    each canonical entity is, "" where nothing is said of it that may go out. withheld: how many statements
    of the chosen sources may not, by why."""

    entities: Flags
    rows: Flags
    kinds: tuple[str, ...]
    withheld: Mapping[str, int]


@dataclass(frozen=True)
class _References:
    """Which canonical entity names which, each pair once; only those of which something is said. parties:
    the same, without what is only spoken of."""

    of: Places
    to: Places
    parties: tuple[Places, Places]


def select(view: CaseView, options: Options, pseudonyms: Pseudonyms | None = None) -> Selection:
    """What these options choose. Raises UsageError for what is not there."""
    _check(view, options)
    rows = np.ones(len(view), dtype=np.bool_)
    if options.sources is not None:
        rows &= np.isin(view.source, sorted(options.sources))
    why = _why_not(view, options, pseudonyms)
    withheld = {name: int((rows & (why == code)).sum()) for code, name in enumerate(REASONS) if code}
    rows &= why == 0
    kinds = _kinds(view, rows)
    chosen = np.array([bool(kind) for kind in kinds], dtype=np.bool_)
    references = _references(view, rows, chosen)
    if options.since is not None or options.until is not None:
        chosen &= _within(view, rows, kinds, references, options)
    if options.only is not None:
        chosen &= _named(view, kinds, references, options.only)
    if options.schemata is not None:
        wanted = options.schemata
        chosen &= np.array(
            [bool(kind) and any(SCHEMATA[kind].is_a(one) for one in wanted) for kind in kinds], dtype=np.bool_
        )
    return Selection(chosen, rows, kinds, withheld)


def _check(view: CaseView, options: Options) -> None:
    for name in sorted(options.schemata or ()):
        if name not in SCHEMATA:
            raise UsageError(f"{name}: no such schema; there are {', '.join(sorted(SCHEMATA))}")
    for number in sorted(options.sources or ()):
        if number not in view.sources:
            raise UsageError(
                f"source {number}: is not there, or is withdrawn; `partwatch case sources` lists them"
            )
    for key in sorted(options.only or ()):
        if view.canonical_of(key) is None:
            raise UsageError(f"{key}: nothing that stands is said of such an entity")
    for day in (options.since, options.until):
        if day is not None and not _DATE.fullmatch(day):
            raise UsageError(f"{day}: is no date; write 2024, 2024-05 or 2024-05-31")


def _why_not(view: CaseView, options: Options, pseudonyms: Pseudonyms | None) -> NDArray[np.int8]:
    """int8 (n,): for each statement the place in REASONS of why it may not go out. What the vocabulary does
    not know never does: no geometry can hide in a property that nobody has heard of."""
    codes = np.zeros((max(1, len(view.schemata)), max(1, len(view.props))), dtype=np.int8)
    for at, schema in enumerate(view.schemata):
        for column, name in enumerate(view.props):
            prop = property_of(schema, name)
            if prop is None:
                codes[at, column] = REASONS.index("statements_outside_vocabulary")
            elif name == "bodyText" and not options.bodies:
                codes[at, column] = REASONS.index("message_bodies")
            elif name == "missing" and not options.missing:
                codes[at, column] = REASONS.index("missing_parts")
            elif pseudonyms is not None and not pseudonyms.tells(prop):
                codes[at, column] = REASONS.index("free_text")
    found: NDArray[np.int8] = codes[view.schema, view.prop]
    return found


def _kinds(view: CaseView, rows: Flags) -> tuple[str, ...]:
    """What each canonical entity is, by what the chosen rows say of it."""
    count = max(1, len(view.schemata))
    pairs = np.unique(view.about[rows].astype(np.int64) * count + view.schema[rows])
    said: dict[int, list[int]] = {}
    for pair in pairs.tolist():
        said.setdefault(pair // count, []).append(pair % count)
    cache: dict[tuple[int, ...], str] = {}
    kinds = [""] * len(view.keys)
    for entity, codes in said.items():
        told = tuple(codes)
        if told not in cache:
            cache[told] = most_specific(frozenset(view.schemata[code] for code in told))
        kinds[entity] = cache[told]
    return tuple(kinds)


def _references(view: CaseView, rows: Flags, chosen: Flags) -> _References:
    pointing = np.zeros((max(1, len(view.schemata)), max(1, len(view.props))), dtype=np.bool_)
    for at, schema in enumerate(view.schemata):
        for column, prop in enumerate(view.props):
            found = property_of(schema, prop)
            pointing[at, column] = found is not None and found.type is Type.ENTITY
    at_rows = np.flatnonzero(rows & pointing[view.schema, view.prop]) if len(view) else np.zeros(0, np.int64)
    places = view.place_of
    to = np.array([places.get(view.values[row], -1) for row in at_rows.tolist()], dtype=np.int64)
    there = to >= 0
    of, to = view.about[at_rows[there]].astype(np.int64), view.canonical[to[there]].astype(np.int64)
    keep = chosen[to] & chosen[of] & (of != to) if of.size else np.zeros(0, dtype=np.bool_)
    codes = [code for code, prop in enumerate(view.props) if prop.endswith("Mentioned") or prop in _SPOKEN_OF]
    party = keep & ~np.isin(view.prop[at_rows[there]], codes)
    count = len(view.keys)
    return _References(*_pairs(of[keep], to[keep], count), _pairs(of[party], to[party], count))


def _pairs(of: NDArray[np.int64], to: NDArray[np.int64], count: int) -> tuple[Places, Places]:
    """Each pair once."""
    first, second = np.divmod(np.unique(of * count + to), max(1, count))
    return first.astype(np.int32), second.astype(np.int32)


def _joining(kinds: tuple[str, ...]) -> Flags:
    return np.array([bool(kind) and SCHEMATA[kind].is_a(_JOINS) for kind in kinds], dtype=np.bool_)


def _brought(references: _References, chosen: Flags) -> Flags:
    """Entities between two of the chosen or more, and none else."""
    of, to = references.parties
    count = len(chosen)
    ends = np.bincount(of, minlength=count)
    inside = np.bincount(of[chosen[to]], minlength=count)
    found: Flags = (ends >= 2) & (inside == ends)
    return found


def _named(view: CaseView, kinds: tuple[str, ...], references: _References, keys: frozenset[str]) -> Flags:
    chosen = np.zeros(len(view.keys), dtype=np.bool_)
    for key in keys:
        place = view.canonical_of(key)
        if place is not None:
            chosen[place] = True
    return chosen | (_joining(kinds) & _brought(references, chosen))


def _within(
    view: CaseView, rows: Flags, kinds: tuple[str, ...], references: _References, options: Options
) -> Flags:
    """What happened within the dates; of what has no date: what that names, directly or by others without a
    date, and what joins only such."""
    dated = np.array([_is_event(kind) for kind in kinds], dtype=np.bool_)
    codes = [code for code, prop in enumerate(view.props) if prop in EVENT_DATES]
    has_date = np.zeros(len(kinds), dtype=np.bool_)
    inside = np.zeros(len(kinds), dtype=np.bool_)
    for row in np.flatnonzero(rows & np.isin(view.prop, codes)).tolist():
        entity = view.about[row]
        if dated[entity]:
            has_date[entity] = True
            inside[entity] |= _overlaps(view.values[row], options.since, options.until)
    undated = ~has_date
    kept = inside.copy()
    while True:
        reached = np.zeros(len(kinds), dtype=np.bool_)
        reached[references.to[kept[references.of]]] = True
        grown = kept | (reached & undated)
        grown |= undated & _joining(kinds) & _brought(references, grown)
        if np.array_equal(grown, kept):
            return kept
        kept = grown


def _is_event(kind: str) -> bool:
    if not kind or kind in _INFERRED:
        return False
    schema = SCHEMATA[kind]
    return schema.is_a(_JOINS) or kind in ("Parcel", "Exhibit", "Listing", "PrintJob")


def _overlaps(told: str, since: str | None, until: str | None) -> bool:
    """Whether a moment, as far as it is known, may lie within; both ends count."""
    if since is not None and told[: len(since)] < since[: len(told)]:
        return False
    return until is None or told[: len(until)] <= until[: len(told)]
