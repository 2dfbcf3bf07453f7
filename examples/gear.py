"""Involute spur gears (ISO 21771): flanks are involutes of the base circle, at 20° of pressure."""

from __future__ import annotations

import math

from manifold3d import CrossSection

from examples.shapes import Point2, disc, polygon

PRESSURE_RAD = math.radians(20.0)
FLANK_POINTS = 8


def involute_angle(radius: float, base_radius: float) -> float:
    """Polar angle (radians) of the involute at `radius`, from where it leaves the base circle."""
    if radius <= base_radius:
        return 0.0
    alpha = math.acos(base_radius / radius)
    return math.tan(alpha) - alpha


def _half_tooth_angle(radius: float, module: float, teeth: int, backlash: float) -> float:
    """Half the angle (radians) that a tooth takes up at `radius`."""
    pitch_radius = module * teeth / 2
    base_radius = pitch_radius * math.cos(PRESSURE_RAD)
    at_pitch = math.pi / (2 * teeth) - backlash / (2 * pitch_radius)
    return at_pitch + involute_angle(pitch_radius, base_radius) - involute_angle(radius, base_radius)


def gear_outline(module: float, teeth: int, backlash: float = 0.1) -> CrossSection:
    """A gear's cross-section: addendum 1 module, dedendum 1.25, one tooth centred on +x.

    backlash: how much thinner a tooth is at the pitch circle than half the pitch, in millimetres.
    """
    pitch_radius = module * teeth / 2
    root, tip = pitch_radius - 1.25 * module, pitch_radius + module
    radii = [root + (tip - root) * i / (FLANK_POINTS - 1) for i in range(FLANK_POINTS)]
    half = [_half_tooth_angle(r, module, teeth, backlash) for r in radii]
    tooth = [(r, -a) for r, a in zip(radii, half, strict=True)]
    tooth += [(r, a) for r, a in zip(reversed(radii), reversed(half), strict=True)]
    points: list[Point2] = []
    for i in range(teeth):
        turn = 2 * math.pi * i / teeth
        points += [(r * math.cos(a + turn), r * math.sin(a + turn)) for r, a in tooth]
    return polygon(points) + disc(root)
