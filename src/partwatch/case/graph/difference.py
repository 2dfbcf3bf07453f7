"""What changes between two networks of a case: with a source and without it, before a merge and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from partwatch import __version__
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.paths import paths_between
from partwatch.case.graph.told import node_told, source_told
from partwatch.model.case_difference import (
    CaseDifferenceDocument,
    CaseLinkChange,
    CaseQuestion,
    CaseSplit,
    CaseStrength,
)
from partwatch.model.case_paths import CaseNode, CasePath, CasePathsDocument
from partwatch.model.errors import UsageError

# Changes of each kind that are told; all are counted.
MOST_TOLD: Final = 100
# The kind of a saved question that is a path, and where its two keys are.
PATH_QUESTION: Final = "path"
START: Final = "start"
END: Final = "end"

Question = tuple[str, Mapping[str, Any]]
_Key = tuple[str, str, str]
_Strengths = dict[_Key, CaseStrength]


def difference(
    before: CaseGraph, after: CaseGraph, questions: Iterable[Question] = ()
) -> CaseDifferenceDocument:
    """What changes, and saved questions (`CaseStore.questions()`) answered on both."""
    links = _link_changes(before, after)
    gone, come = _entities(before, after), _entities(after, before)
    splits, joins = _splits(before, after), _splits(after, before)
    asked = list(questions)
    paths = [told for kind, told in asked if kind == PATH_QUESTION and {START, END} <= set(told)]
    sources_before, sources_after = set(before.view.sources), set(after.view.sources)
    counts = {name: len(changes) for name, changes in links.items()}
    counts |= {
        "entities_gone": len(gone),
        "entities_come": len(come),
        "splits": len(splits),
        "joins": len(joins),
    }
    return CaseDifferenceDocument(
        program_version=__version__,
        sources_gone=tuple(source_told(before, one) for one in sorted(sources_before - sources_after)),
        sources_come=tuple(source_told(after, one) for one in sorted(sources_after - sources_before)),
        statements=(len(before.view), len(after.view)), counts=counts,
        entities_gone=tuple(gone[:MOST_TOLD]), entities_come=tuple(come[:MOST_TOLD]),
        splits=tuple(splits[:MOST_TOLD]), joins=tuple(joins[:MOST_TOLD]),
        questions=tuple(_again(before, after, str(told[START]), str(told[END])) for told in paths),
        unanswered=len(asked) - len(paths), lost=tuple(links["lost"][:MOST_TOLD]),
        weakened=tuple(links["weakened"][:MOST_TOLD]), strengthened=tuple(links["strengthened"][:MOST_TOLD]),
        gained=tuple(links["gained"][:MOST_TOLD]),
    )  # fmt: skip


# Links.


def _rows(graph: CaseGraph) -> set[tuple[object, ...]]:
    """Each link as what it says, to be compared."""
    bits = np.where(np.isnan(graph.bits), -1e9, graph.bits).tolist()
    ends = zip(graph.a.tolist(), graph.b.tolist(), graph.name.tolist(), strict=True)
    rest = zip(graph.source.tolist(), graph.other.tolist(), graph.count.tolist(), bits, strict=True)
    keys: dict[int, str] = {}

    def key(node: int) -> str:
        return keys.get(node) or keys.setdefault(node, graph.key_of(node))

    return {(key(a), key(b), graph.names[name], *more) for (a, b, name), more in zip(ends, rest, strict=True)}


def _link_changes(before: CaseGraph, after: CaseGraph) -> dict[str, list[CaseLinkChange]]:
    rows = _rows(before), _rows(after)
    touched = {each[:3] for each in rows[0] ^ rows[1]}
    strengths = [_strengths(each, touched) for each in rows]
    found: dict[str, list[CaseLinkChange]] = {
        "lost": [], "weakened": [], "strengthened": [], "gained": []
    }  # fmt: skip
    nodes = _nodes_by_key(before), _nodes_by_key(after)
    for key in sorted(touched):
        told = [each.get(key) for each in strengths]
        change = CaseLinkChange(
            source=_node_either(before, after, nodes, key[0]),
            target=_node_either(before, after, nodes, key[1]),
            link=str(key[2]), before=told[0], after=told[1],
        )  # fmt: skip
        found[_how(*told)].append(change)
    return found


def _strengths(
    rows: set[tuple[object, ...]], touched: set[tuple[object, ...]]
) -> dict[tuple[object, ...], CaseStrength]:
    grouped: dict[tuple[object, ...], list[Any]] = {}
    for row in rows:
        if row[:3] in touched:
            grouped.setdefault(row[:3], []).append(row[3:])
    return {
        key: CaseStrength(
            sources=tuple(sorted({number for each in told for number in each[:2]} - {0})),
            times=sum(each[2] for each in told),
            bits=None if any(each[3] == -1e9 for each in told) else max(each[3] for each in told),
        )
        for key, told in grouped.items()
    }


def _how(before: CaseStrength | None, after: CaseStrength | None) -> str:
    if before is None or after is None:
        return "gained" if before is None else "lost"
    was, now = (
        (len(each.sources), np.inf if each.bits is None else each.bits, each.times)
        for each in (before, after)
    )
    return "weakened" if now < was else "strengthened"


def _nodes_by_key(graph: CaseGraph) -> dict[str, int]:
    first = len(graph.view.keys)
    values = {f"{kind}:{value}": first + place for place, (kind, value) in enumerate(graph.values)}
    return values | dict(graph.view.place_of)


def _node_either(
    before: CaseGraph, after: CaseGraph, nodes: tuple[dict[str, int], dict[str, int]], key: object
) -> CaseNode:
    name = str(key)
    if name in nodes[0]:
        return node_told(before, nodes[0][name])
    return node_told(after, nodes[1][name])


# Entities and clusters.


def _entities(before: CaseGraph, after: CaseGraph) -> list[CaseNode]:
    """Those of which nothing stands any more."""
    there = after.view.place_of
    return [
        node_told(before, place)
        for place, key in enumerate(before.view.keys)
        if before.kind[place] >= 0 and key not in there
    ]


def _splits(before: CaseGraph, after: CaseGraph) -> list[CaseSplit]:
    """Clusters that are no longer one."""
    found = []
    for first, members in sorted(before.view.members.items()):
        parts: dict[int, list[str]] = {}
        gone = []
        for place in members:
            key = before.view.keys[place]
            one = after.view.canonical_of(key)
            if one is None:
                gone.append(key)
            else:
                parts.setdefault(one, []).append(key)
        if len(parts) > 1:
            told = tuple(tuple(keys) for _, keys in sorted(parts.items()))
            found.append(CaseSplit(before=node_told(before, first), parts=told, gone=tuple(gone)))
    return found


# Questions.


def _again(before: CaseGraph, after: CaseGraph, start: str, end: str) -> CaseQuestion:
    was, now = _asked(before, start, end), _asked(after, start, end)
    paths = [() if each is None else each.paths for each in (was, now)]
    return CaseQuestion(
        start=start, end=end, before=was.together.bits if was else 0.0,
        after=now.together.bits if now else 0.0, strongest_before=_strongest(paths[0]),
        strongest_after=_strongest(paths[1]), fell=_only(paths[0], paths[1]), came=_only(paths[1], paths[0]),
        answered=was is not None and now is not None,
    )  # fmt: skip


def _asked(graph: CaseGraph, start: str, end: str) -> CasePathsDocument | None:
    try:
        return paths_between(graph, start, end, deep=False)
    except UsageError:
        return None  # one of them is no longer there: that is the answer


def _strongest(paths: Sequence[CasePath]) -> float:
    return paths[0].bits if paths else 0.0


def _only(paths: Sequence[CasePath], others: Sequence[CasePath]) -> tuple[CasePath, ...]:
    """Paths that are not among others, by their hops and what they rest on."""
    known = {_identity(path) for path in others}
    return tuple(path for path in paths if _identity(path) not in known)


def _identity(path: CasePath) -> tuple[object, ...]:
    return tuple((hop.source.key, hop.target.key, hop.link, hop.sources) for hop in path.hops)
