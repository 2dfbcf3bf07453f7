"""How likely it is that of several paths not one holds: exactly, by factoring, where parts are shared.

A path holds where all of its components hold; components fail independently of each other. With a component c
that several paths share, P(no path) = e P(no path | c fails) + (1 - e) P(no path | c holds), as in Moskowitz
(1958) and Colbourn, The Combinatorics of Network Reliability (1987). All terms are positive and added, so
that 2^-60 keeps its digits. What shares nothing is multiplied.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Paths = frozenset[frozenset[int]]

# Conditionings after which it is sampled instead.
MOST_STEPS: Final = 20_000
SAMPLES: Final = 400_000
_CHUNK: Final = 20_000


@dataclass(frozen=True)
class Failure:
    """The chance that no path holds. low, high: the same where it is exact; else the 95 % interval of Clopper
    and Pearson (1934) of so many samples."""

    chance: float
    low: float
    high: float
    samples: int

    @property
    def exact(self) -> bool:
        """Whether it was computed and not sampled."""
        return self.samples == 0


class _TooLargeError(Exception):
    """More conditionings than are done."""


def failure(
    paths: Iterable[Iterable[int]], errors: Sequence[float], steps: int = MOST_STEPS, seed: int = 0
) -> Failure:
    """Of these paths, each the components that it rests on, places in `errors`, each from 0 to 1."""
    told = _least(frozenset(frozenset(path) for path in paths))
    try:
        chance = _Factoring(errors, steps).failure(told)
    except _TooLargeError:
        return _sampled(told, np.asarray(errors, dtype=np.float64), seed)
    return Failure(chance, chance, chance, 0)


def joint(errors: Iterable[float]) -> float:
    """The chance that of independent components at least one fails."""
    total = 0.0
    for error in errors:
        if error >= 1.0:
            return 1.0
        total += math.log1p(-error)
    return -math.expm1(total)


def bits(chance: float) -> float:
    """-log2, infinite where nothing is left to fail."""
    return math.inf if chance <= 0 else max(0.0, -math.log2(min(1.0, chance)))


@dataclass
class _Factoring:
    errors: Sequence[float]
    steps: int

    def __post_init__(self) -> None:
        self._known: dict[Paths, float] = {}

    def failure(self, paths: Paths) -> float:
        """Of paths none of which holds another."""
        if not paths:
            return 1.0
        if frozenset() in paths:
            return 0.0
        if len(paths) == 1:
            return joint(self.errors[one] for one in sorted(next(iter(paths))))
        if (known := self._known.get(paths)) is not None:
            return known
        if self.steps <= 0:
            raise _TooLargeError
        self.steps -= 1
        apart = _apart(paths)
        found = math.prod(map(self.failure, apart)) if len(apart) > 1 else self._shared(paths)
        self._known[paths] = found
        return found

    def _shared(self, paths: Paths) -> float:
        pivot = _pivot(paths)
        error = joint(self.errors[one] for one in sorted(pivot))
        failed = self.failure(frozenset(path for path in paths if not path & pivot))
        holding = self.failure(_least(frozenset(path - pivot for path in paths)))
        return error * failed + (1.0 - error) * holding


def _pivot(paths: Paths) -> frozenset[int]:
    """The components that the most paths share, all that are in just these paths: they fail as one."""
    counts = Counter(one for path in paths for one in path)
    most = min(counts, key=lambda one: (-counts[one], one))
    with_it = [path for path in paths if most in path]
    without = frozenset[int]().union(*(path for path in paths if most not in path))
    return frozenset.intersection(*with_it) - without


def _least(paths: Paths) -> Paths:
    """Without the paths that rest on all that another rests on, and more: they add nothing."""
    kept: list[frozenset[int]] = []
    for path in sorted(paths, key=lambda one: (len(one), sorted(one))):
        if not any(one <= path for one in kept):
            kept.append(path)
    return frozenset(kept)


def _apart(paths: Paths) -> list[Paths]:
    """Groups of paths that share no component."""
    groups: list[tuple[set[int], list[frozenset[int]]]] = []
    for path in sorted(paths, key=sorted):
        touching = [group for group in groups if group[0] & path]
        groups = [group for group in groups if not group[0] & path]
        parts = set(path).union(*(group[0] for group in touching))
        groups.append((parts, [path, *(one for group in touching for one in group[1])]))
    return [frozenset(group[1]) for group in groups]


def _sampled(paths: Paths, errors: NDArray[np.float64], seed: int) -> Failure:
    from scipy.stats import beta

    random = np.random.default_rng(seed)
    told = [sorted(path) for path in sorted(paths, key=sorted)]
    failed = 0
    for _ in range(SAMPLES // _CHUNK):
        holds = random.random((_CHUNK, len(errors))) >= errors
        some = np.zeros(_CHUNK, dtype=np.bool_)
        for path in told:
            some |= holds[:, path].all(axis=1)
        failed += int(np.count_nonzero(~some))
    low = float(beta.ppf(0.025, failed, SAMPLES - failed + 1)) if failed else 0.0
    high = float(beta.ppf(0.975, failed + 1, SAMPLES - failed)) if failed < SAMPLES else 1.0
    return Failure(failed / SAMPLES, low, high, SAMPLES)
