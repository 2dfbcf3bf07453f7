"""Harmless parts by manifold3d, plain shapes, and what may happen to a mesh on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from manifold3d import CrossSection, Manifold

from partwatch.geometry.bodies import merge
from partwatch.model.mesh import FloatArray, IndexArray, Mesh

Hole = tuple[float, float, float]  # x, y, radius

IDENTITY: Final = np.concatenate([np.eye(3), np.zeros((3, 1))], axis=1)


def mesh_of(solid: Manifold) -> Mesh:
    """A manifold's triangles; coordinates are float32's."""
    raw = solid.to_mesh()
    return Mesh(
        np.array(raw.vert_properties[:, :3], dtype=np.float64),
        np.array(raw.tri_verts, dtype=np.int32),
    )


def block(x: float, y: float, z: float, at: Sequence[float] = (0, 0, 0)) -> Manifold:
    """A block with its lowest corner at `at`."""
    return Manifold.cube((x, y, z)).translate((at[0], at[1], at[2]))


def rod(radius: float, length: float, at: Sequence[float] = (0, 0, 0), segments: int = 48) -> Manifold:
    """A rod along z, standing on `at`."""
    return Manifold.cylinder(length, radius, radius, segments).translate((at[0], at[1], at[2]))


def tube(outer: float, inner: float, length: float, segments: int = 64) -> Manifold:
    """A tube along z."""
    return rod(outer, length, segments=segments) - rod(inner, length + 2, (0, 0, -1), segments)


def drilled(solid: Manifold, holes: Sequence[Hole], depth: float = 100) -> Manifold:
    """The solid with holes along z all through it."""
    for x, y, radius in holes:
        solid -= rod(radius, 2 * depth, (x, y, -depth))
    return solid


PLATE_HOLES: Final[tuple[Hole, ...]] = (
    (8, 8, 2.2), (35, 8, 3), (62, 8, 2.2), (8, 32, 2.2), (30, 30, 4), (62, 32, 2.2),
)  # fmt: skip
BRACKET_HOLES: Final[tuple[Hole, ...]] = ((10, 9, 2.2), (10, 31, 2.2), (30, 14, 3), (46, 28, 2.2))


def plate(holes: Sequence[Hole] = PLATE_HOLES) -> Manifold:
    """A 70 x 40 x 5 plate with holes in it."""
    return drilled(block(70, 40, 5), holes)


def bracket(holes: Sequence[Hole] = BRACKET_HOLES) -> Manifold:
    """An angle bracket 55 x 40 x 36 with a gusset to one side; no symmetry left."""
    foot = drilled(block(55, 40, 5), holes)
    wall = block(5, 40, 36) - rod(4, 20, (0, 0, -10)).rotate((0, 90, 0)).translate((0, 14, 24))
    gusset = CrossSection([[(5, 5), (25, 5), (5, 28)]]).extrude(4).rotate((90, 0, 0)).translate((0, 38, 0))
    return foot + wall + gusset


def gear(teeth: int = 18, module: float = 2.0, bore: float = 5.0) -> Manifold:
    """A spur gear with straight flanks, a hub to one side, a keyway and a lightening hole off the middle."""
    root, tip = module * (teeth / 2 - 1.25), module * (teeth / 2 + 1)
    steps = ((-0.32, root), (-0.14, tip), (0.14, tip), (0.32, root))
    outline = [
        (r * np.cos(angle), r * np.sin(angle))
        for k in range(teeth)
        for share, r in steps
        for angle in [2 * np.pi * (k + share) / teeth]
    ]
    blank = CrossSection([outline]).extrude(8) + rod(9, 14)
    return blank - rod(bore, 40, (0, 0, -10)) - block(3, 8, 40, (-1.5, 0, -10)) - rod(2, 40, (11.5, 0, -10))


def knob() -> Manifold:
    """A grip of eleven lobes over a blind D-shaped shaft hole, with a pointer on top."""
    grip = rod(15, 14, segments=96)
    for k in range(11):
        angle = 2 * np.pi * k / 11
        grip -= rod(2.5, 12, (15.5 * np.cos(angle), 15.5 * np.sin(angle), 4))
    shaft = rod(3, 10, (0, 0, -1)) - block(8, 8, 12, (1.8, -4, -2))
    return grip - shaft + block(2, 11, 1.2, (-1, 2, 14))


def housing() -> Manifold:
    """An open box with four bosses, a window and a cable hole."""
    shell = block(60, 42, 24) - block(56, 38, 30, (2, 2, 2))
    for x, y in ((6, 6), (54, 6), (6, 36), (54, 36)):
        shell += rod(3.4, 18, (x, y, 1)) - rod(1.3, 30, (x, y, 6))
    shell -= block(20, 10, 12, (12, -5, 8))
    return shell - rod(3.2, 12, (0, 0, -6)).rotate((0, 90, 0)).translate((60, 28, 12))


def clamp() -> Manifold:
    """A C-shaped clamp with a screw hole through one jaw."""
    frame = block(50, 12, 60) - block(38, 20, 40, (12, -4, 8))
    return frame - rod(3.5, 40, (40, 6, 44)) + rod(5, 3, (40, 6, 8))


def pulley() -> Manifold:
    """A belt pulley with a groove, a hub and a set-screw hole."""
    profile = [(4, 0), (18, 0), (18, 3), (13, 6), (18, 9), (18, 12), (9, 12), (9, 20), (4, 20)]
    wheel = Manifold.revolve(CrossSection([profile]), 72)
    return wheel - rod(1.6, 30).rotate((0, 90, 0)).translate((0, 0, 16)) - rod(2.5, 40, (0, 11, -10))


def hinge() -> Manifold:
    """One leaf of a hinge: three knuckles of a pin 4 mm thick, and five holes."""
    holes = ((10, 8, 2), (10, 30, 2), (10, 52, 2), (22, 18, 2), (22, 44, 2))
    leaf = drilled(block(30, 60, 3), holes) + block(6, 60, 4.5, (-3, 0, 0))
    knuckles = Manifold()
    for start, length in ((0, 12), (24, 14), (48, 12)):
        knuckles += rod(5, length).rotate((-90, 0, 0)).translate((-5, start, 3))
    gaps = block(12, 12, 20, (-10.5, 12, -5)) + block(12, 10, 20, (-10.5, 38, -5))
    return leaf + knuckles - gaps - rod(2, 100).rotate((-90, 0, 0)).translate((-5, -10, 3))


def hook() -> Manifold:
    """A wall hook: a plate with two holes and an arm bent upwards."""
    arm = block(8, 36, 7, (11, 4, 12)) + block(8, 7, 18, (11, 33, 12))
    back = block(30, 5, 62) - rod(2.4, 20).rotate((-90, 0, 0)).translate((15, -5, 54))
    back -= rod(2.4, 20).rotate((-90, 0, 0)).translate((9, -5, 40))
    return back + arm


def impeller() -> Manifold:
    """Seven straight vanes on a disc, tilted against the radius."""
    wheel = rod(22, 2.5, segments=96) + rod(7, 12)
    for k in range(7):
        vane = block(15, 1.8, 9, (6, 0, 2)).rotate((0, 0, 25)).translate((0, -2, 0))
        wheel += vane.rotate((0, 0, 360 * k / 7)) ^ rod(22, 20, segments=96)
    return wheel - rod(2.5, 40, (0, 0, -10))


def cam() -> Manifold:
    """Two discs of different size hulled, with a bore off the middle and a slot."""
    disc = Manifold.batch_hull([rod(14, 8), rod(7, 8, (22, 3, 0))])
    return disc - rod(4, 30, (-3, 1, -10)) - block(10, 4, 30, (14, 0, -10))


def handed() -> Manifold:
    """A plate with a corner tower, a cone and a bore: not its own mirror image, however turned."""
    plate = block(20, 12, 3) + block(4, 4, 8)
    cone = Manifold.cylinder(4, 4, 1, 32).translate((15, 8, 3))
    return plate + cone - rod(1.5, 9, (8, 4, -1), 32)


def stand() -> Manifold:
    """A wedge with a slot for a card and three ribs below."""
    side = [(0, 0), (50, 0), (50, 8), (24, 8), (14, 34), (6, 34)]
    wedge = CrossSection([side]).extrude(44).rotate((90, 0, 0)).translate((0, 44, 0))
    wedge -= block(5, 60, 20, (30, -8, 4))
    for y in (6, 20, 31):
        wedge -= block(30, 5, 4, (8, y, -2))
    return wedge


DISTINCT: Final[dict[str, Callable[[], Manifold]]] = {
    "plate": plate, "bracket": bracket, "gear": gear, "knob": knob, "housing": housing, "clamp": clamp,
    "pulley": pulley, "hinge": hinge, "hook": hook, "impeller": impeller, "cam": cam, "stand": stand,
}  # fmt: skip
# Parts that no rotation lays on their mirror image.
HANDED: Final = ("bracket", "housing", "impeller", "hinge")

PLAIN: Final[dict[str, Callable[[], Manifold]]] = {
    "cube": lambda: block(20, 20, 20),
    "slab": lambda: block(60, 25, 4),
    "ball": lambda: Manifold.sphere(12, 96),
    "pin": lambda: rod(3, 30),
    "disc": lambda: rod(25, 4, segments=96),
    "washer": lambda: tube(10, 5, 2),
    "pipe": lambda: tube(10, 8, 50),
    "cone": lambda: Manifold.cylinder(24, 10, 0, 96),
    "stump": lambda: Manifold.cylinder(24, 12, 7, 96),
}


@cache
def part_mesh(name: str) -> Mesh:
    """One of DISTINCT or PLAIN by its name; shared, so not to be changed."""
    mesh = mesh_of({**DISTINCT, **PLAIN}[name]())
    mesh.vertices.flags.writeable = False
    mesh.triangles.flags.writeable = False
    return mesh


def rotation(seed: int) -> FloatArray:
    """A rotation matrix (3, 3) that follows from the seed, all of them alike likely."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return np.asarray(q if np.linalg.det(q) > 0 else -q)


def motion(seed: int, reach: float = 100.0, scale: float = 1.0, mirrored: bool = False) -> FloatArray:
    """A similarity (3, 4): any rotation, a shift within `reach`, a scale, a reflection if asked for."""
    A = scale * rotation(seed)
    if mirrored:
        A = A @ np.diag([-1.0, 1.0, 1.0])
    shift = np.random.default_rng(seed + 1).uniform(-reach, reach, 3)
    return np.concatenate([A, shift[:, None]], axis=1)


def moved(mesh: Mesh, T: FloatArray) -> Mesh:
    """The mesh through a (3, 4) map; where that reflects, the winding is turned so that it stays outward."""
    vertices = np.ascontiguousarray(mesh.vertices @ T[:, :3].T + T[:, 3])
    mirrored = np.linalg.det(T[:, :3]) < 0
    triangles = np.ascontiguousarray(mesh.triangles[:, ::-1]) if mirrored else mesh.triangles
    return Mesh(vertices, triangles)


def scaled(mesh: Mesh, factor: float) -> Mesh:
    """The mesh times a factor."""
    return Mesh(mesh.vertices * factor, mesh.triangles)


def flipped(mesh: Mesh) -> Mesh:
    """The mesh with every triangle wound the other way."""
    return Mesh(mesh.vertices, np.ascontiguousarray(mesh.triangles[:, ::-1]))


def shuffled(mesh: Mesh, seed: int = 0) -> Mesh:
    """Triangles and vertices in another order, each triangle begun at another corner."""
    rng = np.random.default_rng(seed)
    place = rng.permutation(len(mesh.vertices))
    vertices = np.empty_like(mesh.vertices)
    vertices[place] = mesh.vertices
    triangles = place[mesh.triangles][rng.permutation(len(mesh.triangles))]
    turned = [np.roll(row, k) for row, k in zip(triangles, rng.integers(0, 3, len(triangles)), strict=True)]
    return Mesh(vertices, np.array(turned, dtype=np.int32))


def soup(mesh: Mesh) -> Mesh:
    """Each triangle with vertices of its own, as STL has them."""
    corners = np.ascontiguousarray(mesh.vertices[mesh.triangles].reshape(-1, 3))
    return Mesh(corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3))


def jittered(mesh: Mesh, rms: float, seed: int = 0) -> Mesh:
    """Every vertex off its place, by `rms` in root mean square."""
    noise = np.random.default_rng(seed).normal(0, rms / np.sqrt(3), mesh.vertices.shape)
    return Mesh(mesh.vertices + noise, mesh.triangles)


def together(*meshes: Mesh) -> Mesh:
    """All of them in one mesh."""
    return merge(list(meshes))


def finer(mesh: Mesh, longest: float) -> Mesh:
    """The same surface in triangles with no edge above `longest`."""
    from trimesh import Trimesh, remesh

    subdivide: Callable[..., tuple[FloatArray, IndexArray]] = remesh.subdivide_to_size
    vertices, triangles = subdivide(mesh.vertices, mesh.triangles, longest, max_iter=30)
    shape = Trimesh(vertices, triangles, process=True)
    return Mesh(np.array(shape.vertices, dtype=np.float64), np.array(shape.faces, dtype=np.int32))


def decimated(mesh: Mesh, share_kept: float) -> Mesh:
    """Fewer triangles by quadric error, as few as leave the shape alone."""
    import fast_simplification

    points, faces = fast_simplification.simplify(
        mesh.vertices.astype(np.float32), mesh.triangles.copy(), target_reduction=1 - share_kept, agg=3
    )
    return Mesh(points.astype(np.float64), np.ascontiguousarray(faces, dtype=np.int32))


def float32(mesh: Mesh) -> Mesh:
    """The mesh as a binary STL would keep its coordinates."""
    return Mesh(mesh.vertices.astype(np.float32).astype(np.float64), mesh.triangles)


def surface_samples(mesh: Mesh, count: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Random points even by area and their facets' unit normals, (count, 3) each."""
    rng = np.random.default_rng(seed)
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    area = np.linalg.norm(cross, axis=1)
    of: npt.NDArray[np.intp] = rng.choice(len(area), count, p=area / area.sum())
    u, w = rng.random((2, count, 1))
    u, w = np.where(u + w > 1, 1 - u, u), np.where(u + w > 1, 1 - w, w)
    points = a[of] + u * (b[of] - a[of]) + w * (c[of] - a[of])
    return points, cross[of] / area[of][:, None]
