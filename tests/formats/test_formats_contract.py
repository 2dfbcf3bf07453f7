"""What every reader promises, held on the examples that each format carries."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partwatch.formats import FORMATS, Format, Reading, ReadLimits, identify, read
from partwatch.model.errors import DamagedError, LimitError, UnreadableError

EXAMPLES = [
    pytest.param(known, data, id=f"{known.name}-{name}")
    for known in FORMATS
    for name, data in known.examples().items()
]
# Nothing in an OBJ file says where it ends, nor in an STL file how many solids it has.
SILENT_WHEN_CUT = {"obj": "", "stl": "ascii-two-solids"}
SELF_DELIMITING = [
    param
    for param in EXAMPLES
    if not str(param.id).startswith(tuple(f"{name}-{example}" for name, example in SILENT_WHEN_CUT.items()))
]
# The STEP kernel is native code: bytes at random are for the worker process, not for this one.
OURS = [param for param in EXAMPLES if not str(param.id).startswith("step")]
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_or_refuse(data: bytes) -> Reading | None:
    """A sound Reading, or None for a refusal that says something; anything else is a failure."""
    try:
        reading = read(data)
    except UnreadableError as error:
        if len(str(error)) < 20:
            pytest.fail(f"a refusal that says nothing: {error!r}")
        return None
    assert_sound(reading)
    return reading


def triangles(reading: Reading) -> int:
    """All that was read; of a print job its moves, or its layers."""
    moves = sum(len(path.line) for path in reading.toolpaths) + sum(each.count for each in reading.layers)
    return sum(len(shape.mesh.triangles) for shape in reading.shapes) + moves


def assert_sound(reading: Reading) -> None:
    for shape in reading.shapes:
        vertices, faces = shape.mesh.vertices, shape.mesh.triangles
        assert vertices.dtype == np.float64
        assert vertices.shape == (len(vertices), 3)
        assert faces.dtype == np.int32
        assert faces.shape == (len(faces), 3)
        assert np.isfinite(vertices).all()
        assert len(faces) == 0 or 0 <= faces.min() <= faces.max() < len(vertices)
    for path in reading.toolpaths:
        n = len(path.line)
        assert (path.end.shape, path.filament.shape, path.tool.shape) == ((n, 3), (n,), (n,))
        assert np.isfinite(path.end).all()
        assert np.isfinite(path.filament).all()
        assert (path.filament > 0).any()
    for layers in reading.layers:
        n, rows, columns = layers.share.shape
        assert layers.share.dtype == np.uint8
        assert 0 < n <= layers.count
        assert rows > 0 < columns
        assert layers.share.any()
        assert layers.z.shape == (n + 1,)
        assert (np.diff(layers.z) > 0).all()
        assert (layers.low.shape, layers.cell.shape) == ((2,), (2,))
        assert np.isfinite([*layers.z, *layers.low, *layers.cell]).all()
        assert (layers.cell > 0).all()
    assert reading.unread or triangles(reading) > 0


def same(one: Reading, other: Reading) -> bool:
    return (
        (one.format, one.unit, one.unread) == (other.format, other.unit, other.unread)
        and all(
            a.name == b.name
            and a.notes == b.notes
            and np.array_equal(a.mesh.vertices, b.mesh.vertices)
            and np.array_equal(a.mesh.triangles, b.mesh.triangles)
            for a, b in zip(one.shapes, other.shapes, strict=True)
        )
        and all(
            np.array_equal(a.end, b.end) and np.array_equal(a.filament, b.filament)
            for a, b in zip(one.toolpaths, other.toolpaths, strict=True)
        )
        and all(
            np.array_equal(a.share, b.share) and np.array_equal(a.z, b.z)
            for a, b in zip(one.layers, other.layers, strict=True)
        )
    )


def test_every_format_has_a_name_of_its_own_and_examples() -> None:
    assert len({known.name for known in FORMATS}) == len(FORMATS)
    assert all(known.examples() for known in FORMATS)


@pytest.mark.parametrize(("known", "data"), EXAMPLES)
def test_an_example_is_recognised_by_content_and_read_whole(known: Format, data: bytes) -> None:
    assert identify(data) is known
    reading = read(data)
    assert reading.format == known.name
    assert reading.unread == ()
    assert_sound(reading)


@pytest.mark.parametrize(("known", "data"), EXAMPLES)
def test_the_same_bytes_read_the_same_twice(known: Format, data: bytes) -> None:
    assert same(read(data), read(data))


@pytest.mark.parametrize(("known", "data"), EXAMPLES)
def test_a_closed_example_encloses_a_volume_seen_from_outside(known: Format, data: bytes) -> None:
    for shape in read(data).shapes:
        a, b, c = np.moveaxis(shape.mesh.vertices[shape.mesh.triangles], 1, 0)
        doubled = np.cross(b - a, c - a)
        # In units of its own box, whatever its own unit is.
        size = shape.mesh.extents
        np.testing.assert_allclose(doubled.sum(axis=0) / size.max() ** 2, 0, atol=1e-4)
        # Mirrored items of a 3MF keep their order of corners: only the sign differs.
        assert abs(np.einsum("ij,ij->", a, doubled)) / 6 > size.prod() / 100


@pytest.mark.parametrize(("known", "data"), EXAMPLES)
def test_limits_on_bytes_and_triangles_are_kept(known: Format, data: bytes) -> None:
    with pytest.raises(LimitError, match="limit"):
        read(data, ReadLimits(max_file_bytes=len(data) - 1))
    count = triangles(read(data))
    assert triangles(read(data, ReadLimits(max_triangles=count))) == count
    try:
        less = read(data, ReadLimits(max_triangles=count - 1))
    except LimitError:
        return
    assert LimitError.code in {reason.code for reason in less.unread}


@pytest.mark.parametrize(("known", "data"), EXAMPLES)
def test_nothing_is_ever_empty_and_fine(known: Format, data: bytes) -> None:
    with pytest.raises(DamagedError, match="empty"):
        read(data[:0])


@pytest.mark.parametrize(("known", "data"), SELF_DELIMITING)
@given(share=st.floats(0, 1, exclude_max=True))
@quick
def test_a_cut_file_is_never_complete_with_fewer_triangles(known: Format, data: bytes, share: float) -> None:
    reading = read_or_refuse(data[: int(share * len(data))])
    assert reading is None or reading.unread or triangles(reading) == triangles(read(data))


@pytest.mark.parametrize(("known", "data"), EXAMPLES)
@given(share=st.floats(0, 1, exclude_max=True))
@quick
def test_a_cut_file_raises_nothing_but_unreadable(known: Format, data: bytes, share: float) -> None:
    read_or_refuse(data[: int(share * len(data))])


@pytest.mark.parametrize(("known", "data"), OURS)
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6
    )
)
@quick
def test_changed_bytes_raise_nothing_but_unreadable(
    known: Format, data: bytes, changes: list[tuple[float, int]]
) -> None:
    changed = bytearray(data)
    for share, value in changes:
        changed[int(share * len(data))] = value
    read_or_refuse(bytes(changed))


@pytest.mark.parametrize(("known", "data"), OURS)
@given(at=st.floats(0, 1), junk=st.binary(min_size=1, max_size=40), cut=st.integers(0, 40))
@quick
def test_bytes_put_in_or_taken_out_raise_nothing_but_unreadable(
    known: Format, data: bytes, at: float, junk: bytes, cut: int
) -> None:
    place = int(at * len(data))
    read_or_refuse(data[:place] + junk + data[place + cut :])


@given(data=st.binary(max_size=400))
@quick
def test_any_bytes_at_all_raise_nothing_but_unreadable(data: bytes) -> None:
    read_or_refuse(data)


def test_a_reading_cannot_be_changed() -> None:
    reading = read(next(iter(FORMATS[1].examples().values())))
    with pytest.raises(dataclasses.FrozenInstanceError):
        reading.format = "other"  # type: ignore[misc]  # that is what is tested
