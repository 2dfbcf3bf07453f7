"""Pictures: the same one is known when it is scaled or saved otherwise, another one is not."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from examples.writers import marked
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from partwatch.model.marks import MarkKind
from partwatch.provenance.marks.collector import Collector
from partwatch.provenance.marks.pictures import MOST_PIXELS, add_base64, dhash, distance, phash, picture_of


def hashes(data: bytes) -> tuple[str, str]:
    found = picture_of(data)
    assert found is not None
    assert found.phash is not None
    assert found.dhash is not None
    return found.phash, found.dhash


@pytest.mark.parametrize(("size", "form"), [(96, "PNG"), (220, "PNG"), (64, "JPEG"), (300, "JPEG")])
def test_scaled_and_saved_again_it_is_the_same_picture(size: int, form: str) -> None:
    whole, again = hashes(marked.picture()), hashes(marked.picture(0, size, form))
    assert all(distance(a, b) <= 8 for a, b in zip(whole, again, strict=True))


def test_another_picture_is_another() -> None:
    assert min(map(distance, hashes(marked.picture()), hashes(marked.picture(60)))) >= 12


def test_a_picture_of_one_colour_has_no_hash() -> None:
    packed = io.BytesIO()
    Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(packed, "PNG")
    found = picture_of(packed.getvalue())
    assert found is not None
    assert (found.format, found.width, found.height, found.phash) == ("PNG", 32, 32, None)


def test_more_pixels_than_are_looked_at_are_unread() -> None:
    packed = io.BytesIO()
    side = int(MOST_PIXELS**0.5) + 10
    Image.new("L", (side, side)).save(packed, "PNG")
    assert picture_of(packed.getvalue()) is None
    into = Collector()
    add_base64(base64.b64encode(packed.getvalue()), "thumbnail", "g", into, 3)
    assert "too large" in into.store.unread[0].message


@given(st.binary(max_size=400))
@settings(max_examples=100)
def test_any_bytes_behind_a_signature_are_a_picture_or_none(data: bytes) -> None:
    for head in (
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"qoif\x00\x00\x00\x08\x00\x00\x00\x08\x04\x00",
    ):
        found = picture_of(head + data)
        assert found is None or found.width * found.height <= MOST_PIXELS


def test_bits_are_those_of_the_formulas_written_out() -> None:
    grey = np.random.default_rng(3).uniform(0, 255, (32, 32))
    slow = np.array([
        [
            sum(
                grey[y, x] * np.cos(np.pi * (2 * y + 1) * v / 64) * np.cos(np.pi * (2 * x + 1) * u / 64)
                for y in range(32)
                for x in range(32)
            )
            for u in range(1, 9)
        ]
        for v in range(1, 9)
    ])  # fmt: skip
    bits = "".join("1" if value > np.median(slow) else "0" for value in slow.reshape(-1))
    assert phash(grey) == f"{int(bits, 2):016x}"
    row = np.arange(72.0).reshape(8, 9)
    assert dhash(row) == "f" * 16
    assert dhash(-row) == "0" * 16


def test_a_qoi_thumbnail_of_a_job_is_read() -> None:
    pixels = b"".join(bytes([0xFE, k % 256, 90, 20]) for k in range(64))
    qoi = b"qoif" + (8).to_bytes(4, "big") * 2 + b"\x03\x00" + pixels + bytes(7) + b"\x01"
    into = Collector()
    add_base64(base64.b64encode(qoi), "thumbnail 8x8", "g", into, 1)
    assert [mark.value for mark in into.store.marks() if mark.kind is MarkKind.HABIT] == ["QOI 8x8"]
