"""What happened when, of a thing or of the whole case: every dated statement in order, with its source."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch import __version__
from partwatch.case.graph.dates import days, told
from partwatch.case.graph.filters import Filter, country_rows, elsewhere
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.roles import Role, roles
from partwatch.case.graph.told import filter_told, node_named, node_told, sources_told
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Type, property_of
from partwatch.model.case_network import CaseEvent, CaseTimelineDocument
from partwatch.model.case_paths import CaseNode

MOST_EVENTS: Final = 2_000
_MOST_PARTIES: Final = 12
# When a record was made or fetched is no event of the case.
_OF_RECORDS: Final = frozenset(("modifiedAt", "retrievedAt", "createdAt"))
_EVERYTHING: Final = Filter()


def timeline_of(
    graph: CaseGraph, key: str | None = None, only: Filter = _EVERYTHING, most: int = MOST_EVENTS
) -> CaseTimelineDocument:
    """Dated statements of an entity and of what it takes part in (its messages, payments, parcels), or of the
    case; the first `most`. kinds of the filter: of what the statements are of. Raises UsageError."""
    view = graph.view
    node = None if key is None else node_named(graph, key)
    rows = _dated(view)
    spans = np.array([days(view.values[row]) for row in rows.tolist()], dtype=np.int64).reshape(-1, 2)
    passing = _passing(graph, rows, spans, only)
    if node is not None:
        concerned = np.zeros(len(view.keys) + 1, dtype=np.bool_)
        concerned[_concerned(graph, node)] = True
        passing &= concerned[view.about[rows]]
    rows, spans = rows[passing], spans[passing]
    order = np.lexsort((rows, spans[:, 1], spans[:, 0]))[:most]
    events = _events(graph, rows[order], spans[order])
    return CaseTimelineDocument(
        program_version=__version__, of=None if node is None else node_told(graph, node),
        filter=filter_told(only), events=events, left_out=len(rows) - len(events),
        sources=sources_told(graph, (event.source for event in events)),
    )  # fmt: skip


def _dated(view: CaseView) -> NDArray[np.int64]:
    """Rows whose value is a date of something that happened."""
    if not len(view):
        return np.zeros(0, dtype=np.int64)
    table = np.array(
        [[_is_date(schema, prop) for prop in view.props] for schema in view.schemata], dtype=np.bool_
    )
    rows = np.flatnonzero(table[view.schema, view.prop])
    sound = np.array([days(view.values[row]) is not None for row in rows.tolist()], dtype=np.bool_)
    found: NDArray[np.int64] = rows[sound]
    return found


def _is_date(schema: str, prop: str) -> bool:
    found = property_of(schema, prop)
    return found is not None and found.type is Type.DATE and prop not in _OF_RECORDS


def _passing(
    graph: CaseGraph, rows: NDArray[np.int64], spans: NDArray[np.int64], only: Filter
) -> NDArray[np.bool_]:
    view = graph.view
    first, last = only.window
    passing = (spans[:, 1] >= first) & (spans[:, 0] <= last)
    if only.sources:
        passing &= np.isin(view.source[rows], sorted(only.sources))
    if only.kinds:
        wanted = np.array([only.of_kind(name) for name in view.schemata] or [False], dtype=np.bool_)
        passing &= wanted[view.schema[rows]]
    if only.countries:
        passing &= ~elsewhere(view, only.countries)[view.about[rows]]
    found: NDArray[np.bool_] = passing
    return found


def _concerned(graph: CaseGraph, node: int) -> list[int]:
    """The entity and those whose statements name it, clusters by their first record; of a value, its
    holders."""
    view = graph.view
    if node >= len(view.keys):
        far = np.concatenate((graph.a[graph.b == node], graph.b[graph.a == node]))
        return sorted({int(graph.group[one]) for one in far if one < len(view.keys)})
    cluster = int(view.canonical[node])
    keys = {view.keys[one] for one in view.members.get(cluster, (cluster,))}
    naming = _naming(view)
    return sorted({cluster, *(int(view.about[row]) for row in naming.tolist() if view.values[row] in keys)})


def _naming(view: CaseView) -> NDArray[np.int64]:
    """Rows that hold another entity."""
    role = roles(view)
    found: NDArray[np.int64] = np.flatnonzero(
        (role == Role.LINK) | ((role >= Role.FROM) & (role <= Role.TO_ACCOUNT))
    )
    return found


def _events(graph: CaseGraph, rows: NDArray[np.int64], spans: NDArray[np.int64]) -> tuple[CaseEvent, ...]:
    view = graph.view
    naming, countries = set(_naming(view).tolist()), set(country_rows(view).tolist())
    known: dict[int, tuple[CaseNode, tuple[CaseNode, ...], tuple[str, ...]]] = {}
    found = []
    for row, (first, last) in zip(rows.tolist(), spans.tolist(), strict=True):
        about = int(view.about[row])
        if about not in known:
            of_it = view.rows_of(about).tolist()
            named = dict.fromkeys(view.values[one] for one in of_it if one in naming)
            places = [place for key in named if (place := view.canonical_of(key)) is not None]
            parties = tuple(node_told(graph, place) for place in dict.fromkeys(places))[:_MOST_PARTIES]
            stated = tuple(sorted({view.values[one] for one in of_it if one in countries}))
            known[about] = (_event_node(graph, about), parties, stated)
        node, parties, stated = known[about]
        found.append(
            CaseEvent(
                date=view.values[row], first=told(first), last=told(last), what=view.props[view.prop[row]],
                node=node, parties=parties, countries=stated, source=int(view.source[row]),
                statement=int(view.number[row]),
            )
        )  # fmt: skip
    return tuple(found)


def _event_node(graph: CaseGraph, about: int) -> CaseNode:
    """What is dated, a link too."""
    if graph.kind[about] >= 0:
        return node_told(graph, about)
    view = graph.view
    return CaseNode(key=view.keys[about], kind=view.schema_of(about), caption=view.caption(about))
