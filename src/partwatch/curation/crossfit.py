"""Folds of projects: each body and part is judged by a calibration that saw neither of their folds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt

from partwatch.curation.assess import FLAGGED_SCORE
from partwatch.curation.calibrate import Weigher, fit, population_from
from partwatch.curation.observations import Observations
from partwatch.evidence.calibration import Calibration
from partwatch.evidence.judge import region_weight, surprise_of, weight_of
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import Population
from partwatch.matching.policy import Policy
from partwatch.matching.relation import held_back, match_finding, region_finding
from partwatch.matching.weight import SizeFit
from partwatch.model.document import MatchFinding

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FOLDS = 5
HARDEST = 20
_BODIES = 10_000


@dataclass(frozen=True, eq=False)
class Judge:
    """A calibration with what weighs parts against its population."""

    calibration: Calibration
    weigher: Weigher

    def bits(self, part: int, score: float, size: SizeFit, list_parts: int) -> float:
        """log2 LR of a match in a list of that many parts; of a miss where score is 0."""
        if score <= 0:
            return self.calibration.missed
        share = self.weigher.share(part, score, size)
        return self.calibration.bits(surprise_of(share, list_parts), list_parts)

    def rate(self, part: int) -> float:
        """Benign bodies of 10,000 that the goodware gate expects a part to flag."""
        return _BODIES * self.weigher.share(part, FLAGGED_SCORE, SizeFit.NONE)

    def finding(
        self,
        part: int,
        seen: tuple[float, float, SizeFit],
        list_parts: int,
        policy: Policy,
        alerts: AlertPolicy,
    ) -> MatchFinding | None:
        """What screening says where a part lay so. seen: score, coverage, size."""
        score, coverage, size = seen
        finding = match_finding(coverage, math.inf if size is SizeFit.NONE else 1.0, 1.0, policy)
        if finding is None:
            return None
        share = self.weigher.share(part, score, size)
        return held_back(finding, weight_of(share, list_parts, alerts, self.calibration.bits))

    def region_finding(
        self,
        seen: tuple[float, float, SizeFit],
        list_parts: int,
        policy: Policy,
        alerts: AlertPolicy,
    ) -> MatchFinding | None:
        """What screening says of a shared region. seen: share (of `region_share`), information, size."""
        share, information, size = seen
        weight = region_weight(self.calibration, information, list_parts, alerts)
        return region_finding(share, math.inf if size is SizeFit.NONE else 1.0, weight, policy)

    def region_bits(self, information: float, list_parts: int, alerts: AlertPolicy) -> float:
        """log2 LR of a shared region of so much information."""
        return region_weight(self.calibration, information, list_parts, alerts).bits


@dataclass(frozen=True, eq=False)
class Panel:
    """fold: (projects,). judges: by the two folds, lower first, that each knows nothing of."""

    observed: Observations
    fold: npt.NDArray[np.intp]
    judges: Mapping[tuple[int, int], Judge]

    def of_part(self, part: int) -> Judge:
        """Who judges a part and its copies."""
        fold = self._fold_of_part(part)
        return self.judges[fold, fold]

    def of_pair(self, body: int, part: int) -> Judge:
        """Who judges that part on that body."""
        one = int(self.fold[self.observed.bodies.projects[body]])
        other = self._fold_of_part(part)
        return self.judges[min(one, other), max(one, other)]

    def _fold_of_part(self, part: int) -> int:
        return int(self.fold[self.observed.parts.projects[part]])


def as_shipped(observed: Observations, calibration: Calibration, population: Population) -> Panel:
    """One judge for a corpus that the calibration never saw."""
    weigher = Weigher(observed, population, calibration.tail, calibration.plain_shapes, made_from=False)
    fold = np.zeros(len(observed.project_names), dtype=np.intp)
    return Panel(observed, fold, {(0, 0): Judge(calibration, weigher)})


def cross_fitted(observed: Observations, seed: int, folds: int = FOLDS) -> Panel:
    """A judge for each two folds (and for each fold with itself), made from all others."""
    fold = folds_of(observed, seed, folds)
    judges = {}
    for pair in combinations_with_replacement(range(folds), 2):
        others = ~np.isin(fold, pair)
        population = population_from(observed, "the other folds of the corpus", others)
        calibration = fit(observed, population, population.name, others)
        weigher = Weigher(observed, population, calibration.tail, calibration.plain_shapes)
        judges[pair] = Judge(calibration, weigher)
    return Panel(observed, fold, judges)


def folds_of(observed: Observations, seed: int, folds: int) -> npt.NDArray[np.intp]:
    """(projects,): largest first, each to the fold with the fewest families of parts. Projects that share a
    family go together, so that no family is in two folds."""
    rng = np.random.default_rng(seed)
    together = _sharing(observed)
    parts = observed.parts
    of_part = together[parts.projects]
    sizes = np.array([len(np.unique(parts.families[of_part == k])) for k in range(len(together))])
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold, totals = np.zeros(len(sizes), dtype=np.intp), np.zeros(folds)
    for group in order:
        least = int(rng.choice(np.flatnonzero(totals == totals.min())))
        fold[together == group] = least
        totals[least] += sizes[group]
    return fold


def _sharing(observed: Observations) -> npt.NDArray[np.int64]:
    """(projects,): the lowest project that each is tied to by families that they have in common."""
    tied = np.arange(len(observed.project_names))
    families = np.concatenate([observed.bodies.families, observed.parts.families])
    projects = np.concatenate([observed.bodies.projects, observed.parts.projects])
    for family in np.unique(families):
        groups = np.unique(tied[projects[families == family]])
        tied[np.isin(tied, groups)] = groups[0]
    return tied


@dataclass(frozen=True, eq=False)
class Trials:
    """Bits with the truth. family: whose they are, for weights and bootstraps."""

    bits: Floats
    is_mate: Mask
    family: npt.NDArray[np.int64]


def hardest_pairs(panel: Panel, listed: Mask) -> Trials:
    """Copies against their own parts; each body against its HARDEST most similar parts of other projects.

    listed: (parts,), which parts are in the list.
    """
    observed = panel.observed
    parts = np.flatnonzero(listed)
    bits, families = _mates(panel, listed)
    mates = len(bits)
    lain = observed.strangers
    lay = {
        (int(body), int(part)): (float(score), size)
        for body, part, score, size in zip(lain.body, lain.part, lain.score, lain.size, strict=True)
    }
    first_print = observed.parts.descriptors[observed.parts.rows[parts]]
    for body in range(len(observed.bodies)):
        similarity = first_print @ observed.bodies.descriptors[body]
        similarity[observed.parts.projects[parts] == observed.bodies.projects[body]] = -1
        for k in np.argsort(-similarity, kind="stable")[:HARDEST]:
            if similarity[k] < 0:
                break
            part = int(parts[k])
            score, size = lay.get((body, part), (0.0, SizeFit.NONE))
            bits.append(panel.of_pair(body, part).bits(part, score, size, len(parts)))
            families.append(int(observed.bodies.families[body]))
    return Trials(np.array(bits), np.arange(len(bits)) < mates, np.array(families))


def searches(panel: Panel, listed: Mask) -> Trials:
    """Copies' own parts, and of each body the best of a search among the listed parts of other projects."""
    observed, lain = panel.observed, panel.observed.strangers
    list_parts = int(listed.sum())
    own, families = _mates(panel, listed)
    folds = panel.fold[observed.bodies.projects]
    best = np.array([panel.judges[fold, fold].calibration.missed for fold in folds.tolist()])
    for body, part, score, size in zip(lain.body, lain.part, lain.score, lain.size, strict=True):
        if listed[part]:
            judge = panel.of_pair(int(body), int(part))
            best[body] = max(best[body], judge.bits(int(part), float(score), size, list_parts))
    bits = np.concatenate([own, best])
    return Trials(bits, np.arange(len(bits)) < len(own), np.concatenate([families, observed.bodies.families]))


def _mates(panel: Panel, listed: Mask) -> tuple[list[float], list[int]]:
    """Bits and families of copies that still are copies, against their own parts."""
    copies = [copy for copy in panel.observed.copies if listed[copy.part] and copy.classes]
    list_parts = int(listed.sum())
    bits = [panel.of_part(c.part).bits(c.part, c.score, c.size, list_parts) for c in copies]
    return bits, [int(panel.observed.parts.families[c.part]) for c in copies]
