"""What a shell script sees of `partwatch compare`: exit codes, stdout, and the page."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import parts
from partwatch.cli import main
from partwatch.formats import threemf
from partwatch.formats.step_example import box as step_box
from partwatch.formats.stl import write_binary
from partwatch.model.mesh import Mesh

WHOLE = parts.part_mesh("bracket")
EDITED = parts.mesh_of(parts.bracket() + parts.rod(5, 10, (40, 20, 5)))


def stl(mesh: Mesh, header: bytes = b"") -> bytes:
    return write_binary(mesh.vertices[mesh.triangles], header)


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files to compare, and the working folder."""
    monkeypatch.chdir(tmp_path)
    files = {
        "whole.stl": stl(WHOLE),
        "again.stl": stl(WHOLE),
        "header.stl": stl(WHOLE, b"another program"),
        "edited.stl": stl(EDITED),
        "inches.stl": stl(parts.scaled(WHOLE, 1 / 25.4)),
        "gear.stl": stl(parts.part_mesh("gear")),
        "empty.stl": b"",
        "cut.stl": stl(WHOLE)[:5000],
        "words.txt": b"no mesh at all, just words in a row\n" * 9,
        "both.zip": zipped({"a/whole.stl": stl(WHOLE), "gear.stl": stl(parts.part_mesh("gear"))}),
        "edited.zip": zipped({"gear.stl": stl(parts.part_mesh("gear")), "b/edited.stl": stl(EDITED)}),
        "damaged.zip": zipped({"whole.stl": stl(WHOLE), "cut.stl": stl(WHOLE)[:5000]}),
        "noted.zip": zipped({"whole.stl": stl(WHOLE), "README": b"how to print it\n" * 9}),
        "noted-again.zip": zipped({"READ ME": b"how to print it\n" * 9, "whole.stl": stl(WHOLE)}),
        "noted-else.zip": zipped({"whole.stl": stl(WHOLE), "README": b"how to paint it\n" * 9}),
        "box.step": step_box(np.array([10.0, 6.0, 4.0])),
        "box.stl": stl(parts.mesh_of(parts.block(10, 6, 4))),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


Said = tuple[int, str, str]


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> Said:
    code = main(["compare", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    _, out, err = ran(capsys, *arguments, "--json")
    assert err == ""
    return dict(json.loads(out))


@pytest.mark.parametrize(
    ("a", "b", "code", "says"),
    [
        ("whole.stl", "whole.stl", 0, "The files are the same, byte for byte."),
        ("whole.stl", "again.stl", 0, "The files are the same, byte for byte."),
        ("whole.stl", "header.stl", 0, "The files hold the same meshes."),
        ("inches.stl", "whole.stl", 0, "The files hold the same meshes."),
        ("box.step", "box.stl", 0, "The files hold the same "),
        ("whole.stl", "edited.stl", 1, "The files differ: in 1 place, by up to 10.0 mm."),
        ("whole.stl", "gear.stl", 1, "The files differ: no body of A resembles one of B."),
        ("both.zip", "edited.zip", 1, "The files differ: 1 of 2 pairs of bodies."),
        ("both.zip", "whole.stl", 1, "The files differ: 1 body of A without a partner in B."),
        ("damaged.zip", "whole.stl", 2, "Not everything could be read"),
        ("noted.zip", "noted-again.zip", 0, "The files hold the same meshes."),
        ("noted.zip", "noted-else.zip", 2, "Not everything could be read"),
    ],
)
def test_exit_codes_are_those_of_diff(
    folder: Path, capsys: pytest.CaptureFixture[str], a: str, b: str, code: int, says: str
) -> None:
    got, out, err = ran(capsys, a, b)
    assert (got, err) == (code, "")
    assert out.startswith(says)


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("gone.stl", "whole.stl", "no such file or folder: gone.stl"),
        ("whole.stl", "empty.stl", "empty.stl: the file is empty"),
        ("words.txt", "whole.stl", "words.txt: no reader knows these"),
        (".", "whole.stl", ".: a folder, where a file was expected"),
        ("-", "-", "give `-` once"),
    ],
)
def test_trouble_is_told_with_the_file_it_is_about(
    folder: Path, capsys: pytest.CaptureFixture[str], a: str, b: str, says: str
) -> None:
    code, out, err = ran(capsys, a, b)
    assert (code, out) == (2, "")
    assert says in err


def test_limits_hold_as_in_a_screening(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ran(capsys, "whole.stl", "edited.stl", "--timeout", "0.001")
    assert code == 2
    assert "raise --timeout" in err
    code, _, err = ran(capsys, "whole.stl", "edited.stl", "--max-triangles", "100")
    assert code == 2
    assert "whole.stl: " in err


def test_stdin_is_a_file_like_any_other(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stl(EDITED))))
    known = document(capsys, "whole.stl", "-")
    assert (known["b"]["path"], known["verdict"]) == ("-", "different")


def test_the_document_fits_its_schema_and_comes_in_the_same_bytes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, first, _ = ran(capsys, "both.zip", "edited.zip", "--json")
    _, second, _ = ran(capsys, "both.zip", "edited.zip", "--json")
    assert first == second
    assert main(["schema", "comparison"]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    known = json.loads(first)
    jsonschema.validate(known, schema)

    assert known["schema"] == "partwatch-comparison-1"
    assert [body["member"] for body in known["a"]["bodies"]] == ["a/whole.stl", "gear.stl"]
    assert [(pair["a"], pair["b"], pair["same"]) for pair in known["pairs"]] == [(0, 1, False), (1, 0, True)]
    assert known["totals"]["added_mm3"] == pytest.approx(783, rel=0.01)
    assert str(folder) not in first


def test_the_unit_that_makes_them_the_same_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capsys, "inches.stl", "whole.stl")
    assert "it states no unit; inch was inferred, because its size then fits" in out


def test_headers_in_common_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.stl").write_bytes(stl(WHOLE, b"Made by CAD 7"))
    (folder / "b.stl").write_bytes(stl(EDITED, b"Made by CAD 7"))
    assert document(capsys, "a.stl", "b.stl")["lineage"]["names"] == ["Made by CAD 7"]


def test_what_was_not_read_is_told_and_nothing_is_called_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = document(capsys, "damaged.zip", "whole.stl")
    assert (known["verdict"], known["a"]["complete"]) == ("unknown", False)
    assert "cut.stl" in known["a"]["reasons"][0]["message"]
    assert known["pairs"][0]["same"] is True


def test_a_3mf_is_compared_by_its_items(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (content, *_) = threemf.FORMAT.examples().values()
    (folder / "one.3mf").write_bytes(content)
    (folder / "packed.zip").write_bytes(zipped({"one.3mf": content}))
    known = document(capsys, "one.3mf", "packed.zip")
    assert known["verdict"] == "same"
    assert known["a"]["bodies"][0]["unit_source"] == "stated"


def test_the_page_shows_both_and_only_once_it_is_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = []
    for _ in range(2):
        assert ran(capsys, "whole.stl", "edited.stl", "--html", "page.html")[0] == 1
        pages.append((folder / "page.html").read_text(encoding="utf-8"))
    assert pages[0] == pages[1]
    assert len(re.findall(r'<img [^>]*src="data:image/png;base64,', pages[0])) == 4
    assert "script-src" not in pages[0]
    assert "<script" not in pages[0]
    assert not list(folder.glob(".page.html*"))
    assert ran(capsys, "whole.stl", "edited.stl", "--html", "no/page.html")[0] == 2


def test_names_cannot_become_markup_or_redraw_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "<img src=x onerror=alert(1)>\x1b[2J.stl"
    (folder / name).write_bytes(stl(EDITED, b"<b>solid</b>"))
    code, out, _ = ran(capsys, "whole.stl", name, "--html", "page.html")
    assert code == 1
    assert "\x1b" not in out
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<b>solid" not in page
