"""Files that state a unit in which they were not made: held for review, and the reason says which fits."""

from __future__ import annotations

import numpy as np
import pytest
from listed import in_unit

import parts
from partwatch.formats import read
from partwatch.formats.amf.examples import amf, vertex, volume
from partwatch.formats.gltf.examples import Builder
from partwatch.formats.threemf.examples import model, package
from partwatch.geometry.bodies import split_bodies
from partwatch.matching import Matcher
from partwatch.model.document import MatchFinding, UnitSource
from partwatch.model.mesh import MM_PER_UNIT, Mesh, Unit


def as_gltf(mesh: Mesh) -> bytes:
    made = Builder()
    made.primitive(
        made.accessor(mesh.vertices.astype("<f4")), made.accessor(mesh.triangles.reshape(-1).astype("<u4"))
    )
    return made.glb()


def as_3mf(mesh: Mesh, unit: str) -> bytes:
    points = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in mesh.vertices)
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in mesh.triangles)
    body = f"<mesh><vertices>{points}</vertices><triangles>{faces}</triangles></mesh>"
    resources = f'<object id="1">{body}</object>'
    return package({"3D/3dmodel.model": model(resources, '<item objectid="1"/>', unit)})


def as_amf(mesh: Mesh, unit: str) -> bytes:
    points = "".join(vertex(*place) for place in mesh.vertices)
    faces = volume(tuple(map(tuple, mesh.triangles.tolist())))
    return amf(
        f'<object id="1"><mesh><vertices>{points}</vertices>{faces}</mesh></object>',
        attributes=f'unit="{unit}"',
    )


def as_obj(mesh: Mesh) -> bytes:
    rows = [f"v {x} {y} {z}\n" for x, y, z in mesh.vertices]
    return "".join([*rows, *(f"f {a} {b} {c}\n" for a, b, c in mesh.triangles + 1)]).encode()


def screened(data: bytes, matcher: Matcher) -> tuple[Unit, UnitSource, MatchFinding, str]:
    reading = read(data)
    solids = [solid for shape in reading.shapes for solid in split_bodies(shape.mesh, shape.name)]
    (body,), reasons, _ = matcher.match_item(reading, solids, "0" * 64)
    assert body.matches[0].part == "bracket"
    return body.unit, body.unit_source, body.matches[0].finding, reasons[0].message


# The bracket in millimetres, as every case begins.
MM = parts.moved(parts.part_mesh("bracket"), parts.motion(7, 20))


@pytest.mark.parametrize(
    ("data", "times", "fits", "stated"),
    [
        (as_gltf(MM), "1,000", "millimetre", "metre"),
        (as_3mf(MM, "meter"), "1,000", "millimetre", "metre"),
        (as_3mf(MM, "micron"), "0.001", "millimetre", "micron"),
        (as_amf(MM, "inch"), "25.4", "millimetre", "inch"),
        (as_amf(in_unit(MM, Unit.INCH), "feet"), "12", "inch", "foot"),
        (as_3mf(in_unit(MM, Unit.METRE), "millimeter"), "0.001", "metre", "millimetre"),
    ],
)
def test_a_unit_stated_by_mistake_is_a_review_that_says_which_would_fit(
    data: bytes, times: str, fits: str, stated: str, matcher: Matcher
) -> None:
    _, source, finding, message = screened(data, matcher)
    assert (source, finding) == (UnitSource.STATED, MatchFinding.REVIEW)
    assert f"it is {times} times the part's size" in message
    assert f"it would be the part's size if its unit were {fits}, not {stated}" in message


def test_a_size_that_no_unit_explains_names_none(matcher: Matcher) -> None:
    *_, finding, message = screened(as_3mf(parts.scaled(MM, 1.5), "millimeter"), matcher)
    assert finding is MatchFinding.REVIEW
    assert "if its unit were" not in message


@pytest.mark.parametrize("unit", [Unit.METRE, Unit.INCH, Unit.CENTIMETRE, Unit.MICRON])
def test_where_the_format_states_no_unit_the_one_that_fits_is_taken(unit: Unit, matcher: Matcher) -> None:
    found, source, finding, _ = screened(as_obj(in_unit(MM, unit)), matcher)
    assert (found, source, finding) == (unit, UnitSource.INFERRED, MatchFinding.MATCH)


@pytest.mark.parametrize(("name", "unit"), [("meter", Unit.METRE), ("inch", Unit.INCH), ("feet", Unit.FOOT)])
def test_a_unit_stated_rightly_is_a_match(name: str, unit: Unit, matcher: Matcher) -> None:
    there = Mesh(MM.vertices / MM_PER_UNIT[unit], MM.triangles)
    assert screened(as_amf(there, name), matcher)[:3] == (unit, UnitSource.STATED, MatchFinding.MATCH)
    assert np.isclose(read(as_amf(there, name)).shapes[0].mesh.extents, there.extents).all()
