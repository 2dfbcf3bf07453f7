"""The network of a view: raw links become links, each said once a source; roles become ports with their
holders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph import gather
from partwatch.case.graph.gather import Gathering, Raw
from partwatch.case.graph.links import NO_DATE, SAME, CaseGraph, Ints, Ports
from partwatch.case.graph.merges import Merge, forest, merges_of
from partwatch.case.graph.roles import directed, joins
from partwatch.case.store import CaseStore
from partwatch.case.view import CaseView, view_of

_NO_POPULATIONS: Final[Mapping[str, int]] = MappingProxyType({})
_LATE: Final = np.iinfo(np.int32).max


def graph_of_case(store: CaseStore, without: Sequence[int] = (), standing: Sequence[int] = ()) -> CaseGraph:
    """The network of what counts in a case now. without: sources left out as if they were withdrawn;
    standing: taken as if they were not."""
    return graph_of(view_of(store, without, standing), merges_of(store))


def graph_of(
    view: CaseView, merges: Sequence[Merge] = (), populations: Mapping[str, int] = _NO_POPULATIONS
) -> CaseGraph:
    """The network of what counts. merges: why entities of the view are one (`merges_of`); those that the view
    does not hold to be one are left out. populations: how many there are of a kind (`Vehicle`) or stand in
    a role (`phone<`, `recipient<`), where that is known and the case holds all that matters of them; never
    fewer than in the case."""
    found = gather.gathering(view)
    kinds, kind = gather.kinds_of(view)
    kind[~found.things] = -1
    raw = Raw.joined((gather.properties(found), gather.events(found)))
    values = list(found.values)
    group = np.concatenate((view.canonical, len(view.keys) + np.arange(len(values)))).astype(np.int32)
    ports, port_a, port_b = _ports(raw, group, list(found.roles.numbers), populations)
    raw, port_a, port_b, values = _shared_only(found, raw, port_a, port_b, values, group, ports)
    group = group[: len(view.keys) + len(values)]
    group[len(view.keys) :] = len(view.keys) + np.arange(len(values))
    links = _links(found, raw, port_a, port_b)
    held = _merge_links(found, merges)
    numbers = {name: number for number, name in enumerate(kinds)}
    of_value = np.array([numbers.setdefault(name, len(numbers)) for name, _ in values], dtype=np.int16)
    columns = _joined(links, held.links)
    return CaseGraph(
        view, tuple(numbers), np.concatenate((kind, of_value)), group, tuple(values),
        tuple(found.names.numbers), tuple(found.roles.numbers), ports=ports, merges=held.merges,
        populations=dict(populations),
        dangling=len(found.dangling), **columns,
    )  # fmt: skip


# What it costs to cross.


def _ports(
    raw: Raw, group: Ints, roles: Sequence[str], populations: Mapping[str, int]
) -> tuple[Ports, Ints, Ints]:
    """Ports of all raw links, and the port of each end."""
    near = np.concatenate((group[raw.a], group[raw.b])).astype(np.int64)
    far = np.concatenate((group[raw.b], group[raw.a])).astype(np.int64)
    role = np.concatenate((raw.role_a, raw.role_b)).astype(np.int64)
    width = max(1, len(roles))
    port, place = np.unique(near * width + role, return_inverse=True)
    # Distinct neighbours of each port, and of each role.
    nodes = max(1, len(group))
    holders = np.bincount(np.unique(place * nodes + far) // nodes, minlength=len(port))
    population = np.bincount(np.unique(role * nodes + far) // nodes, minlength=width)
    stated = np.array([populations.get(name, 0) for name in roles], dtype=np.int64)
    population[: len(stated)] = np.maximum(population[: len(stated)], stated)
    of_port = population[port % width]
    half = len(raw.a)
    own = np.array([name.endswith(">") and not joins(name[:-1]) for name in roles] or [False])
    roles_here = np.bincount(port // width, minlength=nodes)[port // width]
    ways = roles_here * holders.astype(np.float64)
    role_of = (port % width).astype(np.int16)
    settled = own[role_of] & (holders == 1)
    told = Ports(holders.astype(np.int32), of_port.astype(np.int32), ways, settled, role_of)
    return told, place[:half].astype(np.int32), place[half:].astype(np.int32)


def _shared_only(
    found: Gathering,
    raw: Raw,
    port_a: Ints,
    port_b: Ints,
    values: list[tuple[str, str]],
    group: Ints,
    ports: Ports,
) -> tuple[Raw, Ints, Ints, list[tuple[str, str]]]:
    """Without the values that only one holds: they tie nothing."""
    first = len(found.view.keys)
    held = raw.b >= first
    several = np.unique(raw.b[held & (ports.holders[port_b] >= 2)])
    kept = np.zeros(len(values), dtype=np.bool_)
    kept[several - first] = True
    kept[np.array(sorted(found.ends), dtype=np.int64) - first] = True
    number = (np.cumsum(kept) - 1 + first).astype(np.int32)
    stays = np.ones(len(raw.a), dtype=np.bool_)
    stays[held] = kept[raw.b[held] - first]
    parts: dict[str, Any] = {name: getattr(raw, name)[stays] for name in Raw.__dataclass_fields__}
    for end in ("a", "b"):
        of_value = parts[end] >= first
        parts[end] = parts[end].copy()
        parts[end][of_value] = number[parts[end][of_value] - first]
    told = [value for value, stay in zip(values, kept, strict=True) if stay]
    return Raw(**parts), port_a[stays], port_b[stays], told


# What is said, once a source.


def _links(found: Gathering, raw: Raw, port_a: Ints, port_b: Ints) -> dict[str, Any]:
    view, names = found.view, list(found.names.numbers)
    both_ways = np.array([joins(name) and not directed(name) for name in names], dtype=np.bool_)
    turned = (both_ways[raw.name] if len(names) else np.zeros(0, np.bool_)) & (raw.a > raw.b)
    a, b = np.where(turned, raw.b, raw.a), np.where(turned, raw.a, raw.b)
    port_a, port_b = np.where(turned, port_b, port_a), np.where(turned, port_a, port_b)
    event = ~found.things[raw.holder] if len(raw.a) else np.zeros(0, dtype=np.bool_)
    bits = np.where(event, gather.inferred(found)[raw.holder], view.bits[raw.row])
    source, other = view.source[raw.row], view.source[raw.row_b]
    source, other = np.minimum(source, other), np.where(source == other, 0, np.maximum(source, other))
    order = np.lexsort((raw.row, raw.holder, other, source, raw.name, b, a))
    keys = np.stack([column[order] for column in (a, b, raw.name, source, other)])
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    start = np.flatnonzero(new)
    first, last = gather.when(found)
    first = np.where(first == NO_DATE, _LATE, first)
    again = ~new & event[order]
    again[1:] &= raw.holder[order][1:] == raw.holder[order][:-1]
    said = np.where(np.isnan(bits), np.inf, bits)[order]
    earliest = _reduced(np.minimum, first[raw.holder][order], start)
    a, b, name = keys[0][start], keys[1][start], keys[2][start]
    strongest = _reduced(np.maximum, said, start)
    inference, strongest = _inferences(a, b, name, strongest)
    return {
        "a": a.astype(np.int32), "b": b.astype(np.int32), "name": name.astype(np.int16),
        "directed": ~both_ways[name] if len(names) else np.zeros(0, dtype=np.bool_),
        "source": keys[3][start].astype(np.int32), "other": keys[4][start].astype(np.int32),
        "bits": strongest, "inference": inference,
        "count": _reduced(np.add, (~again).astype(np.int32), start),
        "first": np.where(earliest == _LATE, NO_DATE, earliest).astype(np.int32),
        "last": _reduced(np.maximum, last[raw.holder][order], start),
        "port_a": port_a[order][start].astype(np.int32), "port_b": port_b[order][start].astype(np.int32),
        "merge": np.full(len(start), -1, dtype=np.int32), "spare": np.zeros(len(start), dtype=np.bool_),
        "row_start": 2 * np.append(start, len(order)),
        "rows": np.stack((raw.row[order], raw.row_b[order]), axis=1).reshape(-1),
    }  # fmt: skip


def _reduced(how: Any, column: NDArray[Any], start: NDArray[np.int64]) -> NDArray[Any]:
    """One value for each run of a column."""
    return np.asarray(how.reduceat(column, start)) if len(start) else column[:0]


def _inferences(a: Ints, b: Ints, name: Ints, bits: NDArray[np.float64]) -> tuple[Ints, NDArray[np.float64]]:
    """The same inference, by whomever, is one and has the most bits that any gives it."""
    inference = np.full(len(a), -1, dtype=np.int32)
    bits = np.where(np.isinf(bits), np.nan, bits)
    inferred = np.flatnonzero(~np.isnan(bits))
    if not len(inferred):
        return inference, bits
    keys = np.stack((a[inferred], b[inferred], name[inferred]))
    new = np.ones(len(inferred), dtype=np.bool_)
    new[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    start = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    inference[inferred] = inferred[start][run]
    bits[inferred] = np.maximum.reduceat(bits[inferred], start)[run]
    return inference, bits


# Who is one.


@dataclass(frozen=True)
class _Held:
    links: dict[str, Any]
    merges: tuple[Merge, ...]


def _merge_links(found: Gathering, merges: Sequence[Merge]) -> _Held:
    """`same` links of the merges that the view holds, and that still rest on something."""
    view = found.view
    placed = [(view.place_of.get(one.left, -1), view.place_of.get(one.right, -1), one) for one in merges]
    sound = [
        (left, right, one, _standing(view, one.statements))
        for left, right, one in placed
        if left >= 0 and right >= 0 and view.canonical[left] == view.canonical[right]
        and found.things[left] and found.things[right]
    ]  # fmt: skip
    sound = [each for each in sound if each[2].decided or len(each[3]) == len(each[2].statements)]
    ends = np.array([(left, right) for left, right, *_ in sound], dtype=np.int32).reshape(-1, 2)
    bits = np.array([one.bits for _, _, one, _ in sound], dtype=np.float64)
    of_left, of_right = _only_source(view)[ends.T]
    count = len(sound)
    told = [np.array(rows, dtype=np.int64) for *_, rows in sound]
    nothing = np.full(count, NO_DATE, dtype=np.int32)
    links = {
        "a": ends[:, 0], "b": ends[:, 1], "name": np.full(count, found.names.of(SAME), dtype=np.int16),
        "directed": np.zeros(count, dtype=np.bool_), "source": np.maximum(of_left, of_right),
        "other": np.where(of_left == of_right, 0, np.minimum(of_left, of_right)), "bits": bits,
        "inference": np.arange(count, dtype=np.int32), "count": np.ones(count, dtype=np.int32),
        "first": nothing, "last": nothing, "port_a": np.full(count, -1, dtype=np.int32),
        "port_b": np.full(count, -1, dtype=np.int32), "merge": np.arange(count, dtype=np.int32),
        "spare": ~forest(len(view.keys), ends, bits),
        "row_start": np.concatenate(([0], np.cumsum([len(rows) for rows in told]))).astype(np.int64),
        "rows": np.concatenate(told) if told else np.zeros(0, dtype=np.int64),
    }  # fmt: skip
    return _Held(links, tuple(one for _, _, one, _ in sound))


def _standing(view: CaseView, numbers: tuple[int, ...]) -> list[int]:
    """Rows of those statements that count."""
    if not numbers:
        return []
    rows = np.searchsorted(view.number, numbers)
    return [
        int(row)
        for row, number in zip(rows, numbers, strict=True)
        if row < len(view) and view.number[row] == number
    ]


def _only_source(view: CaseView) -> Ints:
    """int32 (m,): the source of each record, 0 where several speak of it: its being there then hangs on
    none."""
    least = np.full(len(view.keys), _LATE, dtype=np.int32)
    most = np.zeros(len(view.keys), dtype=np.int32)
    np.minimum.at(least, view.entity, view.source)
    np.maximum.at(most, view.entity, view.source)
    return np.where(least == most, most, 0).astype(np.int32)


def _joined(links: dict[str, Any], merges: dict[str, Any]) -> dict[str, Any]:
    """The one after the other."""
    count = len(links["a"])
    merges = dict(merges)
    merges["inference"] = merges["inference"] + np.int32(count)
    starts = merges.pop("row_start")
    joined = {name: np.concatenate((links[name], column)) for name, column in merges.items()}
    joined["row_start"] = np.concatenate((links["row_start"], starts[1:] + links["row_start"][-1]))
    return joined


def without_links(graph: CaseGraph, gone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool (l,): links that cannot be used once those of the mask are gone; where a merge is, another of its
    cluster takes its place, if there is one."""
    same = np.flatnonzero(graph.merge >= 0)
    if not gone[same].any():
        return gone | graph.spare
    left = same[~gone[same]]
    chosen = forest(graph.nodes, np.stack((graph.a[left], graph.b[left]), axis=1), graph.bits[left])
    shut = gone.copy()
    shut[left] = ~chosen
    return shut
