"""The rasteriser beside embree, PNG beside Pillow: what draws where they are not there."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from report_shapes import housing_view

import parts
from partwatch.model.view import decode_view
from partwatch.report import picture, raycast
from partwatch.report.png import encode, encode_plainly

WIDTH, HEIGHT = 180, 140


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(4))))
def test_a_png_written_plainly_holds_the_pixels(pixels: npt.NDArray[np.uint8]) -> None:
    for png in (encode_plainly(pixels), encode(pixels)):
        image = Image.open(io.BytesIO(png))
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image), pixels)


def camera() -> raycast.Camera:
    look = np.array([0.5, 0.8, -0.4]) / np.linalg.norm([0.5, 0.8, -0.4])
    right = np.cross(look, (0, 0, 1)) / np.linalg.norm(np.cross(look, (0, 0, 1)))
    axes = [axis.astype(np.float32) for axis in (right, np.cross(right, look), look)]
    return raycast.Camera(*axes, (0.01, -0.02), 2.2 / WIDTH, WIDTH, HEIGHT)


@pytest.mark.skipif(not raycast.HAS_EMBREE, reason="embreex has no wheel for this platform")
@pytest.mark.parametrize("name", ["gear", "housing", "impeller", "cube"])
def test_rays_meet_what_embree_says_they_meet(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = parts.part_mesh(name)
    middle = (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2
    at = mesh.vertices - middle
    at /= np.linalg.norm(at, axis=1).max()
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].reshape(2, -1).astype(np.float32) + np.float32(0.5)
    scene = raycast.Scene(at.astype(np.float32), mesh.triangles)
    embree = scene.cast(camera(), columns, rows)
    monkeypatch.setattr(raycast, "HAS_EMBREE", False)
    raster = scene.cast(camera(), columns, rows)

    # Where single precision decides, along an outline, a ray in a thousand.
    assert (embree.mask != raster.mask).mean() < 1e-3
    both = embree.mask & raster.mask
    assert both.mean() > 0.15
    off = np.abs(embree.depth[both] - raster.depth[both])
    assert (off > 1e-4).mean() < 1e-3
    same = both & (embree.triangle == raster.triangle)
    assert same.sum() > 0.995 * both.sum()
    assert np.quantile(np.abs(embree.weights[same] - raster.weights[same]), 0.99) < 1e-2
    assert np.isinf(raster.depth[~raster.mask]).all()


def test_rays_without_anything_to_meet_meet_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raycast, "HAS_EMBREE", False)
    scene = raycast.Scene(np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32))
    some = np.array([0.5, 3.5], np.float32)
    assert scene.cast(camera(), some, some).triangle.tolist() == [-1, -1]
    assert scene.cast(camera(), some[:0], some[:0]).triangle.shape == (0,)
    empty = raycast.Scene(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    assert empty.cast(camera(), some, some).depth.tolist() == [np.inf, np.inf]


@pytest.mark.skipif(not raycast.HAS_EMBREE, reason="embreex has no wheel for this platform")
def test_a_picture_is_the_same_to_the_eye(monkeypatch: pytest.MonkeyPatch) -> None:
    view = decode_view(housing_view())

    def drawn() -> npt.NDArray[np.int16]:
        png = picture.render(view, 0.2)
        return np.asarray(Image.open(io.BytesIO(png))).astype(np.int16)

    embree = drawn()
    monkeypatch.setattr(raycast, "HAS_EMBREE", False)
    off = np.abs(drawn() - embree).max(axis=2)
    assert (off > 8).mean() < 5e-3
    assert off.mean() < 0.2
