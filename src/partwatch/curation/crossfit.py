"""Two halves of the projects: each is judged with what was calibrated on the other, which it never saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.curation.assess import FLAGGED_SCORE
from partwatch.curation.calibrate import Subset, Weigher, fit, population_from
from partwatch.curation.observations import Observations
from partwatch.evidence.calibration import Calibration
from partwatch.evidence.judge import surprise_of
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import Population
from partwatch.matching.policy import Policy
from partwatch.matching.relation import held_back, match_finding
from partwatch.matching.weight import SizeFit, Weight
from partwatch.model.document import MatchFinding

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HARDEST = 20
_BODIES = 10_000


@dataclass(frozen=True, eq=False)
class Half:
    """One half under test. tested: what its projects hold. The other half made the calibration."""

    tested: Subset
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
        expected = _BODIES * list_parts * self.weigher.share(part, score, size)
        weight = Weight(
            0.0, expected, expected <= alerts.match_per_10000, expected <= alerts.review_per_10000
        )
        return held_back(finding, weight)


def as_shipped(observed: Observations, calibration: Calibration, population: Population) -> tuple[Half, ...]:
    """All of a corpus that the calibration never saw, as one."""
    every = np.ones(len(observed.project_names), dtype=bool)
    weigher = Weigher(observed, population, calibration.tail, calibration.plain_shapes, made_from=False)
    return (Half(Subset(observed, every), calibration, weigher),)


def halves(observed: Observations, seed: int) -> tuple[Half, ...]:
    """Projects split in two of about as many families of parts, by seed."""
    first = _split(observed, seed)
    made = []
    for tested in (first, ~first):
        population = population_from(observed, "the other half of the corpus", ~tested)
        calibration = fit(observed, population, population.name, ~tested)
        weigher = Weigher(observed, population, calibration.tail, calibration.plain_shapes)
        made.append(Half(Subset(observed, tested), calibration, weigher))
    return tuple(made)


def _split(observed: Observations, seed: int) -> Mask:
    """(projects,): largest first, each to the half that has less; which half is first is drawn. Projects that
    share a family go together, so that none is on both sides."""
    rng = np.random.default_rng(seed)
    together = _sharing(observed)
    parts = observed.parts
    of_part = together[parts.projects]
    sizes = np.array([len(np.unique(parts.families[of_part == k])) for k in range(len(together))])
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    first, totals = np.zeros(len(sizes), dtype=bool), [0, 0]
    for group in order:
        half = int(totals[0] > totals[1])
        first[together == group] = half == 0
        totals[half] += int(sizes[group])
    return first


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


def hardest_pairs(half: Half, listed: Mask) -> Trials:
    """Copies against their own parts; each body against its HARDEST most similar parts of other projects.

    listed: (parts,), which parts are in the list.
    """
    observed, tested = half.tested.observed, half.tested
    parts = tested.parts[listed[tested.parts]]
    list_parts = len(parts)
    copies = [copy for copy in tested.copies if listed[copy.part]]
    bits = [half.bits(c.part, c.score, c.size, list_parts) for c in copies]
    families = [int(observed.parts.families[c.part]) for c in copies]
    mates = len(bits)
    lain = observed.strangers
    lay = {
        (int(lain.body[k]), int(lain.part[k])): (float(lain.score[k]), lain.size[k]) for k in tested.strangers
    }
    first_print = observed.parts.descriptors[observed.parts.rows[parts]]
    for body in tested.bodies:
        similarity = first_print @ observed.bodies.descriptors[body]
        similarity[observed.parts.projects[parts] == observed.bodies.projects[body]] = -1
        for k in np.argsort(-similarity, kind="stable")[:HARDEST]:
            if similarity[k] < 0:
                break
            score, size = lay.get((int(body), int(parts[k])), (0.0, SizeFit.NONE))
            bits.append(half.bits(int(parts[k]), score, size, list_parts))
            families.append(int(observed.bodies.families[body]))
    truth = np.arange(len(bits)) < mates
    return Trials(np.array(bits), truth, np.array(families))


def searches(half: Half, listed: Mask) -> Trials:
    """Copies' own parts, and of each body the best of a search among the listed parts of other projects."""
    observed, tested = half.tested.observed, half.tested
    list_parts = int(listed[tested.parts].sum())
    copies = [copy for copy in tested.copies if listed[copy.part]]
    own = [half.bits(c.part, c.score, c.size, list_parts) for c in copies]
    best = dict.fromkeys((int(k) for k in tested.bodies), half.calibration.missed)
    lain = observed.strangers
    for k in tested.strangers:
        if not listed[lain.part[k]]:
            continue
        body = int(lain.body[k])
        told = half.bits(int(lain.part[k]), float(lain.score[k]), lain.size[k], list_parts)
        best[body] = max(best[body], told)
    families = [int(observed.parts.families[c.part]) for c in copies]
    families += [int(observed.bodies.families[body]) for body in best]
    return Trials(
        np.array([*own, *best.values()]), np.arange(len(own) + len(best)) < len(own), np.array(families)
    )


def merged(trials: Sequence[Trials]) -> Trials:
    """All halves together."""
    return Trials(
        np.concatenate([t.bits for t in trials]),
        np.concatenate([t.is_mate for t in trials]),
        np.concatenate([t.family for t in trials]),
    )
