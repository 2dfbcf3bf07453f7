"""The simulator of traffic: seeded, fair to both ways of counting, and found out where it should be."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks.traffic import measure, people
from benchmarks.traffic.__main__ import Traffic, told
from benchmarks.traffic.catalogue import Article, Likeness, articles, lost_surprise
from benchmarks.traffic.world import World, world

from partwatch.assembly.policy import AssemblyPolicy
from partwatch.curation.corpus import CorpusFile
from partwatch.evidence.calibration import shipped_calibration
from partwatch.model.document import MatchFinding, Medium, Relation

TAIL = shipped_calibration().tail


def article(number: int, project: str, surprise: float = 30.0) -> Article:
    own = Likeness(0, number, surprise, MatchFinding.MATCH, Relation.SAME_FILE, Medium.MESH)
    return Article(number, project, f"g{number}", 1, True, (own,))


@pytest.fixture(scope="module")
def here() -> World:
    """Twelve projects of twenty parts, half of them listed."""
    made = [article(number, f"project {number // 20}") for number in range(240)]
    return world(made, TAIL, np.random.default_rng(1), 8)


def test_no_project_is_both_listed_and_ordered(here: World) -> None:
    listed = {one.project for own in here.parts.values() for one in own}
    assert listed
    assert not listed & here.public.keys()
    assert all(len(own) >= 5 for own in here.parts.values())
    assert set(here.plans) == set(here.parts)


def test_the_same_seed_gives_the_same_traffic(here: World) -> None:
    def draw() -> list[object]:
        rng = np.random.default_rng(3)
        return [*people.customers(here, 40, rng), *people.sellers(here, 3, rng)]

    assert draw() == draw()


def test_sellers_send_the_whole_design_over_weeks(here: World) -> None:
    for seller in people.sellers(here, 10, np.random.default_rng(4)):
        sent = [item for item in seller.items if ".d" not in item.key]
        assert len(sent) == len(here.parts[seller.design])
        days = [item.time for item in seller.items if item.time]
        assert days == sorted(days)
        assert {value for item in sent for kind, value in item.groups if kind == "account"} <= set(
            seller.accounts
        )


def test_a_worse_copy_is_less_surprising_as_the_tail_model_says() -> None:
    assert lost_surprise(TAIL, 1.0) == pytest.approx(0.0)
    near = 2.0
    good, bad = (float(TAIL.probability(near - 1.9, score)) for score in (0.99, 0.9))
    assert lost_surprise(TAIL, 0.9) - lost_surprise(TAIL, 0.99) == pytest.approx(
        math.log2(bad / good), rel=0.05
    )


def test_sellers_are_found_and_customers_are_left_alone(
    here: World, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(5)
    traffic = Traffic(here, list(people.customers(here, 400, rng)), list(people.sellers(here, 8, rng)), 400)
    figures = told(traffic, AssemblyPolicy(), rng)
    # Two parts that a harmless machine shares with a design are news the first time.
    assert figures["false_match"] in (0, 1)
    alarms = figures["alarms"]
    assert isinstance(alarms, dict)
    assert sum(alarm is not None for alarm in alarms["bits, match"]) >= 7
    assert "counting" in capsys.readouterr().out


def test_cllr_is_one_where_nothing_is_said_and_less_where_something_is() -> None:
    nothing = np.zeros(5)
    assert measure.cllr(nothing, nothing) == pytest.approx(1.0)
    assert measure.cllr(np.full(5, 6.0), np.full(5, -6.0)) < 0.05
    assert measure.cllr(np.full(5, -6.0), np.full(5, 6.0)) > 5


def test_counting_is_given_the_level_that_it_needs() -> None:
    rng = np.random.default_rng(6)
    made = [article(number, f"project {number // 20}") for number in range(240)]
    small = world(made, TAIL, rng, 2)
    plain = [list(people.customers(small, 1, rng))]
    assert measure.counting_level(plain, 1, 1.0) == 1
    bought = [item for one in people.sellers(small, 1, rng) for item in one.items]
    assert measure.counting_level([bought], 10_000, 1.0) == 1
    parts = max(measure.matched_parts(bought).values())
    assert measure.counting_level([bought], 1, 1.0) == parts + 1


def test_articles_are_read_from_a_result(tmp_path: Path) -> None:
    corpus = [
        CorpusFile(Path("a.stl"), "p", "part", "aa", "g"),
        CorpusFile(Path("b.stl"), "q", "part", "bb", "h"),
    ]
    match = {
        "design": "corpus 0001", "evidence": {"surprise": 21.5}, "finding": "match", "relation": "same_mesh",
        "medium": "mesh",
    }  # fmt: skip
    item = {"type": "item", "sha256": "bb", "complete": True, "bodies": [{"index": 0, "matches": [match]}]}
    result = tmp_path / "r.ndjson"
    result.write_text('{"type":"header"}\n' + json.dumps(item) + "\n")
    (found,) = articles(result, corpus)
    assert (found.number, found.project, found.tells) == (1, "q", True)
    own = found.itself()
    assert own is not None
    assert own.surprise == 21.5
    match["evidence"] = {}
    result.write_text(json.dumps(item) + "\n")
    with pytest.raises(SystemExit, match="screen the corpus again"):
        articles(result, corpus)
