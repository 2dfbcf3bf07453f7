"""Every benchmark runs from end to end in its smallest form and fills in its section."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.peer_parts import KINDS
from benchmarks.settings import Settings

from benchmarks import (
    __main__,
    b1_warm_file,
    b2_corpus,
    b3_scale,
    b4_peers,
    b5_memory,
    b6_pieces,
    b6_worker,
    cache,
    hostile,
    lists,
    parts,
    report,
    stages,
)
from partwatch import kernel
from partwatch.curation.corpus import CorpusFile
from partwatch.fingerprint import local
from partwatch.geometry.bodies import split_bodies
from partwatch.watchlist.store import Watchlist

# One worker of the test run: the lists are made once and shared.
pytestmark = pytest.mark.xdist_group("benchmarks")


def test_warm_file_is_timed_beside_trimesh_and_found_where_it_is_listed(tiny: Settings) -> None:
    result = b1_warm_file.measure(tiny)
    assert [case.found.split(",")[0] for case in result.cases] == ["match", "match", "clear"]
    assert all(len(case.warm.ratios) == 2 and min(case.warm.ratios) > 0 for case in result.cases)
    assert len(result.cold.ours) == len(result.cold.theirs) == 1
    assert "Ratio to `trimesh.load`" in report.markdown(b1_warm_file.section(result))


def test_throughput_has_every_stage_of_every_file(tiny: Settings) -> None:
    result = b2_corpus.measure(tiny)
    (run,) = result.runs
    assert (run.files, run.clocked, sum(run.findings.values())) == (4, 4, 4)
    assert set(run.stage_s) == set(stages.STAGES)
    assert all(
        run.stage_s[stage] > 0 for stage in ("read", "split", "sample and describe", "search", "align")
    )
    assert "files a second with two workers" in report.markdown(b2_corpus.section(result))


def test_each_size_of_list_finds_the_listed_queries(tiny: Settings) -> None:
    result = b3_scale.measure(tiny)
    assert [(one.list_parts, one.found, one.listed) for one in result] == [(20, 2, 2), (40, 2, 2)]
    assert all(len(one.queries) == 4 and one.open_s > 0 for one in result)
    assert "from 20 to 40 parts" in report.markdown(b3_scale.section(result))


def test_peers_answer_the_same_queries_or_say_how_to_install_them(tiny: Settings) -> None:
    result = b4_peers.measure(tiny)
    by_method = {answers.method: answers for answers in result.answers}
    assert by_method["Partwatch"].recall(1, [kind == "rotated" for kind in result.kinds]) == 1
    assert (
        by_method["trimesh `identifier_simple`"].recall(1, [kind == "rotated" for kind in result.kinds]) == 1
    )
    text = report.markdown(b4_peers.section(result))
    for answers in result.answers:
        assert len(answers.ranks) == 8 or "not installed: pip install" in answers.missing
        assert answers.method in text
    assert len(result.answers) == 6
    assert set(result.kinds) == set(KINDS)


def test_memory_is_told_for_the_large_file_and_along_the_many(tiny: Settings) -> None:
    result = b5_memory.measure(tiny)
    assert 0 < result.ready_mb <= result.peak_mb
    assert [count for count, _, _ in result.many] == [1, 2, 4]
    assert result.failures == 0
    assert abs(result.triangles - 10_000) <= 2_000
    assert "times the peak of `trimesh.load`" in report.markdown(b5_memory.section(result))


def test_regions_are_clocked_beside_the_search_for_whole_bodies(tiny: Settings) -> None:
    result = b6_pieces.measure(tiny)
    (small, large) = result.strangers
    assert (small.list_parts, large.list_parts, result.hostile.list_parts) == (12, 40, 40)
    assert large.list_features > 2 * small.list_features > 0
    assert [run.unread for run in (*result.strangers, result.hostile)] == [0, 0, 0]
    for run in result.strangers:
        assert len(run.searches) == 4
        assert any(one.searched for one in run.searches)
        for one in run.searches:
            assert set(one.stages) == set(b6_worker.STAGES)
            assert one.searched == (one.stages["features of the body"] > 0)
            assert one.without_s > 0
    assert {one.name for one in result.hostile.searches} == set(hostile.HOSTILE)
    assert all(one.with_s > 0 and one.searched for one in result.hostile.searches)
    assert "On top of the search for whole bodies" in report.markdown(b6_pieces.section(result))


def test_what_regions_cost_is_the_difference_over_the_search_without_them() -> None:
    def one(without_s: float, with_s: float) -> b6_pieces.Search:
        return b6_pieces.Search("a", 1, True, without_s, with_s, {}, "clear")

    assert one(2.0, 5.0).on_top == 1.5
    assert b6_pieces.ratio_of([one(2.0, 5.0), one(2.0, 3.0)]) == 1.0
    assert b6_pieces.ratio_of([]) == 0.0


def test_only_parts_of_the_same_project_are_kept_from_a_body(tmp_path: Path) -> None:
    meshes = {f"part {k}": parts.part(k) for k in range(3)}
    home = lists.variants(
        tmp_path, "variants", lists.of_meshes(tmp_path, "few", meshes, features=True), size=7
    )
    with Watchlist.open(home).snapshot() as snapshot:
        names = [part.name for part in snapshot.parts]
        files = [
            CorpusFile(Path("x"), project, "part", snapshot.parts[names.index(name)].sha256, "g")
            for name, project in (("part 0", "a"), ("part 1", "b"))
        ]
        excluded = b6_pieces._excluded(snapshot, files)
    hidden = {project: [names[k] for k in found] for project, found in excluded.items()}
    assert hidden == {
        "a": ["part 0", "part 0 variant 1", "part 0 variant 2"],
        "b": ["part 1", "part 1 variant 1"],
    }


@pytest.mark.parametrize("name", ["foam", "lattice", "spikes", "bumps", "plate"])
def test_hostile_bodies_are_closed(name: str) -> None:
    assert all(solid.closed for solid in split_bodies(hostile.HOSTILE[name](2_000)))


def test_generated_parts_are_single_closed_bodies_and_follow_from_their_seed() -> None:
    for seed in range(20):
        (solid,) = split_bodies(parts.part(seed))
        assert solid.closed
        assert np.array_equal(parts.part(seed).vertices, parts.part(seed).vertices)


def test_a_stretched_variant_has_the_descriptor_of_its_mesh(tiny: Settings) -> None:
    home = lists.generated(tiny.cache, 40, 12, tiny.sizes.fine_triangles)
    with Watchlist.open(home).snapshot() as snapshot:
        variants = [k for k, part in enumerate(snapshot.parts) if "variant" in part.name]
        assert len(variants) == 40 - 2 - 12
        for k in variants[::5]:
            row = int(np.flatnonzero(snapshot.part_index == k)[0])
            true = lists.entry_of("again", snapshot.mesh(k)).prints[0].descriptor
            # Both blocks are unit vectors; strangers are several times as far apart.
            assert np.linalg.norm(snapshot.descriptors[row] - true) < 0.25


def test_a_variant_with_features_has_them_on_its_surface(tmp_path: Path) -> None:
    mesh = parts.part(3)
    base = lists.of_meshes(tmp_path, "one", {"part": mesh}, features=True)
    entries = next(Watchlist.open(lists.variants(tmp_path, "two", base, 2)).entries()).parts
    assert [entry.name for entry in entries] == ["part", "part variant 1"]
    own, variant = (entry.features for entry in entries)
    assert own is not None
    assert variant is not None
    assert len(own) == len(variant) > 0
    assert not np.array_equal(own["code"], variant["code"])
    stretched = entries[1].mesh
    assert stretched is not None
    # A facing is that of a neighbourhood, which at an edge is no triangle's: any will do here.
    tree = kernel.TriangleTree(stretched.vertices, stretched.triangles, -1.0)
    distance, _ = tree.closest(variant["place"].astype(np.float64), local.facing_of(variant), 1.0)
    assert distance.max() < 0.01


def test_a_cached_thing_is_made_once_for_one_recipe(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("content")

    first = cache.made(tmp_path, "thing", "a", make)
    assert cache.made(tmp_path, "thing", "a", make) == first
    second = cache.made(tmp_path, "thing", "b", make)
    assert len(made) == 2
    assert (second / "file").read_text() == "content"
    assert not first.exists()


def test_the_page_replaces_only_what_is_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    section = report.Section("T", ("said",), (report.Table(("a", "b"), (("1", "2|3"),)),), ("how",))
    report.write(page, report.page(["- fact"], [section]))
    page.write_text("before\n" + page.read_text() + "after\n")
    report.write(page, report.page(["- other fact"], [section]))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "- other fact" in text
    assert "- fact" not in text
    assert "| 1 | 2\\|3 |" in text


def test_chosen_benchmarks_print_their_sections_and_write_where_told(
    tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(__main__, "QUICK", replace(tiny.sizes, scale_parts=(20,)))
    page = tmp_path / "page.md"
    cached = ["--cache", str(tiny.cache), "--as-of", "2026-01-01", "--corpus", ""]
    __main__.main(["--only", "3", "--quick", "--write", str(page), *cached])
    assert "3. Lists of growing size" in capsys.readouterr().out
    assert "`python -m benchmarks --only 3 --quick --as-of 2026-01-01`" in page.read_text()
