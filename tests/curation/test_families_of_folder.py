"""`partwatch families`: what of a folder is a copy, a revision or a remix of what, and what is not."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from catalogues import REVISED_HOLES, Found, fill, found, run
from examples.writers.stl import binary_stl
from examples.writers.threemf import Placed, threemf

import parts
from partwatch.cli import main
from partwatch.curation import catalogue, kin_job
from partwatch.model.families import SCHEMA, Kinship, Sameness


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("catalogue")
    fill(place)
    return place


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["families", str(folder), "--json", "--jobs", "2"]) == 3
    return out.getvalue()


@pytest.fixture(scope="module")
def families(text: str) -> Found:
    return found(text)


def test_copies_reexports_mirror_images_and_revisions_are_one_family(families: Found) -> None:
    assert families.names("a/bracket.stl") == {
        "a/bracket.stl", "a/bracket again.stl", "b/moved.obj", "b/finer.stl", "b/stated inch.3mf",
        "b/inch.stl", "b/mirrored.stl", "c/revised.stl", "in/bracket.stl",
    }  # fmt: skip


def test_each_file_says_what_it_is_to_the_first_of_its_shape(families: Found) -> None:
    told = {name: families.of(name)[2].sameness for name in ("a/bracket again.stl", "a/bracket.stl")}
    assert told == {"a/bracket again.stl": Sameness.FIRST, "a/bracket.stl": Sameness.SAME_FILE}
    assert families.of("b/moved.obj")[2].sameness is Sameness.SAME_MESH
    assert families.of("old.zip!in/bracket.stl")[2].sameness is Sameness.SAME_MESH
    assert families.of("b/finer.stl")[2].sameness is Sameness.SAME_SHAPE


def test_a_unit_that_a_file_states_leaves_no_scale_and_another_is_said(
    families: Found,
) -> None:
    stated, unstated = families.of("b/stated inch.3mf")[2], families.of("b/inch.stl")[2]
    assert (stated.scale, stated.unit_factor) == (pytest.approx(1, abs=1e-3), 1)
    assert (unstated.scale, unstated.unit_factor) == (
        pytest.approx(1 / 25.4, rel=1e-2), pytest.approx(1 / 25.4)
    )  # fmt: skip


def test_a_mirror_image_is_a_shape_of_its_own(families: Found) -> None:
    difference = families.between("a/bracket.stl", "b/mirrored.stl").difference
    assert (difference.kinship, difference.mirrored) == (Kinship.MIRROR, True)
    assert difference.coverage_parent > 0.99


def test_a_revision_says_how_much_of_it_changed(families: Found) -> None:
    edge = families.between("a/bracket.stl", "c/revised.stl")
    difference = edge.difference
    assert difference.kinship is Kinship.REVISION
    assert 0.9 < difference.coverage_parent < 1
    assert 0.9 < difference.coverage_child < 1
    volumes = [parts.bracket().volume(), parts.bracket(REVISED_HOLES).volume()]
    first, second = volumes if edge.child == families.of("c/revised.stl")[1].id else volumes[::-1]
    assert difference.volume_change == pytest.approx(second / first - 1, abs=2e-4)


def test_a_plate_of_one_body_over_again_is_that_body_rearranged(families: Found) -> None:
    difference = families.between("gear.stl", "plates/two gears.3mf").difference
    assert difference.kinship is Kinship.REARRANGED
    assert (difference.coverage_parent, difference.coverage_child) == (1, 1)


def test_a_plate_that_holds_a_body_among_others_is_linked_and_not_taken_in(families: Found) -> None:
    assert "plates/plate.3mf" not in families.names("gear.stl")
    difference = families.link("gear.stl", "plates/plate.3mf").difference
    assert difference.kinship is Kinship.REMIX
    assert max(difference.coverage_parent, difference.coverage_child) == 1
    assert 0.1 < min(difference.coverage_parent, difference.coverage_child) < 0.5


def test_strangers_stand_alone(families: Found) -> None:
    for name in ("hook.stl", "plates/plate.3mf", "old.zip!pulley.stl"):
        assert len(families.names(name)) == 1


def test_plain_shapes_are_kin_only_where_they_come_of_one_export(families: Found) -> None:
    assert families.names("plain/cube.stl") == {"plain/cube.stl", "plain/cube.obj"}
    assert families.names("plain/turned cube.stl") == {"plain/turned cube.stl"}
    assert families.names("plain/larger cube.stl") == {"plain/larger cube.stl"}
    assert families.of("plain/cube.stl")[1].plain
    assert not families.of("hook.stl")[1].plain


def test_what_cannot_be_read_is_named_with_its_reason_and_nothing_is_dropped(families: Found) -> None:
    document = families.document
    unread = {item.path: item.reasons[0].code for item in document.unread}
    assert unread == {"empty.stl": "damaged", "notes.txt": "unknown_format"}
    assert all(item.reasons[0].message for item in document.unread)
    # 17 files and the archive's 2 members; the archive itself holds no surface of its own.
    assert (document.summary.files, document.summary.unread) == (19, 2)
    assert sum(len(shape.files) for family in document.families for shape in family.shapes) == 19
    assert document.summary.same_files == 1


def test_what_was_read_only_in_part_says_so_and_stands_for_no_other(families: Found) -> None:
    _, shape, file = families.of("broken.stl")
    assert (file.complete, [reason.code for reason in file.reasons]) == (False, ["damaged"])
    assert [each.path for each in shape.files] == ["gear.stl", "broken.stl"]
    assert families.document.summary.incomplete == 1


def test_every_family_is_one_tree_from_its_root(families: Found) -> None:
    for family in families.document.families:
        reached = {family.root}
        for edge in family.tree:
            assert edge.parent in reached
            assert edge.child not in reached
            reached.add(edge.child)
        assert reached == {shape.id for shape in family.shapes}
    numbers = [shape.id for family in families.document.families for shape in family.shapes]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert families.document.schema_version == SCHEMA


def test_the_same_files_give_the_same_bytes_whatever_the_number_of_workers(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    try:
        assert run(elsewhere, capsys, "--json", "--jobs", "1") == (3, text)
    finally:
        elsewhere.rename(folder)


def test_a_folder_without_files_has_no_families(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    (tmp_path / "none").mkdir()
    code, told = run(tmp_path / "none", capsys, "--html", str(page))
    assert code == 0
    assert told.startswith("0 files: 0 families of more than one, 0 files alone; 0 repeat another")
    assert '</h2>\n<p class="muted">None.</p>' in page.read_text(encoding="utf-8")


def test_it_wants_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.stl"
    file.write_bytes(binary_stl(parts.part_mesh("gear")))
    assert main(["families", str(file)]) == 2
    assert f"{file}: give a folder of files" in capsys.readouterr().err
    assert main(["families", str(tmp_path), "--html", str(tmp_path)]) == 2
    assert "give a file in a folder that is there" in capsys.readouterr().err


def test_a_file_over_its_limits_is_named_and_costs_only_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gear.stl").write_bytes(binary_stl(parts.part_mesh("gear")))
    (tmp_path / "hook.stl").write_bytes(binary_stl(parts.part_mesh("hook")))
    triangles = len(parts.part_mesh("hook").triangles)
    assert triangles < len(parts.part_mesh("gear").triangles)
    code, told = run(tmp_path, capsys, "--json", "--jobs", "1", "--max-triangles", str(triangles))
    assert code == 3
    document = found(told).document
    assert [(item.path, item.reasons[0].code) for item in document.unread] == [("gear.stl", "limit")]
    assert document.summary.files == 1


def test_what_was_read_and_cannot_be_compared_is_named_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(path: Path) -> None:
        raise ValueError(f"{path.name}: damaged")

    monkeypatch.setattr(catalogue, "read_specimens", damaged)
    (tmp_path / "gear.stl").write_bytes(binary_stl(parts.part_mesh("gear")))
    code, told = run(tmp_path, capsys, "--json", "--jobs", "1")
    assert code == 3
    assert [(item.path, item.reasons[0].code) for item in found(told).document.unread] == [
        ("gear.stl", "not_kept")
    ]


def test_a_comparison_that_comes_to_no_end_is_named_and_joins_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kin_job, "COMPARE", "catalogues:never")
    bracket = parts.part_mesh("bracket")
    (tmp_path / "a.stl").write_bytes(binary_stl(bracket))
    (tmp_path / "b.stl").write_bytes(binary_stl(parts.moved(bracket, parts.motion(3))))
    code, told = run(tmp_path, capsys, "--json", "--jobs", "1")
    document = found(told).document
    assert code == 3
    assert document.unsettled == (("a.stl", "b.stl"),)
    assert (document.summary.uncompared, document.summary.families) == (1, 2)


def test_a_file_that_opens_as_several_things_says_that_one_was_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gear.stl").write_bytes(binary_stl(parts.part_mesh("gear")))
    _, alone = run(tmp_path, capsys, "--json", "--jobs", "1")
    readings = catalogue._readings
    monkeypatch.setattr(catalogue, "_readings", lambda folder, item: 2 * readings(folder, item))
    code, told = run(tmp_path, capsys, "--json", "--jobs", "1")
    [family] = found(told).document.families
    [file] = family.shapes[0].files
    assert (code, file.complete, file.reasons[-1].code) == (3, False, "one_of_several")
    assert found(alone).of("gear.stl")[2].complete


def test_what_lies_before_an_archive_is_compared_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gear, hook = parts.part_mesh("gear"), parts.part_mesh("hook")
    (tmp_path / "both.stl").write_bytes(binary_stl(gear) + threemf([Placed("hook", hook)]))
    _, told = run(tmp_path, capsys, "--json", "--jobs", "1")
    sizes = {
        (file.member, shape.triangles)
        for family in found(told).document.families
        for shape in family.shapes
        for file in shape.files
    }
    assert sizes == {(None, len(hook.triangles)), ("(bytes before the archive)", len(gear.triangles))}
