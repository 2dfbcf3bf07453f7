"""The table of slicers' habits, fitted to jobs of known programs, and how well it does on those held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from partwatch.curation.calibrate import require_lir
from partwatch.curation.honesty import cllr, scored
from partwatch.model.mesh import FloatArray
from partwatch.provenance.slicers import (
    ALL,
    MANNER,
    NAMED_BITS,
    SHARED,
    Habits,
    Line,
    Table,
    member_scores,
    score,
)

FOLDS = 5
# Made-up programs for each job that is held back.
CHIMERAS = 2
_SEED = 20
_PLAIN = Line(offset=0.0, slope=1.0)
# Values that a calibrator is shown of each kind.
_EVEN = 1000
Families = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Job:
    """program: that made it. part: what was sliced; jobs of one part are held back together."""

    program: str
    part: str
    habits: Habits


@dataclass(frozen=True)
class Told:
    """What attributing jobs that were held back came to.

    jobs: of known programs. right: share whose family was named, right_manner: by the manner alone. cllr: by
    family, of all habits and of the manner alone, against jobs of other families; cllr_made: against
    made-up programs as well. none: share of these that were answered with none of the families. right_member:
    share whose program has the most bits of its family; cllr_members.
    """

    jobs: int
    right: float
    right_manner: float
    none: float
    cllr: Mapping[str, Mapping[str, float]]
    cllr_made: Mapping[str, Mapping[str, float]]
    right_member: float
    cllr_members: float


@dataclass(frozen=True)
class _Held:
    """A job that was held back, or a made-up one, with its scores by rates that it has no part in.

    scores: by family and what is asked. members: by program. unseen: of a program with siblings, the scores
    for its family by rates of the siblings alone: another version, as it were, of what is known.
    """

    fold: int
    family: str | None
    program: str | None
    scores: Mapping[str, Mapping[str, float]]
    members: Mapping[str, float]
    unseen: Mapping[str, float]


def fit(jobs: Sequence[Job], families: Families) -> tuple[Table, Told]:
    """The table of all jobs, its calibration from jobs that were held back, and how those were answered.

    UsageError where lir is not installed.
    """
    require_lir()
    folds = _folds(jobs)
    held: list[_Held] = []
    for fold in range(FOLDS):
        train = [job for job, own in zip(jobs, folds, strict=True) if own != fold]
        test = [job for job, own in zip(jobs, folds, strict=True) if own == fold]
        held += _scores(test, train, families, fold)
    others = [sum(each.family not in (family, None) for each in held) for family in families]
    bound = round(float(np.log2(min(others) + 1)), 4)
    table = _fitted(_counted(jobs, families), held).model_copy(update={"bound": bound})
    return table, _told(table, held)


def _folds(jobs: Sequence[Job]) -> list[int]:
    """Jobs of one part share a fold, whichever program made them."""
    return [int.from_bytes(blake2b(job.part.encode(), digest_size=4).digest(), "big") % FOLDS for job in jobs]


def _counted(jobs: Sequence[Job], families: Families) -> Table:
    """Rates alone, uncalibrated."""
    programs = tuple(program for of in families.values() for program in of)
    seen: dict[str, dict[str, dict[str, list[int]]]] = {}
    for job in jobs:
        row = programs.index(job.program)
        for group, of_group in job.habits.items():
            for habit, value in of_group.items():
                values = seen.setdefault(group, {}).setdefault(habit, {})
                values.setdefault(value, [0] * len(programs))[row] += 1
    counts = {
        group: {habit: {v: tuple(n) for v, n in values.items()} for habit, values in of.items()}
        for group, of in seen.items()
    }
    number = tuple(sum(job.program == program for job in jobs) for program in programs)
    return Table(
        version=blake2b(repr((counts, number)).encode(), digest_size=6).hexdigest(),
        programs=programs,
        families=dict(families),
        jobs=number,
        counts=counts,
        lines={ALL: _PLAIN, MANNER: _PLAIN},
        members=_PLAIN,
        bound=np.inf,
    )


def _scores(test: Sequence[Job], train: Sequence[Job], families: Families, fold: int) -> list[_Held]:
    table = _counted(train, families)
    family_of = {program: family for family, of in families.items() for program in of}
    without = {
        program: _counted([job for job in train if job.program != program], families)
        for of in families.values()
        for program in of
        if len(of) > 1
    }
    rng = np.random.default_rng((_SEED, fold))
    held = []
    for job in test:
        own = family_of[job.program]
        siblings = without.get(job.program)
        unseen = {} if siblings is None else _asked_of(job.habits, siblings, own)
        held.append(_one(job.habits, table, fold, own, job.program, unseen))
        for _ in range(CHIMERAS):
            held.append(_one(_chimera(test, table, rng), table, fold, None, None, {}))
    return held


def _one(
    habits: Habits,
    table: Table,
    fold: int,
    family: str | None,
    program: str | None,
    unseen: Mapping[str, float],
) -> _Held:
    scores = {each: _asked_of(habits, table, each) for each in table.families}
    members = member_scores(habits, table, family) if family is not None else {}
    return _Held(fold, family, program, scores, members, unseen)


def _asked_of(habits: Habits, table: Table, family: str) -> dict[str, float]:
    return {asked: score(habits, table, family, asked) for asked in (ALL, MANNER)}


def _chimera(test: Sequence[Job], table: Table, rng: np.random.Generator) -> Habits:
    """A program that nobody knows: each habit some known program's, or any."""
    habits: dict[str, dict[str, str]] = {}
    for group, of_group in table.counts.items():
        habits[group] = {}
        for habit, counts in of_group.items():
            if rng.random() < SHARED:
                habits[group][habit] = test[int(rng.integers(len(test)))].habits[group][habit]
            else:
                habits[group][habit] = str(rng.choice([*counts, "something else"]))
    return habits


def _fitted(table: Table, held: Sequence[_Held]) -> Table:
    lines = {asked: _line(*_split(held, asked)) for asked in (ALL, MANNER)}
    return table.model_copy(update={"lines": lines, "members": _line(*_members(held))})


def _split(held: Sequence[_Held], asked: str) -> tuple[FloatArray, FloatArray]:
    """Scores of a family's own jobs, half of them as of a version never seen; and of others' jobs."""
    mates = [each.scores[each.family][asked] for each in held if each.family is not None]
    unseen = [each.unseen[asked] for each in held if each.unseen]
    others = [of[asked] for each in held for family, of in each.scores.items() if each.family != family]
    both = [_evenly(np.array(each)) for each in (mates, unseen) if each]
    return np.concatenate(both), np.array(others)


def _members(held: Sequence[_Held]) -> tuple[FloatArray, FloatArray]:
    told = [(own == each.program, value) for each in held for own, value in each.members.items()]
    return np.array([v for own, v in told if own]), np.array([v for own, v in told if not own])


def _line(mates: FloatArray, others: FloatArray) -> Line:
    """lir's logistic calibrator, in bits; both kinds count the same."""
    from lir.algorithms.logistic_regression import LogitCalibrator

    x = np.concatenate([_evenly(mates), _evenly(others)]).reshape(-1, 1)
    calibrator = LogitCalibrator().fit(x, np.repeat([1, 0], len(x) // 2))
    zero, one = (float(v) for v in np.ravel(calibrator.transform(np.array([[0.0], [1.0]]))))
    to_bits = float(np.log2(10))
    return Line(offset=round(zero * to_bits, 4), slope=round((one - zero) * to_bits, 6))


def _evenly(values: FloatArray) -> FloatArray:
    steps = ((np.arange(_EVEN) + 0.5) / _EVEN * len(values)).astype(int)
    return np.asarray(np.sort(values)[steps])


@dataclass(frozen=True)
class _Answered:
    """A held-back job with bits by a calibration that it has no part in, by family and what is asked."""

    held: _Held
    bits: Mapping[tuple[str, str], float]
    members: Mapping[str, float]

    def named(self, asked: str) -> str | None:
        """As `slicers.named`."""
        best = max((key for key in self.bits if key[1] == asked), key=self.bits.__getitem__)
        return best[0] if self.bits[best] >= NAMED_BITS else None


def _told(table: Table, held: Sequence[_Held]) -> Told:
    """Every job by rates and a calibration that have no part in it."""
    answered = [each for fold in range(FOLDS) for each in _answered(table, held, fold)]
    real = [each for each in answered if each.held.family is not None]
    made = [each for each in answered if each.held.family is None]
    with_members = [each for each in real if each.members]
    own = [max(each.members, key=each.members.__getitem__) == each.held.program for each in with_members]
    members = [(b, p == each.held.program) for each in with_members for p, b in each.members.items()]
    return Told(
        jobs=len(real),
        right=float(np.mean([each.named(ALL) == each.held.family for each in real])),
        right_manner=float(np.mean([each.named(MANNER) == each.held.family for each in real])),
        none=float(np.mean([each.named(ALL) is None for each in made])),
        cllr=_cllrs(table, real),
        cllr_made=_cllrs(table, answered),
        right_member=float(np.mean(own)),
        cllr_members=_cllr(members),
    )


def _answered(table: Table, held: Sequence[_Held], fold: int) -> list[_Answered]:
    fitted = _fitted(table, [each for each in held if each.fold != fold])

    def bounded(bits: float) -> float:
        return float(np.clip(bits, -table.bound, table.bound))

    return [
        _Answered(
            each,
            {
                (family, asked): bounded(fitted.lines[asked].bits(value))
                for family, of in each.scores.items()
                for asked, value in of.items()
            },
            {program: bounded(fitted.members.bits(value)) for program, value in each.members.items()},
        )
        for each in held
        if each.fold == fold
    ]


def _cllrs(table: Table, answered: Sequence[_Answered]) -> dict[str, dict[str, float]]:
    return {
        family: {
            asked: _cllr([(each.bits[family, asked], each.held.family == family) for each in answered])
            for asked in (ALL, MANNER)
        }
        for family in table.families
    }


def _cllr(told: Sequence[tuple[float, bool]]) -> float:
    return cllr(scored([v for v, _ in told], [own for _, own in told], np.arange(len(told))))
