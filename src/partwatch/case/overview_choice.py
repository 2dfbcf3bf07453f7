"""Which part of a case's network a page shows: what was asked, what lies about it, and the best linked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.answers import nodes_of
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.told import node_named
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Type, property_of
from partwatch.model.case_paths import CasePathsDocument

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_RESTART: Final = 0.15
_STEPS: Final = 60


def degrees(graph: CaseGraph) -> Ints:
    """int64 (n,): how many other clusters each cluster is linked to; 0 for all but its first node."""
    a, b = graph.group[graph.a].astype(np.int64), graph.group[graph.b].astype(np.int64)
    pairs = np.unique(np.stack((np.minimum(a, b), np.maximum(a, b)), axis=1)[a != b], axis=0)
    counts: Ints = np.bincount(pairs.reshape(-1), minlength=graph.nodes).astype(np.int64)
    return counts


def asked_nodes(graph: CaseGraph, answers: Sequence[CasePathsDocument]) -> list[int]:
    """Clusters at the ends of questions and along the answers, in order."""
    named = [node_named(graph, end.key) for one in answers for end in (one.start, one.end)]
    named += [node for one in answers for way in one.paths for node in nodes_of(graph, way)]
    return list(dict.fromkeys(int(graph.group[node]) for node in named))


def chosen(graph: CaseGraph, first: Iterable[int], most: int) -> list[int]:
    """At most so many clusters that have links: `first`, and then those that a walk which keeps starting
    anew from them is most often at (personalised PageRank: Page and others 1999, Jeh and Widom 2003); from
    anywhere, where `first` is empty. A hub that leads everywhere leads nowhere in particular, and ranks
    low."""
    a, b = graph.group[graph.a].astype(np.int64), graph.group[graph.b].astype(np.int64)
    pairs = np.unique(np.stack((np.minimum(a, b), np.maximum(a, b)), axis=1)[a != b], axis=0)
    kept = list(dict.fromkeys(first))[:most]
    degree = np.bincount(pairs.reshape(-1), minlength=graph.nodes).astype(np.float64)
    start = np.zeros(graph.nodes)
    start[kept if kept else np.flatnonzero(degree)] = 1.0
    rank = _walk(pairs, degree, start / max(1.0, start.sum()))
    known = set(kept)
    order = np.lexsort((np.arange(graph.nodes), -degree, -rank)).tolist()
    kept += [one for one in order if one not in known and degree[one] > 0][: most - len(kept)]
    return kept


def _walk(pairs: Ints, degree: Floats, start: Floats) -> Floats:
    """float64 (n,): where the walk is, after so many steps that nothing more is seen of its start."""
    near, far = np.concatenate((pairs, pairs[:, ::-1])).T
    rank = start
    for _ in range(_STEPS):
        leaving = rank / np.maximum(degree, 1.0)
        rank = _RESTART * start + (1.0 - _RESTART) * np.bincount(far, leaving[near], len(start))
    return rank


def country_rows(view: CaseView) -> list[int]:
    """Rows of the statements that name a country."""
    named = np.array(
        [[_is_country(schema, prop) for prop in view.props] for schema in view.schemata], dtype=np.bool_
    ).reshape(len(view.schemata), len(view.props))
    return [int(row) for row in np.flatnonzero(named[view.schema, view.prop])] if len(view) else []


def _is_country(schema: str, prop: str) -> bool:
    found = property_of(schema, prop)
    return found is not None and found.type is Type.COUNTRY
