"""Pictures say with colour what the view says with numbers."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from manifold3d import Manifold
from PIL import Image
from report_shapes import arrays, housing_view

from partwatch.model.view import DecodedView, decode_view, encode_view
from partwatch.report.picture import HEIGHT, WIDTH, Viewpoint, render, render_pair
from partwatch.report.ramp import BEYOND, COINCIDENT, RAMP, ramp_for

Pixels = npt.NDArray[np.uint8]


def pixels(png: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(png)))


def bar(left_mm: float, right_mm: float, **part: object) -> DecodedView:
    """A 40 mm bar along x; its halves lie this far from the part."""
    points, faces = arrays(Manifold.cube((40, 12, 12), True), 1.0)
    distance = np.where(points[:, 0] < 0, left_mm, right_mm)
    return decode_view(encode_view(points, faces, distance, **part))  # type: ignore[arg-type]


def hue_share(image: Pixels, colour: tuple[int, int, int], columns: slice) -> float:
    """Share of the solid pixels in these columns with this hue, whatever the light."""
    region = image[:, columns]
    solid = region[region[..., 3] == 255][:, :3].astype(float)
    palette = np.array([COINCIDENT, BEYOND, *RAMP], float)
    tint = palette / palette.sum(axis=1, keepdims=True)
    chroma = solid / np.maximum(solid.sum(axis=1, keepdims=True), 1)
    nearest = np.argmin(np.linalg.norm(chroma[:, None] - tint[None], axis=2), axis=1)
    return float((nearest == [COINCIDENT, BEYOND, *RAMP].index(colour)).mean())


@pytest.mark.parametrize(("right_mm", "colour"), [(0.9, RAMP[2]), (np.inf, BEYOND)])
def test_the_coincident_half_is_blue_and_the_other_half_is_not(
    right_mm: float, colour: tuple[int, int, int]
) -> None:
    image = pixels(render(bar(0.0, right_mm), 0.225))
    third = WIDTH // 3

    assert hue_share(image, COINCIDENT, slice(0, third)) > 0.97
    assert hue_share(image, colour, slice(2 * third, WIDTH)) > 0.97


def test_a_face_towards_the_viewer_has_the_colour_of_the_legend() -> None:
    slope = np.array(Viewpoint.FRONT.value) / np.linalg.norm(Viewpoint.FRONT.value)
    across = np.cross(slope, (0, 0, 1))
    across /= np.linalg.norm(across)
    points = np.array([across, np.cross(slope, across), -across, -np.cross(slope, across)])
    view = decode_view(encode_view(points, [[0, 1, 2], [0, 2, 3]], np.zeros(4)))

    centre = pixels(render(view, 0.3))[HEIGHT // 2, WIDTH // 2]

    assert centre[3] == 255
    np.testing.assert_allclose(centre[:3], COINCIDENT, atol=16)


def test_the_background_is_transparent_and_the_body_is_not() -> None:
    image = pixels(render(bar(0, 0), 0.3))

    assert image.shape == (HEIGHT, WIDTH, 4)
    assert image[0].max() == 0
    assert image[HEIGHT // 2, WIDTH // 2, 3] == 255


def test_edges_are_antialiased() -> None:
    alpha = pixels(render(bar(0, 0), 0.3))[..., 3]

    assert ((alpha > 0) & (alpha < 255)).sum() > 100


def test_a_body_of_any_size_and_place_fills_the_picture() -> None:
    points, faces = arrays(Manifold.cube((40, 12, 12), True), 2.0)
    small = decode_view(
        encode_view(points * np.float32(1e-3) + np.float32(0.5), faces, np.zeros(len(points)))
    )
    large = decode_view(encode_view(points * np.float32(1e4), faces, np.zeros(len(points))))

    masks = [pixels(render(view, 0.3))[..., 3] > 127 for view in (small, large)]

    assert (masks[0] != masks[1]).mean() < 0.002


def test_an_inside_out_body_looks_the_same() -> None:
    points, faces = arrays(Manifold.cube((40, 12, 12), True), 2.0)
    zero = np.zeros(len(points))
    right = pixels(render(decode_view(encode_view(points, faces, zero)), 0.3)).astype(int)
    wrong = pixels(render(decode_view(encode_view(points, faces[:, ::-1], zero)), 0.3)).astype(int)

    assert np.abs(right - wrong).max() <= 2


def test_the_listed_part_shows_only_where_it_stands_out() -> None:
    points, faces = arrays(Manifold.cube((60, 12, 12), True), 2.0)
    plain = pixels(render(bar(0, 0), 0.3))
    ghosted = pixels(render(bar(0, 0, part_positions=points, part_triangles=faces), 0.3))

    assert set(np.unique(plain[..., 3])) >= {0, 255}
    veil = (ghosted[..., 3] > 40) & (ghosted[..., 3] < 160)
    assert veil.mean() > 0.02
    violet = ghosted[veil][:, :3].astype(float).mean(axis=0)
    assert violet[2] > violet[0] > violet[1]


def test_a_view_without_triangles_is_an_empty_picture() -> None:
    empty = decode_view(encode_view(np.zeros((0, 3)), np.zeros((0, 3), int), []))

    assert pixels(render(empty, 0.3)).max() == 0


def test_the_same_view_gives_the_same_bytes() -> None:
    view = decode_view(housing_view())

    assert render_pair(view, 0.3) == render_pair(decode_view(housing_view()), 0.3)
    assert render_pair(view, 0.3)[0] == render(view, 0.3, Viewpoint.FRONT)


def test_the_ramp_is_blue_within_tolerance_and_ends_at_a_round_length() -> None:
    distance = np.array([0.0, 0.3, 0.31, 3.7, np.inf])
    ramp = ramp_for(distance, 0.3)
    colours = np.rint(ramp.colours(ramp.drawn(distance)) * 255).astype(int)

    assert ramp.top_mm == 4.0
    assert tuple(colours[0]) == tuple(colours[1]) == COINCIDENT
    np.testing.assert_allclose(colours[2], RAMP[0], atol=3)
    assert tuple(colours[4]) == BEYOND


def test_the_ramp_darkens_as_the_distance_grows() -> None:
    ramp = ramp_for(np.array([5.0]), 0.3)
    brightness = ramp.colours(np.linspace(0.31, 5, 50)) @ np.array([0.2126, 0.7152, 0.0722], np.float32)

    assert (np.diff(brightness) < 0).all()


def test_between_coincident_and_beyond_reach_nothing_looks_closer_than_it_is_known_to_be() -> None:
    ramp = ramp_for(np.array([0.0, 4.0]), 0.3)
    near, far = ramp.drawn(np.array([0.0, np.inf]))
    across = np.rint(ramp.colours(np.linspace(near, far, 101)) * 255).astype(int)

    assert tuple(across[3]) == COINCIDENT
    assert tuple(across[4]) != COINCIDENT
    np.testing.assert_allclose(across[50], RAMP[-1], atol=1)
    assert {tuple(colour) for colour in across[51:]} == {BEYOND}
