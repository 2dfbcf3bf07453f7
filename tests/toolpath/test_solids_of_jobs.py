"""What a job makes is what it was made from: of harmless solids, sliced by a small slicer of our own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from examples.writers.gcode import Plan, job
from manifold3d import Manifold

import parts
from partwatch import kernel
from partwatch.formats import read
from partwatch.geometry.bodies import split_bodies
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError, LimitError
from partwatch.model.mesh import Mesh, Unit
from partwatch.model.toolpath import Toolpath
from partwatch.toolpath import rebuilt
from partwatch.toolpath.deposits import laid
from partwatch.toolpath.solids import solids_of
from partwatch.toolpath.widths import filament_mm, widths

BASE = Plan()


def standing(name: str) -> Manifold:
    """A sample part on the bed."""
    solid: Manifold = getattr(parts, name)()
    low = solid.bounding_box()
    return solid.translate((100 - low[0], 100 - low[1], -low[2]))


def made(*solids: Manifold, plan: Plan = BASE) -> list[Mesh]:
    """The bodies that come of printing them, largest first."""
    (reading,) = rebuilt(read(job(*solids, plan=plan)))
    assert (reading.medium, reading.unit, reading.unread) == (Medium.TOOLPATH, Unit.MILLIMETRE, ())
    bodies = [body.mesh for shape in reading.shapes for body in split_bodies(shape.mesh, None)]
    return sorted(bodies, key=lambda mesh: -volume(mesh))


def volume(mesh: Mesh) -> float:
    return float(kernel.signed_volume(mesh.vertices, mesh.triangles))


def apart(solid: Manifold, mesh: Mesh) -> tuple[float, float]:
    """How far the job's surface lies off the solid's, and the other way: 95 % of places, in mm."""
    part = parts.mesh_of(solid)
    out = []
    for one, other in ((part, mesh), (mesh, part)):
        points, normals, _, _ = kernel.sample(one.vertices, one.triangles, 4000)
        tree = kernel.TriangleTree(other.vertices, other.triangles, -1.0)
        distance, _ = tree.closest(points, normals, 5.0)
        out.append(float(np.quantile(distance, 0.95)))
    return out[0], out[1]


@cache
def plain(name: str) -> tuple[Manifold, Mesh]:
    solid = standing(name)
    return solid, made(solid)[0]


@pytest.mark.parametrize("name", ["bracket", "housing", "gear", "clamp", "pulley", "knob"])
def test_a_part_comes_back_where_it_stood(name: str) -> None:
    solid, mesh = plain(name)
    assert volume(mesh) == pytest.approx(solid.volume(), rel=0.03)
    assert mesh.extents == pytest.approx(np.array(parts.mesh_of(solid).extents), abs=0.35)
    assert np.abs(np.array(mesh.bounds) - np.array(parts.mesh_of(solid).bounds)).max() < 0.3
    assert max(apart(solid, mesh)) < 0.2


@pytest.mark.parametrize(
    "change",
    [
        {"infill": 0.0},
        {"infill": 1.0},
        {"layer": 0.1},
        {"layer": 0.3},
        {"walls": 3},
        {"walls": 1},
        {"walls": 1, "infill": 0.0},
        {"walls": 1, "support": True},
        {"walls": 1, "skirt": True, "width": 0.6},
        {"width": 0.6},
        {"filament": 2.85},
        {"filament": 2 / np.sqrt(np.pi)},
        {"relative": False},
        {"comments": True},
        {"skirt": True},
        {"brim": 6},
        {"support": True, "infill": 0.0},
    ],
    ids=lambda change: ", ".join(f"{name} {value:.3g}" for name, value in change.items()),
)
def test_however_it_is_printed(change: dict[str, float]) -> None:
    solid = standing("housing")
    mesh = made(solid, plan=replace(BASE, **change))[0]
    assert volume(mesh) == pytest.approx(solid.volume(), rel=0.05)
    assert apart(solid, mesh)[0] < 0.25


@pytest.mark.parametrize(
    ("filament", "width", "layer", "infill"),
    [(1.75, 0.45, 0.2, 0.0), (2.85, 0.4, 0.1, 0.2), (1.75, 0.6, 0.3, 1.0)],
)
def test_widths_come_of_the_filament_whatever_its_diameter(
    filament: float, width: float, layer: float, infill: float
) -> None:
    plan = Plan(filament=filament, width=width, layer=layer, infill=infill)
    (path,) = read(job(standing("bracket"), plan=plan)).toolpaths
    found = laid(path)
    assert filament_mm(found) in ({2.85, 3.0} if filament > 2 else {filament})
    assert np.median(widths(found)) == pytest.approx(width, abs=0.06)
    assert np.median(found.height) == pytest.approx(layer, abs=1e-6)


def test_a_tube_stays_open_and_a_closed_hollow_is_filled() -> None:
    """What is printed hollow within walls, bottom and top is a solid one's open infill."""
    tube = parts.tube(12, 8, 15).translate((100, 100, 0))
    assert volume(made(tube, plan=Plan(infill=0.0))[0]) == pytest.approx(tube.volume(), rel=0.04)
    block = parts.block(20, 20, 12, (100, 100, 0))
    assert volume(made(block, plan=Plan(infill=0.0))[0]) == pytest.approx(block.volume(), rel=0.02)


@pytest.mark.parametrize("infill", [0.0, 0.2])
def test_of_single_walls_holes_stay_open(infill: float) -> None:
    plate = parts.block(40, 25, 6, (100, 100, 0)) - Manifold.cylinder(30, 5).translate((112, 112, -5))
    tube = parts.tube(12, 8, 15).translate((100, 100, 0))
    for solid in (plate, tube):
        mesh = made(solid, plan=Plan(walls=1, infill=infill))[0]
        assert volume(mesh) == pytest.approx(solid.volume(), rel=0.05)
        assert apart(solid, mesh)[0] < 0.25


@pytest.mark.parametrize("walls", [1, 2])
def test_a_layer_whose_walls_were_laid_in_pieces_opens_nothing(walls: int) -> None:
    """As Cura does where a wall would overlap itself: what does not close encloses nothing."""
    block = parts.block(20, 20, 8, (100, 100, 0))
    layers = job(block, plan=Plan(walls=walls, infill=0.0)).decode().split("G1 Z")
    lines = layers[20].split("\n")
    # The nozzle lifts off for a fifth of a millimetre within every loop.
    broken = []
    for line in lines:
        broken.append(line)
        if line.startswith(("G1 X120", "G1 X119")):
            x, y = (float(word[1:]) for word in line.split()[1:3])
            broken.append(f"G0 X{x:.3f} Y{y - 0.2:.3f}")
    assert broken != lines
    layers[20] = "\n".join(broken)
    (reading,) = rebuilt(read("G1 Z".join(layers).encode()))
    assert volume(reading.shapes[0].mesh) == pytest.approx(block.volume(), rel=0.03)


def test_parts_beside_each_other_are_bodies_of_their_own() -> None:
    both = standing("bracket"), standing("clamp").translate((80, 0, 0))
    found = made(*both)
    assert len(found) == 2
    assert sorted(map(volume, found)) == pytest.approx(sorted(solid.volume() for solid in both), rel=0.03)


def test_a_top_in_a_single_wall_is_kept() -> None:
    """As some slicers lay the last layers of all."""
    block = parts.block(20, 20, 8, (100, 100, 0))
    single = job(block, plan=Plan(walls=1, infill=1.0)).decode().split("G1 Z")
    double = job(block, plan=Plan(walls=2)).decode().split("G1 Z")
    last = 3
    both = "G1 Z".join([*double[:-last], *single[-last:]]).encode()
    (reading,) = rebuilt(read(both))
    assert reading.shapes[0].mesh.extents == pytest.approx([20, 20, 8], abs=0.25)


@pytest.mark.parametrize("change", [{"support": True}, {"sheath": True}, {"sheath": True, "infill": 0.0}])
def test_supports_are_no_part_of_it(change: dict[str, float]) -> None:
    table = parts.block(30, 30, 3, (100, 100, 15)) + parts.block(8, 30, 15.5, (100, 100, 0))
    mesh = made(table, plan=replace(BASE, **change))[0]
    assert volume(mesh) == pytest.approx(table.volume(), rel=0.06)


def test_a_support_within_a_part_is_none_of_it() -> None:
    """A loop and a zigzag that fill a window: nothing leads to them but through the part's walls."""
    frame = parts.block(30, 12, 30, (100, 100, 0)) - parts.block(18, 14, 18, (106, 99, 6))
    mesh = made(frame, plan=Plan(sheath=True))[0]
    assert volume(mesh) == pytest.approx(frame.volume(), rel=0.06)


def test_a_job_that_makes_nothing_solid_says_so() -> None:
    line = b"M83\nG1 Z0.2\nG0 X10 Y10\nG1 X90 E4\nG1 Y90 E4\nM84\n"
    with pytest.raises(DamagedError, match="makes nothing solid"):
        rebuilt(read(line))


def test_more_layers_than_any_printer_makes_are_refused() -> None:
    n = 400_002
    end = np.zeros((n, 3))
    end[:, 0] = np.arange(n) % 2 * 10
    end[:, 2] = np.arange(n) * 0.01
    # Each lies flat: up in one move, along in the next.
    end[1::2, 2] = end[::2, 2]
    path = Toolpath(
        end,
        filament=np.tile([0.0, 0.1], n // 2),
        feed=np.full(n, 1800.0),
        line=np.arange(n, dtype=np.int32),
        tool=np.zeros(n, dtype=np.int16),
        chord=np.zeros(n, dtype=bool),
    )

    with pytest.raises(LimitError, match="layers, more than the limit"):
        list(solids_of(path))


def cross(reach: float) -> bytes:
    """Strokes along two lines that meet, on three layers."""
    lines = ["M83"]
    for k in range(3):
        lines += [f"G1 Z{0.2 * k + 0.2:.1f}", f"G0 X{-reach:.0f} Y0", f"G1 X{reach:.0f} E900"]
        lines += [f"G0 X0 Y{-reach:.0f}", f"G1 Y{reach:.0f} E900"]
    return "\n".join([*lines, "M84", ""]).encode()


def test_a_job_as_large_as_a_field_is_refused() -> None:
    with pytest.raises(LimitError, match="m wide, larger than any printer"):
        rebuilt(read(cross(90_000)))


def test_a_job_as_large_as_a_table_is_rebuilt_on_coarser_cells() -> None:
    frame = parts.block(900, 700, 3, (0, 0, 0)) - parts.block(820, 620, 3, (0, 0, 0))
    mesh = made(frame, plan=Plan(width=0.8, layer=0.3))[0]
    assert volume(mesh) == pytest.approx(frame.volume(), rel=0.05)


def test_what_every_layer_of_a_spiral_lays_is_its_wall() -> None:
    lines, around = ["M83"], 64
    for k in range(40 * around):
        angle, z = 2 * np.pi * k / around, 0.2 + 0.2 * k / around
        x, y = 100 + 15 * np.cos(angle), 100 + 15 * np.sin(angle)
        lines.append(f"G1 X{x:.3f} Y{y:.3f} Z{z:.4f}" + (" E0.05" if k else ""))
    mesh = rebuilt(read("\n".join([*lines, "M84", ""]).encode()))[0].shapes[0].mesh
    assert mesh.extents == pytest.approx([30.45, 30.45, 8], abs=0.6)
    assert volume(mesh) == pytest.approx(2 * np.pi * 15 * 0.42 * 8, rel=0.3)
