"""AMF: every object is placed as its constellations say, and what flat triangles do not hold is said."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from partwatch.formats import Reading, ReadLimits, examine, read
from partwatch.formats import amf as amf_reader
from partwatch.formats.amf.examples import amf, constellation, instance, vertex, volume, wedge, zipped
from partwatch.formats.content import Opened
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import Unit

FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))
CORNERS = ((0, 0, 0), (10, 0, 0), (0, 6, 0), (0, 0, 4))


def box(reading: Reading, place: int = 0) -> tuple[list[float], list[float]]:
    vertices = reading.shapes[place].mesh.vertices
    return np.round(vertices.min(axis=0), 6).tolist(), np.round(vertices.max(axis=0), 6).tolist()


def reasons(reading: Reading) -> str:
    return "\n".join(f"{reason.code}: {reason.message}" for reason in reading.unread)


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ("", Unit.MILLIMETRE),
        ('unit="Inch"', Unit.INCH),
        ('unit="feet"', Unit.FOOT),
        ('unit="meter"', Unit.METRE),
        ('unit="micron"', Unit.MICRON),
    ],
)
def test_the_unit_is_the_one_that_the_file_states(attributes: str, unit: Unit) -> None:
    assert read(amf(wedge(), attributes=attributes)).unit is unit


def test_an_instance_is_turned_about_x_then_y_then_z_in_degrees_and_then_shifted() -> None:
    reading = read(amf(wedge(), constellation("2", instance("1", rx=90, rz=90, deltax=100))))
    # x: z goes to -y, y to z; z: x to y, y to -x.
    assert box(reading) == ([100.0, 0.0, 0.0], [104.0, 10.0, 6.0])


def test_slicers_that_write_radians_are_read_in_radians() -> None:
    turned = constellation("2", instance("1", rz=np.pi / 2))
    reading = read(amf('<metadata type="cad">PrusaSlicer 2.3.0</metadata>', wedge(), turned))
    assert box(reading) == ([-6.0, 0.0, 0.0], [0.0, 10.0, 4.0])


def test_a_slicers_scale_and_mirror_change_what_is_printed() -> None:
    reading = read(amf(wedge(), constellation("2", instance("1", scale=2, scalez=0.5, mirrorx=-1))))
    assert box(reading) == ([-20.0, 0.0, 0.0], [0.0, 12.0, 4.0])


def test_objects_outside_every_constellation_are_handed_over_and_noted() -> None:
    reading = read(amf(wedge("1"), wedge("2"), constellation("3", instance("1"))))
    assert [(shape.name, shape.notes) for shape in reading.shapes] == [
        ("wedge 1", ()),
        ("wedge 2", ("not in a constellation",)),
    ]


def test_objects_after_the_constellation_that_places_them_are_found() -> None:
    reading = read(amf(constellation("3", instance("1", deltax=7)), wedge("1")))
    assert box(reading)[0] == [7.0, 0.0, 0.0]


def test_constellations_that_contain_one_another_are_damage_and_the_object_is_still_read() -> None:
    reading = read(
        amf(wedge(), constellation("2", instance("3")), constellation("3", instance("2"), instance("1")))
    )
    assert len(reading.shapes) == 1
    assert "constellation 2 lies in itself" in reasons(reading)
    # So it does beside a sound one.
    beside = amf(wedge(), wedge("5"), constellation("4", instance("5")), constellation("2", instance("2")))
    assert "constellation 2 lies in itself" in reasons(read(beside))
    broken = amf(wedge(), constellation("2", instance("3")), constellation("3", instance("9")))
    assert "lies in itself" not in reasons(read(broken))


def test_a_constellation_beside_a_cycle_is_placed_and_the_cycle_is_said() -> None:
    reading = read(
        amf(
            wedge(),
            constellation("2", instance("2")),
            constellation("3", instance("1", deltax=3), instance("2"), instance("9")),
        )
    )
    assert box(reading)[0] == [3.0, 0.0, 0.0]
    assert "constellation 2 contains itself" in reasons(reading)
    assert "no object '9'" in reasons(reading)


def test_constellations_that_multiply_end_at_a_limit() -> None:
    levels = [wedge("0")]
    levels += [constellation(str(k), *[instance(str(k - 1))] * 20) for k in range(1, 8)]
    assert "limit: " in reasons(read(amf(*levels)))
    deep = [wedge("0"), *(constellation(str(k), instance(str(k - 1))) for k in range(1, 12))]
    assert "nested more than" in reasons(read(amf(*deep)))


def test_open_volumes_that_continue_one_another_are_one_shape_with_both_names() -> None:
    halves = volume(FACES[:2], '<metadata type="name">red</metadata>') + volume(FACES[2:])
    (shape,) = read(amf(wedge(volumes=halves))).shapes
    assert len(shape.mesh.triangles) == 4
    assert shape.name == "red, wedge 1"


def test_closed_volumes_stay_apart_and_keep_their_names_and_kinds() -> None:
    support = volume(FACES, '<metadata type="name">stand</metadata>', 'type="support"')
    reading = read(amf(wedge(volumes=volume(FACES) + support)))
    assert [(shape.name, shape.notes) for shape in reading.shapes] == [
        ("wedge 1", ()),
        ("stand", ("declared as 'support', not as an object",)),
    ]


def test_volumes_cut_away_while_slicing_are_said() -> None:
    negative = volume(FACES, '<metadata type="slic3r.volume_type">NegativeVolume</metadata>')
    assert "cut away while slicing" in reasons(read(amf(wedge(volumes=volume(FACES) + negative))))


def normals(bend: float) -> str:
    """Corners with normals that bend away from the faces."""
    return "".join(
        vertex(*corner, more=f"<normal><nx>{bend * (k - 1)}</nx><ny>{bend}</ny><nz>1</nz></normal>")
        for k, corner in enumerate(CORNERS)
    )


def test_curved_triangles_go_unread_aloud_with_how_far_they_bulge() -> None:
    assert "triangles are curved, by up to" in reasons(read(amf(wedge(vertices=normals(0.5)))))
    corner = vertex(0, 0, 0)
    curved = wedge().replace(corner, corner + "<edge><v1>0</v1><dx1>1</dx1><v2>1</v2><dx2>1</dx2></edge>")
    assert "triangles are curved" in reasons(read(amf(curved)))


def test_parallel_normals_bulge_by_nothing() -> None:
    points = "".join(vertex(*c, more="<normal><nx>0</nx><ny>0</ny><nz>1</nz></normal>") for c in CORNERS[:3])
    reading = read(amf(wedge(vertices=points + vertex(*CORNERS[3]))))
    assert reading.unread == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (wedge().replace("<x>10</x>", "<x>ten</x>"), r"line \d+: a vertex \(x='ten'"),
        (wedge().replace("<x>10</x>", ""), "not three numbers"),
        (wedge().replace("<x>10</x>", "<x>1</x><x>2</x>"), "two <x>"),
        (wedge().replace("<v1>0</v1>", "<v1>-1</v1>", 1), "not three indices"),
        (wedge().replace("<v1>0</v1>", "<v1>4</v1>", 1), "triangle 0 refers to vertex 4"),
        (wedge().replace("<v1>0</v1>", f"<v1>{'9' * 9999}</v1>", 1), "not three indices"),
        (wedge(vertices="<vertex></vertex>"), "none or several coordinates"),
        (wedge() + wedge(), "the id '1' is empty or given twice"),
        (wedge(volumes=volume(FACES) + f"</mesh><mesh>{volume(FACES)}"), "two meshes"),
        (wedge(volumes=f"<triangle>{volume(FACES)}</triangle>"), "does not belong"),
        (constellation("2", instance("7")), "no object '7'"),
        ("", "no triangle"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content: str, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        read(amf(content))


def test_a_transform_that_is_no_number_is_said() -> None:
    for value in ("nan", "inf", "1e999"):
        moved = constellation("2", instance("1", deltax=1)).replace("<deltax>1", f"<deltax>{value}")
        assert "not finite" in reasons(read(amf(wedge(), moved)))


def test_elements_that_no_reader_knows_go_unread_aloud() -> None:
    reading = read(amf(wedge(), "<lattice><mesh/></lattice>"))
    assert len(reading.shapes) == 1
    assert "<lattice>" in reasons(reading)
    assert "<mesh> in an unexpected place" in reasons(reading)
    formula = '<material id="2"><composite materialid="0">sin(x)</composite></material>'
    assert "may leave holes" in reasons(read(amf(formula, wedge())))


def test_metadata_may_stand_anywhere() -> None:
    noted = wedge(vertices="".join(vertex(*c, more="<metadata>a</metadata>") for c in CORNERS))
    assert read(amf(noted)).unread == ()


def test_a_document_type_is_refused() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE amf [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
        f"<amf>{wedge()}<metadata>&b;</metadata></amf>"
    )
    with pytest.raises(UnsupportedError, match="document type"):
        read(bomb.encode())


def test_a_zip_of_one_amf_is_an_amf_and_of_two_files_an_archive() -> None:
    whole = read(amf(wedge()))
    np.testing.assert_array_equal(
        read(zipped(amf(wedge()))).shapes[0].mesh.vertices, whole.shapes[0].mesh.vertices
    )
    assert examine(zipped(amf(wedge()))).names == ("amf",)
    assert examine(zipped(b"no amf at all")).names == ("zip",)


def test_a_plain_amf_before_a_zipped_one_is_read_as_both() -> None:
    data = amf(wedge()) + b"\n" + zipped(amf(wedge()))
    assert "also opens as ZIP archive" in reasons(read(data))
    content = examine(data)
    readings = [one for one in content.readings(data, ReadLimits()) if isinstance(one, Reading)]
    opened = Opened(content, data, ReadLimits(), "two.amf")
    inner = [read(opened.extract(name)) for name in opened.members]
    assert [len(reading.shapes) for reading in (*readings, *inner)] == [1, 1]


def test_a_zipped_amf_that_unpacks_beyond_the_limit_is_refused() -> None:
    data = zipped(amf(wedge(), " " * 100_000))
    with pytest.raises(LimitError):
        read(data, ReadLimits(max_file_bytes=50_000))


def test_a_cut_file_is_refused() -> None:
    data = amf(wedge())
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(UnreadableError):
            read(data[: int(share * len(data))])


def test_a_zip_that_holds_not_just_one_file_is_no_amf() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.amf", amf(wedge()))
        archive.writestr("b.amf", amf(wedge()))
    with pytest.raises(DamagedError):
        amf_reader.read(buffer.getvalue(), ReadLimits())
