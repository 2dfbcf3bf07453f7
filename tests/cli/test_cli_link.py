"""What a shell script sees of `partwatch link`: exit codes, clusters, reasons, the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from examples.writers import marked
from examples.writers.archive import plain_zip

import parts
from partwatch.cli import main
from partwatch.formats.stl import write_binary
from partwatch.model.links import NOTE, SCHEMA

# Somebody's machine: nothing of it is in a preset.
OWN = {
    "layer_height": "0.2", "retract_length": "3.37", "retract_speed": "47", "travel_speed": "143",
    "perimeter_speed": "37", "max_print_height": "311", "start_gcode": "G28 ; home\\nG1 Z7\\nG1 X31 E9",
    "end_gcode": "M104 S0\\nG1 Z200", "infill_speed": "71", "extrusion_width": "0.47",
    "printer_notes": "bench 2",
    "printer_settings_id": "bench", "external_perimeter_speed": "29", "retract_before_travel": "1.7",
    "retract_lift": "0.17", "fan_below_layer_time": "41", "z_offset": "0.03", "deretract_speed": "31",
}  # fmt: skip
OTHER = {key: "2" + value if value[0].isdigit() else value + " 2" for key, value in OWN.items()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two jobs of one profile, one of another, and the working folder."""
    monkeypatch.chdir(tmp_path)
    bracket = parts.part_mesh("bracket")
    shifted = bracket.vertices[bracket.triangles] + [40.0, 0.0, 0.0]
    files = {
        "a.gcode": marked.prusa_job(OWN),
        "b.zip": plain_zip({"b.gcode": marked.prusa_job(OWN | {"layer_height": "0.15"})}),
        "c.gcode": marked.prusa_job(OTHER),
        "one.stl": write_binary(bracket.vertices[bracket.triangles]),
        "two.stl": write_binary(shifted),
        "words.txt": b"no shape at all, only words in a row\n" * 9,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["link", "--json", "--jobs", "1", *words])
    return code, json.loads(capsys.readouterr().out)


def test_jobs_of_one_profile_are_linked_with_reasons_and_what_would_break_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = ran(capsys, "a.gcode", "b.zip", "c.gcode", "--threshold", "3")
    assert code == 0
    assert document["schema_version"] == SCHEMA
    assert document["note"] == NOTE
    names = {item["id"]: item["member"] or item["path"] for item in document["items"]}
    (cluster,) = document["clusters"]
    assert {names[k] for k in cluster["items"]} == {"a.gcode", "b.gcode"}
    (edge,) = document["edges"]
    assert edge["bits"] >= 3
    # Beyond what the pairs support there may be more to spare.
    assert edge["bits_without"] <= edge["bits"]
    assert edge["blocks"][0]["bits"] > 1
    assert edge["bridge"]
    assert edge["bits_forgeable"] > edge["bits_hard"]
    told = {(reason["a"]["name"], reason["a"]["value"]) for reason in edge["reasons"]}
    assert told & {("retract_length", "3.37"), ("max_print_height", "311"), ("travel_speed", "143")}
    assert all(reason["bits"] > 0 and reason["a"]["where"]["line"] for reason in edge["reasons"])
    assert {reason["a"]["name"] for reason in edge["against"]} == {"layer_height"}
    assert main(["schema", "links"]) == 0
    jsonschema.validate(document, json.loads(capsys.readouterr().out))


def test_one_export_is_known_again_and_what_goes_unread_is_3(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = ran(capsys, "one.stl", "two.stl", "words.txt", "--threshold", "0.5")
    assert code == 3
    assert document["summary"]["incomplete"] == 1
    edge = next(each for each in document["edges"] if (each["a"], each["b"]) == (0, 1))
    assert "triangulation" in {block["block"] for block in edge["blocks"]}
    assert document["items"][2]["cluster"] is None


def test_the_table_is_plain_and_a_folder_that_is_not_there_is_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["link", "--jobs", "1", "--threshold", "3", "a.gcode", "b.zip"]) == 0
    shown = capsys.readouterr().out
    assert "source 1: 2 items" in shown
    assert "what would break it: without" in shown
    assert "hard to forge" in shown
    assert main(["link", "nowhere"]) == 2
    assert main(["link", "a.gcode", "--threshold", "0"]) == 2
