"""How well records were resolved: by class of record, beside a plain rule, and what their bits cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import figures, said
from benchmarks.cases.asking import Scores
from benchmarks.cases.names import latin
from benchmarks.cases.truth import Truth
from benchmarks.cases.world import World
from partwatch.case.merging import clusters
from partwatch.curation import honesty
from partwatch.curation.honesty import Weighing

PEOPLE, SHOPS, BARE = "people", "shops", "a name alone"
_SURE: Final = ("email", "idNumber")
_APART: Final = 100.0  # bits


@dataclass
class Pairs:
    """Pairs of records of one class. bits, same: of those compared; others: how many of one, and of two, were
    not even compared."""

    bits: list[float] = field(default_factory=list)
    same: list[bool] = field(default_factory=list)
    others: tuple[int, int] = (0, 0)


@dataclass
class Resolution:
    """What adds up over cases. person_of, kind_of: the truth by record; found, ruled: clusters by record, of
    the house and of the plain rule."""

    person_of: dict[str, str] = field(default_factory=dict)
    kind_of: dict[str, str] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    ruled: dict[str, int] = field(default_factory=dict)
    pairs: dict[str, Pairs] = field(default_factory=dict)

    def add(self, seed: int, world: World, truth: Truth, cluster_of: Mapping[str, int], told: Scores) -> None:
        """One more case. Records under a name that is not theirs are nobody's to judge, and left out."""
        own = {f"{seed} {one.key}": f"{seed} {one.person}" for one in truth.records if one.own_name}
        says = _said(world, seed, own)
        kinds = {key: _kind(truth, key, own, says) for key in own}
        offset = max((*self.found.values(), *self.ruled.values()), default=-1) + 1
        self.found |= {
            name: offset + place for key, place in cluster_of.items() if (name := f"{seed} {key}") in own
        }
        self.ruled |= {key: offset + place for key, place in ruled(says).items()}
        self.person_of |= own
        self.kind_of |= kinds
        self._compare(seed, own, kinds, told)

    def _compare(self, seed: int, own: Mapping[str, str], kinds: Mapping[str, str], told: Scores) -> None:
        compared: defaultdict[str, Pairs] = defaultdict(Pairs)
        for left, right, bits in zip(told.left, told.right, told.bits.tolist(), strict=True):
            one, other = f"{seed} {left}", f"{seed} {right}"
            if one in own and other in own and kinds[one] == kinds[other]:
                compared[kinds[one]].bits.append(bits)
                compared[kinds[one]].same.append(own[one] == own[other])
        for kind in set(kinds.values()):
            people: defaultdict[str, int] = defaultdict(int)
            for key, person in own.items():
                people[person] += kinds[key] == kind
            every, same = figures.pairs_within((sum(people.values()),)), figures.pairs_within(people.values())
            now, before = compared[kind], self.pairs.setdefault(kind, Pairs())
            mates = sum(now.same)
            before.bits += now.bits
            before.same += now.same
            missed, apart = same - mates, every - same - (len(now.same) - mates)
            before.others = (before.others[0] + missed, before.others[1] + apart)

    def told(self) -> dict[str, Any]:
        """Figures by class of record, printed and as JSON."""
        result: dict[str, Any] = {}
        for kind in sorted(set(self.kind_of.values())):
            own = {key: one for key, one in self.person_of.items() if self.kind_of[key] == kind}
            house, rule = figures.resolved(own, self.found), figures.resolved(own, self.ruled)
            cost = cllr(self.pairs[kind])
            print(f"records of {kind}: {len(own):,}, {house.true:,} pairs of them are one")
            print(f"  merged: precision {house.precision}, recall {house.recall}")
            print(f"  Cllr {_shown(cost)}")
            print(f"  blocking lets through {_let_through(self.pairs[kind])} of the pairs that are one")
            print(f"  plain rule: precision {rule.precision}, recall {rule.recall}")
            result[kind] = {"records": len(own), "house": asdict(house), "rule": asdict(rule), "cllr": cost}
        return result


def _said(world: World, seed: int, own: Iterable[str]) -> dict[str, dict[str, str]]:
    says: dict[str, dict[str, str]] = {key: {} for key in own}
    for _, statements in said.statements(world):
        for one in statements:
            if (key := f"{seed} {one.entity}") in says:
                says[key][one.prop] = one.value
    return says


def _kind(truth: Truth, key: str, own: Mapping[str, str], says: Mapping[str, Mapping[str, str]]) -> str:
    if set(says[key]) <= {"name"}:
        return BARE
    role = truth.people[own[key].split()[1]]["role"]
    return SHOPS if role == "shop" else PEOPLE


def ruled(says: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Clusters by what a clerk would do: the same mail address, the same paper; or the same telephone, or the
    same birthday, and a word of the name in common."""
    keys = list(says)
    holders: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        told = says[key]
        for prop in _SURE:
            if told.get(prop):
                holders[prop, told[prop]].append(place)
        for prop in ("phone", "birthDate"):
            for word in _words(told.get("name", "")) if told.get(prop) else ():
                holders[prop, f"{told[prop]} {word}"].append(place)
    same = [pair for places in holders.values() for pair in pairwise(places)]
    return dict(zip(keys, clusters(len(keys), same, ()).tolist(), strict=True))


def _words(name: str) -> set[str]:
    return {word.casefold() for word in latin(name, 0).replace(".", " ").split() if len(word) > 2}


def cllr(pairs: Pairs) -> tuple[float, float] | None:
    """As stated, and after the best monotone calibration. Bits are a likelihood ratio against any two, so
    that pairs of two that were not even compared count as told apart; pairs of one that were not are
    blocking's loss, and told beside. None where a class is empty."""
    same = np.array([*pairs.same, False])
    weight = np.array([*([1.0] * len(pairs.same)), float(pairs.others[1])])
    kept = weight > 0
    if not any(pairs.same) or not weight[~same].sum():
        return None
    bits = np.clip(np.array([*pairs.bits, -_APART]), -_APART, _APART)
    scored = _weighted(bits[kept], same[kept], weight[kept])
    return honesty.cllr(scored), honesty.cllr_min(scored)


def _weighted(bits: NDArray[Any], same: NDArray[np.bool_], weight: NDArray[Any]) -> honesty.Scored:
    shares = np.where(same, weight / weight[same].sum(), weight / weight[~same].sum())
    counted = int(weight[same].sum()), int(weight[~same].sum())
    family = np.arange(len(bits), dtype=np.intp)
    return honesty.Scored(bits, same, family, shares, counted, Weighing.BODY)


def _let_through(pairs: Pairs) -> str:
    found = sum(pairs.same)
    return f"{found / max(1, found + pairs.others[0]):.1%}"


def _shown(cost: tuple[float, float] | None) -> str:
    return "not to be had" if cost is None else f"{cost[0]:.3f}, at best {cost[1]:.3f}"
