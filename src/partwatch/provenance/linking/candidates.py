"""Pairs of many items that are worth comparing in full: those that share what few of the items have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import log2
from typing import Final

from partwatch.provenance.linking.blocks import Block, Signature

# All pairs of so many items are compared; of more the pairs that share the rarest values.
ALL_PAIRS_OF: Final = 150
MOST_PAIRS: Final = 20_000
# A value that more have leads to too many pairs, and says little.
MOST_HOLDERS: Final = 40
_COMMON: Final = frozenset({Block.WORDING})


def candidates(items: Sequence[Signature]) -> list[tuple[int, int]]:
    """Pairs (a < b), in order. Of two items that share no rare value nothing could be a link."""
    if len(items) <= ALL_PAIRS_OF:
        return list(combinations(range(len(items)), 2))
    holders: dict[tuple[str, str, str], list[int]] = {}
    for k, of in enumerate(items):
        for (block, kind, name), told in of.items():
            if block not in _COMMON:
                for value in told.values:
                    holders.setdefault((kind, name, value), []).append(k)
    shared: dict[tuple[int, int], float] = {}
    for own in holders.values():
        if 2 <= len(own) <= MOST_HOLDERS:
            for pair in combinations(own, 2):
                shared[pair] = shared.get(pair, 0.0) + log2(len(items) / len(own))
    best = sorted(shared, key=lambda pair: (-shared[pair], pair))[:MOST_PAIRS]
    return sorted(best)
