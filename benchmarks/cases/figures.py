"""What is counted: pairs of records that are one, ranks of true ends. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.curation.rates import Rate

LEVEL: Final = 0.95
_DRAWS: Final = 2_000


@dataclass(frozen=True)
class Interval:
    """A figure and its interval of 95 %."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def of_rate(rate: Rate) -> Interval:
    """A share with its exact interval."""
    return Interval(rate.value, *rate.interval(LEVEL))


def of_groups(hits: Sequence[float], trials: Sequence[float], seed: int = 0) -> Interval:
    """The share of all hits in all trials, each group (a person, a network) counting as a whole: the interval
    draws groups anew (bootstrap, percentiles; Efron and Tibshirani 1993). NaN without trials."""
    above, below = np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if not below.sum():
        return Interval(float("nan"), float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    step = max(1, (1 << 22) // max(1, len(below)))
    values: list[NDArray[np.float64]] = []
    for start in range(0, _DRAWS, step):
        drawn = rng.integers(0, len(below), (min(step, _DRAWS - start), len(below)))
        with np.errstate(invalid="ignore"):
            values.append(above[drawn].sum(axis=1) / below[drawn].sum(axis=1))
    every = np.concatenate(values)
    low, high = np.quantile(every[np.isfinite(every)], ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(float(above.sum() / below.sum()), float(low), float(high))


def pairs_within(sizes: Iterable[int]) -> int:
    """How many pairs groups of these sizes hold."""
    return sum(size * (size - 1) // 2 for size in sizes)


@dataclass(frozen=True)
class Resolved:
    """Pairs of records that were taken for one, and that are. precision: of those taken, how many are;
    recall: of those that are, how many were taken; by clusters, by people."""

    precision: Interval
    recall: Interval
    taken: int
    true: int
    both: int


def resolved(person_of: Mapping[str, str], cluster_of: Mapping[str, int]) -> Resolved:
    """Of the truth by record, and of what was found by record; records that are not there are alone."""
    together: Counter[tuple[str, int]] = Counter()
    clusters: Counter[int] = Counter()
    people: Counter[str] = Counter()
    for number, (key, person) in enumerate(person_of.items()):
        cluster = cluster_of.get(key, -1 - number)
        together[person, cluster] += 1
        clusters[cluster] += 1
        people[person] += 1
    of_cluster: Counter[int] = Counter()
    of_person: Counter[str] = Counter()
    for (person, cluster), count in together.items():
        of_cluster[cluster] += pairs_within((count,))
        of_person[person] += pairs_within((count,))
    taken = {one: pairs_within((count,)) for one, count in clusters.items() if count > 1}
    true = {one: pairs_within((count,)) for one, count in people.items() if count > 1}
    return Resolved(
        of_groups([of_cluster[one] for one in taken], list(taken.values())),
        of_groups([of_person[one] for one in true], list(true.values())),
        sum(taken.values()), sum(true.values()), sum(of_person.values()),
    )  # fmt: skip


def place_of(own: float, others: Sequence[float]) -> float:
    """The rank of one among others by bits, 1 is best; of those with as many, half come before."""
    before = sum(one > own for one in others)
    level = sum(one == own for one in others)
    return 1.0 + before + level / 2


@dataclass(frozen=True)
class Ranking:
    """Ranks of true ends. mean_reciprocal, first: with intervals over networks, which count as wholes; first:
    the share that comes first, alone. chance: the mean reciprocal rank of one drawn blindly."""

    trials: int
    mean_reciprocal: Interval
    first: Interval
    chance: float


def ranking(ranks: Sequence[float], others: Sequence[int], group: Sequence[int], seed: int = 0) -> Ranking:
    """Of (n,) ranks, among how many others each is, and the network that each belongs to."""
    labels = np.unique(np.asarray(group), return_inverse=True)[1]
    counts = np.bincount(labels).tolist()

    def shared(values: NDArray[np.float64]) -> Interval:
        return of_groups(np.bincount(labels, values).tolist(), counts, seed)

    told = np.asarray(ranks, dtype=np.float64)
    blind = [float(np.mean(1.0 / np.arange(1, count + 2))) for count in others]
    return Ranking(
        len(ranks), shared(1.0 / told), shared((told == 1.0).astype(np.float64)), float(np.mean(blind))
    )
