"""Building blocks over manifold3d that the example parts share. Millimetres throughout; +z is up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from manifold3d import CrossSection, Manifold, OpType

from partwatch.model.mesh import Mesh

Point2 = tuple[float, float]

SEGMENTS = 64
"""Facets around a full circle, unless a part asks otherwise."""


def cylinder(radius: float, height: float, at: Point2 = (0.0, 0.0), z: float = 0.0) -> Manifold:
    """An upright cylinder standing on z."""
    return Manifold.cylinder(height, radius, radius, SEGMENTS).translate((*at, z))


def cone(radius_low: float, radius_high: float, height: float, z: float = 0.0) -> Manifold:
    """An upright frustum standing on z."""
    return Manifold.cylinder(height, radius_low, radius_high, SEGMENTS).translate((0.0, 0.0, z))


def box(size: tuple[float, float, float], centre: Point2 = (0.0, 0.0), z: float = 0.0) -> Manifold:
    """A box centred on `centre` and standing on z."""
    return Manifold.cube(size).translate((centre[0] - size[0] / 2, centre[1] - size[1] / 2, z))


def disc(radius: float, at: Point2 = (0.0, 0.0)) -> CrossSection:
    """A filled circle."""
    return CrossSection.circle(radius, SEGMENTS).translate(at)


def rectangle(size: Point2, corner_radius: float = 0.0) -> CrossSection:
    """A rectangle around the origin with rounded corners."""
    inner = CrossSection.square((size[0] - 2 * corner_radius, size[1] - 2 * corner_radius), center=True)
    return inner if corner_radius == 0.0 else grow(inner, corner_radius)


def slot(length: float, radius: float) -> CrossSection:
    """Two half circles of `radius`, `length` apart along x, and what lies between."""
    return CrossSection.batch_hull([disc(radius, (-length / 2, 0.0)), disc(radius, (length / 2, 0.0))])


def grow(outline: CrossSection, by: float) -> CrossSection:
    """The outline moved outward by `by` with round corners (inward where negative)."""
    return outline.offset(by, circular_segments=SEGMENTS)


def polygon(points: Iterable[Point2]) -> CrossSection:
    """A filled polygon, counter-clockwise."""
    return CrossSection([np.array(list(points), dtype=np.float64)])


def turned(profile: Sequence[Point2], segments: int = SEGMENTS) -> Manifold:
    """A lathe part: the (radius, z) profile, counter-clockwise, spun about z."""
    return polygon(profile).revolve(segments)


def fuse(parts: Iterable[Manifold]) -> Manifold:
    """The union of the parts."""
    return Manifold.batch_boolean(list(parts), OpType.Add)


def cut(body: Manifold, tools: Iterable[Manifold]) -> Manifold:
    """The body without the tools."""
    # Slivers thinner than this would lose their area in an STL's float32.
    return Manifold.batch_boolean([body, *tools], OpType.Subtract).simplify(0.001)


def holes(radius: float, places: Iterable[Point2], depth: float, z: float = 0.0) -> list[Manifold]:
    """Drills of one radius at several places, going from z up by `depth`."""
    return [cylinder(radius, depth, place, z) for place in places]


def around(count: int, radius: float, first_deg: float = 0.0) -> list[Point2]:
    """`count` points evenly spread on a circle around the origin."""
    angles_rad = [math.radians(first_deg + 360.0 * i / count) for i in range(count)]
    return [(radius * math.cos(a), radius * math.sin(a)) for a in angles_rad]


def d_shape(radius: float, flat: float) -> CrossSection:
    """A circle with a flat on its +x side, `flat` from the centre."""
    keep = CrossSection.square((radius + flat, 2 * radius)).translate((-radius, -radius))
    return disc(radius) ^ keep


def hexagon(across_flats: float) -> CrossSection:
    """A regular hexagon with two sides parallel to x."""
    return polygon(around(6, across_flats / math.sqrt(3.0)))


def mesh_of(solid: Manifold) -> Mesh:
    """The solid's triangles."""
    raw = solid.to_mesh64()
    vertices = np.asarray(raw.vert_properties, dtype=np.float64)[:, :3]
    return Mesh(np.ascontiguousarray(vertices), np.ascontiguousarray(raw.tri_verts, dtype=np.int32))
