"""Detection against parts seen: groups that hold exactly so many parts of a design, and harmless things."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.traffic.catalogue import Article
from benchmarks.traffic.measure import matched_parts
from benchmarks.traffic.world import World
from partwatch.assembly.hypothesis import Setting, weigh
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.sightings import Seen, Sighting, holdings_of
from partwatch.assembly.stream import Counted, Counts
from partwatch.model.document import MatchFinding

TRIALS = 40
# These accounts are not in the stream.
NOTHING = Counted(frozenset(), 0)


def by_parts_seen(
    world: World, counts: Mapping[str, Counts], policy: AssemblyPolicy, level: int, rng: np.random.Generator
) -> dict[str, list[float]]:
    """Share detected at match, at review, and by counting, by how many of a design's parts one account was
    sent: each of up to 40 designs, parts by chance, in any state, with five harmless items beside."""
    setting = Setting(counts["account"], policy, len(world.plans), len(counts))
    public = [article for own in world.public.values() for article in own]
    designs = [str(name) for name in rng.permutation(sorted(world.plans))[:TRIALS]]
    figures: dict[str, list[float]] = {}
    print("parts sent   of sellers at match   at review   by counting   bits, median (quarters)")
    for parts in range(1, 10):
        tried = [name for name in designs if len(world.parts[name]) >= parts]
        if not tried:
            break
        bits, match, review, by_count = [], 0, 0, 0
        for name in tried:
            items = _account(world, name, parts, public, rng)
            told = weigh(world.plans[name], holdings_of(items), setting, own=NOTHING)
            bits.append(told.bits)
            match += told.finding is MatchFinding.MATCH
            review += told.finding is not MatchFinding.CANDIDATE
            by_count += matched_parts(items)[name] >= level
        low, middle, high = np.quantile(bits, (0.25, 0.5, 0.75))
        n = len(tried)
        print(f"{parts:6d} {match:12d} of {n:2d} {review:14d} {by_count:12d} "
              f"{middle:13.1f} ({low:.1f} to {high:.1f})")  # fmt: skip
        figures[str(parts)] = [n, match, review, by_count, float(middle)]
    return figures


def _account(
    world: World, design: str, parts: int, public: list[Article], rng: np.random.Generator
) -> list[Seen]:
    own = world.parts[design]
    sent = [world.sent(own[k], rng) for k in rng.choice(len(own), parts, replace=False)]
    decoys = [public[int(rng.integers(len(public)))] for _ in range(5)]
    sighted: list[tuple[Sighting, ...]] = [*sent, *(world.sightings(one) for one in decoys)]
    return [Seen(f"i{k}", f"i{k}", None, 1, True, one) for k, one in enumerate(sighted)]
