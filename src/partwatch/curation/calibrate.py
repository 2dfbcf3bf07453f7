"""`partwatch calibrate`: from observations to a population and a calibration, with lir's calibrator.

What is calibrated is what is decided: the best of a search in a list of stated size. The surprise of a match
holds the size of the list, so it is counted once.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from partwatch.curation import standins
from partwatch.curation.observations import Copy, Observations
from partwatch.curation.region_fit import best_of_strangers, fit_region_tail, mates_of
from partwatch.evidence.calibration import Calibration, Line, PlainShapes, RegionModel
from partwatch.evidence.judge import Profile, false_share, profile_of, surprise_of
from partwatch.evidence.population import Population
from partwatch.evidence.tail import TailModel, similarity_nearness
from partwatch.fingerprint import describe, sample_surface
from partwatch.fingerprint.local import features_layout
from partwatch.matching.policy import Policy
from partwatch.matching.weight import SizeFit
from partwatch.model.errors import UsageError

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Of one family so many bodies, those least alike, stand for it.
KEPT_OF_FAMILY: Final = 4
THRESHOLDS: Final = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98)
BINS: Final = 48
# Fingerprints less alike than this never lay on each other; the tail stays flat below.
LEAST_SIMILARITY: Final = 1.5
LIST_SIZES: Final = (30, 100, 300, 1000)
SIZE_TOLERANCE: Final = 0.02


def population_from(observed: Observations, name: str, projects: Mask | None = None) -> Population:
    """The bodies of those projects (all by default) and the generated stand-ins, a few of each family."""
    bodies = observed.bodies
    allowed = np.ones(len(observed.project_names), dtype=bool) if projects is None else projects
    keep = thinned(bodies.families, allowed[bodies.projects])
    plain = list(standins.stand_ins())
    surfaces = [sample_surface(mesh) for _, mesh in plain]
    first = int(bodies.families.max(initial=0)) + 1
    own = len(observed.project_names)
    return Population(
        name=name,
        descriptors=np.concatenate([bodies.descriptors[keep], np.stack([describe(s) for s in surfaces])]),
        families=np.concatenate([bodies.families[keep], np.arange(first, first + len(plain))]).astype(
            np.int32
        ),
        projects=np.concatenate([bodies.projects[keep], np.full(len(plain), own)]).astype(np.int32),
        radius_mm=np.concatenate([bodies.radius_mm[keep], [s.radius for s in surfaces]]).astype(np.float32),
        names=(*(bodies.names[k] for k in keep), *(name for name, _ in plain)),
        project_names=(*observed.project_names, standins.PROJECT),
        sources=(*observed.licences, standins.SOURCE),
    )


def thinned(families: npt.NDArray[np.int32], allowed: Mask) -> npt.NDArray[np.intp]:
    """Numbers of the allowed bodies, at most KEPT_OF_FAMILY of one family."""
    kept: list[int] = []
    count: dict[int, int] = {}
    for k in np.flatnonzero(allowed):
        family = int(families[k])
        if count.get(family, 0) < KEPT_OF_FAMILY:
            count[family] = count.get(family, 0) + 1
            kept.append(int(k))
    return np.array(kept, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Subset:
    """The observations of some projects only. bodies, parts: their numbers; list_parts: how many parts."""

    observed: Observations
    projects: Mask

    @property
    def parts(self) -> npt.NDArray[np.intp]:
        """Parts of those projects."""
        return np.flatnonzero(self.projects[self.observed.parts.projects])

    @property
    def bodies(self) -> npt.NDArray[np.intp]:
        """Bodies of those projects."""
        return np.flatnonzero(self.projects[self.observed.bodies.projects])

    @property
    def strangers(self) -> npt.NDArray[np.intp]:
        """Parts of those projects that lay on bodies of those projects."""
        lain, observed = self.observed.strangers, self.observed
        inside = self.projects[observed.bodies.projects[lain.body]]
        return np.flatnonzero(inside & self.projects[observed.parts.projects[lain.part]])

    @property
    def copies(self) -> list[Copy]:
        """Changed copies of parts of those projects, as far as they still are copies."""
        own = self.projects[self.observed.parts.projects]
        return [copy for copy in self.observed.copies if own[copy.part] and copy.classes]


def require_lir() -> None:
    """UsageError, with the mend, where lir is not installed."""
    if importlib.util.find_spec("lir") is None:
        raise UsageError("calibrating needs lir: pip install 'partwatch[calibrate]'")


def fit(
    observed: Observations, population: Population, made_from: str, projects: Mask | None = None
) -> Calibration:
    """All numbers of a calibration from the observations of those projects; all by default.

    population: of those projects too, or the calibration is tested on what it was made from.
    """
    if projects is None:
        projects = np.ones(len(observed.project_names), dtype=bool)
    subset = Subset(observed, projects)
    mates = subset.copies
    if not mates or not (observed.strangers.score[subset.strangers] >= min(THRESHOLDS)).any():
        raise UsageError(
            "too few files for a calibration: no changed copies, or no two unrelated shapes that are alike; "
            "give a larger corpus, or more of it"
        )
    tail = fit_tail(subset)
    plain = count_plain(subset)
    weigher = Weigher(observed, population, tail, plain)
    surprises = Surprises.of(subset, weigher, mates)
    weight, of_chance, missed = fit_weight(surprises)
    draft = Calibration(
        population=population.name,
        population_version=population.version,
        tail=tail,
        plain_shapes=plain,
        weight=weight,
        plain=of_chance,
        missed=missed,
        # Bounds come last: they are bounds of these bits.
        pair_bound=math.inf,
        search_bound=math.inf,
        size_tolerance=SIZE_TOLERANCE,
        mates=len(mates),
        non_mates=len(subset.bodies),
        family_pairs=family_pairs_of(subset),
        families=len(np.unique(observed.bodies.families[subset.bodies])),
        projects=int(np.count_nonzero(np.bincount(observed.bodies.projects[subset.bodies]))),
        list_parts=len(subset.parts),
        made_from=made_from,
        regions=_fit_regions(subset),
    )
    return replace(
        draft,
        pair_bound=pair_bound_of(subset, weigher, draft, mates),
        search_bound=search_bound_of(subset, weigher, draft, mates),
    )


class Weigher:
    """Surprises of observed parts against a population.

    made_from: whether the population was made from these observations: then a part's own project and its
    near-duplicates are no strangers to it, and are left out.
    """

    def __init__(
        self,
        observed: Observations,
        population: Population,
        tail: TailModel,
        plain: PlainShapes,
        made_from: bool = True,
    ) -> None:
        self._observed = observed
        self._population = population
        self._made_from = made_from
        self._tail = tail
        self._plain = plain
        self._profiles: dict[int, tuple[Population, Profile]] = {}
        self._shares: dict[tuple[int, float, SizeFit], float] = {}

    def share(self, part: int, score: float, size: SizeFit) -> float:
        """Share of unrelated bodies that would do so well."""
        asked = part, score, size
        if asked not in self._shares:
            population, profile = self.profile(part)
            self._shares[asked] = false_share(self._tail, self._plain, population, profile, score, size)
        return self._shares[asked]

    def surprise(self, part: int, score: float, size: SizeFit, list_parts: int) -> float:
        """In bits, for a list of that many parts."""
        return surprise_of(self.share(part, score, size), list_parts)

    def profile(self, part: int) -> tuple[Population, Profile]:
        """A part beside the bodies that are strangers to it, and these."""
        if part not in self._profiles:
            parts = self._observed.parts
            population = self.strangers_to(part)
            profile = profile_of(
                population,
                parts.prints(part),
                float(parts.radius_mm[part]),
                float(parts.distinctiveness[part]),
                SIZE_TOLERANCE,
            )
            self._profiles[part] = population, profile
        return self._profiles[part]

    def strangers_to(self, part: int) -> Population:
        """The population as it is unrelated to a part."""
        population, parts = self._population, self._observed.parts
        if not self._made_from:
            return population
        return population.chosen(
            (population.projects != parts.projects[part]) & (population.families != parts.families[part])
        )


def fit_tail(subset: Subset) -> TailModel:
    """The tail model by weighted logistic regression over pairs of a body and a part of another project; each
    pair of families counts as one."""
    from sklearn.linear_model import LogisticRegression

    pairs, hits, edges = counted_pairs(subset)
    middles = (edges[:-1] + edges[1:]) / 2
    centre = float(edges[0])
    rows, labels, weights = [], [], []
    for k, threshold in enumerate(THRESHOLDS):
        well = -np.log(1 - threshold + 0.02)
        near = middles - centre
        x = np.stack([near, np.full(BINS, -well), near * well], axis=1)
        for label, weight in ((1, hits[k]), (0, pairs - hits[k])):
            rows.append(x)
            labels.append(np.full(BINS, label))
            weights.append(weight)
    weight = np.concatenate(weights)
    used = weight > 0
    model = LogisticRegression(C=1e4, max_iter=5000, tol=1e-8)
    model.fit(np.concatenate(rows)[used], np.concatenate(labels)[used], sample_weight=weight[used])
    similarity, score, both = (float(c) for c in model.coef_[0])
    return TailModel(float(model.intercept_[0]), similarity, score, both, centre)


def count_plain(subset: Subset) -> PlainShapes:
    """Shares of unrelated bodies that lie on a plain part as a match would; each family counts as one."""
    policy, observed, lain = Policy(), subset.observed, subset.observed.strangers
    bodies, parts = subset.bodies, subset.parts
    below = policy.match_distinctiveness
    parts = parts[observed.parts.distinctiveness[parts] < below]
    weights = np.zeros(len(observed.bodies)), np.zeros(len(observed.parts))
    weights[0][bodies] = family_weights(observed.bodies.families[bodies])
    weights[1][parts] = family_weights(observed.parts.families[parts])
    sized = anyhow = 0.0
    for k in subset.strangers:
        if lain.coverage[k] >= policy.match_coverage:
            weight = float(weights[0][lain.body[k]] * weights[1][lain.part[k]])
            anyhow += weight
            sized += weight * (lain.size[k] is not SizeFit.NONE)
    pairs = float(weights[0].sum() * weights[1].sum())
    return PlainShapes(below, _at_most(sized, pairs), _at_most(anyhow, pairs))


def _at_most(hits: float, trials: float) -> float:
    """Upper 95 % limit of a share (Clopper and Pearson, one-sided, for weights as for counts): few pairs of
    plain shapes must not make them look rare."""
    from scipy.stats import beta

    return float(beta.ppf(0.95, hits + 1, max(trials - hits, 1e-9)))


def counted_pairs(subset: Subset) -> tuple[Floats, Floats, Floats]:
    """By bin of nearness: weight of all pairs, of those that scored at least each threshold; edges."""
    observed = subset.observed
    bodies, parts = subset.bodies, subset.parts
    body_weight = family_weights(observed.bodies.families[bodies])
    part_weight = family_weights(observed.parts.families[parts])
    edges = np.linspace(
        float(similarity_nearness(LEAST_SIMILARITY)), float(similarity_nearness(2.0)), BINS + 1
    )
    pairs, hits = np.zeros(BINS), np.zeros((len(THRESHOLDS), BINS))
    place = np.full(len(observed.parts), -1)
    place[parts] = np.arange(len(parts))
    body_place = np.full(len(observed.bodies), -1)
    body_place[bodies] = np.arange(len(bodies))
    bins = np.empty((len(bodies), len(parts)), dtype=np.int16)
    for column, part in enumerate(parts):
        similarity = (observed.bodies.descriptors[bodies] @ observed.parts.prints(int(part)).T).max(axis=1)
        near = np.clip(np.digitize(similarity_nearness(similarity), edges) - 1, 0, BINS - 1)
        bins[:, column] = near
        stranger = observed.bodies.projects[bodies] != observed.parts.projects[part]
        pairs += part_weight[column] * np.bincount(near[stranger], body_weight[stranger], minlength=BINS)
    lain = observed.strangers
    for k in subset.strangers:
        row, column = body_place[lain.body[k]], place[lain.part[k]]
        weight = body_weight[row] * part_weight[column]
        for t, threshold in enumerate(THRESHOLDS):
            if lain.score[k] >= threshold:
                hits[t, bins[row, column]] += weight
    return pairs, hits, edges


def family_weights(families: npt.NDArray[np.int32]) -> Floats:
    """(n,): one for each family, shared among its members."""
    _, index, count = np.unique(families, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[index])


@dataclass(frozen=True, eq=False)
class Surprises:
    """Surprise of the best of a search, at or below the least where nothing lay; weights: by family."""

    mates: Floats
    mate_weights: Floats
    strangers: Floats
    stranger_weights: Floats

    @classmethod
    def of(cls, subset: Subset, weigher: Weigher, mates: list[Copy]) -> Surprises:
        """Of those copies and of all bodies, in lists of LIST_SIZES and of all parts."""
        rng = np.random.default_rng(0)
        sizes = [n for n in (*LIST_SIZES, len(subset.parts)) if n <= len(subset.parts)]
        mate_families = subset.observed.parts.families[[copy.part for copy in mates]]
        body_families = subset.observed.bodies.families[subset.bodies]
        own, others = [], []
        for size in sizes:
            own.append([mate_surprise(weigher, copy, size) for copy in mates])
            others.append(list(_best_surprises(subset, weigher, size, rng)))
        return cls(
            np.concatenate(own),
            np.tile(family_weights(mate_families), len(sizes)),
            np.concatenate(others),
            np.tile(family_weights(body_families), len(sizes)),
        )


def mate_surprise(weigher: Weigher, copy: Copy, list_parts: int) -> float:
    """Of a copy's own part in a list of that many; below all others where it was not found."""
    if copy.score <= 0:
        return -np.inf
    return weigher.surprise(copy.part, copy.score, copy.size, list_parts)


def _best_surprises(subset: Subset, weigher: Weigher, size: int, rng: np.random.Generator) -> Iterator[float]:
    """Of each body the best stranger's in a list of that many parts, drawn at random."""
    drawn = np.zeros(len(subset.observed.parts), dtype=bool)
    drawn[rng.permutation(subset.parts)[:size]] = True
    lain = subset.observed.strangers
    best = np.full(len(subset.observed.bodies), -np.inf)
    for k in subset.strangers:
        part = int(lain.part[k])
        if drawn[part]:
            told = weigher.surprise(part, float(lain.score[k]), lain.size[k], size)
            best[lain.body[k]] = max(best[lain.body[k]], told)
    yield from best[subset.bodies]


def fit_weight(surprises: Surprises) -> tuple[Line, float, float]:
    """lir's logistic calibrator on what carries weight; log2 LR without surprise, and of nothing found."""
    from lir.algorithms.logistic_regression import LogitCalibrator

    mates, strangers = surprises.mates, surprises.strangers
    telling_mates, telling = mates > 0, strangers > 0
    x = np.concatenate([_resampled(mates[telling_mates], surprises.mate_weights[telling_mates]),
                        _resampled(strangers[telling], surprises.stranger_weights[telling])])  # fmt: skip
    calibrator = LogitCalibrator().fit(x.reshape(-1, 1), np.repeat([1, 0], len(x) // 2))
    at_zero, at_one = (float(v) for v in np.ravel(calibrator.transform(np.array([[0.0], [1.0]]))))
    to_bits = float(np.log2(10))
    slope = (at_one - at_zero) * to_bits

    def ratio(of_mates: Mask, of_strangers: Mask) -> float:
        own = share_of(of_mates, surprises.mate_weights)
        return float(np.log2(own / share_of(of_strangers, surprises.stranger_weights)))

    offset = at_zero * to_bits + ratio(telling_mates, telling)
    plain = ratio(np.isfinite(mates) & ~telling_mates, np.isfinite(strangers) & ~telling)
    missed = ratio(np.isneginf(mates), np.isneginf(strangers))
    return Line(offset, slope), min(plain, 0.0), missed


def _fit_regions(subset: Subset) -> RegionModel | None:
    """None where no regions were looked for, or too few were found to tell."""
    observed, list_parts = subset.observed, len(subset.parts)
    listed = subset.projects[observed.parts.projects]
    best = best_of_strangers(observed, subset.bodies, listed)
    families = observed.bodies.families[subset.bodies]
    tail = fit_region_tail(best, families, list_parts)
    mates, mate_families = mates_of(observed, subset.projects)
    if tail is None or not (mates > 0).any():
        return None

    def surprises(information: Floats) -> Floats:
        told = [surprise_of(tail.share(one), list_parts) if one > 0 else -np.inf for one in information]
        return np.array(told)

    line, _, _ = fit_weight(
        Surprises(surprises(mates), family_weights(mate_families), surprises(best), family_weights(families))
    )
    return RegionModel(tail, line, len(mates), len(best), features_layout())


def share_of(telling: Mask, weights: Floats) -> float:
    """By weight, with half a family more either way: no share is believed to be none or all."""
    return float((weights[telling].sum() + 0.5) / (weights.sum() + 1))


_RESAMPLED: Final = 4000


def _resampled(values: Floats, weights: Floats) -> Floats:
    """So many values, by weight, at even steps of the weight: lir's calibrator takes no weights."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    steps = (np.arange(_RESAMPLED) + 0.5) / _RESAMPLED * total[-1]
    return np.asarray(values[order][np.searchsorted(total, steps)])


def family_pairs_of(subset: Subset) -> int:
    """Pairs of a family of bodies and a family of parts of different projects."""
    observed = subset.observed
    bodies, parts = observed.bodies, observed.parts
    body_families = _by_project(bodies.families[subset.bodies], bodies.projects[subset.bodies])
    part_families = _by_project(parts.families[subset.parts], parts.projects[subset.parts])
    return sum(
        len(mine) * len(theirs - mine)
        for project, mine in body_families.items()
        for other, theirs in part_families.items()
        if other != project
    )


def pair_bound_of(subset: Subset, weigher: Weigher, draft: Calibration, mates: list[Copy]) -> float:
    """The most bits that pairs of families support for one part."""
    observed, lain = subset.observed, subset.observed.strangers
    best: dict[tuple[int, int], float] = {}
    for k in subset.strangers:
        body, part = int(lain.body[k]), int(lain.part[k])
        pair = int(observed.bodies.families[body]), int(observed.parts.families[part])
        told = draft.bits(weigher.surprise(part, float(lain.score[k]), lain.size[k], 1), 1)
        best[pair] = max(best.get(pair, -math.inf), told)
    own = np.array([_mate_bits(weigher, draft, copy, 1) for copy in mates])
    return empirical_bound(own, np.array(list(best.values())), draft.family_pairs)


def search_bound_of(subset: Subset, weigher: Weigher, draft: Calibration, mates: list[Copy]) -> float:
    """The most bits that families of bodies support after a search among all parts."""
    observed, lain, size = subset.observed, subset.observed.strangers, len(subset.parts)
    best: dict[int, float] = {}
    for k in subset.strangers:
        family = int(observed.bodies.families[lain.body[k]])
        told = weigher.surprise(int(lain.part[k]), float(lain.score[k]), lain.size[k], size)
        best[family] = max(best.get(family, -math.inf), draft.bits(told, size))
    own = np.array([_mate_bits(weigher, draft, copy, size) for copy in mates])
    return empirical_bound(own, np.array(list(best.values())), draft.families)


def _mate_bits(weigher: Weigher, draft: Calibration, copy: Copy, list_parts: int) -> float:
    surprise = mate_surprise(weigher, copy, list_parts)
    return draft.bits(surprise, list_parts) if np.isfinite(surprise) else draft.missed


def _by_project(families: npt.NDArray[np.int32], projects: npt.NDArray[np.int32]) -> dict[int, set[int]]:
    return {int(p): set(families[projects == p].tolist()) for p in np.unique(projects)}


def empirical_bound(mates: Floats, strangers: Floats, stranger_count: int) -> float:
    """The most bits that may be stated: the upper ELUB with one misleading value added to either side
    (Vergeer et al. 2016, Science and Justice 56, 482-491).

    mates: bits of mates. strangers: the highest bits of strangers; the rest of `stranger_count` lies below.
    """
    bound = 0.0
    for step in np.arange(0.0, np.log2(stranger_count + 1) + 0.01, 0.01):
        missed = ((mates <= step).sum() + 1) / (len(mates) + 1)
        alarms = ((strangers > step).sum() + 1) / (stranger_count + 1)
        if missed + 2.0**step * alarms > min(1.0, 2.0**step):
            return bound
        bound = float(step)
    return bound
