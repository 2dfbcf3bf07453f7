"""What a resin job exposes is what it was made from: harmless solids, by a small slicer of our own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from examples.writers.resin import PANEL, Vat, job
from manifold3d import Manifold

import parts
from partwatch import kernel
from partwatch.formats import read
from partwatch.formats.sl1 import stack
from partwatch.geometry.bodies import split_bodies
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import DamagedError
from partwatch.model.layers import Layers
from partwatch.model.mesh import Mesh, Unit
from partwatch.toolpath import rebuilt
from partwatch.toolpath.exposed import distances

PLAIN = Vat()


def standing(name: str) -> Manifold:
    """A sample part on the bed, in the panel's middle."""
    solid: Manifold = getattr(parts, name)()
    low, high = np.reshape(solid.bounding_box(), (2, 3))
    return solid.translate((*(np.array([40, 30]) - (low + high)[:2] / 2), -low[2]))


def made(*solids: Manifold, vat: Vat = PLAIN) -> list[Mesh]:
    """The bodies that come of exposing them, largest first."""
    (reading,) = rebuilt(read(job(*solids, vat=vat)))
    assert (reading.medium, reading.unit, reading.unread) == (Medium.LAYERS, Unit.MILLIMETRE, ())
    bodies = [body.mesh for shape in reading.shapes for body in split_bodies(shape.mesh, None)]
    return sorted(bodies, key=lambda mesh: -volume(mesh))


def volume(mesh: Mesh) -> float:
    return float(kernel.signed_volume(mesh.vertices, mesh.triangles))


def apart(solid: Manifold, mesh: Mesh) -> float:
    """How far one surface lies off the other, 95 % of places, in mm."""
    part = parts.mesh_of(solid)
    out = []
    for one, other in ((part, mesh), (mesh, part)):
        points, normals, _, _ = kernel.sample(one.vertices, one.triangles, 4000)
        tree = kernel.TriangleTree(other.vertices, other.triangles, -1.0)
        distance, _ = tree.closest(points, normals, 5.0)
        out.append(float(np.quantile(distance, 0.95)))
    return max(out)


@cache
def handed() -> Manifold:
    """A small solid that is not its own mirror image."""
    return parts.handed().translate((30, 24, 0))


@pytest.mark.parametrize("name", ["bracket", "gear", "clamp", "pulley", "knob"])
def test_a_part_comes_back_where_it_stood(name: str) -> None:
    solid = standing(name)
    (mesh,) = made(solid)
    assert volume(mesh) == pytest.approx(solid.volume(), rel=0.02)
    assert np.abs(np.array(mesh.bounds) - np.array(parts.mesh_of(solid).bounds)).max() < 0.12
    assert apart(solid, mesh) < 0.08


@pytest.mark.parametrize(("portrait", "x", "y"), list(product([False, True], repeat=3)))
def test_it_is_never_its_mirror_image(portrait: bool, x: bool, y: bool) -> None:
    panel = replace(PANEL, portrait=portrait, mirrored=(x, y))
    (mesh,) = made(handed(), vat=Vat(0.2, panel))
    assert apart(handed(), mesh) < 0.15
    assert apart(handed().mirror((1, 0, 0)).translate((80, 0, 0)), mesh) > 0.5


@pytest.mark.parametrize("layer", [0.05, 0.1, 0.3])
def test_however_high_layers_are(layer: float) -> None:
    (mesh,) = made(handed(), vat=Vat(layer))
    assert volume(mesh) == pytest.approx(handed().volume(), rel=0.02)
    assert apart(handed(), mesh) < 0.05 + layer / 3


def test_pixels_that_are_not_square() -> None:
    (mesh,) = made(handed(), vat=Vat(panel=replace(PANEL, pixels=(500, 300))))
    assert apart(handed(), mesh) < 0.08


def test_on_coarser_cells_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "MOST_CELLS", 300_000)
    (mesh,) = made(handed())
    assert volume(mesh) == pytest.approx(handed().volume(), rel=0.05)
    assert apart(handed(), mesh) < 0.3


def test_supports_are_taken_off_and_the_pad_is_a_body_of_its_own() -> None:
    solid = parts.block(24, 18, 6, (28, 20, 0))
    at = tuple((30.0 + 5 * k, 23.0 + 6 * j) for k in range(5) for j in range(3))
    found = made(solid, vat=Vat(lifted=5, pillars=at))
    pad, mesh = found if found[0].bounds[0][2] < 1 else found[::-1]
    assert mesh.extents == pytest.approx([24, 18, 6], abs=0.25)
    assert volume(mesh) == pytest.approx(solid.volume(), rel=0.02)
    assert pad.extents[2] == pytest.approx(2, abs=0.2)


def test_pins_that_end_free_are_the_parts() -> None:
    block = parts.block(20, 20, 4, (30, 20, 0))
    pin = Manifold.cylinder(4, 0.5, 0.5, 24).translate((40, 30, 4))
    (mesh,) = made(block + pin)
    assert mesh.extents[2] == pytest.approx(8, abs=0.15)


def test_what_stands_on_thin_legs_alone_keeps_them() -> None:
    """Where hardly anything else is, what looks like supports is the part."""
    legs = [parts.block(1, 1, 12, (36 + 4 * k, 30, 0)) for k in range(3)]
    solid = sum(legs, parts.block(1.2, 1.2, 0.5, (36, 30, 12)))
    assert sum(map(volume, made(solid))) == pytest.approx(solid.volume(), rel=0.1)


def test_a_tube_stays_open_and_so_does_a_hollow_with_a_drain() -> None:
    tube = parts.tube(12, 8, 15).translate((40, 30, 0))
    assert volume(made(tube)[0]) == pytest.approx(tube.volume(), rel=0.03)
    block, hollow = parts.block(20, 20, 12, (30, 20, 0)), parts.block(14, 14, 6, (33, 23, 3))
    drained = block - hollow - Manifold.cylinder(4, 1.5, 1.5, 32).translate((40, 30, 0))
    assert volume(made(drained)[0]) == pytest.approx(drained.volume(), rel=0.03)
    assert volume(made(block - hollow)[0]) == pytest.approx(block.volume(), rel=0.03)


def test_parts_beside_each_other_are_bodies_of_their_own() -> None:
    both = parts.block(10, 10, 5, (10, 10, 0)), parts.block(10, 10, 7, (21, 10, 0))
    assert [volume(mesh) for mesh in made(*both)] == pytest.approx([700, 500], rel=0.02)


def test_a_job_that_exposes_specks_alone_says_so() -> None:
    share = np.zeros((4, 9, 9), dtype=np.uint8)
    share[:, 4, 4] = 90
    layers = Layers(share, np.arange(5) * 0.1, np.zeros(2), np.full(2, 0.1), 4)
    reading = replace(read(job(handed(), vat=Vat(0.5))), layers=(layers,))
    with pytest.raises(DamagedError, match="makes nothing solid"):
        rebuilt(reading)


def test_media_of_one_item_keep_their_own_and_what_went_unread_is_said_once() -> None:
    from partwatch.formats.gcode import examples

    both = replace(
        read(job(handed(), vat=Vat(0.5))),
        toolpaths=read(examples()["bare"]).toolpaths,
        unread=(Reason(code="damaged", message="a part of it"),),
    )
    found = rebuilt(both)
    assert [part.medium for part in found] == [Medium.TOOLPATH, Medium.LAYERS]
    assert [len(part.unread) for part in found] == [1, 0]
    assert all(part.shapes and not part.layers and not part.toolpaths for part in found)


@pytest.mark.parametrize("grey", [0, 40, 128, 200, 255])
def test_an_edge_lies_in_a_grey_cell_as_far_as_it_is_exposed(grey: int) -> None:
    """Of a straight wall: distances are those to the line within the cell, on both sides."""
    share = np.zeros((9, 30), dtype=np.uint8)
    share[:, :12], share[:, 12] = 255, grey
    field = distances(share, 0.1)[4]
    edge = 1.2 + 0.1 * grey / 255
    middle = 0.1 * (np.arange(30) + 0.5)
    inner = slice(4, 20)
    np.testing.assert_allclose(field[inner], (edge - middle)[inner], atol=2e-3)
