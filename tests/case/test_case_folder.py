"""A folder on its way into a case: where items came from, and the program's own screening of parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import screened
import trimesh

import parts
from partwatch.case.assemblies import CaseTelling, ListedPlans, assemblies_of, base_rates, listed_plans
from partwatch.case.imports import folder, folder_work, links_document, marks_document, origins
from partwatch.case.imports.base import Reading
from partwatch.case.imports.folder import FolderWork
from partwatch.case.imports.plans_said import PlanTexts
from partwatch.case.imports.results_examples import LIST, digest, item, match
from partwatch.case.statements import keyed
from partwatch.case.view import view_of
from partwatch.cli import main
from partwatch.formats.worker import Limits
from partwatch.model.errors import UsageError
from partwatch.model.marks import MarkKind

LISTED = ("housing", "knob", "gear", "impeller", "bracket")
SENT = ("housing", "knob", "impeller", "hook")
ROWS = """path,exhibit,parcel,account,listing,seized_at
.,E-1,,,,2026-03-05T08:00:00+01:00
a/housing.stl,,RB 123.456,Shop:@Ada,example.org:77,
"""


def table(path: Path, text: str) -> origins.OriginTable:
    path.write_bytes(text.encode())
    return origins.read_origins(path)


def test_the_nearest_row_says_where_an_item_came_from(tmp_path: Path) -> None:
    own = table(tmp_path / "o.csv", ROWS)
    near = screened.split(own.told("item", "Item", "a/housing.stl"))
    far = screened.split(own.told("other", "Item", "b/c/knob.stl"))
    again = screened.split(own.told("third", "PrintJob", "knob.gcode"))
    parcel, exhibit = keyed("Parcel", "rb123456"), keyed("Exhibit", "E-1")
    assert near.of("item", "parcel") == [parcel]
    assert near.of("item", "exhibit") == []
    assert near.said("Parcel", "trackingNumber") == ["RB123456"]
    assert near.statements[0].original == "RB 123.456"
    assert near.of(keyed("UserAccount", "shop", "ada"), "username") == ["ada"]
    assert near.of(keyed("Listing", "example.org", "77"), "listingId") == ["77"]
    assert far.of("other", "exhibit") == [exhibit]
    assert far.said("Exhibit", "seizedAt") == ["2026-03-05T08:00:00+01:00"]
    # What is said of the exhibit itself is said once.
    assert [(one.schema, one.prop) for one in again.statements] == [("PrintJob", "exhibit")]
    assert {one.place for one in near.statements} == {"origins, line 3"}
    assert list(own.ending()) == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a,E1,,,", "cells where line 1"),
        (",E1,,,,", "no path"),
        ("a,,,,,", "says nothing"),
        ("a,,,shop,,", "service:name"),
        ("a,,,:x,,", "service:name"),
        ("a,,,,x:,", "platform:number"),
        ("a,,,shop:x,,2026-01-01", "seized_at without"),
        ("a,E1,,,,01.02.2026", "no ISO 8601"),
        ("a,E1,,,,2026-02-31", "no ISO 8601"),
        (f"a,{'x' * 2000},,,,", "more than"),
        ("a,E1,,,,\na/.,E2,,,,", "line 2 says otherwise"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_others_count(row: str, told: str, tmp_path: Path) -> None:
    own = table(tmp_path / "o.csv", f"path,exhibit,parcel,account,listing,seized_at\n{row}\nz,E9,,,,\n")
    errors = [str(one) for one in own.ending()]
    assert [one for one in errors if told in one]
    assert any("no such item" in one and "z:" in one for one in errors)
    assert screened.split(own.told("i", "Item", "z/deep.stl")).said("Item", "exhibit")


@pytest.mark.parametrize(
    "data",
    [b"", b"exhibit\nE1\n", b"path,colour\na,red\n", b"path,path\na,b\n", b"path,exhibit\n\xff,E1\n",
     b'path,exhibit\n"a,E1\n'],
)  # fmt: skip
def test_a_table_that_is_none_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_bytes(data)
    with pytest.raises(UsageError, match=r"o\.csv"):
        origins.read_origins(tmp_path / "o.csv")


def fake(**changes: object) -> FolderWork:
    """Work that answers at once."""
    serial = marks_document.mark(MarkKind.SETTING, "printer_serial", "SN-4711-0815")
    work = FolderWork(
        screened=lambda _: iter([item("a.gcode", digest(1), [match("shaft")], form="gcode"),
                                 item("b.gcode", digest(2), [], form="gcode"), item("c.stl", None)]),
        marked=lambda _: iter([marks_document.marked("a.gcode", digest(1), serial),
                               marks_document.marked("b.gcode", digest(2), serial)]),
        linked=lambda items: links_document.document_of(
            tuple(links_document.linked(k, one.path) for k, one in enumerate(items)),
            (links_document.edge(0, 1),),
        ),
        watchlist=LIST, plans=PlanTexts(LIST, {}), noted={"watchlist": LIST, "as_of": "2026-06-01"},
    )  # fmt: skip
    return replace(work, **changes)  # type: ignore[arg-type]  # of the fields that each test names


def told(work: FolderWork, path: Path) -> screened.Read:
    return screened.split(folder.importer(work).read(Reading(path, "f" * 64)))


def test_items_marks_and_links_come_of_one_folder(tmp_path: Path) -> None:
    stages: list[tuple[str, int]] = []
    read = told(fake(progress=lambda stage, done: stages.append((stage, done))), tmp_path)
    assert read.errors == []
    assert read.said("Item", "finding") == ["unscreenable"]
    assert read.said("Item", "complete") == ["false"]
    assert read.said("PrintJob", "finding") == ["match", "clear"]
    assert set(read.said("PrintJob", "printer")) == {keyed("Printer", "sn-4711-0815")}
    assert read.said("SameSource", "item") == [keyed("Item", digest(1))]
    assert {one.place for one in read.statements if one.prop == "finding"} == {
        "a.gcode", "b.gcode", "c.stl",
    }  # fmt: skip
    assert stages == [
        ("screened", 1), ("screened", 2), ("screened", 3), ("marks read", 1), ("marks read", 2),
        ("linked", 2),
    ]  # fmt: skip


def test_what_is_not_linked_is_said(tmp_path: Path) -> None:
    read = told(fake(most_marks=1), tmp_path)
    assert read.said("SameSource", "item") == []
    assert "links between items were not looked for" in str(read.errors[0])
    assert told(fake(linked=None), tmp_path).errors == []


def test_a_file_that_changed_meanwhile_is_said(tmp_path: Path) -> None:
    def marked(_: Path) -> Iterator[object]:
        yield marks_document.marked("a.gcode", digest(99))

    read = told(fake(marked=marked, linked=None), tmp_path)
    assert [one.place for one in read.errors] == ["a.gcode"]
    assert "changed" in str(read.errors[0])


def test_another_list_makes_another_source_and_another_day_does_not() -> None:
    def version(**noted: str) -> str:
        return folder.importer(fake(noted={"watchlist": LIST, "as_of": "2026-06-01"} | noted)).version

    assert version() == version(as_of="2026-06-02") != version(watchlist="0" * 64)


def test_a_folders_digest_is_of_its_files_and_their_names(tmp_path: Path) -> None:
    def made(name: str, files: dict[str, bytes]) -> str:
        for path, data in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_bytes(data)
        return folder.digest_of(tmp_path / name)

    first = made("one", {"a": b"1", "b/c": b"2"})
    assert made("two", {"b/c": b"2", "a": b"1"}) == first
    assert made("three", {"a": b"2", "b/c": b"1"}) != first
    assert made("four", {"a": b"1", "b/d": b"2"}) != first
    (tmp_path / "two" / "link").symlink_to("a")
    assert folder.digest_of(tmp_path / "two") != first


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that lists a mixer of five parts; a folder with three of them, a hook and what nobody reads."""
    here = tmp_path_factory.mktemp("folder")

    def write(path: Path, name: str, seed: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        mesh = parts.moved(parts.part_mesh(name), parts.motion(seed))
        trimesh.Trimesh(mesh.vertices, mesh.triangles, process=False).export(path)

    design = 'name = "mixer"\nauthority = "Test"\nreason = "test"\nexpires = 2099-01-01\n'
    for seed, name in enumerate(LISTED):
        write(here / f"{name}.stl", name, seed)
        design += f'[[parts]]\nname = "{name}"\nfile = "{name}.stl"\n'
    (here / "design.toml").write_text(design)
    rows = "path,parcel,account\n"
    for seed, name in enumerate(SENT):
        write(here / "seized" / f"{seed}" / f"{name}.stl", name, 50 + seed)
        rows += f"{seed},RB{seed}0,shop:ada\n"
    (here / "seized" / "junk.bin").write_bytes(b"\x01\x02 nothing that anybody reads")
    (here / "origins.csv").write_text(rows)
    add = ["--home", str(here / "home"), "watchlist", "add", "--allow-generic", "test"]
    assert main([*add, str(here / "design.toml")]) == 0
    return here


def test_a_folder_is_screened_on_its_way_in(place: Path, tmp_path: Path) -> None:
    options = folder_work.FolderOptions(
        place / "home", screened.DAY, jobs=1, worker=Limits(timeout_s=60),
        origins=origins.read_origins(place / "origins.csv"),
    )  # fmt: skip
    work = folder_work.work_of(options)
    read = told(work, place / "seized")
    assert read.errors == []
    assert read.said("Item", "path") == [
        "0/housing.stl",
        "1/knob.stl",
        "2/impeller.stl",
        "3/hook.stl",
        "junk.bin",
    ]
    assert read.said("Item", "finding") == ["match", "match", "match", "clear", "unscreenable"]
    assert sorted(read.said("Match", "part")) == ["housing", "impeller", "knob"]
    assert read.said("Design", "watchlist") == [work.watchlist]
    store = screened.case(tmp_path / "case")
    screened.take(store, "seized", read.statements, "folder")

    # With the list, and by what was kept of it: the same.
    rates = base_rates(place / "home", ["mixer"])
    here, gone = (
        assemblies_of(view_of(store), listed, rates, CaseTelling(screened.DAY))
        for listed in (listed_plans(place / "home", screened.DAY), ListedPlans())
    )
    best = here.assemblies[0]
    assert (best.assembly.design, best.assembly.kind, best.assembly.group) == ("mixer", "account", "ada")
    assert (best.assembly.parts_found, best.assembly.parts) == (3, 5)
    assert best.assembly.finding == "match"
    assert [one.assembly for one in gone.assemblies] == [one.assembly for one in here.assemblies]
    assert gone.assemblies[0].plan_from == "source 1, as the list was then"
    numbers = {number for claim in best.claims for number in claim.statements}
    assert {one.statement.schema for one in store.by_number(numbers)} == {"Match"}
