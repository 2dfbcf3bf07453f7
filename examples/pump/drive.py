"""The parts that turn: gears, shaft, crank."""

from __future__ import annotations

import math

from manifold3d import CrossSection, Manifold

from examples.gear import gear_outline
from examples.pump.dimensions import GEAR_HUB_RADIUS, LISTED, Dimensions
from examples.shapes import Point2, around, box, cone, cut, cylinder, d_shape, disc, fuse, holes, turned

SHAFT_LENGTH = 66.0
CRANK_LENGTH = 78.0
SHORT_CRANK_LENGTH = 52.0


def driving_gear(dim: Dimensions = LISTED) -> Manifold:
    """Sits on the shaft's flat; a hub on one side with a hole for the set screw."""
    hub = cylinder(GEAR_HUB_RADIUS, 7.0, z=dim.gear_width - 0.5)
    body = fuse([gear_outline(dim.module, dim.teeth).extrude(dim.gear_width), hub])
    bore = d_shape(dim.shaft_radius + 0.1, dim.shaft_flat + 0.1).extrude(60.0).translate((0.0, 0.0, -5.0))
    set_screw = cylinder(1.6, 20.0).rotate((0.0, 90.0, 0.0)).translate((0.0, 0.0, dim.gear_width + 3.2))
    return cut(body, [bore, set_screw])


def driven_gear(dim: Dimensions = LISTED) -> Manifold:
    """Runs loose on the dowel pin: round bore, a recess either side, holes that relieve the pressure."""
    body = gear_outline(dim.module, dim.teeth).extrude(dim.gear_width)
    recess = cylinder(11.0, 3.0) - cylinder(6.5, 3.0)
    return cut(
        body,
        [
            cylinder(3.1, dim.gear_width + 2.0, z=-1.0),
            recess.translate((0.0, 0.0, -1.0)),
            recess.translate((0.0, 0.0, dim.gear_width - 2.0)),
            *holes(1.2, around(dim.teeth // 2, 9.0), dim.gear_width + 2.0, -1.0),
        ],
    )


def shaft(dim: Dimensions = LISTED) -> Manifold:
    """A flat for the gear, a keyway for the crank, grooves for two clips, a bore for a pin."""
    r, end = dim.shaft_radius, SHAFT_LENGTH
    grooves = [*_clip_groove(r, 31.0), *_clip_groove(r, 41.0)]
    bar = turned([(0.0, 0.0), (r - 1.0, 0.0), (r, 1.0), *grooves, (r, end - 1.0), (r - 1.0, end), (0.0, end)])
    flat = box((10.0, 20.0, 28.0), (dim.shaft_flat + 5.0, 0.0), 2.0)
    keyway = box((10.0, 3.0, 16.0), (r - 2.0 + 5.0, 0.0), 43.0).rotate((0.0, 0.0, 140.0))
    pin_bore = cylinder(1.4, 40.0, z=-20.0).rotate((90.0, 0.0, 35.0)).translate((0.0, 0.0, end - 4.0))
    return cut(bar, [flat, keyway, pin_bore])


def crank_arm(length: float = CRANK_LENGTH, dim: Dimensions = LISTED) -> Manifold:
    """A tapered arm, keyed at the shaft and bored at the knob, ribbed along its edges, cranked outward."""
    web = CrossSection.batch_hull([disc(9.0), disc(6.5, (length, 0.0))])
    rim = web - web.offset(-2.2)
    arm = fuse(
        [
            web.extrude(4.0),
            rim.extrude(7.0),
            cylinder(10.5, 15.0),
            cone(14.0, 9.5, 5.0),
            cylinder(7.5, 11.0, (length, 0.0)),
        ]
    )
    key = box((3.0, 3.0, 40.0), (-dim.shaft_radius + 0.5, 0.0), -5.0).rotate((0.0, 0.0, 30.0))
    shaft_bore = cylinder(dim.shaft_radius + 0.1, 40.0, z=-5.0) - key
    clamp_screw = cylinder(1.7, 30.0).rotate((90.0, 0.0, 0.0)).translate((0.0, 0.0, 11.0))
    tools = [shaft_bore, cylinder(3.1, 40.0, (length, 0.0), -5.0), clamp_screw, *_lightening_holes(length)]
    return cut(arm, tools)


def crank_arm_short() -> Manifold:
    """The arm for narrow places; takes the long one's place."""
    return crank_arm(SHORT_CRANK_LENGTH)


def crank_knob() -> Manifold:
    """A turned grip with finger flutes, a collar and a countersunk bore."""
    height = 34.0
    side = [(_grip_radius(z), z) for z in (3.0 + (height - 4.0) * i / 24 for i in range(25))]
    grip = turned([(0.0, 0.0), (8.0, 0.0), (8.0, 3.0), *side, (7.0, height), (0.0, height)])
    flutes = [cylinder(3.0, height, place, 5.0) for place in around(7, 14.0)]
    return cut(grip, [*flutes, cylinder(3.2, 60.0, z=-5.0), cone(3.2, 6.2, 3.4, z=height - 3.0)])


def _clip_groove(radius: float, z: float) -> list[Point2]:
    """Four points of a lathe profile: a groove 1.4 wide and 1 deep."""
    return [(radius, z), (radius - 1.0, z), (radius - 1.0, z + 1.4), (radius, z + 1.4)]


def _grip_radius(z: float) -> float:
    """The grip's belly."""
    return 9.0 + 3.2 * math.sin(math.pi * (z - 3.0) / 31.0)


def _lightening_holes(length: float) -> list[Manifold]:
    """Three holes that shrink along the arm."""
    places = [(length * share, 0.0) for share in (0.34, 0.53, 0.70)]
    return [cylinder(r, 20.0, at, -5.0) for r, at in zip((3.6, 3.0, 2.4), places, strict=True)]
