"""`View`: what is packed comes back, and damage is refused before anything is drawn from it."""

from __future__ import annotations

from base64 import b64encode

import numpy as np
import pytest
from report_shapes import housing_view

from partwatch.model.errors import DocumentError
from partwatch.model.view import decode_view, encode_view

POINTS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
FACES = np.array([[0, 1, 2], [0, 2, 3]])


def test_a_view_comes_back_as_it_was_packed() -> None:
    view = decode_view(encode_view(POINTS, FACES, [0, 0.0104, 65.534, 65.536], POINTS + 1, FACES))

    np.testing.assert_array_equal(view.positions, POINTS)
    np.testing.assert_array_equal(view.triangles, FACES)
    np.testing.assert_array_equal(view.distance_mm, [0, 0.01, 65.534, np.inf])
    assert view.part_positions is not None
    assert view.part_triangles is not None
    np.testing.assert_array_equal(view.part_positions, POINTS + 1)
    np.testing.assert_array_equal(view.part_triangles, FACES)


def test_infinite_and_unknown_distances_are_beyond_reach() -> None:
    view = decode_view(encode_view(POINTS, FACES, [np.inf, np.nan, 1e9, 0]))

    np.testing.assert_array_equal(np.isinf(view.distance_mm), [True, True, True, False])


def test_a_view_without_triangles_survives() -> None:
    view = decode_view(encode_view(np.zeros((0, 3)), np.zeros((0, 3), int), []))

    assert view.triangles.shape == (0, 3)


@pytest.mark.parametrize(
    "arguments",
    [
        (POINTS, [[0, 1, 4]], np.zeros(4)),
        (POINTS, [[0, 1, -1]], np.zeros(4)),
        (POINTS, FACES, np.zeros(3)),
        (POINTS, FACES, [-0.5, 0, 0, 0]),
        (POINTS * np.float32(np.nan), FACES, np.zeros(4)),
        (POINTS[:, :2], FACES, np.zeros(4)),
        (POINTS, FACES, np.zeros(4), POINTS),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode_view(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"positions": "***"},
        {"positions": "AAAA"},
        {"triangles": b64encode(np.array([0, 1, 2**31], "<u4").tobytes()).decode()},
        {"triangles": b64encode(np.array([0, 1], "<u4").tobytes()).decode()},
        {"distance_um": ""},
        {"positions": b64encode(np.full((4, 3), np.inf, "<f4").tobytes()).decode()},
    ],
)
def test_a_damaged_view_is_refused_with_a_mend(change: dict[str, str]) -> None:
    view = encode_view(POINTS, FACES, np.zeros(4)).model_copy(update=change)

    with pytest.raises(DocumentError, match=r"screen the file again"):
        decode_view(view)


def test_the_trial_view_holds_coincident_deviating_and_unreached_surface() -> None:
    distance = decode_view(housing_view()).distance_mm

    assert (distance < 0.01).mean() > 0.5
    assert ((distance > 0.3) & np.isfinite(distance)).any()
    assert np.isinf(distance).any()
