"""What a shell script sees of `partwatch marks`: exit codes, stdout, and the table."""

from __future__ import annotations

import gzip
import io
import json
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from examples.writers import marked
from examples.writers.archive import plain_zip

from partwatch.cli import main
from partwatch.model.marks import ABSENCE, SCHEMA

MAIL = EmailMessage()
MAIL["From"] = "erika@example.org"
MAIL.set_content("the jaw")
MAIL.add_attachment(marked.prusa_job(), maintype="application", subtype="octet-stream", filename="jaw.gcode")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files that tell something, and the working folder."""
    monkeypatch.chdir(tmp_path)
    files = {
        "jobs/jaw.gcode": marked.prusa_job(),
        "jobs/jaw.gcode.gz": gzip.compress(marked.prusa_job(), mtime=0),
        "project.3mf": marked.bambu_project(),
        "all.zip": plain_zip(
            {"a/jaw.gcode": marked.prusa_job(), "head.stl": marked.headed_stl(b"Exported from X")}
        ),
        "cut.3mf": marked.bambu_project()[:-300],
        "mail.eml": bytes(MAIL),
        "words.txt": b"no shape at all, only words in a row\n" * 9,
        "empty.stl": b"",
        "bench.ini": b"layer_height = 0.2\nperimeters = 2\nfill_density = 9%\nskirts = 4\nraft_layers = 0\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["marks", "--json", "--jobs", "1", *words])
    return code, json.loads(capsys.readouterr().out)


def keyed(document: dict[str, Any]) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(item["path"], item["member"]): item for item in document["items"]}


def test_a_folder_of_jobs_is_read_whole_and_members_have_their_own_marks(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = ran(capsys, "jobs", "all.zip", "bench.ini", "project.3mf")
    assert code == 0
    items = keyed(document)
    assert set(items) == {
        ("jobs/jaw.gcode", None), ("jobs/jaw.gcode.gz", None), ("jobs/jaw.gcode.gz", "jaw.gcode"),
        ("all.zip", None), ("all.zip", "a/jaw.gcode"), ("all.zip", "head.stl"),
        ("bench.ini", None), ("project.3mf", None),
    }  # fmt: skip
    same = [items[path, member]["marks"] for path, member in (
        ("jobs/jaw.gcode", None), ("jobs/jaw.gcode.gz", "jaw.gcode"), ("all.zip", "a/jaw.gcode"),
    )]  # fmt: skip
    assert same[0] == same[1] == same[2]
    assert {mark["group"] for mark in items["all.zip", None]["marks"]} == {"zip directory"}
    assert all(item["complete"] for item in items.values())


def test_the_document_fits_its_schema_and_says_what_an_absent_mark_proves(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, document = ran(capsys, "project.3mf")
    assert document["schema_version"] == SCHEMA
    assert document["note"] == ABSENCE
    assert document["population"]["projects"] >= 20
    assert main(["schema", "marks"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema)


def test_attachments_of_mail_give_marks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = ran(capsys, "mail.eml")
    job = next(item for item in document["items"] if item["member"] and item["member"].endswith("jaw.gcode"))
    assert {"kind": "banner", "value": "PrusaSlicer"}.items() <= job["marks"][0].items()


def test_what_cannot_be_opened_is_3_and_may_have_marks_all_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = ran(capsys, "cut.3mf", "words.txt", "empty.stl")
    assert code == 3
    items = {item["path"]: item for item in document["items"]}
    assert not any(item["complete"] for item in items.values())
    assert all(item["reasons"] for item in items.values())
    assert any(mark["name"] == "zip methods" for mark in items["cut.3mf"]["marks"])
    assert items["words.txt"]["marks"] == items["empty.stl"]["marks"] == []


def test_a_package_cut_behind_its_directory_gives_the_parts_that_are_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "added.3mf").write_bytes(marked.bambu_project() + b"more")
    code, document = ran(capsys, "added.3mf")
    assert any(mark["name"] == "wall_loops" for mark in document["items"][0]["marks"])
    assert code in (0, 3)


def test_stdin_is_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(marked.prusa_job())))
    code, document = ran(capsys, "-")
    assert code == 0
    assert document["items"][0]["path"] == "-"
    assert document["items"][0]["formats"] == ["gcode"]


def test_usage_is_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["marks", "nowhere.stl"]) == 2
    assert "nowhere.stl" in capsys.readouterr().err
    assert main(["marks", "jobs", "--population", "words.txt"]) == 2
    assert "no population of marks" in capsys.readouterr().err
    assert main(["marks"]) == 2


def test_the_table_sums_settings_up_and_all_shows_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["marks", "jobs/jaw.gcode"]) == 0
    short = capsys.readouterr().out
    assert "PrusaSlicer 2.6.1+linux-x64: stated by banner (line 1)" in short
    assert "vise-jaw.stl" in short
    assert "more with --all" in short
    assert "fill_density" not in short
    assert ABSENCE in short
    assert main(["marks", "jobs/jaw.gcode", "--all"]) == 0
    every = capsys.readouterr().out
    assert "fill_density" in every
    assert "more with --all" not in every
    assert "not-for-everybody" not in every


def test_controls_in_values_are_shown_escaped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "odd.gcode").write_bytes(marked.prusa_job({"printer_model": "a\x1b[31mb[bold]"}))
    main(["marks", "odd.gcode"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "a\\x1b[31mb[bold]" in out


def test_the_same_files_give_the_same_bytes_whatever_the_workers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = []
    for jobs in ("1", "2"):
        main(["marks", "--json", "--jobs", jobs, "."])
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_a_population_of_one_s_own_is_counted_and_used(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["role,repo,path,sha256,same_geometry_as"]
    for project in ("a", "b", "c"):
        (folder / "corpus" / project).mkdir(parents=True)
        (folder / "corpus" / project / "jaw.gcode").write_bytes(
            marked.prusa_job({"fill_density": "15%", "layer_height": f"0.{ord(project) % 7}"})
        )
        rows.append(f"gcode,{project},jaw.gcode,0,")
    (folder / "corpus" / "MANIFEST.csv").write_text("\n".join(rows) + "\n")
    out = str(folder / "own.npz")
    assert (
        main(["background", "marks", "--corpus", "corpus", "--out", out, "--name", "ours", "--jobs", "1"])
        == 0
    )
    assert "3 files of 3 projects" in capsys.readouterr().out
    _, document = ran(capsys, "jobs/jaw.gcode", "--population", out)
    assert document["population"]["name"] == "ours"
    rarity = {mark["name"]: mark["rarity"] for mark in document["items"][0]["marks"]}
    assert (rarity["fill_density"]["projects"], rarity["fill_density"]["bits"]) == (3, 0.0)
    assert rarity["layer_height"]["projects"] == 0
    assert rarity["perimeters"] is None
