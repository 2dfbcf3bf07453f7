"""STEP: the kernel's solids in millimetres, and its silence."""

from __future__ import annotations

import sys
from unittest import mock

import numpy as np
import pytest

from partwatch.formats import read
from partwatch.formats.glb import Glb, local_transform
from partwatch.formats.step_example import box
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError, MissingExtraError
from partwatch.model.mesh import Unit

BOX = box(np.array([10.0, 6.0, 4.0]))


@pytest.mark.parametrize(("inch", "factor"), [(False, 1.0), (True, 25.4)])
def test_a_solid_comes_in_millimetres_whatever_the_file_states(inch: bool, factor: float) -> None:
    extents = np.array([10.0, 6.0, 4.0])
    reading = read(box(extents, inch=inch))
    assert reading.medium is Medium.BREP
    assert reading.unit is Unit.MILLIMETRE
    assert [shape.name for shape in reading.shapes] == ["box"]
    np.testing.assert_allclose(reading.shapes[0].mesh.extents, extents * factor, rtol=1e-6)


def test_a_step_file_without_its_end_is_cut() -> None:
    with pytest.raises(DamagedError, match="cut short"):
        read(BOX[: -len(b"END-ISO-10303-21;\n")])


def test_a_step_file_without_a_shape_is_damage() -> None:
    empty = BOX.replace(b"#18=FACETED_BREP('box',#19);", b"").replace(b"(#16,#18)", b"(#16)")
    with pytest.raises(DamagedError, match=r"shape|solid"):
        read(empty)


def test_a_step_file_that_the_kernel_cannot_parse_is_damage(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DamagedError):
        read(b"ISO-10303-21;\nnonsense\nEND-ISO-10303-21;\n")
    assert capfd.readouterr() == ("", "")


def test_without_the_kernel_the_mend_is_said() -> None:
    with (
        mock.patch.dict(sys.modules, {"cascadio": None}),
        pytest.raises(MissingExtraError, match="pip install"),
    ):
        read(BOX)


def test_node_transforms_follow_gltf() -> None:
    half = np.sqrt(0.5)
    T = local_transform({"translation": [1, 2, 3], "rotation": [0, 0, half, half], "scale": [2, 2, 2]})
    np.testing.assert_allclose(T @ [1, 0, 0, 1], [1, 4, 3, 1], atol=1e-12)
    column_major = [0, 2, 0, 0, -2, 0, 0, 0, 0, 0, 2, 0, 1, 2, 3, 1]
    np.testing.assert_allclose(local_transform({"matrix": column_major}), T, atol=1e-12)


def test_bytes_that_are_no_glb_are_damage() -> None:
    with pytest.raises(DamagedError, match="GLB"):
        Glb(b"glTF")
