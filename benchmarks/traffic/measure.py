"""What is detected, how soon, at which rate of false alarms, and whether the bits are what they say."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.traffic.people import Seller
from partwatch.assembly.groups import Group
from partwatch.assembly.hypothesis import Setting, weigh
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked
from partwatch.assembly.sightings import Seen, holdings_of
from partwatch.assembly.stream import Counts
from partwatch.model.document import MatchFinding

Floats = npt.NDArray[np.float64]
# What one customer is known by.
KINDS = ("account", "address", "parcel")


@dataclass(frozen=True)
class Rule:
    """A way to raise an alarm, and the level from which on it does."""

    name: str
    level: float


def best_by_group(ranked: Iterable[Ranked]) -> dict[Group, Ranked]:
    """Of each group the hypothesis with the most bits."""
    best: dict[Group, Ranked] = {}
    for one in ranked:
        if one.group not in best or one.order < best[one.group].order:
            best[one.group] = one
    return best


def false_customers(best: Mapping[Group, Ranked], benign: set[str], level: MatchFinding) -> set[str]:
    """Benign accounts, addresses and parcels that are called so, by the customer's number."""
    wanted = (
        (MatchFinding.MATCH,) if level is MatchFinding.MATCH else (MatchFinding.MATCH, MatchFinding.REVIEW)
    )
    return {
        customer_of(value)
        for (kind, value), one in best.items()
        if kind in KINDS and value in benign and one.hypothesis.finding in wanted
    }


def customer_of(value: str) -> str:
    """`c12`, its parcel `c12.0` and its address `a12` are the customer 12."""
    return value.split(".")[0][1:]


def matched_parts(items: Iterable[Seen]) -> Counter[str]:
    """By design, how many different parts are at match or review: the obvious way to count."""
    parts = {
        (one.design, one.part)
        for item in items
        for one in item.sightings
        if one.finding is not MatchFinding.CANDIDATE
    }
    return Counter(design for design, _ in parts)


def counting_level(benign: Iterable[Sequence[Seen]], customers: int, allowed: float) -> int:
    """The least number of parts from which counting raises at most so many false alarms in 10,000."""
    most = Counter(max(matched_parts(items).values(), default=0) for items in benign)
    level = 1
    while sum(count for parts, count in most.items() if parts >= level) * 10_000 > allowed * customers:
        level += 1
    return level


@dataclass(frozen=True)
class Detection:
    """A seller: the day of the first parcel and those on which bits, or counting, raised the alarm; how many
    parts had been sent by then."""

    seller: str
    parts: int
    by_bits: int | None
    sent_by_bits: int | None
    by_count: int | None
    sent_by_count: int | None


def detection(
    seller: Seller,
    plans: Mapping[str, DesignPlan],
    counts: Mapping[str, Counts],
    kinds: int,
    policy: AssemblyPolicy,
    level: int,
) -> Detection:
    """Parcel by parcel, in each of the seller's accounts, addresses and parcels, against its own design."""
    plan = plans[seller.design]
    first = seller.items[0].time
    days = sorted({item.time for item in seller.items if item.time})
    bits = sent = count = counted = None
    assert first is not None
    settings = {kind: Setting(counts[kind], policy, len(plans), kinds) for kind in KINDS}
    # What a group counts with is what it holds in the end: the counts are of the end.
    in_the_end = {
        group: weigh(plan, holdings_of(items), settings[group[0]]).counted
        for group, items in _groups(seller.items).items()
    }
    for day in days:
        so_far = [item for item in seller.items if item.time and item.time <= day]
        own = _groups(so_far)
        parts = sum(".d" not in item.key for item in so_far)
        if bits is None and any(
            weigh(plan, holdings_of(items), settings[group[0]], own=in_the_end[group]).finding
            is MatchFinding.MATCH
            for group, items in own.items()
        ):
            bits, sent = (day - first).days, parts
        if count is None and any(matched_parts(items)[plan.name] >= level for items in own.values()):
            count, counted = (day - first).days, parts
    return Detection(seller.name, len(plan.slots), bits, sent, count, counted)


def _groups(items: Iterable[Seen]) -> dict[Group, list[Seen]]:
    found: dict[Group, list[Seen]] = {}
    for item in items:
        for group in item.groups:
            if group[0] in KINDS:
                found.setdefault(group, []).append(item)
    return found


def cllr(mates: Floats, others: Floats) -> float:
    """Cost of the log-likelihood ratio (Bruemmer and du Preez 2006), of log2 likelihood ratios."""
    return float((np.mean(np.logaddexp2(0.0, -mates)) + np.mean(np.logaddexp2(0.0, others))) / 2)


def stated_against_observed(
    mates: Floats, others: Floats, edges: Sequence[float]
) -> Iterator[tuple[float, float, int, int, float]]:
    """By stretch of bits: from, to, mates, others, log2 of the observed likelihood ratio (half a case more on
    either side)."""
    for low, high in itertools.pairwise(edges):
        own = int(((mates >= low) & (mates < high)).sum())
        rest = int(((others >= low) & (others < high)).sum())
        ratio = np.log2(((own + 0.5) / (len(mates) + 1)) / ((rest + 0.5) / (len(others) + 1)))
        yield low, high, own, rest, float(ratio)
