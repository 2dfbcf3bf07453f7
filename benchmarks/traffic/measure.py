"""What is detected, how soon, at which rate of false alarms, and whether the bits are what they say."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.traffic.people import Seller
from partwatch.assembly.groups import Group
from partwatch.assembly.hypothesis import Hypothesis, Setting, weigh
from partwatch.assembly.plan import DesignPlan
from partwatch.assembly.ranking import Ranked
from partwatch.assembly.sightings import Seen, holdings_of
from partwatch.model.document import MatchFinding

Floats = npt.NDArray[np.float64]
# What one customer is known by.
KINDS = ("account", "address", "parcel")


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


def bits_level(best: Mapping[Group, Ranked], benign: set[str], customers: int, allowed: float) -> float:
    """The least number of bits from which on at most so many customers in 10,000 raise a false alarm, to a
    tenth; at least what nothing at all would raise."""
    worst: dict[str, float] = {}
    for (kind, value), one in best.items():
        if kind in KINDS and value in benign:
            who = customer_of(value)
            worst[who] = max(worst.get(who, -np.inf), one.hypothesis.bits)
    level = 0.0
    while sum(bits >= level for bits in worst.values()) * 10_000 > allowed * customers:
        level += 0.1
    return level


@dataclass(frozen=True)
class Alarm:
    """days: since the seller's first parcel. sent: parts that were sent by then."""

    days: int
    sent: int


# Whether a group's hypothesis and items raise an alarm.
Rule = Callable[[Hypothesis, Sequence[Seen]], bool]


def alarms(
    seller: Seller,
    plan: DesignPlan,
    settings: Mapping[str, Setting],
    rules: Mapping[str, Rule],
) -> dict[str, Alarm | None]:
    """When each rule raises the alarm on a seller's own design, parcel by parcel, in any of its accounts,
    addresses and parcels; None where it never does."""
    days = sorted({item.time for item in seller.items if item.time})
    # What a group counts with is what it holds in the end: the counts are of the end.
    in_the_end = {
        group: weigh(plan, holdings_of(items), settings[group[0]]).counted
        for group, items in _groups(seller.items).items()
    }
    found: dict[str, Alarm | None] = dict.fromkeys(rules)
    for day in days:
        so_far = [item for item in seller.items if item.time and item.time <= day]
        alarm = Alarm((day - days[0]).days, sum(".d" not in item.key for item in so_far))
        for group, items in _groups(so_far).items():
            told = weigh(plan, holdings_of(items), settings[group[0]], own=in_the_end[group])
            for name, rule in rules.items():
                if found[name] is None and rule(told, items):
                    found[name] = alarm
    return found


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
