"""Which part of a case's network a page shows: what was asked, what lies about it, and the best linked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from partwatch.case.answers import Answer
from partwatch.case.graph.links import CaseGraph
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Type, property_of

Ints = NDArray[np.int64]


def degrees(graph: CaseGraph) -> Ints:
    """int64 (n,): how many other clusters each cluster is linked to; 0 for all but its first node."""
    a, b = graph.group[graph.a].astype(np.int64), graph.group[graph.b].astype(np.int64)
    pairs = np.unique(np.stack((np.minimum(a, b), np.maximum(a, b)), axis=1)[a != b], axis=0)
    counts: Ints = np.bincount(pairs.reshape(-1), minlength=graph.nodes).astype(np.int64)
    return counts


def asked_nodes(graph: CaseGraph, answers: Sequence[Answer]) -> list[int]:
    """Clusters at the ends of questions and along the answers, in order."""
    named = [node for one in answers for node in (one.left, one.right)]
    named += [node for one in answers for way in one.ways for node in way.nodes]
    return list(dict.fromkeys(int(graph.group[node]) for node in named))


def chosen(graph: CaseGraph, first: Iterable[int], most: int) -> list[int]:
    """At most so many clusters: `first`, then what lies one, two, ... links from them, the best linked first;
    and where those end, the best linked of the rest with what lies about them."""
    weight = degrees(graph)
    kept = list(dict.fromkeys(first))[:most]
    known = set(kept)
    edge = kept
    ranked = iter(np.lexsort((np.arange(len(weight)), -weight)).tolist())
    while len(kept) < most:
        edge = sorted(_about(graph, edge) - known, key=lambda one: (-int(weight[one]), one))
        if not edge:
            start = next((one for one in ranked if one not in known), None)
            if start is None or weight[start] == 0:
                break
            edge = [start]
        edge = edge[: most - len(kept)]
        kept += edge
        known.update(edge)
    return kept


def _about(graph: CaseGraph, groups: Sequence[int]) -> set[int]:
    """Clusters that links lead to from these."""
    if not groups:
        return set()
    here = np.zeros(graph.nodes, dtype=np.bool_)
    here[list(groups)] = True
    a, b = graph.group[graph.a], graph.group[graph.b]
    return set(b[here[a]].tolist()) | set(a[here[b]].tolist())


def country_rows(view: CaseView) -> list[int]:
    """Rows of the statements that name a country."""
    named = np.array(
        [[_is_country(schema, prop) for prop in view.props] for schema in view.schemata], dtype=np.bool_
    ).reshape(len(view.schemata), len(view.props))
    return [int(row) for row in np.flatnonzero(named[view.schema, view.prop])] if len(view) else []


def _is_country(schema: str, prop: str) -> bool:
    found = property_of(schema, prop)
    return found is not None and found.type is Type.COUNTRY
