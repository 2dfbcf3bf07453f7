"""What is measured on generated cases: the figures themselves, and that all of it runs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from benchmarks.cases import asking, figures, measure, pipeline, records, taking
from benchmarks.cases.__main__ import main as write_case
from benchmarks.cases.rivals import Plain
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partwatch.case.store import CaseStore
from partwatch.case.view import CaseView, view_of
from partwatch.curation import honesty
from partwatch.curation.honesty import Weighing
from partwatch.curation.rates import Rate


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=20))
def test_pairs_of_records_are_counted_as_by_hand(told: list[tuple[int, int]]) -> None:
    person_of = {f"r{place}": f"p{person}" for place, (person, _) in enumerate(told)}
    cluster_of = {f"r{place}": cluster for place, (_, cluster) in enumerate(told)}
    found = figures.resolved(person_of, cluster_of)
    pairs = [(one, other) for place, one in enumerate(told) for other in told[place + 1 :]]
    taken = [one[1] == other[1] for one, other in pairs]
    true = [one[0] == other[0] for one, other in pairs]
    both = sum(a and b for a, b in zip(taken, true, strict=True))
    assert (found.taken, found.true, found.both) == (sum(taken), sum(true), both)
    if sum(taken):
        assert found.precision.value == pytest.approx(both / sum(taken))
    if sum(true):
        assert found.recall.value == pytest.approx(both / sum(true))
        assert found.recall.low - 1e-9 <= found.recall.value <= found.recall.high + 1e-9


def test_records_that_were_not_found_are_alone() -> None:
    assert figures.resolved({"a": "p", "b": "p"}, {}).recall.value == 0.0
    assert figures.resolved({"a": "p", "b": "p"}, {"a": 1, "b": 1}).recall.value == 1.0


def test_of_equals_half_come_before() -> None:
    assert figures.place_of(3.0, [1.0, 2.0]) == 1.0
    assert figures.place_of(3.0, [3.0, 3.0, 5.0]) == 3.0
    assert figures.place_of(0.0, [0.0] * 9) == 5.5


def test_ranks_are_averaged_beside_what_chance_would_do() -> None:
    told = figures.ranking([1.0, 2.0, 1.0, 4.0], [3, 3, 3, 3], [0, 0, 1, 1])
    assert told.mean_reciprocal.value == pytest.approx((1 + 0.5 + 1 + 0.25) / 4)
    assert told.first.value == 0.5
    assert told.chance == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert told.mean_reciprocal.low <= told.mean_reciprocal.value <= told.mean_reciprocal.high


def test_a_rate_has_its_exact_interval() -> None:
    assert figures.of_rate(Rate(0, 10)).low == 0.0
    assert figures.of_rate(Rate(0, 10)).high == pytest.approx(1 - 0.025 ** (1 / 10), abs=1e-6)


def test_no_trials_are_no_share() -> None:
    assert math.isnan(figures.of_groups([0.0], [0.0]).value)


def test_a_clerk_merges_by_mail_paper_and_by_phone_with_a_name() -> None:
    says = {
        "a": {"name": "Anna Müller", "phone": "+1", "email": "a@example.org"},
        "b": {"name": "MULLER A.", "email": "a@example.org"},
        "c": {"name": "Jürgen Mueller", "phone": "+1"},
        "d": {"name": "Anna Koch", "phone": "+1"},
        "e": {"name": "Anna Koch"},
    }
    found = records.ruled(says)
    assert found["a"] == found["b"] == found["c"] == found["d"]
    assert found["e"] != found["a"]
    assert records.ruled({}) == {}


@given(
    st.lists(st.tuples(st.floats(-20, 20), st.booleans()), min_size=2, max_size=30).filter(
        lambda told: len({same for _, same in told}) == 2
    )
)
def test_cllr_is_that_of_the_house_where_all_was_compared(told: list[tuple[float, bool]]) -> None:
    bits, same = [one for one, _ in told], [one for _, one in told]
    found = records.cllr(records.Pairs(bits, same, (0, 0)))
    data = honesty.scored(bits, same, np.arange(len(bits)), Weighing.BODY)
    assert found is not None
    assert found[0] == pytest.approx(honesty.cllr(data))
    assert found[1] == pytest.approx(honesty.cllr_min(data))


def test_pairs_of_two_that_were_not_compared_cost_nothing() -> None:
    some = records.cllr(records.Pairs([5.0, 3.0], [True, False], (0, 0)))
    many = records.cllr(records.Pairs([5.0, 3.0], [True, False], (0, 10**6)))
    assert some is not None
    assert many is not None
    assert many[0] < some[0]
    assert many[0] == pytest.approx(math.log2(1 + 2**-5) / 2, rel=1e-3)
    assert records.cllr(records.Pairs([5.0], [True], (0, 0))) is None


def test_rivals_count_hops_and_share_out_a_walk() -> None:
    one, other = np.array([0, 1, 3]), np.array([1, 2, 4])
    plain = Plain(5, one, other)
    assert plain.nearness(0).tolist() == [0, -1, -2, -np.inf, -np.inf]
    visits = plain.visits(0)
    assert visits.sum() == pytest.approx(1.0)
    assert visits[1] > visits[2] > visits[3] == visits[4] == 0.0


def test_seeds_are_read_as_ranges() -> None:
    assert measure.seeds_of("1-3,8") == [1, 2, 3, 8]


def test_records_that_are_one_by_truth_are_one_in_the_case(tmp_path: Path) -> None:
    found = measure.Found()
    case, truth = measure.made(1, 2_400)
    store = measure.taken(tmp_path / "case", case)
    taking.merge_by_truth(store, truth)
    view = view_of(store)
    of = {one.key: one.person for one in truth.records}
    places = {key: int(view.canonical[place]) for place, key in enumerate(view.keys)}
    told = figures.resolved(of, places)
    assert (told.precision.value, told.recall.value) == (1.0, 1.0)
    found.resolution.add(1, case.world, truth, places, asking.Scores([], [], np.zeros(0)))
    assert set(found.resolution.told()) <= {records.PEOPLE, records.SHOPS, records.BARE}


class Ties:
    """Knows everything: those of the network are tied by ten bits, others by none."""

    def __init__(self, store: CaseStore) -> None:
        self.view: CaseView = view_of(store)
        self.plain = Plain(len(self.view.keys), np.array([0]), np.array([1]))
        _, truth = measure.made(1, 2_400)
        wanted = {one.organiser for one in truth.chains if one.listed}
        wanted |= {one.maker for one in truth.chains if one.listed}
        self.ends = {one.key for one in truth.records if one.person in wanted}

    def place(self, key: str) -> int | None:
        return self.view.canonical_of(key)

    @property
    def people(self) -> NDArray[np.int64]:
        return np.arange(len(self.view.keys))

    def leads(self, start: str) -> NDArray[np.float64]:
        return np.array([float(key in self.ends) for key in self.view.keys])

    def tie(self, start: str, end: str) -> asking.Tie:
        return asking.Tie(10.0, 12.0) if end in self.ends else asking.Tie(0.0, 0.0)


def test_measuring_runs_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asking, "Ties", Ties)
    asked: Sequence[str] = ("--seeds", "1", "--statements", "2400", "--merges", "none")
    assert measure.main([*asked, "--json", str(tmp_path / "told.json")]) == 0
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["ranks"]["organiser"]["bits, all"]["mean_reciprocal"]["value"] == 1.0
    assert told["calibration"]["bits"]["cllr"] < 0.6
    assert told["networks"] == 1
    assert "drawn blindly" in capsys.readouterr().out


def test_a_written_case_goes_through_the_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert write_case(["--seed", "1", "--statements", "2400", "--out", str(tmp_path)]) == 0

    def missing(_store: CaseStore) -> None:
        raise ImportError("no resolution here")

    monkeypatch.setattr(asking, "resolve", missing)
    monkeypatch.setattr(asking, "Ties", Ties)
    told = pipeline.run(tmp_path, "statements")
    assert told["counts"]["statements"] == pytest.approx(2_400, rel=0.05)
    assert told["import"]["seconds"] >= 0
    assert told["resolve"] == {"missing": "no resolution here"}
    assert told["10 paths"]["peak_mb"] > 0
