"""STL: what is wrong with a file is said, and what is right in it is read all the same."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from partwatch.formats import Reading, identify, read
from partwatch.formats.stl import examples, write_binary
from partwatch.formats.stl_ascii import write_solid
from partwatch.model.errors import DamagedError

BINARY = examples()["binary"]
ASCII = examples()["ascii"]


def corners(reading: Reading) -> np.ndarray:
    return np.concatenate([shape.mesh.vertices[shape.mesh.triangles] for shape in reading.shapes])


def reasons(reading: Reading) -> str:
    return "\n".join(reason.message for reason in reading.unread)


_QUADS = ([0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5])
_PLACES = np.array([[n & 1, n >> 1 & 1, n >> 2] for n in range(8)], dtype=np.float64)
CUBE = _PLACES[[corners for a, b, c, d in _QUADS for corners in ([a, b, c], [a, c, d])]]


@given(arrays(np.float32, (5, 3, 3), elements=st.floats(-1e6, 1e6, width=32)))
def test_both_dialects_give_back_the_same_corners(given_corners: np.ndarray) -> None:
    np.testing.assert_array_equal(corners(read(write_binary(given_corners))), given_corners)
    text = write_solid("x", given_corners)
    np.testing.assert_allclose(corners(read(text)), given_corners.astype(np.float64), rtol=1e-6)


def test_stl_states_no_unit() -> None:
    assert read(BINARY).unit is None
    assert read(ASCII).unit is None


def test_a_binary_file_that_says_solid_is_binary() -> None:
    data = b"solid facet endsolid".ljust(80) + BINARY[80:]
    np.testing.assert_array_equal(corners(read(data)), corners(read(BINARY)))


def test_a_cut_binary_file_gives_what_is_there_and_says_what_is_not() -> None:
    reading = read(BINARY[:-60])
    assert len(corners(reading)) == 2
    assert "promises 4 triangles, the file ends after 2" in reasons(reading)


def test_more_triangles_than_counted_are_read_too() -> None:
    data = BINARY[:80] + struct.pack("<I", 1) + BINARY[84:]
    reading = read(data)
    assert len(corners(reading)) == 4
    assert reading.unread == ()
    assert "holds 4" in reading.shapes[0].notes[0]


def test_a_few_bytes_behind_the_last_triangle_are_noted() -> None:
    reading = read(BINARY + b"xyz")
    assert len(corners(reading)) == 4
    assert reading.unread == ()
    assert reading.shapes[0].notes == ("3 bytes after the last triangle were not read",)


def test_padding_behind_the_last_triangle_is_noted() -> None:
    reading = read(BINARY + bytes(123))
    assert reading.unread == ()
    assert "123 bytes" in reading.shapes[0].notes[0]


def test_more_bytes_than_a_triangle_needs_go_unread_aloud() -> None:
    reading = read(BINARY + b"something else that somebody may want to look at, 70 bytes long......")
    assert len(corners(reading)) == 4
    assert f"byte {len(BINARY)}" in reasons(reading)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_triangles_at_no_number_are_dropped_aloud(value: float) -> None:
    broken = CUBE.copy()
    broken[3, 1, 2] = value
    for data in (write_binary(broken), write_solid("c", broken)):
        reading = read(data)
        np.testing.assert_array_equal(corners(reading), np.delete(CUBE, 3, axis=0))
        assert reading.unread
        assert "1" in reasons(reading)


def test_nans_that_signal_make_no_noise() -> None:
    data = bytearray(write_binary(CUBE))
    data[84 + 12 : 84 + 16] = b"\x01\x00\xa0\x7f"
    reading = read(bytes(data))
    assert len(corners(reading)) == 11
    assert reading.unread


def test_enormous_coordinates_are_numbers_too() -> None:
    reading = read(write_binary(CUBE * np.float32(3e38)))
    assert reading.unread == ()
    assert len(corners(reading)) == 12


def test_a_file_without_triangles_is_damage() -> None:
    for data in (write_binary(np.empty((0, 3, 3))), b"solid nothing\nendsolid nothing\n", b"solid"):
        with pytest.raises(DamagedError, match=r"no triangle|no facet"):
            read(data)


def test_solids_keep_their_names() -> None:
    reading = read(write_solid("left jaw", CUBE) + write_solid("", CUBE + 5) + write_solid("right", CUBE + 9))
    assert [shape.name for shape in reading.shapes] == ["left jaw", None, "right"]
    assert [len(shape.mesh.triangles) for shape in reading.shapes] == [12, 12, 12]


def test_a_body_cut_into_many_open_solids_is_one_body_again() -> None:
    data = b"".join(write_solid(f"s{place}", triangle[None]) for place, triangle in enumerate(CUBE))
    reading = read(data)
    assert len(reading.shapes) == 1
    np.testing.assert_array_equal(corners(reading), CUBE)


def test_closed_solids_that_touch_stay_apart() -> None:
    assert len(read(write_solid("a", CUBE) + write_solid("b", CUBE + np.array([1.0, 0, 0]))).shapes) == 2


@pytest.mark.parametrize(
    "change",
    [
        (b"\n", b"\r\n"),
        (b"\n", b"\r"),
        (b"  ", b"\t"),
        (b"facet normal 0 0 0", b"FACET NORMAL nan -nan(ind) 1.#QNAN"),
        (b"vertex", b"Vertex"),
        (b"endsolid wedge", b"endsolidwedge"),
        (b"endsolid wedge", b"end solid wedge"),
        (b"solid wedge", b"\xef\xbb\xbfsolid wedge", 1),
        (b"\n", b" "),
    ],
    ids=str,
)
def test_odd_but_clear_spellings_are_read(change: tuple[bytes, bytes]) -> None:
    data = ASCII.replace(*change)
    if change == (b"\n", b" "):
        # Without lines the solid's name cannot be told from what follows.
        data = (
            ASCII.replace(b"\n", b" ")
            .replace(b"solid wedge", b"solid wedge\n", 1)
            .replace(b" endsolid", b"\nendsolid")
        )
    assert identify(data).name == "stl"
    reading = read(data)
    assert reading.unread == ()
    np.testing.assert_array_equal(corners(reading), corners(read(ASCII)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"1.000000e+01", b"1,000000e+01", r"line 5: expected a number, found '1,000000e\+01'"),
        (b"1.000000e+01", b"1_0", "line 5: expected a number"),
        (b"outer loop", b"inner loop", "line 3: expected 'outer', found 'inner'"),
        (b"endloop", b"vertex 1 2 3\n endloop", "line 7: expected 'endloop', found 'vertex'"),
    ],
)
def test_a_malformed_facet_is_left_out_aloud_with_its_line(old: bytes, new: bytes, message: str) -> None:
    data = ASCII.replace(b"0.000000e+00 6.000000e+00", b"1.000000e+01 6.000000e+00", 1)
    whole = corners(read(data))
    reading = read(data.replace(old, new, 1))
    np.testing.assert_array_equal(corners(reading), whole[1:])
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(reasons(reading))


def test_text_in_the_middle_of_a_facet_is_cut() -> None:
    reading = read(ASCII[: ASCII.rindex(b"vertex")])
    assert len(corners(reading)) == 3
    assert "middle of a facet" in reasons(reading)


def test_text_without_its_endsolid_is_cut() -> None:
    reading = read(ASCII[: ASCII.rindex(b"endsolid")])
    assert len(corners(reading)) == 4
    assert "endsolid" in reasons(reading)


def test_words_outside_any_solid_are_damage_with_their_line() -> None:
    with pytest.raises(DamagedError, match="line 31: 'garbage'"):
        read(ASCII + b"garbage\n")


def test_malformed_facets_without_number_take_no_time() -> None:
    # One count of lines for each of them would take minutes.
    data = b"solid x\n" + b"facet facet\n" * 200_000 + b"endsolid x\n"
    with pytest.raises(DamagedError, match="facets are malformed"):
        read(data)
