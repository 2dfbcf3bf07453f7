"""Objects that a job labels: named, and where they touch rebuilt of their own; labels only ever add."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from examples.writers.gcode import Plan, job
from manifold3d import Manifold

import parts
from partwatch import kernel
from partwatch.formats import read
from partwatch.formats.base import Shape
from partwatch.formats.gcode.objects import MOST_LABELS, labels_of
from partwatch.toolpath import rebuilt

Labels = list[tuple[str, str]]
Style = Callable[[int, str], tuple[str, str]]
STYLES: dict[str, Style] = {
    "marlin": lambda n, name: (f"M486 S{n}\nM486 A{name}", "M486 S-1"),
    "reprapfirmware": lambda n, name: (f'M486 S{n} A"{name}"', "M486 S-1"),
    "klipper": lambda _, name: (f"EXCLUDE_OBJECT_START NAME={name}", f"EXCLUDE_OBJECT_END NAME={name}"),
    "prusaslicer": lambda _, name: (f"; printing object {name}", f"; stop printing object {name}"),
    "cura": lambda _, name: (f";MESH:{name}", ";MESH:NONMESH"),
    "ideamaker": lambda _, name: (f";PRINTING: {name}", ";PRINTING: NON-OBJECT"),
}
PLAN = Plan(layer=0.3, infill=0.0)


def blocks(gap: float) -> tuple[Manifold, Manifold]:
    """Two that stand so far apart, in mm."""
    return parts.block(16, 16, 6, (100, 100, 0)), parts.block(10, 9, 4.8, (116 + gap, 103, 0))


def labelled(style: Style, *names: str) -> Labels:
    return [style(n, name) for n, name in enumerate(names)]


def shapes(text: bytes) -> tuple[list[Shape], list[Shape]]:
    """What geometry gives, and what labels add."""
    found = rebuilt(read(text))
    assert len(found) <= 2
    assert not any(reading.unread for reading in found)
    given, *added = [list(reading.shapes) for reading in found]
    return given, added[0] if added else []


def volume(shape: Shape) -> float:
    return float(kernel.signed_volume(shape.mesh.vertices, shape.mesh.triangles))


def of(solids: tuple[Manifold, ...]) -> list[float]:
    return [pytest.approx(solid.volume(), rel=0.05) for solid in solids]


@pytest.mark.parametrize("gap", [0.0, 0.2])
def test_objects_that_touch_are_one_body_and_each_its_own_as_well(gap: float) -> None:
    solids = blocks(gap)
    bare = job(*solids, plan=PLAN)
    (one,), none = shapes(bare)
    assert none == []
    assert one.name is None
    given, added = shapes(job(*solids, plan=PLAN, labels=labelled(STYLES["marlin"], "left", "right")))
    # What geometry gives is untouched.
    assert [shape.name for shape in given] == [None]
    assert np.array_equal(given[0].mesh.vertices, one.mesh.vertices)
    found = {shape.name: volume(shape) for shape in added}
    assert found == dict(zip(("left", "right"), of(solids), strict=True))


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_objects_apart_bear_their_labels_and_none_is_added(style: Style) -> None:
    solids = blocks(6.0)
    given, added = shapes(job(*solids, plan=PLAN, labels=labelled(style, "left", "right")))
    assert added == []
    assert {shape.name: volume(shape) for shape in given} == dict(
        zip(("left", "right"), of(solids), strict=True)
    )


def test_what_geometry_parts_already_is_not_added_again() -> None:
    """Their boxes touch, their strokes do not."""
    solids = blocks(0.8)
    _, added = shapes(job(*solids, plan=PLAN, labels=labelled(STYLES["klipper"], "left", "right")))
    assert added == []


def test_labels_that_lie_take_nothing_away() -> None:
    """Each layer an object of its own, or every second stroke."""
    solid = blocks(0)[0]
    (one,), _ = shapes(job(solid, plan=PLAN))
    layers = job(solid, plan=PLAN).decode().split("G1 Z")
    by_layer = "G1 Z".join(f"{text}M486 S{k}\n" for k, text in enumerate(layers[:-1])) + "G1 Z" + layers[-1]
    lines = job(solid, plan=PLAN).decode().replace("G0 ", "M486 S1\nG0 ").split("\n")
    by_stroke = "\n".join(line.replace("S1", f"S{k % 2}") for k, line in enumerate(lines))
    for text in (by_layer, by_stroke):
        given, _ = shapes(text.encode())
        assert len(given) == 1
        assert np.array_equal(given[0].mesh.vertices, one.mesh.vertices)


def test_labels_are_read_by_the_move() -> None:
    text = (
        b"G1 X1 E1\nM486 S7\nG1 X2 E1\nG1 X3 E1\nM486 A long  name\nM486 S-1\nG1 X4 E1\n"
        b"N8 M486 S7\nG1 X5 E1\n"
    )
    found = kernel.gcode_moves(text, 100)
    label, names = labels_of(text, found[6], len(found[0]))
    assert label is not None
    assert (label.tolist(), names) == ([0, 1, 1, 0, 1], ("long name",))
    assert labels_of(b"G1 X1 E1\n; M486 S1\n", kernel.gcode_moves(b"G1 X1 E1\n; M486 S1\n", 9)[6], 1) == (
        None,
        (),
    )


def test_no_more_labels_than_are_kept() -> None:
    text = b"".join(b"M486 S%d\nG1 X%d E1\n" % (n, n) for n in range(MOST_LABELS + 50))
    found = kernel.gcode_moves(text, 10_000)
    label, names = labels_of(text, found[6], len(found[0]))
    assert label is not None
    assert len(names) == MOST_LABELS == label.max()
    assert (label[MOST_LABELS:] == 0).all()
