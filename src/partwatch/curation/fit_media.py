"""A calibration's numbers for the media whose bodies are rebuilt from print jobs, fitted on such jobs.

A few dozen families of jobs cannot say anew what hundreds of families of meshes say, so each number begins at
the meshes' and goes only as far as the jobs show: the tail may become heavier, never lighter, and the lines
never steeper. Bounds are by the jobs alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from partwatch.curation.calibrate import (
    THRESHOLDS,
    Floats,
    Mask,
    Subset,
    Surprises,
    Weigher,
    count_plain,
    counted_pairs,
    family_pairs_of,
    family_weights,
    fit_weight,
    pair_bound_of,
    search_bound_of,
    share_of,
)
from partwatch.curation.print_jobs import Gathered, JobObservations
from partwatch.curation.region_fit import EXCEEDED, best_of_strangers
from partwatch.evidence.calibration import Calibration
from partwatch.evidence.judge import Profile, surprise_of
from partwatch.evidence.media import REBUILT, MediumModel
from partwatch.evidence.numbers import Line, PlainShapes, RegionModel
from partwatch.evidence.population import Population
from partwatch.evidence.tail import SAME, RegionTail, TailModel
from partwatch.fingerprint.local import features_layout
from partwatch.model.document import Medium
from partwatch.model.errors import UsageError

# Fewer families of a medium are fitted together with the other ones; its bounds stay its own.
LEAST_ALONE: Final = 40
# How far, in logits, a tail is believed to differ from the meshes' before any job was seen.
PRIOR_SHIFT: Final = 1.0


@dataclass(frozen=True, eq=False)
class Beside:
    """What job bodies are weighed against: a population with projects numbered as the observations have them.

    same: of each listed part, rows of the population that are of the same geometry, of whichever project.
    profiles: of parts beside it, kept from fit to fit.
    """

    population: Population
    same: Mapping[int, npt.NDArray[np.intp]]
    profiles: dict[int, tuple[Population, Profile]] = field(default_factory=dict)


class JobWeigher(Weigher):
    """Surprises of parts on job bodies; a part's own project, and its copies elsewhere, are no strangers."""

    def __init__(self, jobs: JobObservations, beside: Beside, tail: TailModel, plain: PlainShapes) -> None:
        super().__init__(jobs.observed, beside.population, tail, plain)
        self._beside = beside
        self._profiles = beside.profiles
        self._of_part = jobs.observed.parts.projects

    def strangers_to(self, part: int) -> Population:
        """The population less the part's own project, and less its copies elsewhere."""
        population = self._beside.population
        keep = population.projects != self._of_part[part]
        keep[self._beside.same.get(part, np.zeros(0, dtype=np.intp))] = False
        return population.chosen(keep)


def beside(population: Population, gathered: Gathered) -> Beside:
    """The population as the gathered jobs' corpus has it."""
    number = {name: k for k, name in enumerate(sorted({file.project for file in gathered.files}))}
    outside = len(number)
    of_name = [number.get(name, outside + k) for k, name in enumerate(population.project_names)]
    projects = np.array(of_name, dtype=np.int32)[population.projects]
    geometry = {(file.project, file.shown): file.geometry for file in gathered.files}
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(population.names):
        project = population.project_names[int(population.projects[row])]
        known = geometry.get((project, name.rsplit(" [body ", 1)[0]))
        if known is not None:
            rows.setdefault(known, []).append(row)
    same = {
        part: np.array(rows[file.geometry], dtype=np.intp)
        for part, file in enumerate(gathered.of_part)
        if file.geometry in rows
    }
    return Beside(replace(population, projects=projects), same)


def with_media(base: Calibration, population: Population, gathered: Gathered, made_from: str) -> Calibration:
    """The calibration with numbers for each medium that the jobs are of; its others stay as they are."""
    against = beside(population, gathered)
    media: dict[Medium, MediumModel] = {
        medium: fit_medium(base, against, gathered, medium, made_from)
        for medium in REBUILT
        if medium in gathered.media
    }
    return replace(base, media=dict(base.media) | media)


def fit_medium(
    base: Calibration,
    against: Beside,
    gathered: Gathered,
    medium: Medium,
    made_from: str,
    projects: Mask | None = None,
) -> MediumModel:
    """One medium's numbers from the jobs of those projects; all by default.

    UsageError where no job of a listed part is among them.
    """
    own = gathered.of(frozenset({medium}))
    if projects is None:
        projects = np.ones(len(own.observed.project_names), dtype=bool)
    subset = Subset(own.observed, projects)
    families = len(np.unique(own.observed.bodies.families[subset.bodies]))
    media = frozenset({medium})
    if families < LEAST_ALONE:
        media = media | (gathered.media & frozenset(REBUILT))
    fitted = Fitted.of(base, against, gathered.of(media), projects)
    if not subset.copies:
        raise UsageError(f"too few jobs of medium {medium.value}: none is of a part that can be listed")
    weigher = JobWeigher(own, against, fitted.tail, fitted.plain_shapes)
    draft = replace(
        base,
        tail=fitted.tail,
        plain_shapes=fitted.plain_shapes,
        weight=fitted.weight,
        plain=fitted.plain,
        missed=fitted.missed,
        # Bounds come last: they are bounds of these bits.
        pair_bound=math.inf,
        search_bound=math.inf,
        family_pairs=family_pairs_of(subset),
        families=families,
        regions=fitted.regions,
        media={},
    )
    return MediumModel(
        tail=fitted.tail,
        plain_shapes=fitted.plain_shapes,
        weight=fitted.weight,
        plain=fitted.plain,
        missed=fitted.missed,
        pair_bound=pair_bound_of(subset, weigher, draft, subset.copies),
        search_bound=search_bound_of(subset, weigher, draft, subset.copies),
        mates=len(subset.copies),
        non_mates=len(subset.bodies),
        family_pairs=draft.family_pairs,
        families=families,
        projects=len(np.unique(own.observed.bodies.projects[subset.bodies])),
        list_parts=len(subset.parts),
        made_from=made_from,
        fitted_with=tuple(sorted(media)),
        regions=fitted.regions,
    )


@dataclass(frozen=True)
class Fitted:
    """What is fitted on jobs of one or several media, before any bound."""

    tail: TailModel
    plain_shapes: PlainShapes
    weight: Line
    plain: float
    missed: float
    regions: RegionModel | None

    @classmethod
    def of(cls, base: Calibration, against: Beside, jobs: JobObservations, projects: Mask) -> Fitted:
        """From the jobs of those projects."""
        subset = Subset(jobs.observed, projects)
        tail = heavier_tail(base.tail, subset)
        counted = count_plain(subset)
        plain_shapes = PlainShapes(
            below=base.plain_shapes.below,
            sized=max(base.plain_shapes.sized, counted.sized),
            anyhow=max(base.plain_shapes.anyhow, counted.anyhow),
        )
        weigher = JobWeigher(jobs, against, tail, plain_shapes)
        surprises = Surprises.of(subset, weigher, subset.copies)
        line, plain, missed = no_steeper(surprises, base.weight)
        return cls(tail, plain_shapes, line, plain, missed, _regions(base, jobs, subset))


def heavier_tail(tail: TailModel, subset: Subset) -> TailModel:
    """The tail moved up by as many logits as the jobs' pairs show; never down.

    Maximum a posteriori, the prior normal about the meshes' tail, with PRIOR_SHIFT.
    """
    from scipy.optimize import minimize_scalar

    pairs, hits, edges = counted_pairs(subset)
    middles = (edges[:-1] + edges[1:]) / 2
    similarity = SAME - np.exp(-middles)
    share = np.stack([tail.probability(similarity, threshold) for threshold in THRESHOLDS])
    logit = np.log(share) - np.log1p(-share)

    def loss(shift: float) -> float:
        """A pair is counted at each threshold, but is one observation."""
        moved = logit + shift
        told = hits * np.logaddexp(0, -moved) + (pairs - hits) * np.logaddexp(0, moved)
        return float(told.sum() / len(THRESHOLDS) + (shift / PRIOR_SHIFT) ** 2 / 2)

    shift = float(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x)
    return replace(tail, intercept=tail.intercept + max(shift, 0.0))


def no_steeper(surprises: Surprises, base: Line) -> tuple[Line, float, float]:
    """As `fit_weight`, with a line that is no steeper than that of meshes: what few families leave open, they
    must not seem to settle. The line is that of meshes where no stranger's surprise tells anything."""
    telling_mates, telling = surprises.mates > 0, surprises.strangers > 0
    if not telling_mates.any() or not telling.any():
        missed = share_of(np.isneginf(surprises.mates), surprises.mate_weights)
        lost = share_of(np.isneginf(surprises.strangers), surprises.stranger_weights)
        return base, 0.0, min(float(np.log2(missed / lost)), 0.0)
    line, plain, missed = fit_weight(surprises)
    slope = min(max(line.slope, 0.0), base.slope)
    if slope != line.slope:
        line = Line(_offset(surprises, telling_mates, telling, slope), slope)
    return line, plain, min(missed, 0.0)


def _offset(surprises: Surprises, telling_mates: Mask, telling: Mask, slope: float) -> float:
    """Of the line of that slope: by logistic regression with even classes, and how often either is on it."""
    from scipy.optimize import minimize_scalar

    own, weights = surprises.mates[telling_mates], surprises.mate_weights[telling_mates]
    others, of_others = surprises.strangers[telling], surprises.stranger_weights[telling]

    def loss(offset: float) -> float:
        mates = np.logaddexp2(0, -(offset + slope * own)) @ weights / weights.sum()
        strangers = np.logaddexp2(0, offset + slope * others) @ of_others / of_others.sum()
        return float(mates + strangers)

    offset = float(minimize_scalar(loss, bounds=(-60, 60), method="bounded").x)
    often = share_of(telling_mates, surprises.mate_weights)
    return offset + float(np.log2(often / share_of(telling, surprises.stranger_weights)))


def _regions(base: Calibration, jobs: JobObservations, subset: Subset) -> RegionModel | None:
    """Of regions: the meshes' tail, heavier where jobs share more by chance, and the jobs' own line."""
    observed, model = jobs.observed, base.regions
    if model is None:
        return None
    bodies = subset.bodies[jobs.with_regions[subset.bodies] > 0]
    best = best_of_strangers(observed, bodies, subset.projects[observed.parts.projects])
    families = observed.bodies.families[bodies]
    parts = len(subset.parts)
    tail = heavier_region_tail(model.tail, best, families, parts)
    mates = np.flatnonzero(subset.projects[observed.parts.projects[[c.part for c in observed.copies]]])
    information = jobs.copy_information[mates]
    of_mates = observed.parts.families[[observed.copies[k].part for k in mates]]

    def surprise(told: Floats) -> Floats:
        each = [surprise_of(tail.share(one), parts) if one > 0 else -np.inf for one in told]
        return np.array(each)

    surprises = Surprises(
        surprise(information), family_weights(of_mates), surprise(best), family_weights(families)
    )
    line, _, _ = no_steeper(surprises, model.weight)
    return RegionModel(tail, line, len(mates), len(bodies), features_layout())


def heavier_region_tail(
    tail: RegionTail, best: Floats, families: npt.NDArray[np.int32], list_parts: int
) -> RegionTail:
    """The tail moved up by as many bits as more families, each by its most, reach what EXCEEDED should.

    Nearer in the meshes' own tail was not fitted. Never down; the prior is as for whole bodies.
    """
    from scipy.optimize import minimize_scalar

    most = np.array([best[families == family].max() for family in np.unique(families)])
    if not len(most):
        return tail
    threshold = (tail.offset - math.log2(EXCEEDED / max(list_parts, 1))) / tail.rate
    expected, reached = EXCEEDED * len(most), int((most >= threshold).sum())

    def loss(shift: float) -> float:
        return float(expected * math.exp(shift) - reached * shift + (shift / PRIOR_SHIFT) ** 2 / 2)

    shift = float(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x)
    return replace(tail, offset=tail.offset + max(shift, 0.0) / math.log(2))
