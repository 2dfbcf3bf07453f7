"""OBJ, PLY and OFF: what they hold is read, what they lack or hide is said."""

from __future__ import annotations

import numpy as np
import pytest

from partwatch.formats import Reading, read
from partwatch.formats.ply import examples as ply_examples
from partwatch.model.errors import DamagedError, UnreadableError, UnsupportedError

POINTS = "v 0 0 0\nv 10 0 0\nv 0 6 0\nv 0 0 4\n"
FACES = "f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n"


def count(reading: Reading) -> int:
    return sum(len(shape.mesh.triangles) for shape in reading.shapes)


def corners(reading: Reading) -> np.ndarray:
    return np.concatenate([shape.mesh.vertices[shape.mesh.triangles] for shape in reading.shapes])


def obj(text: str) -> Reading:
    return read(text.encode())


def test_closed_objects_keep_their_names() -> None:
    second = "o two\n" + POINTS.replace("v 0", "v 50") + "f 5 7 6\nf 5 6 8\nf 6 7 8\nf 5 8 7\n"
    reading = obj("o one\n" + POINTS + FACES + second)
    assert [(shape.name, len(shape.mesh.triangles)) for shape in reading.shapes] == [("one", 4), ("two", 4)]


def test_a_body_cut_into_groups_is_one_body_again() -> None:
    faces = "".join(f"g part{place}\n{face}\n" for place, face in enumerate(FACES.splitlines()))
    reading = obj(POINTS + faces)
    assert len(reading.shapes) == 1
    assert count(reading) == 4
    assert reading.shapes[0].name == "part0, part1, part2, part3"


def test_vertex_colours_texture_and_normals_are_passed_over() -> None:
    coloured = POINTS.replace("\n", " 0.5 0.5 0.5\n")
    reading = obj(
        f"mtllib ../../secret.mtl\n{coloured}vn 0 0 1\nvt 0 0\nusemtl red\n" + FACES.replace("3 ", "3/1/1 ")
    )
    np.testing.assert_array_equal(corners(reading), corners(obj(POINTS + FACES)))
    assert reading.unread == ()


def test_negative_indices_count_back_from_where_they_stand() -> None:
    reading = obj("v 9 9 9\n" + POINTS + "f -4 -2 -3\nv 7 7 7\nf 2 3 5\nf 3 4 5\nf 2 5 4\n")
    np.testing.assert_array_equal(corners(reading), corners(obj(POINTS + FACES)))


def test_a_line_may_go_on_after_a_backslash() -> None:
    np.testing.assert_array_equal(
        corners(obj(POINTS + FACES.replace("f 1 3", "f 1 \\\n3"))), corners(obj(POINTS + FACES))
    )


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (POINTS, UnsupportedError, "points without a surface"),
        (POINTS + "l 1 2\n", UnsupportedError, "lines without a surface"),
        (POINTS + "f 1 2 9\n", DamagedError, "line 5: the face refers to a vertex that is not there"),
        (POINTS + "f 1 2 -9\n", DamagedError, "line 5"),
        (POINTS + "f 0 1 2\n", DamagedError, "line 5"),
        (POINTS + "f a b c\n", DamagedError, "line 5: 'f a b c'"),
        (POINTS + "v 1 2\n" + FACES, DamagedError, "line 5: 'v 1 2'"),
        (POINTS + "v 1 2 1_0\n" + FACES, DamagedError, "line 5"),
        (POINTS + "cstype bspline\nsurf 0 1 0 1 1 2 3 4\n", UnsupportedError, "curved surfaces"),
    ],
)
def test_obj_without_a_surface_or_with_a_wrong_line_is_refused(
    text: str, error: type[UnreadableError], message: str
) -> None:
    with pytest.raises(error, match=message):
        obj(text)


def test_obj_surfaces_and_words_that_we_do_not_know_go_unread_aloud() -> None:
    reading = obj(POINTS + FACES + "cstype bspline\nfrobnicate 1 2\n")
    assert count(reading) == 4
    messages = " ".join(reason.message for reason in reading.unread)
    assert "line 9" in messages
    assert "curved" in messages
    assert "line 10" in messages
    assert "frobnicate" in messages


def test_obj_faces_at_no_number_are_dropped_aloud() -> None:
    reading = obj(POINTS.replace("10", "1e999") + FACES)
    assert count(reading) == 1
    assert reading.unread


def ply(rows: str, *, faces: int = 4, extra: str = "", kind: str = "int") -> Reading:
    head = (
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty double y\nproperty float z\n"
        f"element face {faces}\nproperty list uchar {kind} vertex_indices\n{extra}end_header\n"
        "0 0 0\n10 0 0\n0 6 0\n0 0 4\n"
    )
    return read((head + rows).encode())


PLY_FACES = "3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"


def test_ply_in_every_encoding_is_the_same_mesh() -> None:
    whole = corners(ply(PLY_FACES))
    for name in ("ascii", "binary_little_endian", "binary_big_endian"):
        np.testing.assert_array_equal(corners(read(ply_examples()[name])), whole)


def test_ply_rows_with_more_than_the_header_says_are_read() -> None:
    np.testing.assert_array_equal(
        corners(ply(PLY_FACES.replace("\n", " 255 0 0\n"))), corners(ply(PLY_FACES))
    )


def test_ply_rows_with_lists_and_scalars_are_read() -> None:
    extra = "property list uchar float texcoord\nproperty uchar red\n"
    rows = PLY_FACES.replace("\n", " 6 0 0 1 0 1 1 255\n")
    np.testing.assert_array_equal(corners(ply(rows, extra=extra)), corners(ply(PLY_FACES)))


def test_ply_elements_of_other_kinds_are_stepped_over() -> None:
    data = ply_examples()["binary_little_endian"]
    head, _, body = data.partition(b"end_header\n")
    extra = b"element thing 2\nproperty list uchar short ids\nproperty double weight\n"
    at = head.index(b"element face")
    vertices = 4 * 13
    things = b"\x02" + bytes(4) + bytes(8) + b"\x01" + bytes(2) + bytes(8)
    made = head[:at] + extra + head[at:] + b"end_header\n" + body[:vertices] + things + body[vertices:]
    np.testing.assert_array_equal(corners(read(made)), corners(read(data)))


def test_a_cut_ply_gives_what_is_there_and_says_what_is_not() -> None:
    reading = ply("3 0 2 1\n3 0 1 3\n")
    assert count(reading) == 2
    assert "2 rows of 'face'" in reading.unread[0].message


def test_ply_strips_go_unread_aloud() -> None:
    reading = ply(
        PLY_FACES + "3 0 1 2\n", extra="element tristrips 1\nproperty list int int vertex_indices\n"
    )
    assert count(reading) == 4
    assert "strips" in reading.unread[0].message


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("3 0 2 9\n" * 4, "beyond the 4"),
        ("3 0 2 -1\n" * 4, "beyond the 4"),
        ("3 0 2 1.5\n" * 4, "whole number"),
        ("3 0 2 x\n" * 4, "not numbers"),
        ("-3 0 2 1\n" * 4, "list of -3"),
        ("3 0 2\n" + PLY_FACES, "too few numbers"),
    ],
)
def test_a_wrong_ply_row_is_damage(rows: str, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        ply(rows)


def test_ply_points_have_no_surface() -> None:
    with pytest.raises(UnsupportedError, match="points without a surface"):
        ply("", faces=0)


def test_a_count_in_a_header_sets_no_memory_aside() -> None:
    for text in (
        "OFF\n4000000000 1 0\n0 0 0\n",
        "ply\nformat ascii 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\n"
        "property float z\nend_header\n0 0 0\n",
    ):
        reading = read(text.encode())
        assert count(reading) == 0
        assert reading.unread


OFF = "OFF\n4 4 6\n0 0 0\n10 0 0\n0 6 0\n0 0 4\n" + PLY_FACES


@pytest.mark.parametrize(
    "text",
    [
        OFF.replace("OFF\n", "OFF ").replace("4 4 6", "4 4"),
        OFF.replace("\n", " # a word\n"),
        OFF.replace("3 0 2 1", "3 0 2 1 255 0 0"),
        "\t  " + OFF.replace("OFF\n4", "OFF4"),
        OFF.replace("\n", "\r\n"),
        OFF.replace("OFF", "NOFF").replace("0 0 4\n", "0 0 4 0 0 1\n"),
    ],
)
def test_off_dialects_are_the_same_mesh(text: str) -> None:
    np.testing.assert_array_equal(corners(read(text.encode())), corners(read(OFF.encode())))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (OFF.replace("3 0 2 1", "3 0 2 7"), DamagedError, "beyond the 4"),
        (OFF.replace("3 0 2 1", "4 0 2 1"), DamagedError, "line 7"),
        (OFF.replace("10 0 0", "10 0"), DamagedError, "line 4"),
        (OFF.replace("10 0 0", "10 0 x"), DamagedError, "line 4"),
        ("OFF BINARY\n" + "\0" * 50, UnsupportedError, "binary"),
        ("4OFF\n1 0 0\n0 0 0 0\n", UnsupportedError, "dimensions"),
        ("OFF\n1 0 0\n0 0 0\n", UnsupportedError, "points"),
    ],
)
def test_a_wrong_off_line_is_refused_with_its_number(
    text: str, error: type[UnreadableError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(text.encode())


def test_a_cut_off_gives_what_is_there_and_says_what_is_not() -> None:
    reading = read(OFF.rsplit("\n", 3)[0].encode())
    assert count(reading) == 2
    assert "2 faces before" in reading.unread[0].message
