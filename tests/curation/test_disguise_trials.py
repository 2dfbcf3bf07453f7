"""Disguised parts and revisions in an evaluation: what is tried, what is counted, what is said of it."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

import parts
from partwatch.cli import main
from partwatch.cli.evaluate import text
from partwatch.curation.corpus import CorpusFile, read_corpus
from partwatch.curation.disguises import GROUPS, KINDS
from partwatch.curation.disguises.counts import BANDS, POOLS, TELLING, rows_of
from partwatch.curation.disguises.observed import (
    REVISED,
    Lying,
    Screened,
    Wanted,
    disguise_tasks,
    drawn_parts,
    drawn_revisions,
    revision_tasks,
)
from partwatch.curation.earlier import Verdict, changes, has_loss
from partwatch.curation.evaluate import evaluate, judges_of
from partwatch.curation.observations import Observations, gather
from partwatch.evidence.calibration import Line, RegionModel
from partwatch.evidence.pair import calibrated
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.tail import RegionTail
from partwatch.fingerprint.local import features_layout
from partwatch.matching.weight import SizeFit
from partwatch.model.document import MatchFinding, Relation
from partwatch.model.errors import UsageError
from partwatch.model.evaluation import checked
from partwatch.report.evaluation import page

COLUMNS = ("role", "repo", "path", "orig_path", "sha256", "same_geometry_as")
MOVED_HOLE = ((10, 9, 2.2), (10, 31, 2.2), (30, 14, 3), (44, 28, 2.2))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two projects; the first holds a bracket, and the same with one of its holes elsewhere."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for project, name, original, mesh in (
        ("a/one", "bracket.stl", "bracket.stl", parts.part_mesh("bracket")),
        ("a/one", "bracket~2.stl", "bracket.stl", parts.mesh_of(parts.bracket(MOVED_HOLE))),
        ("b/two", "housing.stl", "housing.stl", parts.part_mesh("housing")),
        ("b/two", "pulley.stl", "pulley.stl", parts.part_mesh("pulley")),
    ):
        path = folder / project.replace("/", "+") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).export(path)
        rows.append(("part", project, name, original, hashlib.sha256(path.read_bytes()).hexdigest(), ""))
    with (folder / "MANIFEST.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return folder


@pytest.fixture(scope="module")
def observed(corpus: Path) -> Observations:
    return gather(read_corpus(corpus), jobs=1, parts_tried=1, disguises=Wanted(1))


def judged(observed: Observations, gate_rate: float = 1e6) -> dict[str, Any]:
    judges = judges_of(observed, 0, None)
    return evaluate(observed, seed=0, gate_rate=gate_rate, alerts=AlertPolicy(), judges=judges)


def test_each_kind_is_counted_on_so_many_parts_and_a_revision_on_the_other(observed: Observations) -> None:
    kinds = [one.kind for one in observed.disguised]
    assert len(set(kinds)) == len(kinds)
    # A wall may be too thin for a peg, a body of the other project too large.
    may_fail = {"piece with pegs", "piece with sockets", "three fused", "fused with another"}
    assert set(KINDS) - may_fail <= set(kinds) - {REVISED} <= set(KINDS)
    assert REVISED in kinds
    for one in observed.disguised:
        assert one.truth is (KINDS[one.kind].relation if one.kind != REVISED else Relation.EDITED)
        assert one.surviving is not None
        assert one.surviving > 0.2


def test_what_lies_on_a_disguise_keeps_its_raw_numbers(observed: Observations) -> None:
    for kind in ("holes", "in a cavity", REVISED):
        one = next(one for one in observed.disguised if one.kind == kind)
        (best, *_) = one.own
        assert min(best.score, best.coverage_part, best.coverage_body) > 0.5
        assert best.bits is not None
        assert best.size is SizeFit.OWN


def test_a_revision_is_screened_against_the_other_one(observed: Observations) -> None:
    (one,) = (one for one in observed.disguised if one.kind == REVISED)
    assert "bracket" in observed.parts.names[one.part]
    assert [lying.relation for lying in one.own] == [Relation.EDITED]
    assert {lying.part for lying in one.listed} == {one.part}
    assert one.surviving == pytest.approx(0.99, abs=0.01)


def test_the_same_seed_gives_the_same_trials(corpus: Path, observed: Observations) -> None:
    again = gather(read_corpus(corpus), jobs=2, parts_tried=1, disguises=Wanted(1))
    assert again.disguised == observed.disguised


def test_recall_has_rows_by_kind_by_surface_and_for_revisions(observed: Observations) -> None:
    result = judged(observed)
    rows = {(row["group"], row["class"], row["at"]): row for row in result["recall"]}
    for at in ("match", "review"):
        assert rows["disguise", "holes", at]["trials"] == 1
        assert rows["disguise", POOLS["contained"][0], at]["trials"] >= 4
        assert rows["surviving", "contained: 90 % and more", at]["trials"] >= 3
        assert rows["revision", "recognised, as whatever relation", at]["trials"] == 1
    assert rows["disguise", "in a cavity", "review"]["hits"] == 1
    assert rows["revision", "recognised as edited or as the same", "review"]["hits"] == 1
    assert checked(result) is result


def test_every_disguise_is_in_the_document_with_what_was_said(observed: Observations) -> None:
    result = judged(observed)
    assert len(result["disguises"]) == len(observed.disguised)
    told = next(row for row in result["disguises"] if row["kind"] == "in a cavity")
    assert (told["truth"], told["relation"]) == ("contains", "same_mesh")
    missed = [row for row in result["disguises"] if row["finding"] is None]
    assert missed
    for row in missed:
        assert {row[key] for key in ("relation", "score", "coverage_part", "coverage_body", "bits")} == {None}


def test_the_terminal_and_the_page_show_them(observed: Observations) -> None:
    result = judged(observed)
    shown = text(result)
    assert "disguise: in a cavity" in shown
    assert "revision: recognised, as whatever relation" in shown
    assert "disguised parts and revisions, by what they were made as" in shown
    drawn = page(result)
    for words in ("Recall of disguised parts", "in a cavity, on struts", "What disguised parts are told as"):
        assert words in drawn


def test_an_evaluation_of_before_compares_and_what_is_tried_no_more_is_a_loss(
    observed: Observations,
) -> None:
    result = judged(observed)
    before = judged(replace(observed, disguised=()))
    del before["disguises"]
    compared = changes(before, result)
    assert not has_loss(compared)
    assert {one.verdict for one in compared if "disguise: " in one.name} == {Verdict.NEW}
    assert "Recall of disguised parts" in page(before)
    assert has_loss(changes(result, before))


def test_parts_that_the_gate_holds_back_are_not_counted(observed: Observations) -> None:
    result = judged(observed, gate_rate=0.0)
    assert result["disguises"] == []
    assert "disguised parts" not in text(result)


def test_the_option_bounds_what_is_tried(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["evaluate", "--corpus", str(corpus), "--parts", "1", "--jobs", "1", "--json"]
    assert main([*wanted, "--disguises", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["disguises"] == []


def test_without_the_library_that_cuts_it_says_so_before_any_work(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "manifold3d" else found(name)
    )
    with pytest.raises(UsageError, match=r"pip install manifold3d, or --disguises 0"):
        gather(read_corpus(corpus), jobs=1, parts_tried=1, disguises=Wanted(1))


def file(name: str, thing: str, geometry: str, project: str = "a/one") -> CorpusFile:
    return CorpusFile(Path(name), project, "part", name, geometry, thing=thing)


FILES = {
    "part-0": file("a1", "a", "g1"),
    "part-1": file("a2", "a", "g2"),
    "part-2": file("a2 again", "a", "g2"),
    "part-3": file("b1", "b", "g3"),
    "part-4": file("b1 again", "b", "g3"),
    "part-5": file("c1", "c", "g4", "b/two"),
    "part-6": file("c2", "c", "g5", "b/two"),
    "part-7": file("c3", "c", "g6", "b/two"),
}
NUMBER = {name: k for k, name in enumerate(FILES)}


def test_revisions_are_of_one_file_and_of_different_geometry() -> None:
    chosen = drawn_revisions(FILES, 10, seed=0)
    assert sorted(FILES[listed].thing for listed, _ in chosen) == ["a", "c"]
    for listed, others in chosen:
        geometry = [FILES[listed].geometry, *(other.geometry for other in others)]
        assert len(set(geometry)) == len(geometry) == (2 if FILES[listed].thing == "a" else 3)
    assert len(drawn_revisions(FILES, 1, seed=0)) == 1
    assert drawn_revisions(FILES, 10, seed=0) == chosen


def test_a_revision_task_names_the_listed_part_and_the_other_file() -> None:
    chosen = drawn_revisions(FILES, 10, seed=3)
    tasks = list(revision_tasks(chosen, FILES, NUMBER))
    assert len(tasks) == 3
    for task in tasks:
        part, kind = task.tag
        listed = FILES[f"part-{part}"]
        assert kind == REVISED
        assert task.args["listed"] == str(listed.path)
        assert task.args["path"] != task.args["listed"]


def test_parts_are_joined_to_files_of_other_projects() -> None:
    order = drawn_parts(FILES, 2, seed=0)
    assert sorted(order) == sorted(FILES)
    tasks = list(disguise_tasks(order, FILES, NUMBER, 2, 0, {}))
    assert len(tasks) == len(FILES) * len(KINDS)
    for task in tasks:
        own = FILES[f"part-{task.tag[0]}"]
        assert task.args["path"] == str(own.path)
        of = {one.project for one in FILES.values() if str(one.path) in task.args["others"]}
        assert of == ({"a/one", "b/two"} - {own.project} if KINDS[task.tag[1]].others else set())


def test_a_kind_is_tried_until_it_applied_to_enough_parts() -> None:
    order = drawn_parts(FILES, 1, seed=0)
    assert len(order) == 4
    applied: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for task in disguise_tasks(order, FILES, NUMBER, 1, 0, applied):
        kind = task.tag[1]
        tried[kind] += 1
        # Holes apply at once, chamfers to the third, the others to none.
        applied[kind] += kind == "holes" or (kind == "chamfers" and tried[kind] == 3)
    assert tried.pop("holes") == 1
    assert tried.pop("chamfers") == 3
    assert set(tried.values()) == {4}


def screened(kind: str, surviving: float | None, *listed: Lying) -> Screened:
    truth = KINDS[kind].relation if kind in KINDS else Relation.EDITED
    return Screened(0, kind, truth, surviving, listed)


@pytest.mark.parametrize(
    ("kind", "surviving", "rows"),
    [
        ("piece 1/2", 0.5, {"piece 1/2", POOLS["pieces"][0], "pieces: 50 to 75 %"}),
        ("piece 1/4", 0.2499, {"piece 1/4", "pieces: below 25 %"}),
        ("piece 1/4", 0.25, {"piece 1/4", POOLS["pieces"][0], "pieces: 25 to 50 %"}),
        ("on a base", 0.85, {"on a base", POOLS["contained"][0], "contained: 75 to 90 %"}),
        ("holes", 0.89, {"holes", "edits: 75 to 90 %"}),
        ("holes", 1.0, {"holes", POOLS["edits"][0], "edits: 90 % and more"}),
        ("scan of one side", 0.4, {"scan of one side", "scans: 25 to 50 %"}),
        ("holes", None, {"holes"}),
    ],
)
def test_a_disguise_counts_for_its_kind_its_pool_and_its_band(
    kind: str, surviving: float | None, rows: set[str]
) -> None:
    told = list(rows_of(screened(kind, surviving), None))
    assert {label for _, label, _ in told} == rows
    assert all(counts for _, _, counts in told)


@pytest.mark.parametrize("relation", Relation)
def test_a_revision_is_recognised_as_edited_or_the_same_but_not_as_a_piece(relation: Relation) -> None:
    told = {label: counts for group, label, counts in rows_of(screened(REVISED, 0.8), relation)}
    assert told["recognised, as whatever relation"]
    is_partial = relation in (Relation.PIECE_OF, Relation.CONTAINS)
    assert told["recognised as edited or as the same"] is not is_partial


def test_every_share_has_one_band_and_every_kind_one_group() -> None:
    for share in (0.0, 0.1, 0.25, 0.4999, 0.5, 0.75, 0.9, 1.0):
        assert sum(low <= share < high for low, high in BANDS.values()) == 1
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(KINDS)


def judged_with_regions(observed: Observations, regions: RegionModel | None) -> dict[str, Any]:
    calibration, population = calibrated(None)
    panel = judges_of(observed, 0, (replace(calibration, regions=regions), population))
    return evaluate(observed, seed=0, gate_rate=1e6, alerts=AlertPolicy(), judges=panel)


def test_wholes_and_regions_are_judged_by_whom_saw_neither(observed: Observations) -> None:
    whole = Lying(0, MatchFinding.CANDIDATE, Relation.EDITED, 0.99, 0.99, 0.99, 9.0, SizeFit.OWN)
    piece = replace(whole, relation=Relation.PIECE_OF, coverage_part=0.3, information=50.0)
    rare = RegionModel(RegionTail(offset=0.0, rate=1.0), Line(0.0, 1.0), 10, 10, features_layout())
    for lying, regions, finding in (
        (whole, None, "match"),
        (piece, rare, "match"),
        (replace(piece, information=10.0), rare, "candidate"),
        (replace(piece, information=0.5), rare, None),
        (replace(piece, size=SizeFit.NONE), rare, "review"),
        (piece, None, None),
    ):
        changed = replace(observed, disguised=(screened("piece 1/2", 0.5, lying),))
        (row,) = judged_with_regions(changed, regions)["disguises"]
        assert row["finding"] == finding
        assert row["relation"] == (lying.relation.value if finding else None)


def test_what_failed_counts_as_not_found_and_is_said(observed: Observations) -> None:
    result = judged(replace(observed, disguised=(screened("holes", None),)))
    assert "1 trials failed and count as not found" in text(result)
    (row,) = [row for row in result["recall"] if row["class"] == "holes" and row["at"] == "match"]
    assert (row["hits"], row["trials"]) == (0, 1)


def test_a_near_duplicate_of_the_part_makes_it_found(observed: Observations) -> None:
    other = Lying(1, MatchFinding.MATCH, Relation.EDITED, 0.99, 0.99, 0.99, 9.0, SizeFit.OWN)
    one = screened("holes", 0.95, other)
    families = np.array([0, 0, 1, 2], dtype=np.int32)
    kin = replace(observed, disguised=(one,), parts=replace(observed.parts, families=families))
    assert list(kin.named_on(one)) == [other]
    (row,) = judged(kin)["disguises"]
    assert row["finding"] == "match"


def test_pieces_that_carry_enough_of_their_own_are_counted_apart(observed: Observations) -> None:
    piece = Lying(0, MatchFinding.MATCH, Relation.PIECE_OF, 0.9, 0.3, 0.9, 9.0, SizeFit.OWN, 50.0)
    rare = RegionModel(RegionTail(offset=0.0, rate=1.0), Line(0.0, 1.0), 10, 10, features_layout())
    trials = (
        replace(screened("piece 1/2", 0.6, piece), at_truth=50.0),
        replace(screened("piece 1/2", 0.6), at_truth=50.0),
        replace(screened("piece 1/2", 0.6), at_truth=1.0),
        replace(screened("piece 1/4", 0.2), at_truth=1.0),
        screened("holes", 0.95),
    )
    result = judged_with_regions(replace(observed, disguised=trials), rare)
    rows = {
        (row["group"], row["class"]): (row["hits"], row["trials"])
        for row in result["recall"]
        if row["at"] == "match"
    }
    assert rows["disguise", POOLS["pieces"][0]] == (1, 3)
    assert rows["disguise", TELLING] == (1, 2)
    assert rows["telling", "pieces: 50 to 75 %"] == (2, 3)
    assert rows["telling", "pieces: below 25 %"] == (0, 1)
    assert ("telling", "edits: 90 % and more") not in rows
    assert checked(result) is result
    assert "Pieces that carry enough of their own to be told" in page(result)


def test_a_piece_knows_what_it_shares_where_it_was_cut_out(observed: Observations) -> None:
    for one in observed.disguised:
        assert (one.at_truth is not None) == (one.group == "pieces")
        found = max((lying.information or 0.0 for lying in one.own), default=None)
        if one.at_truth and found:
            assert found <= one.at_truth * 1.1 + 0.5


def test_other_parts_on_a_disguise_do_not_make_it_found(observed: Observations) -> None:
    other = Lying(2, MatchFinding.MATCH, Relation.EDITED, 0.99, 0.99, 0.99, 9.0, SizeFit.OWN)
    one = screened("holes", 0.95, other)
    assert one.own == ()
    (row,) = judged(replace(observed, disguised=(one,)))["disguises"]
    assert row["finding"] is None
