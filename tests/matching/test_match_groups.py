"""A body whose facets a file sorts into groups, solids or volumes is still one body, and found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import parts
from partwatch.formats import read
from partwatch.formats.amf.examples import amf, vertex, volume
from partwatch.formats.stl_ascii import write_solid
from partwatch.geometry.bodies import split_bodies
from partwatch.matching import Matcher
from partwatch.model.document import MatchFinding
from partwatch.model.mesh import Mesh

Writer = Callable[[Mesh, np.ndarray], bytes]


def sides(mesh: Mesh) -> np.ndarray:
    """A group for each triangle, by the way it faces: as exporters that keep faces apart have it."""
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    axis = np.abs(normal).argmax(axis=1)
    return axis * 2 + (np.take_along_axis(normal, axis[:, None], axis=1)[:, 0] < 0)


def as_obj(mesh: Mesh, groups: np.ndarray) -> bytes:
    rows = ["o part\n", *(f"v {x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in mesh.vertices)]
    for group in np.unique(groups):
        rows.append(f"g face_{group}\n")
        rows += [f"f {a} {b} {c}\n" for a, b, c in mesh.triangles[groups == group] + 1]
    return "".join(rows).encode()


def as_stl(mesh: Mesh, groups: np.ndarray) -> bytes:
    corners = mesh.vertices[mesh.triangles]
    return b"".join(write_solid(f"face_{group}", corners[groups == group]) for group in np.unique(groups))


def as_rounded_stl(mesh: Mesh, groups: np.ndarray) -> bytes:
    """Each solid rounds its corners in its own way, so that none of its edges is another's."""
    corners = mesh.vertices[mesh.triangles]
    return b"".join(
        write_solid(f"face_{group}", corners[groups == group] + 1e-5 * place)
        for place, group in enumerate(np.unique(groups))
    )


def as_amf(mesh: Mesh, groups: np.ndarray) -> bytes:
    points = "".join(vertex(*place) for place in mesh.vertices)
    volumes = "".join(
        volume(tuple(map(tuple, mesh.triangles[groups == group].tolist()))) for group in np.unique(groups)
    )
    return amf(f'<object id="1"><mesh><vertices>{points}</vertices>{volumes}</mesh></object>')


@pytest.mark.parametrize("name", ["bracket", "gear", "housing"])
@pytest.mark.parametrize("write", [as_obj, as_stl, as_rounded_stl, as_amf])
def test_a_body_in_groups_matches_as_a_whole(name: str, write: Writer, matcher: Matcher) -> None:
    listed = parts.part_mesh(name)
    # Beside another body in groups of its own.
    both = parts.together(
        parts.moved(listed, parts.motion(3, 50)),
        parts.moved(parts.part_mesh("knob"), np.eye(3, 4, 3) * 300 + np.eye(3, 4)),
    )
    reading = read(write(both, sides(both)))
    solids = [solid for shape in reading.shapes for solid in split_bodies(shape.mesh, shape.name)]
    assert len(solids) == 2
    bodies = matcher.match_item(reading, solids, "0" * 64).bodies
    assert {(body.matches[0].part, body.matches[0].finding) for body in bodies} == {
        (name, MatchFinding.MATCH),
        ("knob", MatchFinding.MATCH),
    }


def test_the_name_of_an_object_reaches_its_body_and_that_of_a_group_where_there_is_no_object() -> None:
    mesh = parts.part_mesh("bracket")
    named = as_obj(mesh, sides(mesh))
    assert [shape.name for shape in read(named).shapes] == ["part"]
    unnamed = as_obj(mesh, np.zeros(len(mesh.triangles), dtype=int)).replace(b"o part\n", b"")
    assert [shape.name for shape in read(unnamed).shapes] == ["face_0"]


def test_many_groups_over_many_vertices_take_no_more_memory_than_the_file() -> None:
    mesh = parts.part_mesh("gear")
    reading = read(as_obj(mesh, np.arange(len(mesh.triangles))))
    assert sum(len(shape.mesh.vertices) for shape in reading.shapes) <= 3 * len(mesh.triangles)
    assert len(reading.shapes) == 1
