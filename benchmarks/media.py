"""What print jobs' matches are worth: by the calibration of meshes, and by the jobs' own, on jobs held back.

    python -m benchmarks.media --corpus DIR --folder DIR [--kept DIR] [--out FILE]

The folder holds jobs as `partwatch calibrate --print-jobs` wants them (`python -m benchmarks.attribution` and
`python -m benchmarks.resin --keep DIR` make such). Projects are split in folds; the jobs of each are weighed
by numbers fitted on jobs of the other folds' projects alone. What meshes were calibrated with stays as is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.progress import say
from partwatch.curation.corpus import read_corpus
from partwatch.curation.crossfit import FOLDS, Judge, folds_of
from partwatch.curation.fit_media import Beside, JobWeigher, beside, fit_medium
from partwatch.curation.honesty import observed
from partwatch.curation.measures import measures
from partwatch.curation.observe_jobs import TOLERANCES
from partwatch.curation.print_jobs import Gathered, JobObservations, Seen, gather_jobs, print_jobs
from partwatch.curation.rates import Rate
from partwatch.evidence.calibration import Calibration, shipped_calibration
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.population import shipped_population
from partwatch.matching.policy import Policy
from partwatch.model.document import MatchFinding, Medium
from partwatch.model.errors import UsageError

_BETTER = {MatchFinding.CANDIDATE: 0, MatchFinding.REVIEW: 1, MatchFinding.MATCH: 2}
_FOUND = (MatchFinding.MATCH, MatchFinding.REVIEW)


@dataclass(frozen=True, eq=False)
class Weighed:
    """How jobs of one medium are weighed: by the fold that a body's project is in, a judge."""

    jobs: JobObservations
    fold: npt.NDArray[np.intp]
    judges: Sequence[Judge]
    policy: Policy
    alerts: AlertPolicy

    def of(self, body: int) -> Judge:
        """Who weighs a body."""
        return self.judges[int(self.fold[self.jobs.observed.bodies.projects[body]])]

    def said(self, seen: Seen) -> tuple[MatchFinding, float] | None:
        """What screening says of a part on a body, and its bits; None where it says nothing."""
        judge, parts = self.of(seen.body), len(self.jobs.observed.parts)
        best: tuple[MatchFinding, float] | None = None
        if seen.whole is not None:
            finding = judge.finding(seen.part, seen.whole, parts, self.policy, self.alerts)
            if finding is not None:
                best = finding, judge.bits(seen.part, seen.whole[0], seen.whole[2], parts)
        if seen.region is not None:
            region = judge.region_finding(seen.region, parts, self.policy, self.alerts)
            if region is not None and (best is None or _BETTER[region] > _BETTER[best[0]]):
                best = region, judge.region_bits(seen.region[1], parts, self.alerts)
        return best


def main(argv: list[str] | None = None) -> int:
    """Gather, fit in folds, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.media", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with MANIFEST.csv")
    parser.add_argument("--folder", type=Path, required=True, help="the jobs")
    parser.add_argument("--kept", type=Path, help="where what was observed of jobs is kept")
    parser.add_argument("--home", type=Path, help="where the list is kept")
    parser.add_argument("--seed", type=int, default=0, help="which folds")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--out", type=Path, help="all figures as JSON")
    asked = parser.parse_args(argv)
    files = read_corpus(asked.corpus)
    gathered = gather_jobs(
        files, print_jobs(asked.folder), asked.jobs, asked.home, asked.kept, progress=lambda _: None
    )
    base, against = shipped_calibration(), beside(shipped_population(), gathered)
    told = {}
    for medium in sorted(gathered.media):
        try:
            told[medium.value] = _told(replace(base, media={}), against, gathered, medium, asked.seed)
        except UsageError as error:
            # A fold may hold all jobs of a medium.
            say(str(error))
    if asked.out is not None:
        asked.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for line in _lines(told):
        print(line)
    return 0


def _told(
    base: Calibration, against: Beside, gathered: Gathered, medium: Medium, seed: int
) -> dict[str, Any]:
    jobs = gathered.of(frozenset({medium}))
    fold = folds_of(jobs.observed, seed, FOLDS)
    # Folds without a job of this medium are never asked.
    wanted = set(fold[jobs.observed.bodies.projects].tolist())
    meshes = _judge(base, jobs, against)
    own = []
    for number in range(FOLDS):
        if number not in wanted:
            own.append(meshes)
            continue
        say(f"{medium.value}: fold {number + 1} of {FOLDS}")
        model = fit_medium(base, against, gathered, medium, "the other folds", fold != number)
        own.append(_judge(replace(base, media={medium: model}).of_medium(medium), jobs, against))
    policy, alerts = Policy(), AlertPolicy()
    before = Weighed(jobs, fold, [meshes] * FOLDS, policy, alerts)
    after = Weighed(jobs, fold, own, policy, alerts)
    return {
        "jobs": len(jobs.names),
        "bodies": len(jobs.observed.bodies),
        "families": len(np.unique(jobs.observed.bodies.families)),
        "projects": len(np.unique(jobs.observed.bodies.projects)),
        "parts": len(jobs.observed.parts),
        "before": _figures(before),
        "after": _figures(after),
        "moved": dict(Counter(_moved(before, after))),
        "coverage": _coverage(jobs, policy),
    }


def _judge(calibration: Calibration, jobs: JobObservations, against: Beside) -> Judge:
    return Judge(calibration, JobWeigher(jobs, against, calibration.tail, calibration.plain_shapes))


def _figures(weighed: Weighed) -> dict[str, Any]:
    jobs = weighed.jobs
    found = _own(weighed)
    false = _strangers(weighed)
    bits = [said[1] if said else _missed(weighed, jobs, k) for k, said in enumerate(found)]
    others = [said[1] if said else weighed.of(body).calibration.missed for body, said in enumerate(false)]
    copies = jobs.observed.copies
    families = np.concatenate(
        [jobs.observed.parts.families[[copy.part for copy in copies]], jobs.observed.bodies.families]
    )
    is_mate = np.arange(len(families)) < len(copies)
    honest = measures(np.array(bits + others), is_mate, families)
    return {
        "recall": {kind.value: _rate(sum(_at_least(s, kind) for s in found), len(found)) for kind in _FOUND},
        "false": {kind.value: _false([_at_least(s, kind) for s in false], jobs) for kind in _FOUND},
        "llr": {key: honest[key] for key in ("cllr", "cllr_low", "cllr_high", "cllr_min", "stated")},
        "bits": [round(float(q), 2) for q in np.quantile(bits, (0, 0.1, 0.5, 0.9, 1))],
    }


def _missed(weighed: Weighed, jobs: JobObservations, copy: int) -> float:
    body = int(np.flatnonzero(jobs.job == jobs.copy_job[copy])[0])
    return weighed.of(body).calibration.missed


def _own(weighed: Weighed) -> list[tuple[MatchFinding, float] | None]:
    """Of each job of a listed part the best that is said of that part or a near-duplicate."""
    jobs = weighed.jobs
    best: dict[int, tuple[MatchFinding, float]] = {}
    for seen in jobs.own:
        _keep(best, int(jobs.job[seen.body]), weighed.said(seen))
    return [best.get(int(job)) for job in jobs.copy_job]


def _strangers(weighed: Weighed) -> list[tuple[MatchFinding, float] | None]:
    """Of each body the most that is said of a part of another project."""
    best: dict[int, tuple[MatchFinding, float]] = {}
    for seen in weighed.jobs.strangers:
        _keep(best, seen.body, weighed.said(seen))
    return [best.get(body) for body in range(len(weighed.jobs.observed.bodies))]


def _keep(
    best: dict[int, tuple[MatchFinding, float]], key: int, said: tuple[MatchFinding, float] | None
) -> None:
    if said is None:
        return
    known = best.get(key)
    if known is None or (_BETTER[said[0]], said[1]) > (_BETTER[known[0]], known[1]):
        best[key] = said


def _rate(hits: int, trials: int) -> dict[str, Any]:
    low, high = Rate(hits, trials).interval()
    return {"hits": hits, "of": trials, "share": hits / max(trials, 1), "low": low, "high": high}


def _false(hit: list[bool], jobs: JobObservations) -> dict[str, Any]:
    """By bodies, and by families of what was sliced."""
    by_family = observed(np.array(hit), jobs.observed.bodies.families.astype(np.intp))
    low, high = Rate(sum(hit), len(hit)).interval()
    return {
        "bodies": sum(hit),
        "of": len(hit),
        "per_10000": _per_10000(sum(hit) / max(len(hit), 1), low, high),
        "families": by_family.families_hit,
        "of_families": by_family.families,
        "per_10000_by_family": _per_10000(by_family.share, by_family.low, by_family.high),
    }


def _per_10000(*shares: float) -> list[float]:
    return [round(10_000 * share, 1) for share in shares]


def _at_least(said: tuple[MatchFinding, float] | None, kind: MatchFinding) -> bool:
    return said is not None and _BETTER[said[0]] >= _BETTER[kind]


def _moved(before: Weighed, after: Weighed) -> Iterator[str]:
    for one, other in zip(_own(before), _own(after), strict=True):
        yield f"{one[0].value if one else 'missed'} -> {other[0].value if other else 'missed'}"


def _coverage(jobs: JobObservations, policy: Policy) -> dict[str, Any]:
    """Of each job's part as a whole, by tolerance: the lesser coverage's quantiles, and how often it is a
    match's; under the tolerance that it was measured with, too."""
    by_job: dict[int, int] = {}
    for place in jobs.within:
        job = int(jobs.job[jobs.own[place].body])
        if job not in by_job or _lesser(jobs, place).max() > _lesser(jobs, by_job[job]).max():
            by_job[job] = place
    rows = np.array([_lesser(jobs, place) for place in by_job.values()])
    if not len(rows):
        return {}
    wholes = [whole for place in by_job.values() if (whole := jobs.own[place].whole) is not None]
    return {
        "jobs": len(rows),
        "tolerances_mm": list(TOLERANCES),
        "median": [round(float(x), 3) for x in np.median(rows, axis=0)],
        "lower_quarter": [round(float(x), 3) for x in np.quantile(rows, 0.25, axis=0)],
        "as_a_match": [int(x) for x in (rows >= policy.match_coverage).sum(axis=0)],
        "as_a_match_now": sum(whole[1] >= policy.match_coverage for whole in wholes),
    }


def _lesser(jobs: JobObservations, place: int) -> npt.NDArray[np.float64]:
    return np.asarray(jobs.within[place].min(axis=0))


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for medium, about in told.items():
        counts = ("jobs", "bodies", "families", "projects", "parts")
        yield f"{medium}: " + ", ".join(f"{about[key]} {key}" for key in counts)
        for when in ("before", "after"):
            yield from (f"  {when}: {line}" for line in _of_figures(about[when]))
        yield f"  moved: {about['moved']}"
        yield f"  coverage: {about['coverage']}"


def _of_figures(figures: dict[str, Any]) -> Iterator[str]:
    for kind, found in figures["recall"].items():
        yield f"at {kind} {found['hits']} of {found['of']} ({found['low']:.1%} to {found['high']:.1%})"
    for kind, false in figures["false"].items():
        yield (
            f"false {kind}: {false['bodies']} of {false['of']} bodies, in 10,000 {false['per_10000']}; "
            f"{false['families']} of {false['of_families']} families, {false['per_10000_by_family']}"
        )
    llr = figures["llr"]
    yield f"Cllr {llr['cllr']:.3f} ({llr['cllr_low']} to {llr['cllr_high']}), at best {llr['cllr_min']:.3f}"
    yield f"bits of true copies: {figures['bits']}"
    rows = [(row["stated"], row["non_mates_at_or_above"], row["of"], row["verdict"]) for row in llr["stated"]]
    yield f"stated, and bodies that had so many bits: {rows}"


if __name__ == "__main__":
    sys.exit(main())
