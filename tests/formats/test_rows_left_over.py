"""A header that counts fewer faces than the file holds must not hide the others."""

from __future__ import annotations

import struct

import pytest

from partwatch import formats

POINTS = ("0 0 0", "10 0 0", "0 6 0", "0 0 4")
FACES = ("3 0 2 1", "3 0 1 3", "3 1 2 3", "3 0 3 2")


def off(counted: int, tail: str = "") -> bytes:
    return ("\n".join(["OFF", f"4 {counted} 6", *POINTS, *FACES]) + "\n" + tail).encode()


def ply(counted: int, tail: str = "") -> bytes:
    return _ply_head("ascii", counted) + ("\n".join([*POINTS, *FACES]) + "\n" + tail).encode()


def binary_ply(counted: int, tail: str = "") -> bytes:
    points = b"".join(struct.pack("<3f", *map(float, point.split())) for point in POINTS)
    faces = b"".join(struct.pack("<B3i", *map(int, face.split())) for face in FACES)
    return _ply_head("binary_little_endian", counted) + points + faces + tail.encode()


def _ply_head(kind: str, counted: int) -> bytes:
    return (
        f"ply\nformat {kind} 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {counted}\nproperty list uchar int vertex_indices\nend_header\n"
    ).encode()


@pytest.mark.parametrize("write", [off, ply, binary_ply])
def test_faces_beyond_those_counted_leave_the_item_incomplete(write: object) -> None:
    assert callable(write)
    whole = formats.read(write(4))
    assert (len(whole.shapes[0].mesh.triangles), whole.unread) == (4, ())
    fewer = formats.read(write(3))
    assert len(fewer.shapes[0].mesh.triangles) == 3
    assert [reason.code for reason in fewer.unread] == ["damaged"]


@pytest.mark.parametrize("write", [off, ply, binary_ply])
def test_blank_space_at_the_end_is_nothing_left_unread(write: object) -> None:
    assert callable(write)
    assert formats.read(write(4, "\n \n\n")).unread == ()
