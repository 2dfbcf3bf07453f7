"""What a match is worth: its part's own tail against the population, the calibration, and the policy."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from partwatch.evidence.calibration import Calibration
from partwatch.evidence.media import REBUILT
from partwatch.evidence.numbers import PlainShapes
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import Population
from partwatch.evidence.tail import TailModel, same_size_share
from partwatch.evidence.words import statement, support_of, weighed_as
from partwatch.matching.index import ListedPart
from partwatch.matching.weight import SizeFit, Weight
from partwatch.model.document import Basis, CalibratedOn, Evidence, Medium, Rival
from partwatch.model.mesh import MM_PER_UNIT, UNIT_HYPOTHESES

PROFILES_KEPT = 20_000
# Of the false alerts that a policy allows, what regions may raise: whole bodies take most of the rest.
REGION_BUDGET = 0.15
# Parts of the lists that tails of regions are fitted on, about: those of the corpus that pass the gate.
REGION_LIST = 1_000
_BODIES = 10_000
# Below this the tail model says nothing: it is the share of one unrelated body in more than there are.
_LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class Profile:
    """A part beside the population. similarity: (n,), the best of the part's prints. own_size: (n,), share of
    bodies of about each one's size that have the part's size; any_unit: in whichever unit."""

    similarity: npt.NDArray[np.float32]
    own_size: npt.NDArray[np.float64]
    any_unit: npt.NDArray[np.float64]
    distinctiveness: float


def profile_of(
    population: Population,
    descriptors: npt.NDArray[np.float32],
    radius_mm: float,
    distinctiveness: float,
    tolerance: float,
) -> Profile:
    """descriptors: (prints, DESCRIPTOR_SIZE), of the part. tolerance: of the scale."""
    similarity = (population.descriptors @ np.atleast_2d(descriptors).T).max(axis=1)
    ratio = population.radius_mm.astype(np.float64) / max(radius_mm, 1e-9)
    every = [same_size_share(ratio * MM_PER_UNIT[unit], tolerance) for unit in UNIT_HYPOTHESES]
    return Profile(
        similarity, same_size_share(ratio, tolerance), np.minimum(np.sum(every, axis=0), 1.0), distinctiveness
    )


def false_share(
    tail: TailModel, plain: PlainShapes, population: Population, profile: Profile, score: float, size: SizeFit
) -> float:
    """Share of unrelated bodies of the population that would do so well against that one part."""
    each = tail.probability(profile.similarity, score)
    if size is not SizeFit.NONE:
        each = each * (profile.own_size if size is SizeFit.OWN else profile.any_unit)
    least = _LEAST
    if profile.distinctiveness < plain.below:
        least = plain.anyhow if size is SizeFit.NONE else plain.sized
    return max(float(population.weights @ each), least)


def surprise_of(share: float, list_parts: int) -> float:
    """log2 of the inverse of the parts of a list of that size on which an unrelated body does so well."""
    return -math.log2(max(share, _LEAST) * max(list_parts, 1))


def basis_of(calibration: Calibration, population: Population, list_parts: int) -> Basis:
    """What bits rest on after a search in a list of that many parts."""
    return Basis(
        population=population.name,
        bodies=len(population),
        families=population.family_count,
        projects=population.project_count,
        list_parts=list_parts,
        bound=rounded_bits(calibration.bound(list_parts)),
        calibrated_families=calibration.families,
    )


def region_weight(
    calibration: Calibration, information: float, list_parts: int, policy: AlertPolicy
) -> Weight:
    """What a shared region of so much information is worth.

    The tail is that of an average part. In a long list the plain ones make the chance regions, and in a short
    one there may be nothing else: it is weighed as if it were as long as those that the tail was fitted on.
    """
    regions = calibration.regions
    share = 1.0 if regions is None else regions.tail.share(information)
    share = min(share * max(REGION_LIST / max(list_parts, 1), 1.0), 1.0)
    weight = weight_of(share, list_parts, policy, calibration.region_bits, REGION_BUDGET)
    return replace(weight, information=information)


def weight_of(
    share: float,
    list_parts: int,
    policy: AlertPolicy,
    bits: Callable[[float, int], float],
    budget: float = 1.0,
) -> Weight:
    """What a match is worth. share: of unrelated bodies that would do so well against one part. bits: from
    surprise, for a list of that size. budget: share of the policy's alerts that such matches may raise."""
    expected = share * list_parts * _BODIES
    return Weight(
        bits=rounded_bits(bits(surprise_of(share, list_parts), list_parts)),
        surprise=rounded_bits(surprise_of(share, 1)),
        false_per_10000=min(expected, float(_BODIES)),
        is_match=expected <= budget * policy.match_per_10000,
        is_review=expected <= budget * policy.review_per_10000,
    )


def calibrated_on(calibration: Calibration, medium: Medium) -> CalibratedOn | None:
    """Whose bodies the weight of a body of that medium was made with; None where it is weighed as meshes are
    by right."""
    if medium not in REBUILT:
        return None
    own = calibration.of_medium(medium)
    return CalibratedOn(
        medium=medium if medium in calibration.media else Medium.MESH,
        bodies=own.non_mates,
        families=own.families,
        projects=own.projects,
    )


class Judge:
    """Weighs matches against one list of `list_parts` parts; keeps what it knows of each part."""

    def __init__(
        self,
        calibration: Calibration,
        population: Population,
        policy: AlertPolicy,
        list_parts: int,
        part: Callable[[int], ListedPart],
        prints: Callable[[int], tuple[npt.NDArray[np.float32], float]],
    ) -> None:
        """part: a listed part by its number. prints: its descriptors and its rms radius in mm."""
        self.calibration = calibration
        self.population = population
        self.policy = policy
        self.list_parts = list_parts
        self._part = part
        self._prints = prints
        self._profiles: dict[int, Profile] = {}
        self._calibrated_on: CalibratedOn | None = None

    def of_medium(self, medium: Medium) -> Judge:
        """Who weighs bodies of that medium against the same list; what is known of its parts is shared."""
        if medium not in REBUILT:
            return self
        own = copy(self)
        own.calibration = self.calibration.of_medium(medium)
        own._calibrated_on = calibrated_on(self.calibration, medium)
        return own

    def weigh(self, part: int, score: float, size: SizeFit) -> Weight:
        """What a match with that part is worth."""
        calibration = self.calibration
        share = false_share(
            calibration.tail, calibration.plain_shapes, self.population, self._profile(part), score, size
        )
        return weight_of(share, self.list_parts, self.policy, calibration.bits)

    def weigh_region(self, information: float) -> Weight:
        """What a shared region of so much information is worth."""
        return region_weight(self.calibration, information, self.list_parts, self.policy)

    def evidence(self, part: int, weight: Weight, rival: tuple[int, float] | None) -> Evidence:
        """All that stands behind a weight. rival: the next best part on that body, and its score."""
        bound = rounded_bits(self.calibration.bound(self.list_parts))
        listed = self._part(part)
        bits = weight.bits
        at_bound = bits >= bound
        return Evidence(
            bound=bound,
            at_bound=at_bound,
            false_per_10000=float(f"{weight.false_per_10000:.2g}"),
            support=support_of(bits),
            statement=statement(
                bits,
                at_bound,
                bound,
                listed.name,
                listed.design,
                self.population.name,
                self.calibration.families,
                self.list_parts,
                weighed_as(self._calibrated_on),
            ),
            rival=self._rival(part, rival),
            surprise=weight.surprise,
            region_rarity=None if weight.information is None else rounded_bits(weight.information),
            calibrated_on=self._calibrated_on,
        )

    def _rival(self, part: int, rival: tuple[int, float] | None) -> Rival:
        similarity = self._profile(part).similarity
        nearest = int(np.argmax(similarity))
        other = self._part(rival[0]) if rival else None
        return Rival(
            design=other.design if other else None,
            part=other.name if other else None,
            score=round(rival[1], 4) if rival else None,
            look_alike=self.population.full_name(nearest),
            similarity=round(float(similarity[nearest]), 3),
        )

    def _profile(self, part: int) -> Profile:
        known = self._profiles.get(part)
        if known is None:
            if len(self._profiles) >= PROFILES_KEPT:
                self._profiles.clear()
            descriptors, radius_mm = self._prints(part)
            known = profile_of(
                self.population,
                descriptors,
                radius_mm,
                self._part(part).distinctiveness,
                self.calibration.size_tolerance,
            )
            self._profiles[part] = known
        return known


def rounded_bits(bits: float) -> float:
    """To a hundredth, downwards: more is noise, and no figure goes beyond its bound."""
    return math.floor(bits * 100 + 1e-9) / 100 + 0.0
