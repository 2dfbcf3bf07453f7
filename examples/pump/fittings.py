"""What holds the pump and its hoses; the last two are plain on purpose: half the world has them."""

from __future__ import annotations

from manifold3d import Manifold

from examples.shapes import (
    box,
    cone,
    cut,
    cylinder,
    disc,
    fuse,
    hexagon,
    holes,
    polygon,
    rectangle,
    slot,
    turned,
)


def mounting_bracket() -> Manifold:
    """An angle with two gussets of unlike size, slots for the wall and holes for the pump's foot."""
    base = rectangle((62.0, 40.0), 4.0).extrude(5.0)
    wall = rectangle((62.0, 46.0), 4.0).extrude(5.0).rotate((90.0, 0.0, 0.0)).translate((0.0, 20.0, 21.0))
    gussets = [_gusset(26.0).translate((-29.0, 0.0, 0.0)), _gusset(18.0).translate((25.0, 0.0, 0.0))]
    slots = [
        slot(8.0, 2.6).extrude(30.0).rotate((90.0, 0.0, 0.0)).translate((x, 30.0, 32.0))
        for x in (-16.0, 16.0)
    ]
    foot_holes = holes(2.6, [(-12.0, -9.0), (12.0, -9.0), (-12.0, 7.0), (12.0, 7.0)], 20.0, -5.0)
    drain = cylinder(7.0, 20.0, (0.0, -2.0), -5.0)
    return cut(fuse([base, wall, *gussets]), [*slots, *foot_holes, drain])


def hose_barb() -> Manifold:
    """Four barbs, a hexagon to hold it by, a plug with two sealing rings; bored through."""
    stem = [(0.0, 18.0), (5.0, 18.0)]
    for step in range(4):
        z = 20.0 + 5.0 * step
        stem += [(5.0, z), (6.6, z), (5.0, z + 5.0)]
    top = turned([*stem, (0.0, 40.0)])
    rings = [(6.4, 2.5), (5.4, 2.5), (5.4, 4.0), (6.4, 4.0), (6.4, 5.5), (5.4, 5.5), (5.4, 7.0), (6.4, 7.0)]
    plug = turned([(0.0, 0.0), (5.6, 0.0), (6.4, 0.8), *rings, (6.4, 11.0), (0.0, 11.0)])
    grip = hexagon(18.0).extrude(8.0).translate((0.0, 0.0, 10.5)) ^ cone(11.5, 9.4, 10.0, z=10.0)
    return cut(fuse([plug, grip, top]), [cylinder(3.4, 60.0, z=-5.0), cone(4.6, 3.4, 3.0, z=-0.01)])


def hose_clamp() -> Manifold:
    """An open ring with two ears, one bored for the screw and one with a nut's pocket; toothed inside."""
    teeth = [box((1.0, 0.8, 9.0), (7.9, 0.0)).rotate((0.0, 0.0, 20.0 * i)) for i in range(2, 17)]
    ring = (disc(10.4) - disc(8.0)).extrude(9.0)
    ears = [box((11.0, 3.6, 9.0), (14.0, y)) for y in (3.0, -3.0)]
    body = fuse([ring, *ears, *teeth])
    gap = box((14.0, 2.4, 20.0), (13.0, 0.0), -5.0)
    screw = cylinder(1.7, 40.0).rotate((90.0, 0.0, 0.0)).translate((15.5, 20.0, 4.5))
    nut = hexagon(5.6).extrude(5.0).rotate((90.0, 0.0, 0.0)).translate((15.5, 8.4, 4.5))
    return cut(body, [gap, screw, nut])


def spacer_ring() -> Manifold:
    """A plain tube."""
    return (disc(8.0) - disc(5.2)).extrude(6.0)


def dowel_pin() -> Manifold:
    """A plain cylinder."""
    return cylinder(3.0, 24.0)


def _gusset(reach: float) -> Manifold:
    """A triangular web, 4 wide, between base and wall."""
    web = polygon([(0.0, 0.0), (reach, 0.0), (0.0, reach)]).extrude(4.0)
    # Sketched in x-z and turned so that the right angle sits in the corner under the wall.
    upright = web.rotate((90.0, 0.0, 0.0)).rotate((0.0, 0.0, -90.0))
    return upright.translate((4.0, 16.0, 4.0))
