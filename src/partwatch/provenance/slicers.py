"""Which family of slicers made a job, by its habits alone: hypotheses with bits, and `none of these` allowed.

Two propositions are weighed for each family: one of its programs made the job; another program did, of
another family that is known or one that is not. Of unknown programs it is assumed that each of their habits
is as often one that known ones share as any that could be. Habits hang together, so the product of their
rates says too much; what it is worth is a logistic calibration on jobs of parts and profiles that the rates
were not taken from. No figure goes beyond what the number of those jobs supports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from partwatch.model.document import Record
from partwatch.model.mesh import FloatArray
from partwatch.provenance.wording import NONE

# From so many bits on a family is named, and by so few one is ruled out: ten to one.
NAMED_BITS = 3.3
# Jobs of which one was never seen to do a thing that counts as much as all that were.
PRIOR_JOBS = 1.0
# Of an unknown program's habits so many are those of known ones.
SHARED = 0.5
# Of a known program's habits so many are others in another version, or on another machine.
DRIFT = 0.15
ALL, WORDING, MANNER = "all", "wording", "manner"

Habits = Mapping[str, Mapping[str, str]]
Counts = dict[str, dict[str, tuple[int, ...]]]


class Line(Record):
    """Bits of a score in bits: what a logistic calibration makes of it."""

    offset: float
    slope: float

    def bits(self, score: float) -> float:
        """Unbounded."""
        return self.offset + self.slope * score


class Table(Record):
    """What is known of slicers' habits.

    programs: whose jobs were seen, and families, those of each. jobs: of each program. counts: by group
    (wording, manner), habit and value, one number a program. lines: by what is asked (`all` groups or the
    manner alone). members: of the score of one program against its siblings. bound: bits that the jobs
    support.
    """

    version: str
    programs: tuple[str, ...]
    families: dict[str, tuple[str, ...]]
    jobs: tuple[int, ...]
    counts: dict[str, Counts]
    lines: dict[str, Line]
    members: Line
    bound: float

    def rows(self, family: str) -> list[int]:
        """The family's programs, as places among all."""
        return [self.programs.index(program) for program in self.families[family]]


@dataclass(frozen=True)
class Attribution:
    """bits: for a family against every other program; bits_manner: by what no new writing of the text
    changes. members: bits for each of the family's programs that were seen against its siblings."""

    family: str
    bits: float
    bits_manner: float
    members: Mapping[str, float]


@cache
def shipped_table() -> Table:
    """The table that comes with the program."""
    text = resources.files("partwatch.provenance").joinpath("data/slicers.json").read_bytes()
    return Table.model_validate_json(text)


def attributions(habits: Habits, table: Table) -> tuple[Attribution, ...]:
    """Every family with its bits, the likeliest first. habits: by group, as `habits_of` says."""
    found = []
    for family in table.families:
        told = {
            asked: _bounded(table, table.lines[asked].bits(score(habits, table, family, asked)))
            for asked in (ALL, MANNER)
        }
        members = {
            program: _bounded(table, table.members.bits(value))
            for program, value in member_scores(habits, table, family).items()
        }
        found.append(Attribution(family, told[ALL], told[MANNER], members))
    return tuple(sorted(found, key=lambda each: -each.bits))


def named(found: Sequence[Attribution]) -> str | None:
    """The family that a job is attributed to; None for none of these."""
    likely = [each for each in found if each.bits >= NAMED_BITS]
    return likely[0].family if likely else None


def score(habits: Habits, table: Table, family: str, asked: str) -> float:
    """log2 of the ratio of rates, habits taken as independent: of the family against the rest."""
    own, others, unknown = 0.0, np.zeros(len(table.families) - 1), 0.0
    rest = [each for each in table.families if each != family]
    for counts, value in _asked(habits, table, asked):
        rates = {
            each: _rate(counts, value, table.rows(each), np.array(table.jobs)) for each in table.families
        }
        anything = 1 / (len(counts) + 1)
        own += np.log2(rates[family])
        others += np.log2([rates[each] for each in rest])
        unknown += np.log2(SHARED * np.mean(list(rates.values())) + (1 - SHARED) * anything)
    known = np.logaddexp2.reduce(others) - np.log2(max(len(others), 1)) if len(others) else unknown
    return float(own - (np.logaddexp2(known, unknown) - 1))


def member_scores(habits: Habits, table: Table, family: str) -> dict[str, float]:
    """The same of each of a family's programs against its siblings; none where it has but one."""
    rows, jobs = table.rows(family), np.array(table.jobs)
    if len(rows) < 2:
        return {}
    told = np.zeros(len(rows))
    for counts, value in _asked(habits, table, ALL):
        told += np.log2([_rate(counts, value, [row], jobs) for row in rows])
    return {
        table.programs[row]: float(
            told[k] - (np.logaddexp2.reduce(np.delete(told, k)) - np.log2(len(rows) - 1))
        )
        for k, row in enumerate(rows)
    }


def _asked(habits: Habits, table: Table, asked: str) -> list[tuple[Mapping[str, Sequence[int]], str]]:
    groups = [MANNER] if asked == MANNER else list(table.counts)
    return [
        (counts, value)
        for group in groups
        for habit, counts in table.counts[group].items()
        # What a job gives no occasion to says nothing; what it never words says something.
        if (value := habits[group][habit]) != NONE or group != MANNER
    ]


def _rate(counts: Mapping[str, Sequence[int]], value: str, rows: Sequence[int], jobs: FloatArray) -> float:
    """How often those programs do it; what none was seen to do is one more thing that could be."""
    seen = sum(counts[value][row] for row in rows) if value in counts else 0
    anything = 1 / (len(counts) + 1)
    rate = (seen + PRIOR_JOBS * anything) / (jobs[rows].sum() + PRIOR_JOBS)
    return float((1 - DRIFT) * rate + DRIFT * anything)


def _bounded(table: Table, bits: float) -> float:
    return float(np.clip(bits, -table.bound, table.bound))
