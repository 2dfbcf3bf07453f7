"""The matcher: an item's bodies against a list, in the contract's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from partwatch.fingerprint.descriptor import Fingerprint
from partwatch.fingerprint.feature_index import FeatureIndex
from partwatch.formats.base import Reading
from partwatch.geometry.bodies import Solid, merge
from partwatch.matching.alignment import inverse, matrix_of, scale_of
from partwatch.matching.congruence import Congruent
from partwatch.matching.engine import Around, Engine, Found, Hit
from partwatch.matching.index import ListedPart, PartIndex
from partwatch.matching.overlay import overlay
from partwatch.matching.policy import Policy
from partwatch.matching.relation import (
    Size,
    explain_size,
    fitting_unit,
    held_back,
    match_finding,
    measured_share,
    region_finding,
    shape_relation,
    size_fit,
)
from partwatch.matching.weight import Judge, Weight
from partwatch.model.document import (
    Body,
    Deviation,
    Evidence,
    Match,
    MatchFinding,
    Medium,
    Reason,
    Relation,
    UnitSource,
    View,
)
from partwatch.model.mesh import MM_PER_UNIT, Unit

# Bodies that are tried together as one part.
MOST_SHELLS = 64
# Bodies of an item, the largest, that are searched for regions: it takes several times as long as the rest.
MOST_IN_REGIONS = 32
_REGIONS_LIMITED = Reason(
    code="regions_limited",
    message=f"the item holds more than {MOST_IN_REGIONS} bodies: the largest were searched for pieces of "
    "parts and for parts within them, the others for whole parts only; split it to have all searched",
)
# A reason that puts an item up for review without a match.
FINGERPRINT_ONLY = "fingerprint_only"
_ORDER = {MatchFinding.MATCH: 0, MatchFinding.REVIEW: 1, MatchFinding.CANDIDATE: 2}


class Matched(NamedTuple):
    """An item's bodies with their matches, and the reasons that its finding needs.

    fingerprints: of the bodies that were sampled for their search, by their place; None for the others.
    """

    bodies: tuple[Body, ...]
    reasons: list[Reason]
    fingerprints: Sequence[Fingerprint | None]


@dataclass(frozen=True)
class _Item:
    """What all bodies of one item share. judge, where there is one, and engine: of its medium."""

    sha256: str
    unit: Unit | None
    medium: Medium
    judge: Judge | None
    engine: Engine


@dataclass(frozen=True, eq=False)
class _Judged:
    """A hit with its finding, the size that explains it, and its weight where there is a judge."""

    hit: Hit
    part: ListedPart
    size: Size
    finding: MatchFinding
    relation: Relation
    weight: Weight | None


class Matcher:
    """Matches items against one list, under one policy, as of one day."""

    def __init__(
        self,
        index: PartIndex,
        policy: Policy,
        as_of: date,
        views: bool = False,
        with_part_geometry: bool = False,
        judge: Judge | None = None,
        features: FeatureIndex | None = None,
    ) -> None:
        """views: keep what pictures need with each match; with_part_geometry: the listed part too.

        judge: weighs each match. Without one there are no bits, and a plain part is told by its
        distinctiveness alone. features: local features of the list's parts; without them, or without a judge,
        no regions are looked for: that something coincides says nothing.
        """
        self._engine = Engine(index, policy, features if judge is not None else None)
        self._engines: dict[Medium, Engine] = {}
        self._index = index
        self._policy = policy
        self._as_of = as_of
        self._views = views
        self._with_part_geometry = with_part_geometry
        self._judge = judge

    @property
    def engine(self) -> Engine:
        """What finds and measures, without findings."""
        return self._engine

    def match_item(
        self,
        reading: Reading,
        solids: Sequence[Solid],
        sha256: str,
        groups: Sequence[Sequence[int]] = (),
    ) -> Matched:
        """An item's bodies against the list.

        solids: of all the reading's shapes, in its unit. sha256: of the item's bytes, lower-case hex.
        groups: bodies that may be one part of several shells, by their place in solids; those of a shape.
        All bodies together are always such a group.
        """
        judge = self._judge.of_medium(reading.medium) if self._judge is not None else None
        item = _Item(sha256, reading.unit, reading.medium, judge, self._engine_for(reading.medium))
        bodies: list[Body] = []
        reasons: list[Reason] = []
        fingerprints: list[Fingerprint | None] = []
        expired: dict[str, date] = {}
        same = self._index.parts_of_file(sha256)
        together = self._compounds(item.engine, solids, groups)
        around = Around(solids)
        seen = Congruent() if len(solids) > 1 else None
        mm_per_unit = MM_PER_UNIT[reading.unit] if reading.unit else 1.0
        # All are, in no time, where no regions are looked for.
        searched = _largest(solids, MOST_IN_REGIONS if item.engine.seeks_regions else len(solids))
        for index, solid in enumerate(solids):
            alone = seen.found(solid) if seen else None
            if alone is None:
                alone = item.engine.find(solid, around, same, mm_per_unit if index in searched else None)
                if seen and not any(item.engine.is_compound(hit.part) for hit in alone.hits):
                    seen.keep(solid, alone)
            fingerprints.append(alone.fingerprint)
            found = alone.joined(together.get(index, []))
            judged = self._judged(item, found, expired)
            bodies.append(self._body(item, index, solid, judged))
            reasons += [_reason(index, entry, self._policy) for entry in judged if entry.finding in _WORDS]
            reasons += self._resemblances(index, found)
        if len(searched) < len(solids):
            reasons.append(_REGIONS_LIMITED)
        reasons += [
            Reason(
                code="expired",
                message=f"design {name} would be found, but it expired on {day} and no longer counts",
            )
            for name, day in sorted(expired.items())
        ]
        return Matched(tuple(bodies), reasons, fingerprints)

    def _engine_for(self, medium: Medium) -> Engine:
        if medium not in self._engines:
            self._engines[medium] = self._engine.under(self._policy.of_medium(medium))
        return self._engines[medium]

    def _judged(self, item: _Item, found: Found, expired: dict[str, date]) -> list[_Judged]:
        """The hits worth reporting, best first; expired designs are set aside by name."""
        judged = []
        for hit in found.hits:
            part = self._index.part(hit.part)
            size = explain_size(
                1 / scale_of(hit.measured.T_body_part), item.unit, self._policy.scale_tolerance
            )
            finding, weight = self._weighed(hit, size, part, item)
            if finding is None:
                continue
            if self._as_of > part.expires:
                if finding is not MatchFinding.CANDIDATE:
                    expired[part.design] = part.expires
                continue
            judged.append(_Judged(hit, part, size, finding, self._relation(item, hit, part), weight))
        return sorted(judged, key=_best_first)

    def _weighed(
        self, hit: Hit, size: Size, part: ListedPart, item: _Item
    ) -> tuple[MatchFinding | None, Weight | None]:
        """What geometry says of a hit, held back where unrelated bodies would do as well too often."""
        policy, coverage = self._policy, hit.measured.coverage
        if item.judge is None:
            return match_finding(coverage, size.scale, part.distinctiveness, policy), None
        finding, weight = self._weighed_whole(hit, item.unit, item.judge)
        if hit.information is None:
            return finding, weight
        of_region = item.judge.weigh_region(hit.information)
        in_region = region_finding(measured_share(hit.measured, policy), size.scale, of_region, policy)
        if in_region is not None and (finding is None or _ORDER[in_region] < _ORDER[finding]):
            return in_region, of_region
        return finding, weight

    def _weighed_whole(
        self, hit: Hit, unit: Unit | None, judge: Judge
    ) -> tuple[MatchFinding | None, Weight | None]:
        policy, whole = self._policy, hit.as_whole
        if whole is None:
            return None, None
        size = explain_size(1 / scale_of(whole.T_body_part), unit, policy.scale_tolerance)
        finding = match_finding(whole.coverage, size.scale, 1.0, policy)
        if finding is None:
            return None, None
        weight = judge.weigh(hit.part, whole.score, size_fit(size.scale, size.source, policy.scale_tolerance))
        return held_back(finding, weight), weight

    def _compounds(
        self, engine: Engine, solids: Sequence[Solid], groups: Sequence[Sequence[int]]
    ) -> dict[int, list[Hit]]:
        """Hits of groups of bodies as one, for each body of a group that lies on the part as a whole."""
        hits: dict[int, list[Hit]] = {}
        for group in dict.fromkeys((*(tuple(group) for group in groups), tuple(range(len(solids))))):
            if not 2 <= len(group) <= MOST_SHELLS:
                continue
            compound = Solid(None, merge([solids[k].mesh for k in group]), (), closed=True)
            for hit in engine.find_compound(compound):
                if hit.measured.coverage >= self._policy.review_coverage:
                    for k in group:
                        hits.setdefault(k, []).append(hit)
        return hits

    def _resemblances(self, index: int, found: Found) -> list[Reason]:
        parts = [self._index.part(k) for k in found.resembling]
        return [
            Reason(
                code=FINGERPRINT_ONLY,
                message=f"body {index} resembles part {part.name} of design {part.design} by fingerprint; "
                "the list gives no geometry to verify it by, so ask its authority",
            )
            for part in parts
            if self._as_of <= part.expires
        ]

    def _relation(self, item: _Item, hit: Hit, part: ListedPart) -> Relation:
        relation = shape_relation(hit.measured, self._policy)
        if relation is not Relation.SAME_SHAPE:
            return relation
        if part.sha256 == item.sha256:
            return Relation.SAME_FILE
        return Relation.SAME_MESH if hit.same_mesh else relation

    def _body(self, item: _Item, index: int, solid: Solid, judged: Sequence[_Judged]) -> Body:
        size = judged[0].size if judged else None
        unit = size.unit if size else item.unit or Unit.MILLIMETRE
        source = size.source if size else (UnitSource.STATED if item.unit else UnitSource.ASSUMED)
        ambiguous = (
            len({entry.size.unit for entry in judged if entry.finding is not MatchFinding.CANDIDATE}) > 1
        )
        extents = solid.mesh.extents * MM_PER_UNIT[unit]
        return Body(
            index=index,
            name=solid.name,
            unit=unit,
            unit_source=source,
            extents_mm=(_tidy(extents[0]), _tidy(extents[1]), _tidy(extents[2])),
            triangles=len(solid.mesh.triangles),
            notes=solid.notes,
            matches=tuple(
                self._match(item, solid, unit, entry, ambiguous, self._evidence(item, entry, judged))
                for entry in judged
            ),
        )

    def _evidence(self, item: _Item, entry: _Judged, judged: Sequence[_Judged]) -> Evidence | None:
        """What stands behind an entry's bits, with the best other part on that body."""
        if item.judge is None or entry.weight is None:
            return None
        others = [(each.hit.part, each.hit.score) for each in judged if each is not entry]
        return item.judge.evidence(
            entry.hit.part, entry.weight, max(others, key=lambda other: other[1], default=None)
        )

    def _match(
        self,
        item: _Item,
        solid: Solid,
        unit: Unit,
        entry: _Judged,
        ambiguous: bool,
        evidence: Evidence | None,
    ) -> Match:
        m = entry.hit.measured
        T = inverse(m.T_body_part)
        T[:, :3] /= MM_PER_UNIT[unit]
        return Match(
            design=entry.part.design,
            part=entry.part.name,
            finding=entry.finding,
            relation=entry.relation,
            medium=item.medium,
            # Of T_part_body, under the body's unit: another unit's match on the same body keeps its factor.
            scale=_tidy(scale_of(T), 6),
            scale_ambiguous=ambiguous and entry.finding is not MatchFinding.CANDIDATE,
            mirrored=m.mirrored,
            T_part_body=matrix_of(T),
            coverage_part=_tidy(m.coverage_part),
            coverage_body=_tidy(m.coverage_body),
            tolerance_mm=_tidy(m.tolerance_mm),
            deviation_mm=Deviation(median=_tidy(m.median_mm), p95=_tidy(m.p95_mm), max=_tidy(m.max_mm)),
            score=_tidy(entry.hit.score),
            bits=_tidy(entry.weight.bits, 2) if entry.weight else None,
            distinctiveness=_tidy(entry.part.distinctiveness),
            evidence=evidence,
            view=self._view(solid, unit, entry),
        )

    def _view(self, solid: Solid, unit: Unit, entry: _Judged) -> View | None:
        if not self._views or entry.finding is MatchFinding.CANDIDATE:
            return None
        return overlay(
            solid.mesh,
            self._engine.listed(entry.hit.part),
            entry.hit.measured,
            MM_PER_UNIT[unit],
            self._with_part_geometry,
        )


def _best_first(entry: _Judged) -> tuple[int, bool, float]:
    """By finding, then whole bodies by their score, then regions by how rare they are: a plain part may cover
    more of a piece than the part that it is from."""
    information = entry.weight.information if entry.weight else None
    by = entry.hit.score if information is None else information
    return _ORDER[entry.finding], information is not None, -round(by, 4)


def _largest(solids: Sequence[Solid], most: int) -> frozenset[int]:
    """Places of the largest bodies, by the box around each."""
    size = [-float(np.linalg.norm(solid.mesh.extents)) for solid in solids]
    return frozenset(np.argsort(size, kind="stable")[:most].tolist())


def _tidy(value: float, digits: int = 4) -> float:
    """Rounded for people and for files that compare; adding zero turns -0 into 0."""
    return round(float(value), digits) + 0.0


def _factor(times: float) -> str:
    """Three figures, without an exponent where it is large."""
    return f"{times:,.0f}" if times >= 999.5 else f"{times:.3g}"


_WORDS = {MatchFinding.MATCH: "matches", MatchFinding.REVIEW: "may be"}
_REGION_WORDS = {
    (MatchFinding.MATCH, Relation.PIECE_OF): "is a piece of",
    (MatchFinding.MATCH, Relation.CONTAINS): "contains",
    (MatchFinding.MATCH, Relation.EDITED): "is an edited form of",
    (MatchFinding.REVIEW, Relation.PIECE_OF): "may be a piece of",
    (MatchFinding.REVIEW, Relation.CONTAINS): "may contain",
    (MatchFinding.REVIEW, Relation.EDITED): "may be an edited form of",
}


def _reason(index: int, entry: _Judged, policy: Policy) -> Reason:
    m = entry.hit.measured
    does = _REGION_WORDS.get((entry.finding, entry.relation), _WORDS[entry.finding])
    said = (
        f"body {index} {does} part {entry.part.name} of design {entry.part.design}: "
        f"{m.coverage_part:.1%} of the part and {m.coverage_body:.1%} of the body coincide "
        f"within {m.tolerance_mm:.2f} mm"
    )
    held = []
    if entry.finding is MatchFinding.REVIEW:
        if abs(entry.size.scale - 1) > policy.scale_tolerance:
            held.append(f"it is {_factor(1 / entry.size.scale)} times the part's size")
            fitting = fitting_unit(entry.size, policy.scale_tolerance)
            if fitting is not None:
                held.append(
                    f"it would be the part's size if its unit were {fitting.name.lower()}, "
                    f"not {entry.size.unit.name.lower()}"
                )
        if entry.weight is None and entry.part.distinctiveness < policy.match_distinctiveness:
            held.append("the part is a plain shape that many objects share")
        if entry.weight is not None and not entry.weight.is_match:
            often = _factor(entry.weight.false_per_10000)
            held.append(
                f"of 10,000 unrelated bodies about {often} would fit the list as well, more than the policy "
                "allows for a match"
            )
        if m.coverage < policy.match_coverage and (entry.weight is None or entry.weight.is_match):
            held.append("too little coincides for a match")
    return Reason(code=entry.finding.value, message="; ".join([said, *held]))
