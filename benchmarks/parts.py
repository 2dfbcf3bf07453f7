"""Harmless mechanical parts of our own making, drawn from a seed: plates, brackets, gears, pipe fittings."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from manifold3d import CrossSection, Manifold

from partwatch.model.mesh import FloatArray, Mesh

Maker = Callable[[np.random.Generator], Manifold]

SEGMENTS = 40
FINE_SEGMENTS = 160
# Slivers thinner than this would lose their area in an STL's float32.
LEAST_EDGE = 0.001


def part(seed: int) -> Mesh:
    """The part of that number, in millimetres; families take turns."""
    rng = np.random.default_rng([seed, 1])
    solid = _MAKERS[seed % len(_MAKERS)](rng)
    # A drill may cut a piece off; the part is what is left of it.
    return mesh_of(max(solid.decompose(), key=lambda piece: piece.volume()))


def fine_body(seed: int, triangles: int) -> Mesh:
    """A valve body with flanges and bolt holes, refined to about that many triangles (within a tenth)."""
    solid = _fitting(np.random.default_rng([seed, 2]), FINE_SEGMENTS)
    # Halving the edges quadruples the triangles: the first guess is close, the rest is bisection.
    low, high = 0.01, float(np.linalg.norm(np.ptp(np.reshape(solid.bounding_box(), (2, 3)), axis=0)))
    for _ in range(16):
        length = math.sqrt(low * high)
        # About two triangles an edge squared; refining far too finely would not come back.
        if 2.3 * solid.surface_area() / length**2 > 8 * triangles:
            low = length
            continue
        refined = solid.refine_to_length(length)
        if abs(refined.num_tri() - triangles) <= 0.05 * triangles:
            break
        low, high = (length, high) if refined.num_tri() > triangles else (low, length)
    return mesh_of(refined)


def mesh_of(solid: Manifold) -> Mesh:
    """The solid's triangles."""
    raw = solid.to_mesh64()
    vertices = np.asarray(raw.vert_properties, dtype=np.float64)[:, :3]
    return Mesh(np.ascontiguousarray(vertices), np.ascontiguousarray(raw.tri_verts, dtype=np.int32))


def moved(mesh: Mesh, T: FloatArray) -> Mesh:
    """Through a (3, 4) map; winding follows a reflection, as a slicer's mirror does."""
    vertices = np.ascontiguousarray(mesh.vertices @ T[:, :3].T + T[:, 3])
    flips = np.linalg.det(T[:, :3]) < 0
    return Mesh(vertices, np.ascontiguousarray(mesh.triangles[:, ::-1]) if flips else mesh.triangles)


def any_motion(rng: np.random.Generator) -> FloatArray:
    """A rotation even over all of them, and a shift of up to 100 mm a side; (3, 4)."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, 0] = -q[:, 0]
    return np.concatenate([q, rng.uniform(-100, 100, (3, 1))], axis=1)


def stl_of(mesh: Mesh) -> bytes:
    """As a binary STL."""
    from partwatch.formats.stl import write_binary

    return write_binary(mesh.vertices[mesh.triangles])


def _drill(at: tuple[float, float], radius: float, low: float = -500.0, height: float = 1000.0) -> Manifold:
    return Manifold.cylinder(height, radius, radius, SEGMENTS).translate((*at, low))


def _ring(count: int, radius: float) -> list[tuple[float, float]]:
    angles = 2 * np.pi * np.arange(count) / count
    return [(float(radius * np.cos(a)), float(radius * np.sin(a))) for a in angles]


def _cut(body: Manifold, tools: list[Manifold]) -> Manifold:
    for tool in tools:
        body = body - tool
    return body.simplify(LEAST_EDGE)


def _plate(rng: np.random.Generator) -> Manifold:
    x, y, z = rng.uniform(30, 150), rng.uniform(20, 90), rng.uniform(2, 9)
    outline = CrossSection.square((x, y), center=True).offset(rng.uniform(0.5, 4), circular_segments=SEGMENTS)
    places = rng.uniform(-0.44, 0.44, (rng.integers(3, 12), 2)) * [x, y]
    drills = [_drill((float(u), float(v)), float(rng.uniform(1.2, 0.09 * y))) for u, v in places]
    slot = Manifold.cube((0.4 * x, rng.uniform(2, 6), 1000)).translate((rng.uniform(-0.4, 0) * x, 0, -500))
    rib = Manifold.cube((x, 3, rng.uniform(4, 20)), True).translate((0, -0.4 * y, 0))
    return _cut(outline.extrude(z) + rib, [*drills, slot])


def _bracket(rng: np.random.Generator) -> Manifold:
    width, leg, height = rng.uniform(15, 70), rng.uniform(20, 90), rng.uniform(20, 90)
    wall = rng.uniform(2.5, 7)
    body = Manifold.cube((leg, width, wall)) + Manifold.cube((wall, width, height))
    profile = CrossSection([np.array([[wall, wall], [0.7 * leg, wall], [wall, 0.7 * height]])])
    for at in rng.uniform(0.05, 0.85, rng.integers(1, 4)) * width:
        body += profile.extrude(0.1 * width).rotate((90, 0, 0)).translate((0, float(at) + 0.1 * width, 0))
    drills = [
        _drill((float(u) * leg, float(v) * width), float(rng.uniform(1.5, 4)))
        for u, v in rng.uniform(0.25, 0.9, (rng.integers(1, 5), 2))
    ]
    return _cut(body, drills)


def _flange(rng: np.random.Generator) -> Manifold:
    radius, thick = rng.uniform(15, 80), rng.uniform(3, 12)
    hub = rng.uniform(0.25, 0.5) * radius
    body = _drill((0, 0), radius, 0, thick) + _drill((0, 0), hub, 0, rng.uniform(1.2, 5) * thick)
    bolts = [
        _drill(p, 0.07 * radius) for p in _ring(int(rng.integers(3, 13)), rng.uniform(0.65, 0.85) * radius)
    ]
    key = Manifold.cube((hub, rng.uniform(0.1, 0.3) * hub, 1000)).translate((0, 0, -500))
    return _cut(body, [*bolts, _drill((0, 0), rng.uniform(0.3, 0.7) * hub), key])


def _gear(rng: np.random.Generator) -> Manifold:
    teeth, radius = int(rng.integers(9, 48)), rng.uniform(10, 60)
    depth = 2.2 * radius / teeth
    angles = 2 * np.pi * np.arange(4 * teeth) / (4 * teeth)
    radii = np.tile([radius + depth, radius + depth, radius - depth, radius - depth], teeth)
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    height = rng.uniform(4, 20)
    body = CrossSection([points]).extrude(height, 0, float(rng.choice([0.0, 0.0, 12.0])))
    body += _drill((0, 0), 0.4 * radius, 0, height * rng.uniform(1, 2))
    spokes = int(rng.integers(3, 8))
    windows = [_drill(p, 0.12 * radius) for p in _ring(spokes, 0.62 * radius)]
    return _cut(body, [*windows, _drill((0, 0), rng.uniform(0.12, 0.3) * radius)])


def _box(rng: np.random.Generator) -> Manifold:
    x, y, z = rng.uniform(30, 140), rng.uniform(25, 100), rng.uniform(15, 60)
    wall = rng.uniform(1.6, 4)
    body = Manifold.cube((x, y, z)) - Manifold.cube((x - 2 * wall, y - 2 * wall, z)).translate(
        (wall, wall, wall)
    )
    for u, v in rng.uniform(0.15, 0.85, (rng.integers(2, 6), 2)):
        boss = _drill((float(u) * x, float(v) * y), 3.5, 0, 0.7 * z)
        body = body + boss - _drill((float(u) * x, float(v) * y), 1.4, wall, z)
    vents = [
        Manifold.cube((rng.uniform(2, 4), 4 * wall, 0.5 * z)).translate((float(u) * x, -2 * wall, 0.3 * z))
        for u in rng.uniform(0.1, 0.9, rng.integers(2, 9))
    ]
    return _cut(body, vents)


def _knob(rng: np.random.Generator) -> Manifold:
    radius, height = rng.uniform(8, 35), rng.uniform(8, 40)
    body = Manifold.cylinder(height, radius, rng.uniform(0.7, 1.0) * radius, SEGMENTS)
    flutes = [
        _drill(p, rng.uniform(0.1, 0.2) * radius) for p in _ring(int(rng.integers(4, 15)), 1.03 * radius)
    ]
    shaft = _drill((0, 0), rng.uniform(0.2, 0.4) * radius, -1, 0.6 * height)
    flat = Manifold.cube((radius, radius, 0.6 * height)).translate((0.15 * radius, -0.5 * radius, 0))
    pointer = Manifold.cube((rng.uniform(1.0, 1.6) * radius, 2.5, 4)).translate((0, 0, 0.5 * height))
    return _cut(body + pointer, [*flutes, shaft - flat])


def _shaft(rng: np.random.Generator) -> Manifold:
    body, z = Manifold(), 0.0
    for _ in range(int(rng.integers(3, 7))):
        length, radius = rng.uniform(4, 30), rng.uniform(4, 25)
        body += _drill((0, 0), radius, z, length)
        z += 0.999 * length
    key = Manifold.cube((50, rng.uniform(2, 4), 0.3 * z)).translate((3, -1, rng.uniform(0.1, 0.6) * z))
    cross = _drill((0, 0), 1.5).rotate((90, 0, 0)).translate((0, 0, rng.uniform(0.2, 0.8) * z))
    return _cut(body, [key, cross])


def _fitting(rng: np.random.Generator, segments: int = SEGMENTS) -> Manifold:
    """A tee: a straight pipe with a branch, a flange with bolt holes on each end."""
    bore, wall = rng.uniform(6, 25), rng.uniform(2, 6)
    rim, bolts = bore + wall + rng.uniform(7, 16), int(rng.integers(3, 9))
    run, branch = rng.uniform(2.4, 4) * rim, rng.uniform(1.3, 2.2) * rim

    def pipe(radius: float, length: float) -> Manifold:
        return Manifold.cylinder(length, radius, radius, segments)

    def end(z: float) -> Manifold:
        disc = pipe(rim, 1.4 * wall)
        for x, y in _ring(bolts, (rim + bore + wall) / 2):
            disc -= pipe(2.2, 5 * wall).translate((x, y, -wall))
        return disc.translate((0, 0, z))

    turn = (90.0, float(rng.uniform(0, 40)), 0.0)
    body = pipe(bore + wall, run) + end(0) + end(run - 1.4 * wall)
    side = (
        (pipe(0.8 * bore + wall, branch) + end(branch - 1.4 * wall)).rotate(turn).translate((0, 0, run / 2))
    )
    hollow = pipe(0.8 * bore, 2 * branch).rotate(turn).translate((0, 0, run / 2))
    return _cut(body + side, [pipe(bore, 3 * run).translate((0, 0, -run)), hollow])


def _hook(rng: np.random.Generator) -> Manifold:
    inner, wall, width = rng.uniform(5, 30), rng.uniform(3, 9), rng.uniform(6, 30)
    ring = CrossSection.circle(inner + wall, SEGMENTS) - CrossSection.circle(inner, SEGMENTS)
    gap = CrossSection.square((3 * inner, rng.uniform(0.6, 1.6) * inner)).translate((0, 0.1 * inner))
    stem = CrossSection.square((wall, rng.uniform(2, 5) * inner)).translate((-inner - wall, 0))
    back = CrossSection.square((wall * 0.8, rng.uniform(1, 4) * inner)).translate((-inner - wall, inner))
    body = (ring - gap + stem + back).extrude(width)
    at = (-inner, rng.uniform(1.2, 1.9) * inner, rng.uniform(0.3, 0.7) * width)
    return _cut(body, [_drill((0, 0), rng.uniform(1, 2.4)).rotate((0, 90, 0)).translate(at)])


def _clamp(rng: np.random.Generator) -> Manifold:
    inner, wall, width = rng.uniform(6, 35), rng.uniform(3, 9), rng.uniform(8, 35)
    ear = rng.uniform(8, 22)
    body = _drill((0, 0), inner + wall, 0, width)
    body += Manifold.cube((ear + wall, 3 * wall, width)).translate((inner, -1.5 * wall, 0))
    body += Manifold.cube((wall, rng.uniform(1, 2.6) * inner, width)).translate((-inner - wall, 0, 0))
    slit = Manifold.cube((3 * (inner + ear), 0.8 * wall, 1000)).translate((0, -0.4 * wall, -500))
    at = (inner + wall + 0.5 * ear, 0, width * rng.uniform(0.3, 0.7))
    bolt = _drill((0, 0), rng.uniform(1.2, 3)).rotate((90, 0, 0)).translate(at)
    return _cut(body, [_drill((0, 0), inner), slit, bolt])


_MAKERS: tuple[Maker, ...] = (
    _plate, _bracket, _flange, _gear, _box, _knob, _shaft, _fitting, _hook, _clamp,
)  # fmt: skip
