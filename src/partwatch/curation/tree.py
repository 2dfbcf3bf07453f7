"""Minimum spanning trees and their middles."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def spanning_forest(edges: Sequence[tuple[int, int]]) -> list[int]:
    """Places of the edges that hold everything together, taken in their order (Kruskal 1956)."""
    root: dict[int, int] = {}

    def of(node: int) -> int:
        while (above := root.setdefault(node, node)) != node:
            root[node] = root[above]
            node = root[node]
        return node

    kept = []
    for place, (a, b) in enumerate(edges):
        if of(a) != of(b):
            root[of(a)] = of(b)
            kept.append(place)
    return kept


def middle(weights: Mapping[int, float], edges: Iterable[tuple[int, int, float]]) -> int:
    """The node of a tree from which all others, times their weights, are nearest; of equals the least.

    weights: of each node. edges: (node, node, length), n - 1 of them.
    """
    near: dict[int, list[tuple[int, float]]] = {node: [] for node in weights}
    for a, b, length in edges:
        near[a].append((b, length))
        near[b].append((a, length))
    start = min(weights)
    order, above = _from(start, near)
    below = dict(weights)
    for node in reversed(order[1:]):
        below[above[node][0]] += below[node]
    reach: dict[int, float] = {start: 0.0}
    total = sum(weights.values())
    far = {start: 0.0}
    for node in order[1:]:
        parent, length = above[node]
        far[node] = far[parent] + length
    reach[start] = sum(far[node] * weight for node, weight in weights.items())
    for node in order[1:]:
        parent, length = above[node]
        # One step down: what lies below comes nearer, all the rest goes farther.
        reach[node] = reach[parent] + length * (total - 2 * below[node])
    return min(reach, key=lambda node: (round(reach[node], 9), node))


def rooted(root: int, edges: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """A tree's edges as (parent, child, place among the edges), from the root down."""
    near: dict[int, list[tuple[int, int]]] = {root: []}
    for place, (a, b) in enumerate(edges):
        near.setdefault(a, []).append((b, place))
        near.setdefault(b, []).append((a, place))
    found: list[tuple[int, int, int]] = []
    pending = [(root, -1)]
    while pending:
        node, came = pending.pop()
        for other, place in sorted(near[node], reverse=True):
            if place != came:
                pending.append((other, place))
        if came >= 0:
            found.append((_other(node, came, near), node, came))
    return found


def _other(node: int, place: int, near: Mapping[int, list[tuple[int, int]]]) -> int:
    return next(other for other, each in near[node] if each == place)


def _from(
    start: int, near: Mapping[int, list[tuple[int, float]]]
) -> tuple[list[int], dict[int, tuple[int, float]]]:
    """Nodes from `start` outwards, and the one above each with the length to it."""
    order = [start]
    above: dict[int, tuple[int, float]] = {}
    for node in order:
        for other, length in near[node]:
            if other != start and other not in above and above.get(node, (-1, 0.0))[0] != other:
                above[other] = (node, length)
                order.append(other)
    return order, above
