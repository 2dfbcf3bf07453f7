"""`partwatch assemble` as its user calls it: results, groups, a page, and what is kept."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import jsonschema
import pytest
import trimesh

import parts
from partwatch.assembly.arrivals import read_groups
from partwatch.cli import main
from partwatch.model.errors import UsageError

LISTED = ("housing", "knob", "gear", "impeller", "bracket")
SENT = ("housing", "knob", "impeller", "hook")
GROUPS = "path,time,account,parcel\n" + "".join(
    f"boxes/{name}.stl,2026-03-{1 + 5 * k:02d},Ada Example,P{k}\n" for k, name in enumerate(SENT)
)


def write(path: Path, name: str, seed: int) -> None:
    mesh = parts.moved(parts.part_mesh(name), parts.motion(seed))
    trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).export(path)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a listed mixer of five parts; three of them in boxes, with a hook; results of screening."""
    folder = tmp_path_factory.mktemp("assemble")
    design = 'name = "mixer"\nauthority = "Test"\nreason = "test"\nexpires = 2099-01-01\n'
    for seed, name in enumerate(LISTED):
        write(folder / f"{name}.stl", name, seed)
        design += f'[[parts]]\nname = "{name}"\nfile = "{name}.stl"\n'
    (folder / "design.toml").write_text(design)
    (folder / "boxes").mkdir()
    for seed, name in enumerate(SENT):
        write(folder / "boxes" / f"{name}.stl", name, 50 + seed)
    (folder / "groups.csv").write_text(GROUPS)
    add = ["--home", str(folder / "home"), "watchlist", "add", "--allow-generic", "test"]
    assert main([*add, str(folder / "design.toml")]) == 0
    return folder


@pytest.fixture(scope="module")
def result(place: Path) -> Path:
    """What `screen --ndjson --views` says of the boxes."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        arguments = ["--home", str(place / "home"), "screen", str(place / "boxes"), "--ndjson", "--views"]
        assert main(arguments) == 1
    path = place / "boxes.ndjson"
    path.write_text(told.getvalue(), encoding="utf-8")
    return path


def assemble(place: Path, *arguments: object) -> int:
    return main(["--home", str(place / "home"), "assemble", *map(str, arguments), "--as-of", "2026-06-01"])


def test_parts_of_several_parcels_are_told_with_what_each_adds(
    place: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assemble(place, result, "--groups", place / "groups.csv") == 1
    told = capsys.readouterr()
    assert told.err == ""
    assert re.search(r"mixer in account [0-9a-f]{16}: held together, 3 of 5 parts, [\d.]+ bits", told.out)
    assert "2 parts are missing (names with --missing)" in told.out
    assert len(re.findall(r"without parcel [0-9a-f]{16}: ", told.out)) >= 3
    assert "Ada" not in told.out
    assert "gear" not in told.out
    assert "bracket" not in told.out


def test_missing_parts_are_named_for_who_asks(
    place: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assemble(place, result, "--missing") == 1
    assert re.search(r"missing +gear", capsys.readouterr().out)


def test_json_keeps_to_its_schema_and_comes_out_the_same_twice(
    place: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", "assemblies"]) == 0
    schema = json.loads(capsys.readouterr().out)
    told = []
    for _ in range(2):
        assemble(place, result, "--groups", place / "groups.csv", "--json")
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    document = json.loads(told[0])
    jsonschema.validate(document, schema)
    best = document["assemblies"][0]
    assert [best["parts_found"], best["parts"], best["finding"]] == [3, 5, "match"]
    assert {slot["status"] for slot in best["slots"]} == {"found", "missing"}


def test_the_page_shows_submitted_bodies_and_no_name_of_what_is_missing(
    place: Path, result: Path, tmp_path: Path
) -> None:
    page = tmp_path / "assemblies.html"
    assemble(place, result, "--groups", place / "groups.csv", "--html", page)
    text = page.read_text(encoding="utf-8")
    assert text.count("<img ") >= 3
    assert '<svg class="timeline"' in text
    assert "2026-03-01" in text
    assert "bracket" not in text
    assert "Ada" not in text
    assert "<script" not in text


def test_a_folder_is_screened_and_its_subfolders_are_groups(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for k, name in enumerate(SENT):
        box = tmp_path / "seized" / f"box{k // 2}"
        box.mkdir(parents=True, exist_ok=True)
        write(box / f"{name}.stl", name, 90 + k)
    assert assemble(place, tmp_path / "seized", "--json") == 1
    found = json.loads(capsys.readouterr().out)["assemblies"]
    folders = {one["group"]: one["parts_found"] for one in found if one["kind"] == "folder"}
    assert folders == {"box0": 2}
    assert next(one for one in found if one["kind"] == "all")["parts_found"] == 3


def test_items_of_one_source_are_a_group(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "jobs"
    folder.mkdir()
    for k, name in enumerate(SENT):
        write(folder / f"{name}.stl", name, 120 + k)
    links = tmp_path / "links.json"
    assert main(["link", str(folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    for item in document["items"]:
        item["cluster"] = 7 if Path(item["path"]).stem in ("housing", "knob") else None
    links.write_text(json.dumps(document), encoding="utf-8")
    assert assemble(place, folder, "--links", links, "--json") == 1
    found = json.loads(capsys.readouterr().out)["assemblies"]
    source = next(one for one in found if one["kind"] == "source")
    assert source["parts_found"] == 2
    assert source["group"].endswith("-7")
    assert assemble(place, folder, "--links", place / "design.toml") == 2
    assert "partwatch link --json" in capsys.readouterr().err
    assert assemble(place, "--store", "--links", links) == 2


def test_items_are_kept_escalated_judged_and_forgotten(
    place: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assemble(place, result, "--groups", place / "groups.csv", "--store") == 1
    assert assemble(place, "--store", "--json") == 1
    found = json.loads(capsys.readouterr().out.split("nor of what became of them.\n", 1)[1])["assemblies"]
    own = next(one for one in found if one["kind"] == "account" or "account" in dict(one["also"]))
    account = own["group"] if own["kind"] == "account" else dict(own["also"])["account"]
    assert assemble(place, "--escalate", f"account:{account}") == 2
    assert assemble(place, "--escalate", f"account:{account}", "--reason", "case 7") == 0
    assert "Ada Example" in capsys.readouterr().out
    assert assemble(place, "--release", f"account:{account}", "--reason", "a club") == 2
    judged = ("--release", f"account:{account}", "--design", "mixer", "--reason", "a club")
    assert assemble(place, *judged) == 0
    assert assemble(place, "--forget", "no-such-item") == 2
    paths = [held["path"] for slot in own["slots"] for held in slot["held"]]
    capsys.readouterr()
    assert assemble(place, *(f"--forget={path}" for path in paths)) == 0
    assert "3 items forgotten" in capsys.readouterr().out
    assert assemble(place, "--store") == 0
    assert assemble(place, "--retain", "10") == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column `path`"),
        ("path,account,account\n", "two columns `account`"),
        ("path,all\n", "cannot name a kind"),
        ("path,Größe\n", "cannot name a kind"),
        ("path,account\nx.stl\n", "line 2: 1 cells"),
        ("path,account\n,b\n", "line 2: no path"),
        ("path,time\nx.stl,yesterday\n", "line 2: 'yesterday' is no day"),
        ("path,account\nx.stl,a\nx.stl,b\n", "line 3: another row says otherwise"),
        ('path,account\n"x.stl,a\n', "line 2"),
        ("path,account\nx.stl," + "a" * 2000 + "\n", "line 2: a cell of more than"),
        ("path,account\nx.stl,a\0b\n", "line 2"),
    ],
)
def test_a_table_of_groups_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        read_groups(table)
    assert str(table) in str(caught.value)


def test_a_table_that_is_not_text_or_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_bytes(b"path,account\nx,\xff\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_groups(tmp_path / "groups.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        read_groups(tmp_path / "nowhere.csv")


def test_members_take_their_archive_s_row_unless_they_have_one(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("path,member,account\na.zip,,A\na.zip,x.stl,B\nlost.stl,,C\n")
    table = read_groups(tmp_path / "groups.csv")
    inner, outer = table.of("a.zip", "x.stl"), table.of("a.zip", "y.stl")
    assert inner is not None
    assert outer is not None
    assert (inner.groups, outer.groups) == ((("account", "B"),), (("account", "A"),))
    assert table.of("b.zip", None) is None
    assert table.unused == 1


def test_designs_that_are_not_listed_any_more_are_named(
    place: Path, result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = ["--home", str(place / "home"), "assemble", str(result), "--as-of", "2100-01-01"]
    assert main(late) == 0
    told = capsys.readouterr()
    assert "not on the list, or expired, and so left out: mixer" in told.err
    assert "no items together hold two parts" in told.out


def test_what_makes_no_sense_is_refused(place: Path, result: Path) -> None:
    assert assemble(place) == 2
    assert assemble(place, "--store", "--groups", place / "groups.csv") == 2
    assert assemble(place, result, "--forget", "x") == 2
    assert assemble(place, place / "design.toml") == 2
    assert assemble(place, "--escalate", "account", "--reason", "x") == 2
