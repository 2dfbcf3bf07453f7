"""The program judged on a corpus, with a calibration that never saw what it judges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch import __version__
from partwatch.curation.calibrate import require_lir
from partwatch.curation.corpus import CorpusFile
from partwatch.curation.crossfit import Panel, Trials, as_shipped, cross_fitted, hardest_pairs, searches
from partwatch.curation.disguises.counts import band_of, rows_of
from partwatch.curation.disguises.observed import Lying, Screened
from partwatch.curation.measures import measures
from partwatch.curation.observations import Copy, Observations
from partwatch.curation.rates import Rate
from partwatch.curation.region_fit import of_other_owners
from partwatch.curation.trial import RIGID_KINDS
from partwatch.evidence.calibration import Calibration
from partwatch.evidence.judge import REGION_BUDGET
from partwatch.evidence.pair import calibrated
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import Population
from partwatch.fingerprint import FINGERPRINT_VERSION
from partwatch.matching.policy import Policy
from partwatch.matching.relation import region_share
from partwatch.matching.weight import SizeFit
from partwatch.model.document import MatchFinding
from partwatch.model.evaluation import SCHEMA

POOLED: Final = "pooled: rotation, mirror, units, format, winding, reordering, plate"
# Root mean square radius in millimetres.
SIZES: Final = {
    "below 10 mm": (0.0, 10.0),
    "10 to 50 mm": (10.0, 50.0),
    "50 mm and more": (50.0, float("inf")),
}
BOOTSTRAPS: Final = 1000
_BODIES: Final = 10_000
_BEST_FIRST: Final = (MatchFinding.MATCH, MatchFinding.REVIEW, MatchFinding.CANDIDATE)
_SCORES: Final = np.linspace(0.69, 1.0, 125)

Document = dict[str, Any]


def drawn(files: list[CorpusFile], count: int | None, seed: int) -> list[CorpusFile]:
    """So many of the files, drawn evenly by seed, in their order; all without a count."""
    if count is None or count >= len(files):
        return files
    chosen = np.sort(np.random.default_rng(seed).permutation(len(files))[:count])
    return [files[k] for k in chosen]


def judges_of(observed: Observations, seed: int, own: tuple[Calibration, Population] | None) -> Panel:
    """Who judges what. own: a calibration that never saw this corpus, with its population; without one, and
    where the corpus shares a project with the shipped population, its projects are cross-fitted in folds.

    UsageError where the corpus is too small for that.
    """
    calibration, population = own or calibrated(None)
    if own is not None or set(observed.project_names).isdisjoint(population.project_names):
        return as_shipped(observed, calibration, population)
    require_lir()
    return cross_fitted(observed, seed)


def evaluate(
    observed: Observations, seed: int, gate_rate: float, alerts: AlertPolicy, judges: Panel
) -> Document:
    """All figures as one document of plain values; `SCHEMA` says how it is laid out.

    gate_rate: benign bodies of 10,000 from which on the goodware gate holds a part back. judges: as
    `judges_of` gives them.
    """
    judged = _Judged(observed, judges, gate_rate, alerts)
    every = np.ones(len(observed.parts), dtype=bool)
    pairs, of_all = (hardest_pairs(judges, listed) for listed in (judged.accepted, every))
    best = searches(judges, judged.accepted)
    return {
        "schema": SCHEMA,
        "program_version": __version__,
        "fingerprint_version": FINGERPRINT_VERSION,
        "calibration": ", ".join(judge.calibration.version for judge in judges.judges.values()),
        "population": {
            "name": judges.judges[0, 0].calibration.population,
            "bodies": len(observed.bodies),
            "families": len(np.unique(observed.bodies.families)),
            "projects": len(np.unique(observed.bodies.projects)),
        },
        "list_parts": len(observed.parts),
        "seed": seed,
        "items": observed.items,
        "unread": observed.unread,
        "unlisted": list(observed.unlisted),
        "held_back": judged.held_back(),
        "recall": [*judged.recall()],
        "false": [judged.false_alerts(MatchFinding.MATCH), judged.false_alerts(MatchFinding.REVIEW)],
        "llr": _llr(pairs, best, seed),
        # With what the gate would hold back as well: a list that takes everything.
        "llr_of_all_parts": _llr(of_all, of_all, seed),
        "revisions": judged.revisions(),
        "cost": {"share": None},
        "misses": [[label, observed.parts.names[part]] for label, part in judged.misses()],
        "wrong": judged.wrong(),
        "disguises": judged.disguises(),
    }


def _llr(pairs: Trials, best: Trials, seed: int) -> Document | None:
    """The measures of honesty; None without mates or strangers. pairs: what the cost is of. best: what is
    stated, which is after a search."""
    if not 0 < pairs.is_mate.sum() < len(pairs.is_mate) or best.is_mate.all():
        return None
    stated = measures(best.bits, best.is_mate, best.family, seed=seed)["stated"]
    return {**measures(pairs.bits, pairs.is_mate, pairs.family, seed=seed), "stated": stated}


@dataclass(frozen=True, eq=False)
class _Counted:
    """Trials of one class: hits and families, (n,) each."""

    hits: npt.NDArray[np.bool_]
    families: npt.NDArray[np.int64]

    def row(self, group: str, label: str, at: MatchFinding) -> Document:
        rate = Rate(int(self.hits.sum()), len(self.hits))
        low, high = rate.interval()
        family_low, family_high = bootstrapped(self.hits, self.families)
        return {
            "group": group, "class": label, "at": at.value, "hits": rate.hits, "trials": rate.trials,
            "low": low, "high": high, "family_low": family_low, "family_high": family_high,
        }  # fmt: skip


def _rows(counted: dict[tuple[str, str], list[tuple[bool, int]]], at: MatchFinding) -> Iterator[Document]:
    """A row of recall for each group and class, of trials: whether it was found, and its family."""
    for (group, label), trials in sorted(counted.items()):
        hits, families = zip(*trials, strict=True)
        yield _Counted(np.array(hits), np.array(families)).row(group, label, at)


def _said(told: tuple[Lying, MatchFinding] | None) -> Document:
    if told is None:
        return dict.fromkeys(("finding", "relation", "score", "coverage_part", "coverage_body", "bits"))
    lying, finding = told
    return {
        "finding": finding.value,
        "relation": lying.relation.value,
        "score": lying.score,
        "coverage_part": lying.coverage_part,
        "coverage_body": lying.coverage_body,
        "bits": lying.bits,
    }


def bootstrapped(
    hits: npt.NDArray[np.bool_], families: npt.NDArray[np.int64], seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a rate, families resampled whole (percentiles of BOOTSTRAPS)."""
    if not len(hits):
        return 0.0, 1.0
    _, index = np.unique(families, return_inverse=True)
    total = np.bincount(index)
    good = np.bincount(index, weights=hits)
    drawn = np.random.default_rng(seed).integers(len(total), size=(BOOTSTRAPS, len(total)))
    rates = good[drawn].sum(axis=1) / total[drawn].sum(axis=1)
    return float(np.quantile(rates, 0.025)), float(np.quantile(rates, 0.975))


@dataclass(frozen=True)
class _Alert:
    """A part of another project on a body. information: of a shared region, else score and coverage."""

    body: int
    part: int
    finding: MatchFinding
    score: float | None = None
    coverage: float | None = None
    information: float | None = None


class _Judged:
    """Findings of everything observed, each by a judge that saw neither the body nor the part."""

    def __init__(self, observed: Observations, judges: Panel, gate_rate: float, alerts: AlertPolicy) -> None:
        self._observed = observed
        self._judges = judges
        self._gate_rate = gate_rate
        self._alerts = alerts
        self._policy = Policy()
        rates = [self._judges.of_part(part).rate(part) for part in range(len(observed.parts))]
        self.accepted = np.array(rates) <= gate_rate
        self._list_parts = int(self.accepted.sum())
        self._copies = [copy for copy in observed.copies if self.accepted[copy.part] and copy.classes]
        self._found = [self._finding_of(copy) for copy in self._copies]
        self._disguised = [one for one in observed.disguised if self.accepted[one.part]]
        self._told = [self._told_of(one) for one in self._disguised]
        self._alerted = list(self._alerts_of_strangers())

    def held_back(self) -> Document:
        """How many parts the gate would not let in."""
        of = len(self.accepted)
        return {"parts": of - self._list_parts, "of": of, "gate_rate": self._gate_rate}

    def recall(self) -> Iterator[Document]:
        """By class of change, by relation as found, by size class; at match and at review."""
        for at in (MatchFinding.MATCH, MatchFinding.REVIEW):
            enough = {MatchFinding.MATCH} if at is MatchFinding.MATCH else {MatchFinding.MATCH, at}
            for group, label_of in (
                ("change", _changes), ("relation", _relation), ("size", self._sizes),
            ):  # fmt: skip
                counted: dict[str, list[tuple[bool, int]]] = {}
                for copy, finding in zip(self._copies, self._found, strict=True):
                    for label in label_of(copy):
                        family = int(self._observed.parts.families[copy.part])
                        counted.setdefault(label, []).append((finding in enough, family))
                yield from _rows({(group, label): trials for label, trials in counted.items()}, at)
            yield from self._recall_of_disguises(enough, at)

    def _recall_of_disguises(self, enough: set[MatchFinding], at: MatchFinding) -> Iterator[Document]:
        counted: dict[tuple[str, str], list[tuple[bool, int]]] = {}
        for one, told in zip(self._disguised, self._told, strict=True):
            lying, finding = told or (None, None)
            family = int(self._observed.parts.families[one.part])
            telling = self._tells(one, enough)
            for group, label, counts in rows_of(one, lying.relation if lying else None, telling):
                counted.setdefault((group, label), []).append((counts and finding in enough, family))
            if telling is not None and one.surviving is not None:
                row = "telling", f"{one.group}: {band_of(one.surviving)}"
                counted.setdefault(row, []).append((telling, family))
        yield from _rows(counted, at)

    def _tells(self, one: Screened, enough: set[MatchFinding]) -> bool | None:
        """Whether a piece, laid where it was cut out, shares enough with its part; None of other kinds."""
        if one.at_truth is None:
            return None
        seen = 1.0, one.at_truth, SizeFit.OWN
        judge = self._judges.of_part(one.part)
        return judge.region_finding(seen, self._list_parts, self._policy, self._alerts) in enough

    def disguises(self) -> list[Document]:
        """Each disguised part as screened: the truth, and what was said of the part itself."""
        names = self._observed.parts.names
        return [
            {
                "kind": one.kind,
                "part": names[one.part],
                "truth": one.truth.value,
                "surviving": one.surviving,
                **_said(told),
            }
            for one, told in zip(self._disguised, self._told, strict=True)
        ]

    def misses(self) -> list[tuple[str, int]]:
        """Class and part of each copy that was not a match."""
        return sorted(
            (label, copy.part)
            for copy, finding in zip(self._copies, self._found, strict=True)
            if finding is not MatchFinding.MATCH
            for label in _changes(copy)
            if label != POOLED
        )

    def false_alerts(self, finding: MatchFinding) -> Document:
        """Bodies that at least one part of another project raised that finding on, in the whole list."""
        enough = {MatchFinding.MATCH} if finding is MatchFinding.MATCH else {MatchFinding.MATCH, finding}
        alerted = {alert.body for alert in self._alerted if alert.finding in enough}
        families = self._observed.bodies.families
        rate = Rate(len(alerted), len(self._observed.bodies))
        of_families = Rate(len({int(families[body]) for body in alerted}), len(np.unique(families)))
        return {
            "finding": finding.value,
            "bodies": rate.trials,
            "families": of_families.trials,
            "hits": rate.hits,
            "family_hits": of_families.hits,
            "per_10000": rate.value * _BODIES,
            "upper_per_10000": rate.upper() * _BODIES,
            "family_upper_per_10000": of_families.upper() * _BODIES,
            "estimated_per_10000": self._estimated(finding),
        }

    def wrong(self) -> list[Document]:
        """What raised a match or a review wrongly, for a person to look at."""
        told = [
            {
                "finding": alert.finding.value,
                "body": self._observed.bodies.names[alert.body],
                "part": self._observed.parts.names[alert.part],
                "score": None if alert.score is None else round(alert.score, 4),
                "coverage": None if alert.coverage is None else round(alert.coverage, 4),
                "information": None if alert.information is None else round(alert.information, 2),
            }
            for alert in self._alerted
            if alert.finding is not MatchFinding.CANDIDATE
        ]
        return sorted(told, key=lambda row: (row["finding"], -(row["score"] or 0), row["body"], row["part"]))

    def revisions(self) -> Document:
        """Bits of other parts of the same project on untouched copies: neither strangers nor copies."""
        bits = [
            self._judges.of_part(r.part).bits(r.other, r.score, r.size, max(self._list_parts, 1))
            for r in self._observed.revisions
        ]
        quantiles = np.quantile(bits, [0.05, 0.25, 0.5, 0.75, 0.95]) if bits else [float("nan")] * 5
        names = ("p5", "p25", "p50", "p75", "p95")
        return {
            "pairs": len(bits),
            "bits": {n: float(q) for n, q in zip(names, quantiles, strict=True)} if bits else None,
        }

    def _finding_of(self, copy: Copy) -> MatchFinding | None:
        seen = copy.score, copy.coverage, copy.size
        if copy.score <= 0:
            return None
        judge = self._judges.of_part(copy.part)
        return judge.finding(copy.part, seen, self._list_parts, self._policy, self._alerts)

    def _told_of(self, one: Screened) -> tuple[Lying, MatchFinding] | None:
        """The match with the part, or with a near-duplicate of it, that says most, with its finding."""
        named = self._observed.named_on(one)
        told = [(lying, finding) for lying in named if (finding := self._finding_on(lying)) is not None]
        return min(told, key=lambda row: (_BEST_FIRST.index(row[1]), -row[0].score), default=None)

    def _finding_on(self, lying: Lying) -> MatchFinding | None:
        """By a judge that saw neither: as a whole, or by the shared region where screening went by that."""
        judge = self._judges.of_part(lying.part)
        if lying.information is None:
            seen = lying.score, min(lying.coverage_part, lying.coverage_body), lying.size
            return judge.finding(lying.part, seen, self._list_parts, self._policy, self._alerts)
        share = region_share(lying.relation, lying.coverage_part, lying.coverage_body, self._policy)
        region = share, lying.information, lying.size
        return judge.region_finding(region, self._list_parts, self._policy, self._alerts)

    def _alerts_of_strangers(self) -> Iterator[_Alert]:
        yield from self._whole_alerts()
        yield from self._region_alerts()

    def _region_alerts(self) -> Iterator[_Alert]:
        shared = self._observed.shared
        if shared is None:
            return
        others = of_other_owners(self._observed)
        rows = zip(shared.body[others], shared.part[others], shared.information[others], strict=True)
        for body, part, information in rows:
            if not self.accepted[part]:
                continue
            judge = self._judges.of_pair(int(body), int(part))
            seen = 1.0, float(information), SizeFit.OWN
            found = judge.region_finding(seen, self._list_parts, self._policy, self._alerts)
            if found is not None:
                yield _Alert(int(body), int(part), found, information=float(information))

    def _whole_alerts(self) -> Iterator[_Alert]:
        lain = self._observed.strangers
        for k in range(len(lain.body)):
            body, part = int(lain.body[k]), int(lain.part[k])
            if not self.accepted[part]:
                continue
            judge = self._judges.of_pair(body, part)
            seen = float(lain.score[k]), float(lain.coverage[k]), lain.size[k]
            found = judge.finding(part, seen, self._list_parts, self._policy, self._alerts)
            if found is not None:
                yield _Alert(body, part, found, float(lain.score[k]), float(lain.coverage[k]))

    def _estimated(self, finding: MatchFinding) -> float:
        """By the tail model: what the parts of the list would raise together on 10,000 unrelated bodies."""
        most = (
            self._alerts.match_per_10000 if finding is MatchFinding.MATCH else self._alerts.review_per_10000
        )
        size = SizeFit.OWN if finding is MatchFinding.MATCH else SizeFit.NONE
        total = 0.0
        for part in np.flatnonzero(self.accepted):
            judge = self._judges.of_part(int(part))
            for score in _SCORES:
                share = judge.weigher.share(int(part), float(score), size)
                if _BODIES * self._list_parts * share <= most:
                    total += share
                    break
        # Of regions no more than their budget: the tail has one threshold for all parts of a list.
        regions = REGION_BUDGET * most if self._observed.shared is not None else 0.0
        return total * _BODIES + regions

    def _sizes(self, copy: Copy) -> list[str]:
        radius = self._observed.parts.radius_mm[copy.part]
        return [label for label, (least, below) in SIZES.items() if least <= radius < below]


def _changes(copy: Copy) -> list[str]:
    """The classes of change that a copy counts for."""
    return [*copy.classes, POOLED] if copy.change in RIGID_KINDS else list(copy.classes)


def _relation(copy: Copy) -> list[str]:
    return [copy.relation] if copy.relation else []
