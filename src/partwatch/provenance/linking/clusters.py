"""Items by source: edges joined the strongest first, and never across a pair that speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Pair = tuple[int, int]
# So many bits against one source keep two groups apart: ten to one.
CONTRADICTED_BITS: Final = -3.3


@dataclass(frozen=True)
class Joined:
    """clusters: items that hang together, the largest first, lone ones too. kept: edges within them. tree:
    those of them by which they grew, the strongest that hold each together. refused: edges that were not
    followed, each with the pair that contradicts it. bridges: kept edges whose loss splits."""

    clusters: tuple[tuple[int, ...], ...]
    kept: tuple[Pair, ...]
    tree: tuple[Pair, ...]
    refused: Mapping[Pair, Pair]
    bridges: frozenset[Pair]


def joined(count: int, bits: Mapping[Pair, float], threshold: float) -> Joined:
    """bits: of pairs (a < b) that were compared; what was not says nothing."""
    edges = sorted((pair for pair, value in bits.items() if value >= threshold), key=lambda p: (-bits[p], p))
    group = list(range(count))
    members: dict[int, list[int]] = {k: [k] for k in range(count)}
    kept: list[Pair] = []
    tree: list[Pair] = []
    refused: dict[Pair, Pair] = {}
    for a, b in edges:
        one, two = group[a], group[b]
        if one != two:
            against = _contradiction(members[one], members[two], bits)
            if against is not None:
                refused[a, b] = against
                continue
            tree.append((a, b))
            if len(members[one]) < len(members[two]):
                one, two = two, one
            for item in members.pop(two):
                group[item] = one
                members[one].append(item)
        kept.append((a, b))
    clusters = sorted((tuple(sorted(of)) for of in members.values()), key=lambda of: (-len(of), of))
    return Joined(tuple(clusters), tuple(kept), tuple(tree), refused, bridges(count, kept))


def _contradiction(one: Sequence[int], two: Sequence[int], bits: Mapping[Pair, float]) -> Pair | None:
    worst, found = CONTRADICTED_BITS, None
    for a in one:
        for b in two:
            pair = (a, b) if a < b else (b, a)
            if bits.get(pair, 0.0) <= worst:
                worst, found = bits[pair], pair
    return found


def bridges(count: int, edges: Sequence[Pair]) -> frozenset[Pair]:
    """Edges without which their ends no longer hang together (Tarjan 1974), without recursion."""
    beside: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        beside[a].append(b)
        beside[b].append(a)
    order, low = [-1] * count, [0] * count
    found: set[Pair] = set()
    clock = 0
    for root in range(count):
        if order[root] >= 0:
            continue
        order[root] = low[root] = clock
        clock += 1
        stack = [(root, -1, iter(beside[root]))]
        while stack:
            at, parent, rest = stack[-1]
            nxt = next(rest, None)
            if nxt is None:
                stack.pop()
                if parent >= 0:
                    low[parent] = min(low[parent], low[at])
                    if low[at] > order[parent]:
                        found.add((min(at, parent), max(at, parent)))
            elif order[nxt] < 0:
                order[nxt] = low[nxt] = clock
                clock += 1
                stack.append((nxt, at, iter(beside[nxt])))
            elif nxt != parent:
                low[at] = min(low[at], order[nxt])
    return frozenset(found)
