"""The network of a case: how long it takes to build and to ask, how often the best path is shown to be best,
and whether a planted path comes before its decoys under several prices of crossing.

    python -m benchmarks.case_graph            # 100,000 statements, 200 chains
    python -m benchmarks.case_graph --statements 1000000 --chains 1000

All of it is made here, from a seed.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph import reliability
from partwatch.case.graph.build import graph_of, without_links
from partwatch.case.graph.links import CaseGraph
from partwatch.case.graph.paths import paths_between
from partwatch.case.graph.search import HOP, Search, best_way, distances
from partwatch.case.graph.terrain import Terrain
from partwatch.case.statements import Reliability, Source, SourceInfo
from partwatch.case.view import CaseView

Row = tuple[str, str, str, str, int, float]
LETTERS = (Reliability.COMPLETELY, Reliability.USUALLY, Reliability.FAIRLY, Reliability.NOT_USUALLY)


def view_from(rows: Iterable[Row]) -> CaseView:
    """A view of these statements: entity, schema, property, value, source, bits."""
    keys: dict[str, int] = {}
    schemata: dict[str, int] = {}
    props: dict[str, int] = {}
    columns: list[list[Any]] = [[] for _ in range(6)]
    for entity, schema, prop, value, source, bit in rows:
        told = (
            keys.setdefault(entity, len(keys)),
            schemata.setdefault(schema, len(schemata)),
            props.setdefault(prop, len(props)),
            value,
            source,
            bit,
        )
        for column, one in zip(columns, told, strict=True):
            column.append(one)
    entities, schemas, named, values, sources, bits = columns
    told_by = {number: _source(int(number)) for number in sorted(set(sources))}
    return CaseView(
        told_by, tuple(keys), np.arange(len(keys), dtype=np.int32), tuple(schemata), tuple(props),
        np.arange(1, len(values) + 1), np.array(entities, dtype=np.int32), np.array(schemas, dtype=np.int16),
        np.array(named, dtype=np.int16), np.array(sources, dtype=np.int32), tuple(map(str, values)),
        np.array(bits, dtype=np.float64),
    )  # fmt: skip


def _source(number: int) -> Source:
    info = SourceInfo("made", f"source {number}", f"{number:064x}", "nobody", LETTERS[number % len(LETTERS)])
    return Source(number, info, "2026-01-01T00:00:00Z", "nobody", 0, 0, 0)


def made_case(count: int, seed: int) -> Iterator[Row]:
    """About `count` statements: subscribers, accounts, parcels, payments, messages, items, listings; a few
    accounts and addresses are hubs, as popularity falls with the square root of rank."""
    random = np.random.default_rng(seed)
    people = max(20, count // 25)
    told = 0

    def pick(many: int, popular: bool = False) -> int:
        return int(many * random.random() ** (3 if popular else 1))

    def person() -> str:
        return f"person {pick(people)}"

    for number in range(people):
        key, source = f"person {number}", 1 + number % 3
        yield key, "Person", "name", f"name {number}", source, nan
        yield key, "Person", "phone", f"+{pick(people)}", source, nan
        yield key, "Person", "address", f"street {pick(people // 2)}", source, nan
        yield f"account {number}", "UserAccount", "owner", key, 4, nan
        yield f"account {number}", "UserAccount", "phone", f"+{pick(people)}", 4, nan
        told += 5
    event = 0
    while told < count:
        event += 1
        day = f"2024-{1 + event % 12:02d}-{1 + event % 28:02d}"
        kind = event % 4
        if kind == 0:
            key = f"parcel {event}"
            rows = [("sender", person()), ("recipient", person()), ("postedAt", day),
                    ("recipientAddress", f"street {pick(people // 2, popular=True)}"),
                    ("senderPhone", f"+{pick(people)}")]  # fmt: skip
            made = [(key, "Parcel", prop, value, 5, nan) for prop, value in rows]
            made.append((f"item {event}", "Item", "parcel", key, 6, nan))
        elif kind == 1:
            rows = [("senderAccount", f"account {pick(people, popular=True)}"), ("date", day),
                    ("recipientAccount", f"account {pick(people, popular=True)}")]  # fmt: skip
            made = [(f"message {event}", "Message", prop, value, 7, nan) for prop, value in rows]
        elif kind == 2:
            rows = [
                ("payer", person()),
                ("beneficiary", f"person {pick(people, popular=True)}"),
                ("date", day),
            ]
            made = [(f"payment {event}", "Payment", prop, value, 8, nan) for prop, value in rows]
        else:
            bits = float(random.uniform(2, 20))
            made = [(f"match {event}", "Match", "item", f"item {4 * pick(max(1, event // 4)) + 4}", 9, bits),
                    (f"match {event}", "Match", "design", f"design {pick(30)}", 9, bits)]  # fmt: skip
        yield from made
        told += len(made)
    for number in range(30):
        yield f"design {number}", "Design", "name", f"design {number}", 10, nan


def measured_build(count: int, seed: int) -> CaseGraph:
    """Build, and say how long it took."""
    view = view_from(made_case(count, seed))
    before = time.perf_counter()
    graph = graph_of(view)
    took = time.perf_counter() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(view):,} statements: {len(graph):,} links in {took:.1f} s; peak {peak:,.0f} MB of the process"
    )
    return graph


def measured_questions(graph: CaseGraph, count: int, seed: int) -> None:
    """How long a question takes, how often the best path is shown to be best, and what chance ties are
    worth."""
    random = np.random.default_rng(seed)
    places = graph.view.keys
    items = [place for place, key in enumerate(places) if key.startswith("item")]
    people = [place for place, key in enumerate(places) if key.startswith("person")]
    took, shown, worth = [], 0, []
    for _ in range(count):
        start, end = int(random.choice(items)), int(random.choice(people))
        before = time.perf_counter()
        best = best_way(_terrain(graph, start, end))
        took.append(time.perf_counter() - before)
        shown += best.shown
        worth.append(reliability.bits(best.way.cost) if best.way else 0.0)
    print(
        f"{count} questions of an item and a person drawn at random: {np.median(took):.2f} s median, "
        f"{max(took):.2f} s most; shown to be best {_share(shown, count)}; bits: median "
        f"{np.median(worth):.1f}, 95 % below {np.quantile(worth, 0.95):.1f}, most {max(worth):.1f}"
    )
    before = time.perf_counter()
    for _ in range(5):
        paths_between(graph, places[int(random.choice(items))], places[int(random.choice(people))])
    print(
        f"the whole answer, with rivals and what breaks it: {(time.perf_counter() - before) / 5:.1f} s each"
    )


def _terrain(graph: CaseGraph, start: int, end: int) -> Terrain:
    return Terrain.of(graph, start, end, without_links(graph, np.zeros(len(graph), dtype=np.bool_)))


def _share(hits: int, trials: int) -> str:
    """A share with its Wilson interval of 95 %."""
    z, share = 1.96, hits / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2)) / (1 + z * z / trials)
    return f"{100 * share:.1f} % ({100 * (centre - half):.1f} to {100 * min(1.0, centre + half):.1f})"


# Planted chains among decoys.


def planted(chains: int, statements: int, seed: int) -> tuple[list[Row], list[tuple[str, str]]]:
    """A case in which `chains` items are tied to a person by things that few share, in 2 to 5 crossings;
    their parcels went to popular addresses as well, through which everybody is near."""
    random = np.random.default_rng(seed + 1)
    rows = list(made_case(statements, seed))
    people = max(20, statements // 25)
    pairs = []
    for number in range(chains):
        who = f"person {int(random.integers(people))}"
        parcel, phone = f"chain parcel {number}", f"+chain {number}"
        address = f"street {int(people / 2 * random.random() ** 3)}"
        rows += [
            (f"chain item {number}", "Item", "parcel", parcel, 6, nan),
            (parcel, "Parcel", "senderPhone", phone, 5, nan),
            (parcel, "Parcel", "sender", f"person {int(random.integers(people))}", 5, nan),
            (
                parcel,
                "Parcel",
                "recipientAddress",
                address,
                5,
                nan,
            ),
        ]
        rows += _chain(number, number % 4, phone, who)
        pairs.append((f"chain item {number}", who))
    return rows, pairs


def _chain(number: int, length: int, phone: str, who: str) -> list[Row]:
    """From a phone to a person."""
    if length == 0:
        return [(who, "Person", "phone", phone, 1, nan)]
    account, second = f"chain account {number}", f"chain second {number}"
    if length == 1:
        return [
            (account, "UserAccount", "phone", phone, 4, nan),
            (account, "UserAccount", "owner", who, 4, nan),
        ]
    if length == 2:
        return [
            (second, "Parcel", "senderPhone", phone, 5, nan),
            (second, "Parcel", "recipient", who, 5, nan),
        ]
    return [
        (account, "UserAccount", "phone", phone, 4, nan),
        (account, "UserAccount", "owner", f"chain person {number}", 4, nan),
        (f"chain person {number}", "Person", "name", f"chain person {number}", 4, nan),
        (f"chain car {number}", "Vehicle", "owner", f"chain person {number}", 3, nan),
        (f"chain car {number}", "Vehicle", "operator", who, 3, nan),
    ]


def measured_ranks(chains: int, statements: int, seed: int) -> None:
    """How often the person of the planted chain comes before all decoys: others with as many links."""
    rows, pairs = planted(chains, statements, seed)
    graph = graph_of(view_from(rows))
    degree = np.bincount(np.concatenate((graph.a, graph.b)), minlength=graph.nodes)
    people = np.array([place for place, key in enumerate(graph.view.keys) if key.startswith("person")])
    random = np.random.default_rng(seed + 2)
    ranks: dict[str, list[float]] = {}
    by_length: dict[int, list[tuple[bool, bool]]] = {}
    for number, (start_key, end_key) in enumerate(pairs):
        start, end = graph.view.place_of[start_key], graph.view.place_of[end_key]
        assert _is_there(graph, number, start, end), f"{start_key}: its chain is not in the network"
        alike = people[(degree[people] == degree[end]) & (people != end)]
        if not len(alike):
            continue
        decoys = random.permutation(alike)[:DECOYS]
        for name, cost in _costs(graph, start, end).items():
            better = np.count_nonzero(cost[decoys] < cost[end] * (1 - 1e-9))
            equal = np.count_nonzero(np.isclose(cost[decoys], cost[end], rtol=1e-9, atol=0))
            ranks.setdefault(name, []).append(1 + better + equal / 2)
        by_length.setdefault(number % 4, []).append((ranks[OURS][-1] == 1, bool(cost[end] >= 1.0)))
    print(f"{len(pairs)} planted chains, each against up to {DECOYS} people with as many links:")
    for name, told in ranks.items():
        first = sum(rank == 1 for rank in told)
        print(f"  {name:42} first {_share(first, len(told))}, median rank {np.median(told):.1f}")
    for length, seen in sorted(by_length.items()):
        won, worthless = (sum(each[place] for each in seen) for place in (0, 1))
        print(
            f"  ours, chains of the {LENGTHS[length]}: first {_share(won, len(seen))}; "
            f"worth no bit {worthless} of {len(seen)}"
        )


def _is_there(graph: CaseGraph, number: int, start: int, end: int) -> bool:
    """Whether a planted chain can be followed by its own things alone."""
    own = np.array(
        ["chain " in key and key.split()[-1] == str(number) for key in graph.view.keys]
        + [value == f"+chain {number}" for _, value in graph.values]
    )
    own[[start, end]] = True
    price = np.where(own[graph.a] & own[graph.b], 1.0, np.inf)
    return bool(np.isfinite(distances(graph, price, price, end)[start]))


DECOYS = 50
OURS = "errors, and the product of ways / N (ours)"
LENGTHS = ("phone", "phone and account", "phone and parcel", "phone, account, person and car")


def _costs(graph: CaseGraph, start: int, end: int) -> dict[str, NDArray[np.float64]]:
    """float64 (n,) by weighting: what a tie of each node to the start costs."""
    terrain = _terrain(graph, start, end)
    hops = np.where(terrain.shut, np.inf, 1.0)
    plain = graph.error + terrain.of_sources + HOP
    own = np.zeros(graph.nodes)
    joined = np.bincount(graph.group[np.concatenate((graph.a, graph.b))], minlength=graph.nodes)
    own[: len(joined)] = np.minimum(1.0, joined / np.count_nonzero(joined))
    return {
        "hops": distances(graph, hops, hops, start),
        "errors alone": distances(graph, plain, plain, start),
        "errors, and the sum of degree / N crossed": distances(
            graph, plain + own[graph.a], plain + own[graph.b], start
        ),
        OURS: _ours(terrain),
    }


def _ours(terrain: Terrain) -> NDArray[np.float64]:
    """By the search from the start up to the end; what it does not come to costs more."""
    found = np.full(terrain.graph.nodes, 1.0)
    best = best_way(terrain).way
    most = min(1.0, best.cost if best else 1.0)
    search = Search(terrain, None, most=most * (1 + 1e-9))
    for cost, node, _ in search.run():
        found[node] = min(found[node], cost)
    found[terrain.end] = most
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """As the head of this file says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--chains", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    graph = measured_build(told.statements, told.seed)
    measured_questions(graph, told.questions, told.seed)
    measured_ranks(told.chains, 20_000, told.seed)


if __name__ == "__main__":
    main()
