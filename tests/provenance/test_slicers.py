"""Who made a stripped job: families of programs, none of these, and no more bits than jobs support."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from jobs import as_cura, as_nobody, as_prusaslicer

from partwatch.formats import read
from partwatch.provenance.habits import habits_of
from partwatch.provenance.slicer_fit import Job, fit
from partwatch.provenance.slicers import (
    ALL,
    MANNER,
    NAMED_BITS,
    Habits,
    Table,
    attributions,
    named,
    score,
    shipped_table,
)

FAMILIES = {"one": ("alpha", "beta"), "two": ("gamma",)}
_WAYS: Mapping[str, Mapping[str, str]] = {
    "alpha": {"a": "1", "b": "1", "c": "1", "d": "1"},
    "beta": {"a": "1", "b": "1", "c": "1", "d": "2"},
    "gamma": {"a": "2", "b": "2", "c": "2", "d": "1"},
}


def drawn(program: str, rng: np.random.Generator) -> Habits:
    """A job of a made-up program: its ways, one in twenty another's, and some that tell nothing."""
    ways = {h: v if rng.random() > 0.05 else str(rng.integers(1, 4)) for h, v in _WAYS[program].items()}
    wording = {f"w{h}": v for h, v in ways.items()} | {"coin": str(rng.integers(2))}
    manner = {f"m{h}": v if rng.random() > 0.1 else "none" for h, v in ways.items()}
    return {"wording": wording, "manner": manner}


@pytest.fixture(scope="module")
def fitted() -> tuple[Table, object, list[Job]]:
    rng = np.random.default_rng(3)
    jobs = [Job(p, f"part {k}", drawn(p, rng)) for k in range(60) for p in ("alpha", "beta", "gamma")]
    table, told = fit(jobs, FAMILIES)
    assert told.jobs == len(jobs)
    assert told.right > 0.85
    assert told.none > 0.7
    assert told.right_member > 0.9
    assert all(cost[ALL] < 0.2 and cost[ALL] <= cost[MANNER] + 0.05 for cost in told.cllr.values())
    assert all(told.cllr_made[f][ALL] >= told.cllr[f][ALL] for f in FAMILIES)
    return table, told, jobs


def test_no_figure_goes_beyond_what_the_jobs_support(fitted: tuple[Table, object, list[Job]]) -> None:
    table, _, jobs = fitted
    assert table.bound == pytest.approx(np.log2(61), abs=1e-4)
    told = [each for job in jobs for each in attributions(job.habits, table)]
    assert max(abs(each.bits) for each in told) <= table.bound
    assert max(abs(bits) for each in told for bits in each.members.values()) <= table.bound


def test_a_program_that_nobody_knows_is_none_of_these(fitted: tuple[Table, object, list[Job]]) -> None:
    table = fitted[0]
    strange: Habits = {group: dict.fromkeys(of, "never seen") for group, of in table.counts.items()}
    assert named(attributions(strange, table)) is None
    # Half of one, half of the other.
    mixed = {"wording": drawn("alpha", np.random.default_rng(0))["wording"], "manner": {}}
    mixed["manner"] = {f"m{h}": v for h, v in _WAYS["gamma"].items()}
    assert named(attributions(mixed, table)) is None


def test_what_a_job_gives_no_occasion_to_says_nothing(fitted: tuple[Table, object, list[Job]]) -> None:
    table = fitted[0]
    silent: Habits = {"wording": {}, "manner": dict.fromkeys(table.counts["manner"], "none")}
    assert score(silent, table, "one", MANNER) == pytest.approx(0)


def test_a_table_is_the_same_after_its_json(fitted: tuple[Table, object, list[Job]]) -> None:
    table, _, jobs = fitted
    again = Table.model_validate_json(table.model_dump_json())
    assert again == table
    assert [attributions(job.habits, again) for job in jobs] == [
        attributions(job.habits, table) for job in jobs
    ]


@pytest.mark.parametrize(
    ("job", "family"), [(as_prusaslicer(), "slic3r"), (as_cura(), "cura"), (as_nobody(), None)]
)
def test_the_shipped_table_names_families_by_moves_alone(job: bytes, family: str | None) -> None:
    table = shipped_table()
    found = attributions(habits_of(job, read(job).toolpaths[0]), table)
    assert named(found) == family
    assert [each.family for each in found if each.bits >= NAMED_BITS] == ([family] if family else [])
    assert sum(table.jobs) >= 300
    if family == "slic3r":
        assert max(found[0].members, key=found[0].members.__getitem__) == "prusa-slicer"
