"""Small networks for the tests, from statements written in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import nan

import numpy as np

from partwatch.case.graph.build import graph_of
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.merges import Merge
from partwatch.case.merging import clusters
from partwatch.case.statements import Reliability, Source, SourceInfo
from partwatch.case.view import CaseView

# entity, schema, property, value, source; and bits of an inference.
Said = tuple[str, str, str, str, int] | tuple[str, str, str, str, int, float]


def view_of_said(
    rows: Sequence[Said], letters: Mapping[int, str] = {}, merges: Iterable[Merge] = ()
) -> CaseView:
    """A view. letters: of the sources, A if not given."""
    keys: dict[str, int] = {}
    schemata: dict[str, int] = {}
    props: dict[str, int] = {}
    for entity, schema, prop, *_ in rows:
        keys.setdefault(entity, len(keys))
        schemata.setdefault(schema, len(schemata))
        props.setdefault(prop, len(props))
    same = [(keys[m.left], keys[m.right]) for m in merges if m.left in keys and m.right in keys]
    sources = {row[4]: _source(row[4], letters.get(row[4], "A")) for row in rows}
    return CaseView(
        sources, tuple(keys), clusters(len(keys), same, []), tuple(schemata), tuple(props),
        np.arange(1, len(rows) + 1), np.array([keys[row[0]] for row in rows], dtype=np.int32),
        np.array([schemata[row[1]] for row in rows], dtype=np.int16),
        np.array([props[row[2]] for row in rows], dtype=np.int16),
        np.array([row[4] for row in rows], dtype=np.int32), tuple(row[3] for row in rows),
        np.array([row[5] if len(row) > 5 else nan for row in rows]),
    )  # fmt: skip


def graph_of_said(
    rows: Sequence[Said], letters: Mapping[int, str] = {}, merges: Sequence[Merge] = ()
) -> CaseGraph:
    """Its network."""
    return graph_of(view_of_said(rows, letters, merges), merges)


def merge(
    left: str, right: str, bits: float = 10.0, decided: bool = False, statements: Sequence[int] = ()
) -> Merge:
    """Two records that are one."""
    left, right = sorted((left, right))
    return Merge(left, right, bits, decided, "someone", "2026-01-01", "looked alike", tuple(statements))


def people(count: int, source: int = 90) -> list[Said]:
    """So many others, each with a phone of its own."""
    return [(f"other {i}", "Person", "phone", f"+99{i}", source) for i in range(count)]


def _source(number: int, letter: str) -> Source:
    info = SourceInfo("made", f"source {number}", f"{number:064x}", "the test", Reliability(letter))
    return Source(number, info, "2026-01-01T00:00:00Z", "the test", 0, 0, 0)


# The worked example of docs/reference/case-paths.md.
EXAMPLE: list[Said] = [
    ("item", "Item", "parcel", "parcel", 1),
    ("parcel", "Parcel", "sender", "sender", 1),
    ("parcel", "Parcel", "senderPhone", "+331", 1),
    ("parcel", "Parcel", "postedAt", "2024-05-02", 1),
    ("sender", "Person", "name", "A. Sender", 1),
    ("subscriber", "Person", "phone", "+331", 2),
    ("subscriber", "Person", "name", "Alain Sender", 2),
    *people(98),
]
