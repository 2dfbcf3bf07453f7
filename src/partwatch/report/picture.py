"""A `View` as a PNG: the submitted body, coloured by how far it is from the listed part.

A pure function of its arguments: one ray a pixel, four more where neighbours differ, shaded in numpy. The
background is transparent, so that a page may be light or dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from partwatch.model.view import DecodedView
from partwatch.report.normals import corner_normals
from partwatch.report.png import encode
from partwatch.report.ramp import GHOST, Ramp, ramp_for
from partwatch.report.raycast import Camera, Floats, Hits, Scene

WIDTH, HEIGHT = 360, 280
_MARGIN = 0.06
# Four sub-pixel places, no two in one row or column, so that edges of any slope come out smooth.
_SAMPLES = np.array([[-0.375, -0.125], [-0.125, 0.375], [0.125, -0.375], [0.375, 0.125]], np.float32)
_LINE_DARKNESS = 0.55
_LINE_COSINE = np.cos(np.radians(28.0))
_ROUGH = 0.06
_GHOST_OPACITY = 0.34


class Viewpoint(Enum):
    """From where the body is looked at; opposite corners, so that together they show all of it."""

    FRONT = (-0.55, -1.0, 0.72)
    BACK = (0.55, 1.0, -0.62)


@dataclass(frozen=True, eq=False)
class _Model:
    """The body ready to be drawn, and the listed part where the view carries it."""

    scene: Scene
    normals: Floats
    distance: Floats
    ramp: Ramp
    bias: float
    ghost: Scene | None
    ghost_normals: Floats | None
    framed: Floats


def render(
    view: DecodedView,
    tolerance_mm: float,
    viewpoint: Viewpoint = Viewpoint.FRONT,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> bytes:
    """One picture as PNG bytes; the same arguments give the same bytes."""
    return _draw(_prepare(view, tolerance_mm), viewpoint, size)


def render_pair(
    view: DecodedView, tolerance_mm: float, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> tuple[bytes, bytes]:
    """Front and back pictures, for little more than the price of the rays."""
    model = _prepare(view, tolerance_mm)
    return _draw(model, Viewpoint.FRONT, size), _draw(model, Viewpoint.BACK, size)


def render_beside(
    one: DecodedView, other: DecodedView, tolerance_mm: float, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """Front and back of two bodies in one frame, from the same places, at one scale and in one ramp."""
    around = np.concatenate([_used(one), _used(other)])
    ramp = ramp_beside(one, other, tolerance_mm)
    models = [_prepare(view, tolerance_mm, around, ramp) for view in (one, other)]
    drawn = [(_draw(model, Viewpoint.FRONT, size), _draw(model, Viewpoint.BACK, size)) for model in models]
    return drawn[0], drawn[1]


def ramp_beside(one: DecodedView, other: DecodedView, tolerance_mm: float) -> Ramp:
    """The ramp that both are drawn in."""
    return ramp_for(np.concatenate([one.distance_mm, other.distance_mm]), tolerance_mm)


def _used(view: DecodedView) -> npt.NDArray[np.float64]:
    used = view.positions[view.triangles.reshape(-1)].astype(np.float64)
    if view.part_positions is not None and view.part_triangles is not None:
        used = np.concatenate([used, view.part_positions[view.part_triangles.reshape(-1)]])
    return used


def _prepare(
    view: DecodedView,
    tolerance_mm: float,
    around: npt.NDArray[np.float64] | None = None,
    ramp: Ramp | None = None,
) -> _Model:
    """around: (n, 3) what is to fit into the picture, else the view itself. ramp: else the view's own."""
    used = _used(view) if around is None else around
    low, high = (used.min(axis=0), used.max(axis=0)) if len(used) else (np.zeros(3), np.ones(3))
    centre, radius = (low + high) / 2, max(float(np.linalg.norm(high - low)) / 2, 1e-9)

    def scene(points: Floats, triangles: npt.NDArray[np.int32]) -> Scene:
        return Scene(((points.astype(np.float64) - centre) / radius).astype(np.float32), triangles)

    body = scene(view.positions, view.triangles)
    ramp = ramp or ramp_for(view.distance_mm, tolerance_mm)
    ghost = None
    if view.part_positions is not None and view.part_triangles is not None:
        ghost = scene(view.part_positions, view.part_triangles)
    return _Model(
        scene=body,
        normals=corner_normals(body.positions, body.triangles),
        distance=ramp.drawn(view.distance_mm),
        ramp=ramp,
        bias=max(tolerance_mm / radius, 1e-3),
        ghost=ghost,
        ghost_normals=None if ghost is None else corner_normals(ghost.positions, ghost.triangles),
        framed=((used - centre) / radius).astype(np.float32),
    )


def _draw(model: _Model, viewpoint: Viewpoint, size: tuple[int, int]) -> bytes:
    width, height = size
    canvas = np.zeros((height, width, 4), np.float32)
    if len(model.scene.triangles) == 0:
        return _png(canvas)
    camera, window = _camera(model, viewpoint, width, height)
    # Only the rectangle that the body fills is worked on; half of most pictures is background.
    shape = canvas[window].shape[:2]
    rows, columns = np.mgrid[window].astype(np.float32).reshape(2, -1) + np.float32(0.5)
    pixels, hits, normals = _sample(model, camera, columns, rows)
    depth = hits.depth.reshape(shape)
    lines = _lines(depth, normals.reshape(*shape, 3), camera)
    rough = np.flatnonzero(_differs(pixels.reshape(*shape, 4)))
    pixels[rough] = _supersample(model, camera, columns[rough], rows[rough])
    shade = (1 - _recesses(depth, width // 48)) * (1 - _LINE_DARKNESS * lines)
    pixels[:, :3] *= shade.reshape(-1, 1)
    canvas[window] = pixels.reshape(*shape, 4)
    return _png(canvas)


def _camera(
    model: _Model, viewpoint: Viewpoint, width: int, height: int
) -> tuple[Camera, tuple[slice, slice]]:
    """A camera that fits all that is drawn into the picture, z up, and the rows and columns that it fills."""
    look = -np.asarray(viewpoint.value) / np.linalg.norm(viewpoint.value)
    right = np.cross(look, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, look)
    points = model.framed
    x, y = points @ right.astype(np.float32), points @ up.astype(np.float32)
    wide, high = float(x.max() - x.min()), float(y.max() - y.min())
    room = 1 - 2 * _MARGIN
    span = max(wide / (width * room), high / (height * room), 1e-9)
    centre = (float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2)
    axes = (right.astype(np.float32), up.astype(np.float32), look.astype(np.float32))
    window = (_window(height, high / span), _window(width, wide / span))
    return Camera(*axes, centre, span, width, height), window


def _window(pixels: int, filled: float) -> slice:
    """The middle `filled` of `pixels`, and two pixels on either side for outlines."""
    edge = max(int((pixels - filled) / 2) - 2, 0)
    return slice(edge, pixels - edge)


def _sample(model: _Model, camera: Camera, columns: Floats, rows: Floats) -> tuple[Floats, Hits, Floats]:
    """Premultiplied RGBA (n, 4) along the rays, what of the body they hit, and its normals there (n, 3)."""
    hits = model.scene.cast(camera, columns, rows)
    pixels = np.zeros((len(columns), 4), np.float32)
    normals = np.zeros((len(columns), 3), np.float32)
    met = hits.mask
    normals[met] = _facing(model.normals, hits, met, camera)
    colours = _colours(model, hits.triangle[met], hits.weights[met])
    pixels[met, :3] = colours * _light(normals[met], camera)[:, None]
    pixels[met, 3] = 1
    if model.ghost is not None and model.ghost_normals is not None:
        # Where the two coincide there is nothing to show, and depths would fight.
        _veil(pixels, hits.depth - model.bias, model.ghost, model.ghost_normals, camera, (columns, rows))
    return pixels, hits, normals


def _facing(corners: Floats, hits: Hits, met: npt.NDArray[np.bool_], camera: Camera) -> Floats:
    """Shading normals of the rays that met something, turned to the camera: meshes come inside out too."""
    normals = np.einsum("nk,nkd->nd", hits.weights[met], corners[hits.triangle[met]])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    away = normals @ camera.look > 0
    normals[away] *= -1
    return np.asarray(normals, np.float32)


def _colours(model: _Model, triangle: npt.NDArray[np.int32], weights: Floats) -> Floats:
    """(n, 3): the distance interpolated in the triangle, then looked up, so that bands stay sharp."""
    distance = model.distance[model.scene.triangles[triangle]]
    return model.ramp.colours(np.einsum("nk,nk->n", weights, distance))


def _light(normals: Floats, camera: Camera) -> Floats:
    """(n,) brightness: a lamp over the viewer's left shoulder, and a softer light from above.

    A face towards the viewer has about 1, so that colours there are the legend's own.
    """
    # Seen from below, the lamp hangs below too: the underside is then what matters.
    over = camera.up if camera.look[2] < 0 else -camera.up
    lamp = -0.80 * camera.look - 0.38 * camera.right + 0.46 * over
    key = np.maximum(normals @ lamp, 0)
    sky = 0.5 + 0.5 * (normals @ over)
    return np.asarray(0.48 + 0.54 * key + 0.15 * sky, np.float32)


def _veil(
    pixels: Floats,
    depth: Floats,
    ghost: Scene,
    corners: Floats,
    camera: Camera,
    places: tuple[Floats, Floats],
) -> None:
    """Lay the listed part over what it is in front of, thicker where seen edge-on, as glass is."""
    found = ghost.cast(camera, *places)
    front = found.mask & (found.depth < depth)
    normals = _facing(corners, found, front, camera)
    glancing = 1 + (normals @ camera.look)
    opacity = (_GHOST_OPACITY * (0.5 + glancing))[:, None].astype(np.float32)
    colour = np.asarray(GHOST, np.float32) / 255 * _light(normals, camera)[:, None]
    pixels[front, :3] = colour * opacity + pixels[front, :3] * (1 - opacity)
    pixels[front, 3:] = opacity + pixels[front, 3:] * (1 - opacity)


def _supersample(model: _Model, camera: Camera, columns: Floats, rows: Floats) -> Floats:
    """(n, 4): the mean of the sub-pixel samples of each pixel."""
    across = (columns[None] + _SAMPLES[:, :1]).reshape(-1)
    down = (rows[None] + _SAMPLES[:, 1:]).reshape(-1)
    pixels = _sample(model, camera, across, down)[0]
    return np.asarray(pixels.reshape(len(_SAMPLES), -1, 4).mean(axis=0), np.float32)


def _lines(depth: Floats, normals: Floats, camera: Camera) -> Floats:
    """(h, w) in 0..1: how much of an outline or of an edge between faces runs through each pixel."""
    line = np.zeros(depth.shape, np.float32)
    # Depth changes by up to `span` times the slope between neighbours on one face; far more is a jump.
    limit = 6 * camera.span
    for axis in (0, 1):
        here, there = _neighbours(depth, axis)
        both = np.isfinite(here) & np.isfinite(there)
        step = np.where(both, np.where(both, there, 0) - np.where(both, here, 0), 0)
        n_here, n_there = _neighbours(normals, axis)
        turn = both & (np.einsum("ijk,ijk->ij", n_here, n_there) < _LINE_COSINE)
        rim = np.isfinite(here) != np.isfinite(there)
        near_here = (rim & np.isfinite(here)) | (step > limit) | turn
        near_there = (rim & np.isfinite(there)) | (step < -limit)
        line[tuple(_cut(axis, slice(None, -1)))] += near_here
        line[tuple(_cut(axis, slice(1, None)))] += near_there
    return _box(np.minimum(line, 1), 1) ** np.float32(0.75)


def _differs(pixels: Floats) -> npt.NDArray[np.bool_]:
    """(h, w): pixels whose colour or opacity departs from a neighbour's."""
    rough = np.zeros(pixels.shape[:2], bool)
    for axis in (0, 1):
        here, there = _neighbours(pixels, axis)
        step = np.zeros(here.shape[:2], bool)
        for channel in range(4):
            step |= np.abs(here[..., channel] - there[..., channel]) > _ROUGH
        rough[tuple(_cut(axis, slice(None, -1)))] |= step
        rough[tuple(_cut(axis, slice(1, None)))] |= step
    return rough


def _recesses(depth: Floats, radius: int) -> Floats:
    """(h, w) in 0..0.45: darkening of what lies deeper than its surroundings (unsharp masking of depth)."""
    met = np.isfinite(depth)
    covered = _box(met.astype(np.float32), radius)
    around = _box(np.where(met, depth, 0), radius) / np.maximum(covered, 1e-6)
    deeper = np.where(met, np.where(met, depth, 0) - around, 0)
    return np.clip(deeper * 1.6, 0, 0.45).astype(np.float32)


def _box(image: Floats, radius: int) -> Floats:
    """Mean over a square of 2 radius + 1 pixels, zero outside the image."""
    width = 2 * radius + 1
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(image, pad), axis=axis, dtype=np.float64)
        upper, lower = _cut(axis, slice(width, None)), _cut(axis, slice(None, -width))
        image = ((sums[tuple(upper)] - sums[tuple(lower)]) / width).astype(np.float32)
    return image


def _neighbours(image: Floats, axis: int) -> tuple[Floats, Floats]:
    return image[tuple(_cut(axis, slice(None, -1)))], image[tuple(_cut(axis, slice(1, None)))]


def _cut(axis: int, part: slice) -> list[slice]:
    index = [slice(None), slice(None)]
    index[axis] = part
    return index


def _png(premultiplied: Floats) -> bytes:
    """RGBA in 0..1 with premultiplied colour, as a PNG without metadata."""
    alpha = premultiplied[..., 3:]
    straight = premultiplied[..., :3] / np.maximum(alpha, 1e-6)
    pixels = np.concatenate([straight, alpha], axis=-1)
    return encode(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
