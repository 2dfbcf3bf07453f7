"""Which entity somebody means: by its key, by what it is called, by an identifier that it holds."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

import numpy as np

from partwatch.case.statements import folded
from partwatch.case.view import CAPTIONS, CaseView
from partwatch.case.vocabulary import SCHEMATA, SHARED_TYPES
from partwatch.model.errors import UsageError

LEAST_KEY: Final = 6  # digits of a key that may stand for it
MOST_TOLD: Final = 12
# Schemata that join others: nobody asks for a path to one by a value that it holds.
_EDGES: Final = frozenset(one.name for one in SCHEMATA.values() if one.edge) | {"Message", "Call"}
_IDENTIFYING: Final = frozenset(
    prop.name
    for schema in SCHEMATA.values()
    for prop in schema.properties.values()
    if prop.type in SHARED_TYPES
) | frozenset(CAPTIONS)


@dataclass(frozen=True)
class Named:
    """An entity that somebody may mean. entity: its canonical place in the view."""

    entity: int
    key: str
    schema: str
    caption: str


def named(view: CaseView, text: str, whole: bool = False) -> int:
    """The canonical place of the one entity that is meant. `Schema:text` means one of that schema. whole: a
    part of a name is not enough, for what cannot be taken back. Raises UsageError where none or several are,
    with those that may be."""
    found = candidates(view, text, whole)
    if len(found) == 1:
        return found[0].entity
    if not found:
        raise UsageError(f"{text}: nothing in the case is called so{_nearest(view, text)}")
    told = "".join(f"\n  {one.key[:12]}  {one.schema}  {one.caption}" for one in found[:MOST_TOLD])
    more = f"\n  and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    raise UsageError(f"{text}: {len(found)} entities are called so; name one by its key:{told}{more}")


def named_key(view: CaseView, text: str) -> str:
    """The key that is meant: of a record by a whole or a part of it, even where it is merged with others;
    else of the canonical one. Raises UsageError."""
    keys = _keys_like(view, text)
    if len(keys) == 1 and not _rows_with(view, text, whole=True):
        return keys[0]
    return view.keys[named(view, text)]


def record_named(view: CaseView, text: str) -> str:
    """The key of the one record that is meant: by its key, or by a whole value that it alone holds, also
    where it is taken for one with others. Raises UsageError."""
    keys = _keys_like(view, text)
    if not keys:
        schema, colon, rest = text.partition(":")
        wanted = rest.strip() if colon and schema in SCHEMATA else text.strip()
        keys = sorted({view.keys[view.entity[row]] for row in _rows_with(view, wanted, whole=True)})
    if len(keys) == 1:
        return keys[0]
    if not keys:
        raise UsageError(f"{text}: no record is called so{_nearest(view, text)}")
    told = "".join(f"\n  {key[:12]}" for key in keys[:MOST_TOLD])
    raise UsageError(f"{text}: {len(keys)} records are called so; name one by its key:{told}")


def candidates(view: CaseView, text: str, whole: bool = False) -> list[Named]:
    """All that may be meant: by key, or by a whole value; else, unless `whole`, by a part of a name."""
    schema, colon, rest = text.partition(":")
    wanted = schema if colon and schema in SCHEMATA else None
    text = rest.strip() if wanted else text.strip()
    found = _by_key(view, text) | _by_value(view, text, whole=True)
    if not found and not whole:
        found = _by_value(view, text, whole=False)
    told = [
        Named(entity, view.keys[entity], view.schema_of(entity), view.caption(entity))
        for entity in sorted(found)
    ]
    if wanted:
        return [one for one in told if SCHEMATA[one.schema].is_a(wanted)]
    return [one for one in told if one.schema not in _EDGES] or told


def _by_key(view: CaseView, text: str) -> set[int]:
    return {int(view.canonical[view.place_of[key]]) for key in _keys_like(view, text)}


def _keys_like(view: CaseView, text: str) -> list[str]:
    if len(text) < LEAST_KEY or set(text) - set("0123456789abcdef"):
        return []
    return [key for key in view.keys if key.startswith(text)]


def _by_value(view: CaseView, text: str, whole: bool) -> set[int]:
    return {int(view.about[row]) for row in _rows_with(view, text, whole)}


def _rows_with(view: CaseView, text: str, whole: bool) -> list[int]:
    """Rows whose value names something and is that text, or holds it."""
    wanted = folded(text)
    if not wanted or (not whole and len(wanted) < 3):
        return []
    codes = [code for code, name in enumerate(view.props) if name in _IDENTIFYING]
    rows = np.flatnonzero(np.isin(view.prop, codes)).tolist()
    fits = (lambda value: value == wanted) if whole else (lambda value: wanted in value)
    judged = {value: fits(folded(value)) for value in {view.values[row] for row in rows}}
    return [row for row in rows if judged[view.values[row]]]


def _nearest(view: CaseView, text: str) -> str:
    codes = {code for code, name in enumerate(view.props) if name in CAPTIONS}
    rows = np.flatnonzero(np.isin(view.prop, list(codes)))[:50_000]
    near = difflib.get_close_matches(text, {view.values[row] for row in rows}, n=3)
    return f"; perhaps {', '.join(near)}?" if near else "; `partwatch case find` looks for parts of a name"
