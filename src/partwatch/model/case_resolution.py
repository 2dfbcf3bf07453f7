"""What the resolution of a case found, and what it asks: frozen, all that renderers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """A step of a waterfall. comparison: what was compared, or `calibration`. level: what was found. left,
    right: what either record says, as it was compared. bits: what it adds; all of a pair's add up to its
    calibrated bits."""

    comparison: str
    level: str
    left: str
    right: str
    bits: float


@dataclass(frozen=True)
class Side:
    """A record of a pair. key: of the entity. caption: what it is called. cluster: entities that it is taken
    for one with, itself counted. said: property, value, and the names of the sources that say so."""

    key: str
    caption: str
    schema: str
    cluster: int
    said: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class PairTold:
    """A pair with all that it rests on. bits: calibrated log2 likelihood ratio. prior: log2 prior odds.
    posterior: the probability that both make. merged: whether the run took them for one. contested: the
    captions of two records that would come together by it and speak against it. verdict: what a person
    decided, if so."""

    kind: str
    left: Side
    right: Side
    raw: float
    bits: float
    prior: float
    posterior: float
    merged: bool
    contested: tuple[str, str] | None
    verdict: str | None
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class KindTold:
    """What was done with a kind of record. records, blocks, pairs (compared and kept above the floor);
    left_out: by kind of key the blocks too wide and the records in them; prior: log2 prior odds; merged,
    review, contested: pairs; clusters: of two records or more; largest: records in the largest; learned:
    whether its own m were learned; model: its digest."""

    kind: str
    records: int
    blocks: int
    pairs: int
    left_out: Mapping[str, tuple[int, int]]
    prior: float
    others: float
    merged: int
    review: int
    contested: int
    clusters: int
    largest: int
    learned: bool
    model: str


@dataclass(frozen=True)
class Judged:
    """Pairs that a person decided and the run scored, by what was stated. pairs: how many; stated: the
    number of them that were of one entity by the posteriors; same: by the person. low, high: 95 % interval
    of the share that the person called the same. recalibrated: whether the bits were moved to fit."""

    pairs: int
    stated: float
    same: int
    low: float
    high: float
    recalibrated: bool

    @property
    def holds(self) -> bool:
        """Whether what was stated lies within the interval of what was judged."""
        return self.low * self.pairs <= self.stated <= self.high * self.pairs


@dataclass(frozen=True)
class ResolutionTold:
    """A run of the resolution. run: its number. merge, review: posterior probabilities. calibration: its
    version. judged: None where too few pairs were."""

    run: int
    merge: float
    review: float
    calibration: str
    kinds: tuple[KindTold, ...]
    judged: Judged | None
