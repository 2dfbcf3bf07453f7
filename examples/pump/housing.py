"""The parts that keep the water in: housing, cover and gasket share one outline."""

from __future__ import annotations

from manifold3d import CrossSection, Manifold, OpType

from examples.pump.dimensions import GEAR_HUB_RADIUS, LISTED, Dimensions
from examples.shapes import Point2, box, cut, cylinder, disc, fuse, grow, holes, polygon, rectangle, slot

LUG_RADIUS = 6.0
FLANGE_PROUD = 1.0
COVER_THICKNESS = 7.0
GASKET_THICKNESS = 1.6


def outline(dim: Dimensions) -> CrossSection:
    """The flange seen from above: a stadium with a lug at each bolt."""
    lugs = [disc(LUG_RADIUS, place) for place in dim.bolt_places]
    # The inward-and-outward pass leaves a fillet where lug and stadium meet.
    raw = CrossSection.batch_boolean(
        [slot(dim.centre_distance, dim.outer_radius + FLANGE_PROUD), *lugs], OpType.Add
    )
    return grow(grow(raw, 3.0), -3.0).simplify(0.005)


def chamber(dim: Dimensions) -> CrossSection:
    """The two overlapping bores that the gears turn in."""
    x = dim.centre_distance / 2
    return disc(dim.chamber_radius, (-x, 0.0)) + disc(dim.chamber_radius, (x, 0.0))


def housing(dim: Dimensions = LISTED, bolt_shift: Point2 = (0.0, 0.0)) -> Manifold:
    """Back wall below, open chamber above, a port on either side.

    bolt_shift: moves the first bolt hole, to make a revision of the part.
    """
    height = dim.back_wall + dim.gear_width
    body = fuse(
        [
            slot(dim.centre_distance, dim.outer_radius).extrude(height),
            outline(dim).extrude(8.0).translate((0.0, 0.0, height - 8.0)),
            *_stiffening_ribs(dim, height),
            *(_port(dim, side, height) for side in (1.0, -1.0)),
            _foot(dim),
        ]
    )
    first, *others = dim.bolt_places
    bolts = [(first[0] + bolt_shift[0], first[1] + bolt_shift[1]), *others]
    x = dim.centre_distance / 2
    hollow = chamber(dim).extrude(dim.gear_width + 1.0).translate((0.0, 0.0, dim.back_wall))
    return cut(
        body,
        [
            hollow,
            *holes(dim.bolt_radius, bolts, height + 2.0, -1.0),
            *holes(dim.shaft_radius + dim.clearance, [(x, 0.0), (-x, 0.0)], 5.0, dim.back_wall - 5.0),
            *(_port_bore(dim, side, height) for side in (1.0, -1.0)),
            *holes(2.6, _foot_holes(dim), 20.0, -1.0),
        ],
    )


def cover(dim: Dimensions = LISTED) -> Manifold:
    """Closes the chamber: a boss for the gear's hub and the seal, sunk bolt heads, an arrow, raised marks."""
    top = COVER_THICKNESS
    x = dim.centre_distance / 2
    boss = cylinder(dim.shaft_radius + 9.0, 9.0, (x, 0.0), top - 0.5)
    gussets = [_boss_gusset(angle).translate((x, 0.0, top - 0.5)) for angle in (45.0, 135.0, 225.0, 315.0)]
    plate = fuse([outline(dim).extrude(top), boss, *gussets, *_raised_marks(top)])
    return cut(
        plate,
        [
            *holes(dim.bolt_radius, dim.bolt_places, top + 2.0, -1.0),
            *holes(dim.bolt_radius + 2.0, dim.bolt_places, top, top - 3.0),
            cylinder(dim.shaft_radius + dim.clearance, 40.0, (x, 0.0), -1.0),
            cylinder(dim.shaft_radius + 2.5, 4.0, (x, 0.0), top + 5.0),
            cylinder(GEAR_HUB_RADIUS + 0.3, 8.0, (x, 0.0), -1.0),
            cylinder(dim.shaft_radius + dim.clearance, 6.0, (-x, 0.0), -1.0),
        ],
    )


def gasket(dim: Dimensions = LISTED) -> Manifold:
    """A flat seal between housing and cover."""
    flat = (outline(dim) - grow(chamber(dim), 1.0)).extrude(GASKET_THICKNESS)
    return cut(flat, holes(dim.bolt_radius + 0.3, dim.bolt_places, GASKET_THICKNESS + 2.0, -1.0))


def _stiffening_ribs(dim: Dimensions, height: float) -> list[Manifold]:
    """Upright ribs around the wall, clear of the bolts; one fewer on the left, so no mirror twin."""
    x = dim.centre_distance / 2
    thickness, reach = 3.0, dim.outer_radius + 3.0
    rib = box((reach, thickness, height - 4.0), (reach / 2, 0.0))
    right = [rib.rotate((0.0, 0.0, angle)).translate((x, 0.0, 0.0)) for angle in (-21.0, 21.0)]
    return [*right, rib.rotate((0.0, 0.0, 159.0)).translate((-x, 0.0, 0.0))]


def _port(dim: Dimensions, side: float, height: float) -> Manifold:
    """A stub with a collar that the hose barb is pushed into."""
    length = dim.outer_radius + dim.port_length
    stub = cylinder(dim.port_radius + 4.0, length)
    collar = cylinder(dim.port_radius + 6.0, 4.0, z=length - 4.0)
    return _sideways(fuse([stub, collar]), dim, side, height)


def _port_bore(dim: Dimensions, side: float, height: float) -> Manifold:
    """The port's passage into the chamber, wider where the barb sits."""
    length = dim.outer_radius + dim.port_length
    seat = cylinder(dim.port_radius + 1.5, 9.0, z=length - 8.0)
    return _sideways(fuse([cylinder(dim.port_radius, length + 1.0), seat]), dim, side, height)


def _sideways(upright: Manifold, dim: Dimensions, side: float, height: float) -> Manifold:
    """Lays a port along +y or -y, off the middle of the chamber's depth so that it clears the flange."""
    level = min(dim.back_wall + dim.port_radius + 1.0, height - 8.0)
    return upright.rotate((-90.0 * side, 0.0, 0.0)).translate((0.0, 0.0, level))


def _foot(dim: Dimensions) -> Manifold:
    """A plate under the back wall, longer on the left so that the pump mounts one way only."""
    length = dim.centre_distance + 2 * dim.outer_radius
    return rectangle((length, 30.0), 5.0).extrude(5.0).translate((-6.0, 0.0, 0.0))


def _foot_holes(dim: Dimensions) -> list[Point2]:
    """Where the foot is screwed down: outside the wall on the left, under the chamber never."""
    left = -dim.centre_distance / 2 - dim.outer_radius
    return [(left - 1.0, 9.0), (left - 1.0, -9.0)]


def _boss_gusset(angle_deg: float) -> Manifold:
    """A small triangular web from the boss down to the plate."""
    web = polygon([(0.0, 0.0), (21.0, 0.0), (0.0, 11.0)]).extrude(2.4)
    return web.rotate((90.0, 0.0, 0.0)).translate((0.0, 1.2, 0.0)).rotate((0.0, 0.0, angle_deg))


def _raised_marks(top: float) -> list[Manifold]:
    """An arc with an arrow head for the turning sense, and four bars as a maker's mark."""
    ring = (disc(14.0) - disc(12.0)) - CrossSection.square((40.0, 20.0), center=True).translate((0.0, -12.0))
    head = polygon([(-17.5, -0.5), (-13.0, -7.0), (-8.5, -0.5)])
    arrow = (ring + head).extrude(1.7).translate((-14.0, 4.0, top - 0.5))
    bars = [
        box((2.0, length, 1.5), (-24.0 + 4.0 * i, -10.0), top - 0.5)
        for i, length in enumerate((4.0, 8.0, 6.0, 8.0))
    ]
    return [arrow, *bars]
