"""What 3MF packages, ZIP archives and meshes tell of their origin."""

from __future__ import annotations

import io
import zipfile

import pytest
from examples.writers import marked

import parts
from partwatch.formats.amf.examples import amf, wedge
from partwatch.formats.gltf.examples import Builder
from partwatch.formats.stl import write_binary
from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.sources import Found, marks_of


def values(found: Found, kind: MarkKind, name: str | None = None) -> list[str]:
    return [mark.value for mark in found.marks if mark.kind is kind and name in (None, mark.name)]


@pytest.fixture(scope="module")
def project() -> Found:
    return marks_of(marked.bambu_project())


def test_a_model_s_metadata_names_software_people_and_dates(project: Found) -> None:
    assert values(project, MarkKind.BANNER, "Application") == ["BambuStudio"]
    assert values(project, MarkKind.VERSION, "BambuStudio") == ["01.10.02.76"]
    assert values(project, MarkKind.AUTHOR, "Designer") == ["Erika Example"]
    assert "2025-01-26" in values(project, MarkKind.DATE, "CreationDate")
    assert set(values(project, MarkKind.OBJECT_NAME, "object")) == {"jaw"}


def test_a_random_uuid_identifies_and_a_counter_before_a_constant_does_not(project: Found) -> None:
    assert values(project, MarkKind.IDENTIFIER) == [marked.UUID]
    assert values(project, MarkKind.HABIT, "3mf build UUID") == [
        "a counter, then -b1ec-4553-aec9-835e5b724bb4"
    ]


@pytest.mark.parametrize(
    "counted", ["0000000e-61cb-4c03-9d28-80fed5dfa1dc", "000e0000-81cb-4c03-9d28-80fed5dfa1dc"]
)
def test_counters_at_either_end_of_the_first_field_are_told(counted: str) -> None:
    written = marked.package({"3D/3dmodel.model": f'<model><object id="1" p:UUID="{counted}"/></model>'})
    assert values(marks_of(written), MarkKind.IDENTIFIER) == []
    assert values(marks_of(written), MarkKind.HABIT, "3mf object UUID") == [f"a counter, then {counted[8:]}"]


def test_a_value_in_several_parts_is_one_mark_that_says_how_often() -> None:
    model = '<model><metadata name="Application">PrusaSlicer-2.7.1</metadata></model>'
    found = marks_of(marked.package({"3D/3dmodel.model": model, "3D/b.model": model}))
    (banner,) = [mark for mark in found.marks if mark.kind is MarkKind.BANNER]
    assert (banner.times, banner.where.part) == (2, "3D/3dmodel.model")


def test_settings_are_found_with_their_part_and_line(project: Found) -> None:
    (loops,) = [mark for mark in project.marks if mark.name == "wall_loops"]
    assert (loops.value, loops.where.part, loops.where.line) == ("2", "Metadata/project_settings.config", 3)
    assert loops.forgery is Forgery.REPACK
    assert values(project, MarkKind.FILAMENT, "filament_type") == ["PLA,PETG"]
    assert values(project, MarkKind.PRINTER, "printer_model") == ["WORKSHOP-4"]


def test_source_files_are_paths_with_their_users(project: Found) -> None:
    assert values(project, MarkKind.PATH) == ["C:\\Users\\erika\\vise\\jaw.stl"]
    assert values(project, MarkKind.USER) == ["erika"]


def test_where_things_stand_is_no_mark(project: Found) -> None:
    assert "matrix" not in {mark.name for mark in project.marks}


def test_the_archive_s_directory_tells_how_it_was_packed(project: Found) -> None:
    assert values(project, MarkKind.HABIT, "zip made by") == ["Unix 2.0"]
    assert values(project, MarkKind.HABIT, "zip times") == ["all one"]
    assert values(project, MarkKind.DATE, "zip earliest") == ["2025-01-26 10:46:54"]
    (order,) = values(project, MarkKind.HABIT, "zip order of members")
    assert order.startswith(
        "[Content_Types].xml | _rels/.rels | ND/Ndmodel.model | Metadata/project_settings"
    )
    assert {mark.forgery for mark in project.marks if mark.group == "zip directory"} == {Forgery.BINARY_EDIT}


def test_a_package_whose_directory_is_gone_still_has_habits() -> None:
    data = marked.bambu_project()
    cut = marks_of(data[: data.rfind(b"PK\x01\x02")])
    assert values(cut, MarkKind.HABIT, "zip methods") == ["deflate"]
    assert {mark.group for mark in cut.marks} == {"zip entries", "zip directory"}


def test_a_package_with_a_broken_model_tells_what_its_bytes_tell() -> None:
    model = '<model xmlns="x"><metadata name="Application">PrusaSlicer-2.7.1</metadata><object name="half'
    found = marks_of(marked.package({"3D/3dmodel.model": model}))
    assert values(found, MarkKind.VERSION, "PrusaSlicer") == ["2.7.1"]


def test_a_model_without_its_package_is_looked_at() -> None:
    core = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
    text = f'<model unit="inch" xmlns="{core}"><metadata name="Title">Jaw</metadata></model>'
    found = marks_of(text.encode())
    assert found.formats == ("model",)
    assert values(found, MarkKind.TITLE) == ["Jaw"]
    assert values(found, MarkKind.HABIT, "3mf attributes of the root") == ["model: unit xmlns"]


def test_times_that_say_nothing_are_a_habit_and_no_date() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "a")
    found = marks_of(buffer.getvalue())
    assert values(found, MarkKind.HABIT, "zip times") == ["1980-01-01 00:00:00"]
    assert values(found, MarkKind.DATE) == []


def test_a_job_within_a_package_gives_its_own_marks() -> None:
    found = marks_of(
        marked.package({"3D/3dmodel.model": "<model/>", "Metadata/plate_1.gcode": marked.prusa_job()})
    )
    (height,) = [mark for mark in found.marks if mark.name == "layer_height"]
    assert height.where.part == "Metadata/plate_1.gcode"


def test_a_resin_printer_s_archive_has_its_settings_beside_members_that_are_items() -> None:
    found = marks_of(
        marked.package({"prusaslicer.ini": "layer_height = 0.05\nprinter_model = SL1\n", "a.png": b"x"})
    )
    assert values(found, MarkKind.SETTING, "layer_height") == ["0.05"]
    assert not found.is_package


def test_the_words_of_an_stl_header_and_what_fills_the_rest() -> None:
    found = marks_of(marked.headed_stl(b"Exported from Blender-2.80"))
    assert values(found, MarkKind.VERSION, "Blender") == ["2.80"]
    assert values(found, MarkKind.HABIT, "stl header filled with") == ["zeros"]
    assert values(found, MarkKind.HABIT, "stl attribute bytes") == ["all zero"]
    assert values(found, MarkKind.HABIT, "stl normals") == ["all zero"]


def test_an_stl_that_was_cut_short_has_its_header_still() -> None:
    shape = parts.part_mesh("bracket")
    whole = write_binary(shape.vertices[shape.triangles], b"Exported from Blender-2.80")
    found = marks_of(whole[: len(whole) // 2])
    assert found.formats == ("stl",)
    assert values(found, MarkKind.VERSION, "Blender") == ["2.80"]


@pytest.mark.parametrize(("attribute", "word"), [(0x801F, "VisCAM"), (0x001F, "Magics")])
def test_colours_in_attribute_bytes_tell_two_families_apart(attribute: int, word: str) -> None:
    found = marks_of(marked.headed_stl(b"COLOR=\x10\x20\x30\xff", attribute))
    (said,) = values(found, MarkKind.HABIT, "stl attribute bytes")
    assert word in said
    assert values(found, MarkKind.HABIT, "stl COLOR=") == ["102030ff"]


def test_text_stl_tells_indentation_and_digits() -> None:
    facet = (
        "\tfacet normal 0 0 1\n\t\touter loop\n"
        + "\t\t\tvertex 1.500000e+001 0.000000e+000 2.500000e+000\n" * 3
    )
    text = f"solid vise jaw\n{facet}\t\tendloop\n\tendfacet\nendsolid\n"
    found = marks_of(text.encode())
    assert values(found, MarkKind.OBJECT_NAME, "object") == ["vise jaw"]
    assert values(found, MarkKind.HABIT, "stl indentation") == ["facet tab, outer tab, vertex tab"]
    assert values(found, MarkKind.HABIT, "stl numbers") == ["always 6 decimals, exponents like e000"]
    assert values(found, MarkKind.HABIT, "stl endsolid") == ["without a name"]


def test_every_field_of_a_step_header_is_a_mark() -> None:
    found = marks_of(marked.headed_step())
    assert values(found, MarkKind.AUTHOR) == ["Erika Example", "Example Ltd", "a branch"]
    assert values(found, MarkKind.DATE) == ["2025-04-14T17:48:01+02:00"]
    assert values(found, MarkKind.VERSION, "Autodesk Translation Framework") == ["14.4.0.0"]
    assert values(found, MarkKind.VERSION, "ST-Developer") == ["20.1"]
    assert values(found, MarkKind.OBJECT_NAME, "product") == ["jaw", "O'Neil é"]
    assert values(found, MarkKind.HABIT, "step instances") == ["first #10, in steps of 1"]


def test_comments_of_text_meshes() -> None:
    obj = b"# Blender v2.79 (sub 0) OBJ File: 'jaw.blend'\no Jaw\nv 0.000000 1.000000 0.500000\n"
    found = marks_of(obj + b"v 1.000000 0.000000 0.000000\nv 0.000000 1.000000 0.000000\nf 1//1 2//1 3//1\n")
    assert values(found, MarkKind.VERSION, "Blender") == ["2.79"]
    assert values(found, MarkKind.OBJECT_NAME, "object") == ["Jaw"]
    assert values(found, MarkKind.HABIT, "obj numbers") == ["always 6 decimals"]
    assert values(found, MarkKind.HABIT, "obj corners") == ["n//n"]
    ply = b"ply\nformat ascii 1.0\ncomment VCGLIB generated\nelement vertex 1\nproperty float x\n"
    ply += b"end_header\n0 0 0\n"
    assert values(marks_of(ply), MarkKind.BANNER) == ["MeshLab"]
    assert values(marks_of(ply), MarkKind.HABIT, "ply layout") == ["ascii 1.0; vertex; float x"]
    off = b"OFF\n# made by hand\n1 0 0\n0 0 0\n"
    assert values(marks_of(off), MarkKind.COMMENT) == ["made by hand"]


def test_gltf_names_its_generator_and_whose_it_is() -> None:
    made = Builder()
    made.root["asset"] = {
        "version": "2.0",
        "generator": "Khronos glTF Blender I/O v3.6.28",
        "copyright": "E. Example",
    }
    made.root["nodes"] = [{"name": "Jaw"}]
    found = marks_of(made.glb())
    assert values(found, MarkKind.LICENCE) == ["E. Example"]
    assert values(found, MarkKind.OBJECT_NAME, "object") == ["Jaw"]
    assert values(found, MarkKind.HEADER, "asset.generator") == ["Khronos glTF Blender I/O v3.6.28"]
    assert "Blender" in " ".join(values(found, MarkKind.BANNER))


def test_amf_metadata() -> None:
    text = amf(wedge()).replace(b"<object", b'<metadata type="cad">FreeCAD 0.21</metadata><object', 1)
    assert values(marks_of(text), MarkKind.VERSION, "FreeCAD") == ["0.21"]
