"""The network of a case: how long it takes to build and to ask, how often the best path is shown to be best, and
whether a planted path comes before its decoys under several prices of crossing.

    python -m benchmarks.case_graph            # 100,000 statements, 200 chains
    python -m benchmarks.case_graph --statements 1000000 --chains 1000

All of it is made here, from a seed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from math import nan

import numpy as np

from partwatch.case.graph.build import graph_of
from partwatch.case.graph.links import CaseGraph
from partwatch.case.statements import Reliability, Source, SourceInfo
from partwatch.case.view import CaseView

Row = tuple[str, str, str, str, int, float]
LETTERS = (Reliability.COMPLETELY, Reliability.USUALLY, Reliability.FAIRLY, Reliability.NOT_USUALLY)


def view_from(rows: Iterable[Row]) -> CaseView:
    """A view of these statements: entity, schema, property, value, source, bits."""
    keys: dict[str, int] = {}
    schemata: dict[str, int] = {}
    props: dict[str, int] = {}
    columns: list[list[object]] = [[] for _ in range(6)]
    for entity, schema, prop, value, source, bits in rows:
        told = (
            keys.setdefault(entity, len(keys)),
            schemata.setdefault(schema, len(schemata)),
            props.setdefault(prop, len(props)),
            value,
            source,
            bits,
        )
        for column, one in zip(columns, told, strict=True):
            column.append(one)
    entity, schema, prop, values, source, bits = columns
    told_by = {number: _source(int(number)) for number in sorted(set(source))}  # type: ignore[type-var] # ints
    return CaseView(
        told_by, tuple(keys), np.arange(len(keys), dtype=np.int32), tuple(schemata), tuple(props),
        np.arange(1, len(values) + 1), np.array(entity, dtype=np.int32), np.array(schema, dtype=np.int16),
        np.array(prop, dtype=np.int16), np.array(source, dtype=np.int32), tuple(map(str, values)),
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
            rows = [("payer", person()), ("beneficiary", f"person {pick(people, popular=True)}"), ("date", day)]
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
    print(f"{len(view):,} statements: {len(graph):,} links in {took:.1f} s; peak {peak:,.0f} MB of the process")
    return graph


def main(arguments: Sequence[str] | None = None) -> None:
    """As the head of this file says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--chains", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    measured_build(told.statements, told.seed)


if __name__ == "__main__":
    sys.exit(main())
