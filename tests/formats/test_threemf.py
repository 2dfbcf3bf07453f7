"""3MF: everything that could be printed is seen, and what cannot be read is never passed over."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partwatch.formats import Reading, ReadLimits, gcode, read
from partwatch.formats.threemf.examples import CORE, WEDGE, model, package, rels, uuid
from partwatch.formats.threemf.fastmesh import cut
from partwatch.formats.threemf.part import read_part
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError, EncryptedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import Unit
from partwatch.toolpath import rebuilt

OBJECT = f'<object id="1" name="wedge">{WEDGE}</object>'
ITEM = '<item objectid="1"/>'
MOVED = 'transform="1 0 0 0 1 0 0 0 1 100 0 0"'


def pack(resources: str = OBJECT, build: str = ITEM, extra: str = "", **parts: str | bytes) -> bytes:
    """A package of one model; further parts by name, with two underscores for a slash, one for a dot."""
    others = {name.replace("__", "/").replace("_", "."): content for name, content in parts.items()}
    return package({"3D/3dmodel.model": model(resources, build, extra=extra), **others})


def reasons(reading: Reading) -> str:
    return "\n".join(f"{reason.code}: {reason.message}" for reason in reading.unread)


def boxes(reading: Reading) -> list[tuple[list[float], list[float]]]:
    found = []
    for shape in reading.shapes:
        used = shape.mesh.vertices[np.unique(shape.mesh.triangles)]
        found.append((used.min(axis=0).tolist(), used.max(axis=0).tolist()))
    return found


def test_components_and_items_move_in_the_right_order() -> None:
    turned = 'transform="0 1 0 -1 0 0 0 0 1 5 0 0"'
    reading = read(
        pack(
            OBJECT + f'<object id="2"><components><component objectid="1" {turned}/></components></object>',
            f'<item objectid="2" {MOVED}/>',
        )
    )
    # First the component's turn about z and its 5, then the item's 100.
    assert boxes(reading) == [([99.0, 0.0, 0.0], [105.0, 10.0, 4.0])]


def test_objects_outside_the_build_are_handed_over_and_noted() -> None:
    reading = read(pack(OBJECT + OBJECT.replace('id="1"', 'id="2"'), ITEM))
    assert [shape.notes for shape in reading.shapes] == [(), ("not in the build",)]
    assert reading.unread == ()


def test_model_parts_that_nothing_refers_to_are_handed_over_and_noted() -> None:
    for name in ("3D__Objects__x_model", "Metadata__x_png"):
        reading = read(pack(**{name: model(OBJECT, "")}))
        assert [shape.notes for shape in reading.shapes] == [(), ("not in the build",)]


def test_part_names_do_not_mind_their_case_or_their_spelling() -> None:
    production = 'requiredextensions="p"'
    for path in ("/3D/Objects/A.model", "/3d/objects/a.MODEL", "/3D/Other/../Objects/%41.model"):
        reading = read(
            pack(
                "",
                f'<item objectid="1" p:path="{path}"/>',
                production,
                **{"3D__Objects__A_model": model(OBJECT, "")},
            )
        )
        assert [shape.notes for shape in reading.shapes] == [()]


def test_other_kinds_of_object_are_read_and_noted() -> None:
    for kind in ("support", "solidsupport", "surface", "other"):
        reading = read(pack(OBJECT.replace("<object", f'<object type="{kind}"')))
        assert len(reading.shapes) == 1
        assert kind in reading.shapes[0].notes[0]


@pytest.mark.parametrize(
    ("resources", "build", "message"),
    [
        (OBJECT, '<item objectid="7"/>', "no object 7"),
        (OBJECT, '<item objectid="1" p:path="/3D/gone.model"/>', r"lacks the part '/3d/gone\.model'"),
        (OBJECT, '<item objectid="1" transform="1 2 3"/>', "not twelve numbers"),
        (OBJECT, '<item objectid="1" transform="1 0 0 0 1 0 0 0 nan 0 0 0"/>', "not finite"),
        (OBJECT, '<item objectid="1" transform="1 0 0 0 1 0 0 0 0 0 0 0"/>', "flattens"),
        (OBJECT.replace('v3="1"', 'v3="4"', 1), ITEM, "triangle 0 refers to vertex 4"),
        (OBJECT.replace('v3="1"', 'v3="-1"', 1), ITEM, "not three indices"),
        (OBJECT.replace(' v3="1"', "", 1), ITEM, "line 4: the triangle v1='0', v2='2' is not three indices"),
        (OBJECT.replace('x="10"', 'x="ten"'), ITEM, "line 2: the vertex x='ten'"),
        (OBJECT + OBJECT, ITEM, "second object has the id '1'"),
        (OBJECT.replace(' id="1"', ""), ITEM, "lacks its 'id'"),
        (
            '<object id="1"><components><component objectid="2"/></components></object>'
            '<object id="2"><components><component objectid="1"/></components></object>',
            ITEM,
            "contains itself",
        ),
        ('<object id="1"><mesh><vertices/><triangles/></mesh></object>', ITEM, "no triangle"),
        ("", "", "no mesh"),
        (f"<mesh>{OBJECT}</mesh>", ITEM, "does not belong"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(resources: str, build: str, message: str) -> None:
    try:
        said = reasons(read(pack(resources, build)))
    except DamagedError as error:
        said = str(error)
    assert re.search(message, said)


def test_one_broken_item_does_not_hide_the_others() -> None:
    reading = read(pack(build='<item objectid="9"/>' + ITEM))
    assert len(reading.shapes) == 1
    assert "no object 9" in reasons(reading)


def test_triangles_that_use_a_vertex_twice_are_dropped_with_a_note() -> None:
    reading = read(pack(OBJECT.replace("</triangles>", '<triangle v1="1" v2="1" v3="2"/></triangles>')))
    assert len(reading.shapes[0].mesh.triangles) == 4
    assert "dropped 1 triangles" in reading.shapes[0].notes[0]
    assert reading.unread == ()


@pytest.mark.parametrize(
    ("namespace", "element", "place", "word"),
    [
        ("http://schemas.microsoft.com/3dmanufacturing/slice/2015/07", "slicestack", "<resources>", "slices"),
        ("http://schemas.microsoft.com/3dmanufacturing/beamlattice/2017/02", "beamlattice", "<mesh>", "beam"),
        (
            "http://schemas.microsoft.com/3dmanufacturing/volumetric/2022/01",
            "levelset",
            "<mesh>",
            "volumetric",
        ),
        (
            "http://schemas.3mf.io/3dmanufacturing/displacement/2023/10",
            "displacementmesh",
            "<resources>",
            "displaced",
        ),
        (
            "http://schemas.3mf.io/3dmanufacturing/booleanoperations/2023/07",
            "booleanshape",
            "<resources>",
            "cut",
        ),
        (
            "http://schemas.openxmlformats.org/markup-compatibility/2006",
            "AlternateContent",
            "<resources>",
            "alternative",
        ),
        ("urn:nobody", "thing", "<resources>", "do not know"),
        ("urn:nobody", "triangle", "<triangles>", "may be a shape"),
        (CORE, "novelty", "<mesh>", "may be a shape"),
    ],
)
def test_shapes_that_we_cannot_read_go_unread_aloud(
    namespace: str, element: str, place: str, word: str
) -> None:
    data = model(OBJECT, ITEM).replace(place, f'{place}<q:{element} xmlns:q="{namespace}"/>', 1)
    reading = read(package({"3D/3dmodel.model": data}))
    assert len(reading.shapes) == 1
    assert word in reasons(reading)
    assert {reason.code for reason in reading.unread} == {UnsupportedError.code}


def test_a_shape_in_a_harmless_namespace_is_not_harmless() -> None:
    material = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
    data = model(OBJECT, ITEM).replace("<resources>", f'<resources><object xmlns="{material}" id="5"/>', 1)
    assert "may be a shape" in reasons(read(package({"3D/3dmodel.model": data})))
    colours = model(OBJECT, ITEM).replace(
        "<resources>", f'<resources><colorgroup xmlns="{material}" id="5"/>', 1
    )
    assert read(package({"3D/3dmodel.model": colours})).unread == ()


def test_a_required_extension_that_we_do_not_know_goes_unread_aloud() -> None:
    reading = read(pack(extra='xmlns:z="urn:zigzag" requiredextensions="p z"'))
    assert "urn:zigzag" in reasons(reading)
    assert read(pack(extra='xmlns:z="urn:zigzag" requiredextensions="p"')).unread == ()


def test_a_low_resolution_mesh_is_not_trusted() -> None:
    slices = 'xmlns:s="http://schemas.microsoft.com/3dmanufacturing/slice/2015/07"'
    reading = read(pack(OBJECT.replace("<object", '<object s:meshresolution="lowres"'), extra=slices))
    assert "stand-in" in reasons(reading)


def test_an_encrypted_part_is_encrypted_and_the_others_are_read() -> None:
    secret = {"3D__Objects__s_model": b"%3McF" + bytes(40)}
    item = '<item objectid="1" p:path="/3D/Objects/s.model"/>'
    with pytest.raises(EncryptedError, match="encrypted"):
        read(pack("", item, **secret))
    reading = read(pack(OBJECT, ITEM + item, **secret))
    assert len(reading.shapes) == 1
    assert {reason.code for reason in reading.unread} == {EncryptedError.code}


def test_a_part_that_a_keystore_seals_is_encrypted_however_it_begins() -> None:
    sealed = {
        "_rels/.rels": rels("/3D/3dmodel.model").replace(
            "</Relationships>",
            '<Relationship Target="/Secure/keystore.xml" Id="k" '
            'Type="http://schemas.microsoft.com/3dmanufacturing/2019/04/keystore"/></Relationships>',
        ),
        "Secure/keystore.xml": '<keystore><resourcedata path="/3D/Objects/s.model"/></keystore>',
    }
    item = '<item objectid="1" p:path="/3D/Objects/s.model"/>'
    closed = package(
        {**sealed, "3D/3dmodel.model": model("", item), "3D/Objects/s.model": b"\x8f\x01\xfe" * 20}
    )
    with pytest.raises(EncryptedError, match="ask the sender"):
        read(closed)
    # One that is listed but open is read.
    opened = package({**sealed, "3D/3dmodel.model": model("", item), "3D/Objects/s.model": model(OBJECT, "")})
    assert read(opened).unread == ()


def test_a_lattice_without_triangles_is_called_a_lattice_and_not_damage() -> None:
    lattice = 'xmlns:b="http://schemas.microsoft.com/3dmanufacturing/beamlattice/2017/02"'
    beams = OBJECT.replace('id="1"', 'id="2"').replace(
        re.search("<triangles>.*</triangles>", OBJECT, re.DOTALL)[0],  # type: ignore[index]  # it is there
        '<b:beamlattice radius="1"><b:beams><b:beam v1="0" v2="1"/></b:beams></b:beamlattice>',
    )
    reading = read(pack(OBJECT + beams, ITEM + '<item objectid="2"/>', lattice))
    assert [reason.code for reason in reading.unread] == [UnsupportedError.code]
    assert "beam lattice" in reasons(reading)


def test_what_a_boolean_is_made_of_is_handed_over_and_the_result_goes_unread_aloud() -> None:
    namespace = 'xmlns:bo="http://schemas.3mf.io/3dmanufacturing/booleanoperations/2023/07"'
    cut_from = (
        '<object id="3"><bo:booleanshape objectid="1" operation="difference">'
        '<bo:boolean objectid="2"/></bo:booleanshape></object>'
    )
    both = OBJECT + OBJECT.replace('id="1"', 'id="2"')
    reading = read(pack(both + cut_from, '<item objectid="3"/>', namespace))
    assert [shape.notes for shape in reading.shapes] == [("not in the build",)] * 2
    assert "objects cut from or joined to one another" in reasons(reading)


def test_sets_of_triangles_are_only_labels() -> None:
    sets = 'xmlns:t="http://schemas.microsoft.com/3dmanufacturing/trianglesets/2021/07"'
    labelled = OBJECT.replace(
        "</triangles>",
        '</triangles><t:trianglesets><t:triangleset name="a"><t:ref index="0"/></t:triangleset>'
        "</t:trianglesets>",
    )
    assert read(pack(labelled, ITEM, sets)).unread == ()


def test_slices_without_a_mesh_go_unread_aloud() -> None:
    slices = 'xmlns:s="http://schemas.microsoft.com/3dmanufacturing/slice/2015/07"'
    stack = '<s:slicestack id="5" zbottom="0"><s:slice ztop="1"/></s:slicestack>'
    bare = (
        '<object id="1" s:slicestackid="5" s:meshresolution="lowres">'
        "<mesh><vertices/><triangles/></mesh></object>"
    )
    with pytest.raises(UnsupportedError, match="slices"):
        read(pack(stack + bare, ITEM, slices))


def test_a_document_type_is_refused_before_its_entities_grow() -> None:
    bomb = '<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><model/>'
    with pytest.raises(UnsupportedError, match="document type"):
        read(package({"3D/3dmodel.model": bomb}))


def test_nesting_without_end_is_a_limit() -> None:
    data = model(OBJECT, ITEM).replace("<resources>", "<resources>" + "<q>" * 500 + "</q>" * 500)
    with pytest.raises(LimitError, match="nested"):
        read(package({"3D/3dmodel.model": data}))


def test_components_that_multiply_are_counted_before_they_are_placed() -> None:
    def ten_of(level: int) -> str:
        return f'<component objectid="{level}"/>' * 10

    levels = "".join(
        f'<object id="{level}"><components>{ten_of(level - 1)}</components></object>' for level in range(2, 9)
    )
    reading = read(pack(OBJECT + levels, '<item objectid="8"/>'))
    assert [shape.notes for shape in reading.shapes] == [("not in the build",)]
    assert {reason.code for reason in reading.unread} == {LimitError.code}


def test_deep_components_are_a_limit() -> None:
    chain = "".join(
        f'<object id="{level}"><components><component objectid="{level - 1}"/></components></object>'
        for level in range(2, 30)
    )
    assert "nested" in reasons(read(pack(OBJECT + chain, '<item objectid="29"/>')))


def test_two_entries_of_one_name_are_not_trusted() -> None:
    data = package({"3D/3dmodel.model": model(OBJECT, ITEM), "3d/3DMODEL.model": model(OBJECT, ITEM)})
    assert "named" in reasons(read(data))


def test_a_package_that_does_not_say_where_it_starts_is_read_but_not_trusted() -> None:
    data = package({"3D/3dmodel.model": model(OBJECT, ITEM), "_rels/.rels": rels()})
    reading = read(data)
    assert len(reading.shapes) == 1
    assert "does not say which model" in reasons(reading)


def test_a_second_start_is_not_passed_over() -> None:
    data = package(
        {
            "3D/3dmodel.model": model(OBJECT, ITEM),
            "3D/other.model": model(OBJECT, ITEM),
            "_rels/.rels": rels("/3D/3dmodel.model", "/3D/other.model"),
        }
    )
    reading = read(data)
    assert len(reading.shapes) == 2
    assert "starts with 2 models" in reasons(reading)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("Metadata__plate_gcode", b"G28\nG1 X1 Y1\n" * 9, "G-code"),
        ("Metadata__plate_bgcode", b"GCDE\1\0\0\0\1\0", "BGCODE"),
        ("Auxiliaries__x_stl", b"solid x\nfacet normal 0 0 1\n", "STL"),
        ("Auxiliaries__x_zip", b"PK\x03\x04" + bytes(60), "ZIP"),
    ],
)
def test_other_printable_content_of_a_package_goes_unread_aloud(name: str, content: bytes, word: str) -> None:
    assert word in reasons(read(pack(**{name: content})))


JOB = gcode.FORMAT.examples()["bare"]


def test_print_jobs_of_a_package_are_read_beside_its_meshes() -> None:
    reading = read(pack(Metadata__one_gcode=JOB, Metadata__two_gcode=JOB[: len(JOB) // 2]))
    assert (reading.medium, len(reading.shapes), len(reading.toolpaths)) == (Medium.MESH, 1, 2)
    assert [reason.message.split(":")[0] for reason in reading.unread] == ["/metadata/two.gcode"]
    meshes, jobs = rebuilt(reading)
    assert (meshes.medium, meshes.unit, meshes.unread) == (Medium.MESH, reading.unit, reading.unread)
    assert (jobs.medium, jobs.unit, jobs.unread, len(jobs.shapes)) == (
        Medium.TOOLPATH, Unit.MILLIMETRE, (), 2,
    )  # fmt: skip


def test_a_package_of_jobs_alone_is_a_print_job() -> None:
    parts = {"3D/3dmodel.model": model("", ""), "_rels/.rels": rels("/3D/3dmodel.model")}
    reading = read(package({**parts, "Metadata/plate_1.gcode": JOB.decode()}))
    assert (reading.format, reading.medium, reading.shapes) == ("3mf", Medium.TOOLPATH, ())
    assert len(rebuilt(reading)) == 1
    with pytest.raises(UnreadableError, match="holds no mesh"):
        read(package(parts))


def test_pictures_and_settings_of_a_package_are_no_reason() -> None:
    settings_text = "; generated by a slicer\n; start_gcode = G28\\nG1 X1\n"
    reading = read(pack(Metadata__x_png=b"\x89PNG\r\n\x1a\n" + bytes(50), Metadata__y_config=settings_text))
    assert reading.unread == ()


def test_names_come_from_the_slicers_settings() -> None:
    both = OBJECT.replace(' name="wedge"', "") + (
        '<object id="2"><components><component objectid="1"/></components></object>'
    )
    bambu = (
        '<config><object id="2"><metadata key="name" value="plate"/>'
        '<part id="1" subtype="normal_part"><metadata key="name" value="jaw"/></part></object></config>'
    )
    config = {"Metadata/model_settings.config": bambu}
    reading = read(package({"3D/3dmodel.model": model(both, '<item objectid="2"/>'), **config}))
    assert [shape.name for shape in reading.shapes] == ["jaw"]
    prusa = (
        '<config><object id="1"><metadata type="object" key="name" value="vise"/>'
        '<volume firstid="0"/></object></config>'
    )
    config = {"Metadata/Slic3r_PE_model.config": prusa}
    reading = read(package({"3D/3dmodel.model": model(both, ITEM), **config}))
    assert [shape.name for shape in reading.shapes] == ["vise"]
    assert reading.unread == ()


@pytest.mark.parametrize(
    ("name", "config"),
    [
        (
            "Metadata/model_settings.config",
            '<config><object id="1"><part id="1" subtype="negative_part"/></object></config>',
        ),
        (
            "Metadata/Slic3r_PE_model.config",
            '<config><object id="1"><volume><metadata key="volume_type" value="NegativeVolume"/>'
            "</volume></object></config>",
        ),
    ],
)
def test_a_volume_that_is_cut_away_while_slicing_goes_unread_aloud(name: str, config: str) -> None:
    reading = read(package({"3D/3dmodel.model": model(OBJECT, ITEM), name: config}))
    assert "negative volume" in reasons(reading)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_both_encodings_of_the_standard_are_read(encoding: str) -> None:
    text = model(OBJECT.replace("wedge", "Kräuter"), ITEM).replace("UTF-8", encoding.upper())
    reading = read(package({"3D/3dmodel.model": text.encode(encoding)}))
    assert [shape.name for shape in reading.shapes] == ["Kräuter"]
    assert reading.unread == ()


# Ways of writing the same or another mesh, to hold the fast way to expat's.
spaces = st.sampled_from(["", " ", "\n", "\t \r\n"])
numbers = st.one_of(
    st.floats(-1e9, 1e9).map(repr), st.sampled_from(["1e3", "-0", "+5", ".5", "5.", "1_0", "nan", "x", ""])
)
indices = st.one_of(st.integers(0, 3).map(str), st.sampled_from(["+1", "4", "-1", "1.0", "", "1_0", "x"]))


@st.composite
def runs(draw: st.DrawFn) -> str:
    quote = draw(st.sampled_from(['"', '"', "'"]))

    def element(name: str, attributes: list[tuple[str, str]]) -> str:
        end = draw(st.sampled_from(["/>", "/>", "/>", f"></{name}>", "/><!-- x -->", "/>x"]))
        inner = "".join(
            f" {draw(spaces)}{key}{draw(spaces)}={draw(spaces)}{quote}{value}{quote}"
            for key, value in attributes
        )
        return f"<{name}{inner}{draw(spaces)}{end}{draw(spaces)}"

    vertices = [[(axis, draw(numbers)) for axis in "xyz"] for _ in range(4)]
    triangles = [
        [(f"v{corner}", draw(indices)) for corner in (1, 2, 3)] for _ in range(draw(st.integers(0, 4)))
    ]
    for triangle in triangles:
        if draw(st.booleans()):
            triangle.insert(draw(st.integers(0, 3)), ("pid", draw(st.sampled_from(["1", "a>b", "&amp;"]))))
    parts = ["".join(element("vertex", vertex) for vertex in vertices)]
    parts.append("".join(element("triangle", triangle) for triangle in triangles))
    return f"<mesh><vertices>{parts[0]}</vertices><triangles>{parts[1]}</triangles></mesh>"


def outcome(text: bytes, *, fast: bool) -> object:
    """The mesh, or what was wrong and in which line."""
    # A comment anywhere keeps the fast way out; at the end it moves no line.
    data = text if fast else text + b"<!-- -->"
    assert (cut(data).text == data) or fast
    try:
        found = read_part("p", data, ReadLimits()).objects["1"]
    except UnreadableError as error:
        return type(error), re.sub(r"column \d+", "", str(error))
    return found.vertices.tolist(), found.triangles.tolist()


@given(mesh=runs())
@settings(max_examples=400, deadline=None)
def test_the_fast_way_and_expat_read_the_same(mesh: str) -> None:
    text = model(f'<object id="1">{mesh}</object>', ITEM).encode()
    one, other = outcome(text, fast=True), outcome(text, fast=False)
    assert repr(one) == repr(other)


def test_the_fast_way_is_taken_for_plain_files() -> None:
    plain = cut(model(OBJECT, ITEM).encode())
    assert (len(plain.vertices), len(plain.triangles)) == (1, 1)
    coloured = cut(model(OBJECT.replace('v1="', 'pid="1" v1="'), ITEM).encode())
    assert len(coloured.triangles) == 1


def test_units_are_those_of_the_root() -> None:
    parts = {"3D__Objects__a_model": model(OBJECT, "", "meter")}
    reading = read(pack("", '<item objectid="1" p:path="/3D/Objects/a.model"/>', **parts))
    assert reading.unit is Unit.MILLIMETRE
    assert boxes(reading) == [([0.0, 0.0, 0.0], [10.0, 6.0, 4.0])]
    assert "states m" in reading.shapes[0].notes[0]


def test_no_unit_means_millimetres_and_an_unknown_one_is_damage() -> None:
    text = model(OBJECT, ITEM)
    assert read(package({"3D/3dmodel.model": text.replace('unit="millimeter" ', "")})).unit is Unit.MILLIMETRE
    with pytest.raises(DamagedError, match="furlong"):
        read(package({"3D/3dmodel.model": text.replace("millimeter", "furlong")}))


def test_uuids_are_not_asked_for() -> None:
    assert uuid(1) not in OBJECT
    assert read(pack()).unread == ()
