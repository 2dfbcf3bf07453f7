"""Things from other workshops that are on no list: what a screener has to leave alone."""

from __future__ import annotations

import math
from collections.abc import Callable

from manifold3d import Manifold

from examples.gear import gear_outline
from examples.shapes import (
    around,
    box,
    cone,
    cut,
    cylinder,
    disc,
    fuse,
    holes,
    polygon,
    rectangle,
    slot,
    turned,
)


def vise_jaw() -> Manifold:
    """A bench vise's jaw: grooved face, dovetail below, two sunk screw holes."""
    block = box((90.0, 22.0, 38.0))
    grooves = [
        box((100.0, 1.6, 1.6), z=-0.8).rotate((45.0, 0.0, 0.0)).translate((0.0, -11.0, 5.0 * i))
        for i in range(1, 8)
    ]
    dovetail = polygon([(-9.0, -8.0), (9.0, -8.0), (6.0, 0.5), (-6.0, 0.5)]).extrude(90.0)
    rail = dovetail.rotate((90.0, 0.0, 0.0)).rotate((0.0, 0.0, 90.0)).translate((-45.0, 2.0, 0.0))
    screw = fuse([cylinder(3.2, 60.0, z=-30.0), cylinder(5.8, 6.0, z=5.0)]).rotate((-90.0, 0.0, 0.0))
    screws = [screw.translate((x, 0.0, 22.0)) for x in (-28.0, 28.0)]
    return cut(fuse([block, rail]), [*grooves, *screws])


def vise_screw_nut() -> Manifold:
    """The vise's square nut: chamfered, bored, with a grease groove and two dowel holes."""
    block = rectangle((34.0, 34.0), 3.0).extrude(24.0)
    groove = (disc(12.0) - disc(10.0)).extrude(2.0).translate((0.0, 0.0, 23.0))
    return cut(
        block,
        [
            cylinder(7.0, 40.0, z=-5.0),
            cone(10.0, 7.0, 3.0, -0.01),
            groove,
            *holes(2.0, [(12.5, 12.5), (-12.5, -12.5)], 30.0, 8.0),
        ],
    )


def clock_wheel() -> Manifold:
    """A clock's great wheel: sixty teeth, five crossed spokes, a pinion on its back."""
    rim = gear_outline(1.25, 60) - disc(32.0)
    spokes = [box((30.0, 5.0, 4.0), (18.0, 0.0)).rotate((0.0, 0.0, 72.0 * i)) for i in range(5)]
    pinion = gear_outline(1.25, 9).extrude(9.0).translate((0.0, 0.0, 3.5))
    wheel = fuse([rim.extrude(4.0), *spokes, cylinder(9.0, 4.0), pinion])
    return cut(wheel, [cylinder(2.0, 40.0, z=-5.0)])


def clock_pendulum() -> Manifold:
    """A lens-shaped bob on a slotted rod."""
    bob = Manifold.sphere(60.0, 128).translate((0.0, 0.0, -52.0)) ^ Manifold.sphere(60.0, 128).translate(
        (0.0, 0.0, 52.0)
    )
    rod = box((7.0, 70.0, 4.0), (0.0, 45.0), -2.0)
    slit = slot(14.0, 1.4).extrude(20.0).rotate((0.0, 0.0, 90.0)).translate((0.0, 66.0, -10.0))
    return cut(fuse([bob, rod]), [slit])


def plant_pot() -> Manifold:
    """A tapered pot with a rolled rim, drain holes and twelve flutes."""
    wall = [(0.0, 0.0), (26.0, 0.0), (37.0, 62.0), (40.0, 62.0), (40.0, 70.0), (36.0, 70.0), (34.0, 60.0)]
    pot = turned([*wall, (24.0, 4.0), (0.0, 4.0)], 96)
    lean = math.degrees(math.atan2(11.0, 62.0))
    flutes = [
        cylinder(2.5, 50.0).rotate((0.0, lean, 0.0)).translate((28.5, 0.0, 6.0)).rotate((0.0, 0.0, 30.0 * i))
        for i in range(12)
    ]
    return cut(pot, [*flutes, *holes(3.0, around(4, 14.0), 20.0, -5.0)])


def coat_hook() -> Manifold:
    """A wall plate with two screw holes and a bent peg that ends in a ball."""
    plate = rectangle((30.0, 60.0), 8.0).extrude(5.0)
    bend = disc(6.0, (22.0, 0.0)).revolve(64, 100.0).rotate((90.0, 0.0, 90.0)).translate((0.0, -22.0, 4.0))
    tip_rad = math.radians(100.0)
    tip = (0.0, 22.0 * math.cos(tip_rad) - 22.0, 22.0 * math.sin(tip_rad) + 4.0)
    ball = Manifold.sphere(8.5, 64).translate(tip)
    screws = [
        fuse([cylinder(2.2, 20.0, at, -5.0), cylinder(4.4, 3.0, at, 3.0)])
        for at in ((0.0, 22.0), (0.0, 12.0))
    ]
    return cut(fuse([plate, bend, ball]), screws)


def phone_stand() -> Manifold:
    """One bent profile with a slit for the cable."""
    side = polygon(
        [
            (0.0, 0.0),
            (80.0, 0.0),
            (80.0, 6.0),
            (46.0, 6.0),
            (70.0, 82.0),
            (64.0, 84.0),
            (39.0, 6.0),
            (6.0, 6.0),
            (6.0, 16.0),
            (0.0, 16.0),
        ]
    )
    stand = side.extrude(66.0).rotate((90.0, 0.0, 0.0))
    cable = box((30.0, 14.0, 30.0), (0.0, -33.0), -5.0)
    window = (
        rectangle((36.0, 34.0), 6.0).extrude(120.0).rotate((0.0, 90.0, 0.0)).translate((10.0, -33.0, 46.0))
    )
    return cut(stand, [cable, window])


def cable_comb() -> Manifold:
    """A strip with six keyhole slots of growing width."""
    strip = rectangle((110.0, 24.0), 4.0).extrude(6.0)
    keyholes = []
    for i in range(6):
        x, r = -44.0 + 17.0 * i, 2.0 + 0.5 * i
        keyholes += [cylinder(r, 20.0, (x, 0.0), -5.0), box((1.4 * r, 20.0, 20.0), (x, 10.0), -5.0)]
    return cut(strip, [*keyholes, *holes(1.8, [(-51.0, -8.0), (51.0, -8.0)], 20.0, -5.0)])


def hinge_leaf() -> Manifold:
    """One leaf of a butt hinge: three screw holes, two knuckles, a pin's bore."""
    leaf = rectangle((34.0, 70.0), 2.0).extrude(4.0).translate((-17.0, 0.0, 0.0))
    knuckle = cylinder(5.5, 17.0).rotate((90.0, 0.0, 0.0))
    knuckles = [knuckle.translate((2.0, y, 4.0)) for y in (35.0, -1.0)]
    pin = cylinder(2.2, 100.0).rotate((90.0, 0.0, 0.0)).translate((2.0, 50.0, 4.0))
    screws = [
        fuse([cylinder(2.1, 20.0, at, -5.0), cone(2.1, 4.2, 2.2, 2.0).translate((*at, 0.0))])
        for at in ((-24.0, 24.0), (-14.0, 0.0), (-24.0, -24.0))
    ]
    return cut(fuse([leaf, *knuckles]), [pin, *screws])


def ball() -> Manifold:
    """A plain sphere."""
    return Manifold.sphere(18.0, 96)


def plate() -> Manifold:
    """A plain plate."""
    return box((80.0, 50.0, 4.0))


UNLISTED: dict[str, tuple[Callable[[], Manifold], str]] = {
    "vise-jaw": (vise_jaw, "a bench vise's jaw"),
    "vise-nut": (vise_screw_nut, "a bench vise's nut"),
    "clock-wheel": (clock_wheel, "a clock's great wheel, a gear as the pump's are"),
    "clock-pendulum": (clock_pendulum, "a clock's pendulum"),
    "plant-pot": (plant_pot, "a plant pot"),
    "coat-hook": (coat_hook, "a coat hook"),
    "phone-stand": (phone_stand, "a phone stand"),
    "cable-comb": (cable_comb, "a comb for cables"),
    "hinge-leaf": (hinge_leaf, "one leaf of a hinge"),
    "plain-ball": (ball, "a plain sphere, which looks alike from every side"),
    "plain-plate": (plate, "a plain plate, which shares its planes with half the world"),
}
"""By file stem: how to build it, and what it is."""
