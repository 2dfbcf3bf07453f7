"""Resin jobs: told by content, their layers upright and in size, and what damage and bombs come to."""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import replace
from io import BytesIO
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.formats import Reading, ReadLimits, examine, identify, read
from partwatch.formats.sl1 import stack
from partwatch.formats.sl1.examples import wedge
from partwatch.formats.sl1.settings import Panel, Pixels, Settings, panel_of
from partwatch.formats.sl1.writer import (
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    Resin,
    chunk,
    job,
    packed,
    pictured,
    png,
    settings,
)
from partwatch.formats.stl import examples as stl_examples
from partwatch.formats.threemf.examples import examples as packages
from partwatch.model.errors import DamagedError, LimitError, UnreadableError
from partwatch.model.layers import Layers

PANEL = Panel((64, 48), (12.8, 9.6), portrait=False, mirrored=(False, False))
RESIN = Resin(PANEL, 0.5, 0.5)
WEDGE = list(wedge())
SQUARE = np.zeros((48, 64), dtype=np.uint8)
SQUARE[14:34, 20:50] = 255


def members(layers: list[Pixels] = WEDGE, resin: Resin = RESIN) -> dict[str, bytes]:
    """The parts of a job, to be changed."""
    with zipfile.ZipFile(BytesIO(job(layers, resin))) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def layers_of(data: bytes) -> Layers:
    reading = read(data)
    assert reading.unread == ()
    (layers,) = reading.layers
    return layers


def says(reading: Reading) -> str:
    return "\n".join(reason.message for reason in reading.unread)


# What it is.


def test_a_zip_of_pictures_stays_a_zip() -> None:
    pictures = {name: content for name, content in members().items() if name.endswith(".png")}
    assert examine(packed(pictures)).names == ("zip",)
    assert examine(packed(pictures | {"config.ini": b"action = print\n"})).names == ("zip",)


def test_settings_without_layers_stay_a_zip() -> None:
    assert examine(packed(settings(8, RESIN))).names == ("zip",)


@pytest.mark.parametrize("key", ["jobDir", "layerHeight", "numFast"])
def test_every_key_is_asked(key: str) -> None:
    found = examine(job(WEDGE, replace(RESIN, job={key: None, "numSlow": None}))).names
    assert found == ("zip",)


def test_a_job_that_is_a_3mf_as_well_is_read_as_both() -> None:
    with zipfile.ZipFile(BytesIO(next(iter(packages().values())))) as archive:
        others = {info.filename: archive.read(info) for info in archive.infolist()}
    both = packed(members() | others)
    assert examine(both).names == ("3mf", "sl1")
    assert "also opens as sl1" in says(read(both))


def test_what_stands_before_the_archive_is_a_member_of_its_own() -> None:
    assert examine(b"#!/bin/sh\n" + job(WEDGE, RESIN)).names == ("sl1", "zip")


# Where it lies.


@pytest.mark.parametrize(("portrait", "x", "y"), list(product([False, True], repeat=3)))
def test_however_the_panel_lies_the_model_stands_upright(portrait: bool, x: bool, y: bool) -> None:
    panel = replace(PANEL, portrait=portrait, mirrored=(x, y))
    layers = layers_of(job(WEDGE, replace(RESIN, panel=panel)))
    expected = np.stack(WEDGE)[:, 10:38, 8:50]
    np.testing.assert_array_equal(layers.share, expected)
    assert layers.low == pytest.approx([1.6, 2.0])
    assert layers.cell == pytest.approx([0.2, 0.2])


@given(
    pixels=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    portrait=st.booleans(),
    mirrored=st.tuples(st.booleans(), st.booleans()),
)
def test_what_a_panel_turns_is_turned_back(
    pixels: tuple[int, int], portrait: bool, mirrored: tuple[bool, bool]
) -> None:
    panel = Panel(pixels, (1.0, 1.0), portrait, mirrored)
    layer = np.arange(pixels[0] * pixels[1], dtype=np.uint8).reshape(pixels[::-1])
    picture = pictured(layer, panel)
    assert picture.shape[::-1] == panel.picture_size
    np.testing.assert_array_equal(panel.upright(picture), layer)


def test_layers_are_as_high_as_they_say() -> None:
    layers = layers_of(job(WEDGE, replace(RESIN, height=0.3, first_height=0.5)))
    assert layers.z == pytest.approx([0, *(0.5 + 0.3 * np.arange(8))])
    assert layers.count == 8


def test_fine_pixels_and_thin_layers_become_one_cell() -> None:
    panel = Panel((640, 480), (32.0, 24.0), portrait=True, mirrored=(False, False))
    picture = np.zeros((480, 640), dtype=np.uint8)
    picture[101:300, 200:401] = 255
    layers = layers_of(job([picture] * 9, Resin(panel, 0.02, 0.02)))
    assert layers.cell == pytest.approx([0.1, 0.1])
    assert layers.z == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.18])
    # The panel turns it around, so that the first row and the last column are half exposed.
    assert set(layers.share[0, 0, :-1].tolist()) | set(layers.share[0, 1:, -1].tolist()) <= {127, 128}
    assert (layers.share[:, 1:, :-1] == 255).all()
    area = layers.share[0].sum() / 255 * layers.cell.prod()
    assert area == pytest.approx(199 * 201 * 0.05**2, rel=0.01)


def test_as_coarse_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fine = layers_of(job(WEDGE, RESIN))
    monkeypatch.setattr(stack, "MOST_CELLS", 8 * 14 * 21)
    coarse = layers_of(job(WEDGE, RESIN))
    assert coarse.share.shape == (8, 14, 21)
    assert coarse.cell == pytest.approx(2 * fine.cell)
    volume = [float(each.share.sum()) * each.cell.prod() for each in (fine, coarse)]
    assert volume[1] == pytest.approx(volume[0], rel=0.01)


# Pictures of every kind.


def kinds() -> dict[str, bytes]:
    grey = SQUARE
    opaque = np.full_like(grey, 255)
    palette = chunk(b"PLTE", b"".join(bytes([k, k, k]) for k in range(256)))
    return {
        "grey": png(grey),
        "grey of 16 bits": png(np.repeat(grey, 2, axis=1), GREY, 16),
        "black and white": png(np.packbits(grey > 0, axis=1), GREY, 1),
        "colours": png(np.repeat(grey, 3, axis=1), RGB),
        "palette": png(grey, PALETTE, extra=palette),
        "opaque grey": png(np.stack([grey, opaque], axis=2).reshape(48, -1), GREY_ALPHA),
        "opaque colours": png(np.stack([grey] * 3 + [opaque], axis=2).reshape(48, -1), RGBA),
        "words beside": png(grey, extra=chunk(b"tEXt", b"Comment\0a word")),
    }


@pytest.mark.parametrize("picture", kinds().values(), ids=kinds())
def test_pictures_of_every_kind_expose_the_same(picture: bytes) -> None:
    data = members([SQUARE] * 3)
    data["job00001.png"] = picture
    layers = layers_of(packed(data))
    assert (layers.share == 255).all()
    assert layers.share.shape == (3, 20, 30)


def test_a_transparent_picture_is_not_guessed_at() -> None:
    data = members([SQUARE] * 3)
    clear = np.full_like(SQUARE, 128)
    data["job00001.png"] = png(np.stack([SQUARE, clear], axis=2).reshape(48, -1), GREY_ALPHA)
    reading = read(packed(data))
    assert "/job00001.png: pixels of it are transparent" in says(reading)
    assert reading.unread[0].code == "unsupported"


def bombs() -> dict[str, bytes]:
    whole = png(SQUARE)
    large = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    zeros = chunk(b"IDAT", zlib.compress(bytes(1 << 22)))
    return {
        "cut": whole[:-20],
        "cut pixels": png(SQUARE)[:33] + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b""),
        "another size": png(SQUARE[:20]),
        "a bomb's size": whole[:8] + large + zeros + chunk(b"IEND", b""),
        "no picture": b"GIF89a" + bytes(100),
        "nothing": b"",
        "something behind": whole + stl_examples()["binary"],
        "unknown and critical": png(SQUARE, extra=chunk(b"EVIL", b"x")),
        "changed": whole[:45] + bytes([whole[45] ^ 1]) + whole[46:],
    }


@pytest.mark.parametrize("picture", bombs().values(), ids=bombs())
def test_a_layer_that_cannot_be_read_is_said_and_taken_as_the_one_below(picture: bytes) -> None:
    data = members([SQUARE] * 3)
    data["job00001.png"] = picture
    reading = read(packed(data))
    assert "/job00001.png: " in says(reading)
    assert "as the one below" in says(reading)
    assert (reading.layers[0].share == 255).all()


def test_a_first_layer_that_cannot_be_read_is_blank_and_said() -> None:
    reading = read(packed(members([SQUARE] * 3) | {"job00000.png": b""}))
    assert "/job00000.png: it is no PNG picture" in says(reading)
    assert reading.layers[0].share.any(axis=(1, 2)).tolist() == [False, True, True]


# Settings.


def test_without_the_size_of_pixels_nothing_is_guessed() -> None:
    data = members()
    del data["prusaslicer.ini"]
    with pytest.raises(DamagedError, match=r"how large its pixels are.*sliced again"):
        read(packed(data))


@pytest.mark.parametrize(
    "key", ["display_width", "display_height", "display_pixels_x", "display_orientation"]
)
def test_what_gives_the_size_is_needed(key: str) -> None:
    with pytest.raises(DamagedError, match=f"{key}.*slice the model again"):
        read(job(WEDGE, replace(RESIN, printer={key: None})))


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0", "1e30", "x", "", "1e-30"])
@pytest.mark.parametrize("key", ["display_width", "display_pixels_y", "initial_layer_height"])
def test_sizes_that_are_none_are_refused(key: str, value: str) -> None:
    with pytest.raises(DamagedError, match=key):
        read(job(WEDGE, replace(RESIN, printer={key: value})))


@pytest.mark.parametrize("value", ["nan", "0", "1e30", "-0.05"])
def test_heights_that_are_none_are_refused(value: str) -> None:
    with pytest.raises(DamagedError, match="layerHeight"):
        read(job(WEDGE, replace(RESIN, job={"layerHeight": value})))


def test_a_panel_larger_than_any_is_refused() -> None:
    huge = {"display_pixels_x": "60000", "display_pixels_y": "60000"}
    sides = {"display_width": "1000", "display_height": "1000"}
    with pytest.raises(LimitError, match="more than the limit"):
        read(job(WEDGE, replace(RESIN, printer=huge | sides)))


def test_pixels_that_are_not_the_printers_are_doubted() -> None:
    reading = read(job(WEDGE, replace(RESIN, job={"printerModel": "SL1S"})))
    assert "64 x 48 pixels on 12.8 x 9.6 mm, which SL1S is not" in says(reading)


@pytest.mark.parametrize("key", ["display_mirror_x", "display_mirror_y"])
def test_what_may_be_a_mirror_image_is_said(key: str) -> None:
    assert f"{key}, so what is read may be the mirror image" in says(
        read(job(WEDGE, replace(RESIN, printer={key: None})))
    )
    with pytest.raises(DamagedError, match=key):
        read(job(WEDGE, replace(RESIN, printer={key: "x"})))


def test_heights_that_disagree_are_doubted() -> None:
    assert "layers are 0.5 mm high" in says(read(job(WEDGE, replace(RESIN, printer={"layer_height": "0.1"}))))


def test_a_setting_that_stands_there_twice_is_doubted() -> None:
    data = members()
    data["prusaslicer.ini"] += b"display_width = 25.6\n"
    reading = read(packed(data))
    assert "'display_width' two values" in says(reading)
    assert reading.layers[0].cell == pytest.approx([0.2, 0.2])


@given(text=st.binary(max_size=300))
def test_any_settings_are_a_panel_or_refused(text: bytes) -> None:
    try:
        panel = panel_of(Settings(text, "prusaslicer.ini"))
    except UnreadableError:
        return
    assert min(*panel.pitch, *panel.pixels) > 0


# Which layers.


def test_missing_layers_are_said() -> None:
    data = members()
    del data["job00003.png"]
    reading = read(packed(data))
    assert "1 layers between the first and the last are missing" in says(reading)
    assert "config.ini counts 8 layers, and 7 are there" in says(reading)


def test_layers_that_were_cut_off_are_said() -> None:
    data = members()
    del data["job00000.png"], data["job00007.png"]
    assert "config.ini counts 8 layers, and 6 are there" in says(read(packed(data)))


def test_two_pictures_of_one_layer_are_said() -> None:
    assert "more than one picture" in says(read(packed(members() | {"job3.png": png(WEDGE[3])})))


def test_layers_under_another_name_are_not_taken_for_the_jobs() -> None:
    with pytest.raises(DamagedError, match="calls the job 'else'"):
        read(job(WEDGE, replace(RESIN, job={"jobDir": "else"})))
    hidden = {f"../more{k:05d}.png": png(SQUARE) for k in range(2)}
    assert "as large as a layer" in says(read(packed(members() | hidden)))


def test_digits_may_end_a_jobs_name() -> None:
    assert layers_of(job(WEDGE, replace(RESIN, name="plate 12"))).count == 8


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("part.stl", stl_examples()["binary"], "STL"),
        ("thumbnail/part.png", stl_examples()["binary"], "STL"),
        ("notes.txt", b"G1 X1 Y2 E3\n" * 9, "G-code"),
        ("inner.zip", packed({"a": b"b"}), "ZIP"),
    ],
)
def test_what_else_could_be_printed_is_said(name: str, content: bytes, said: str) -> None:
    reading = read(packed(members() | {name: content}))
    assert said in says(reading)
    assert "screen it as a file of its own" in says(reading)


def test_pictures_of_the_model_are_no_layers() -> None:
    assert layers_of(packed(members() | {"thumbnail/thumbnail400x400.png": png(SQUARE[:20, :20])})).count == 8


def test_one_layer_and_blank_layers() -> None:
    assert layers_of(job([SQUARE], RESIN)).share.shape == (1, 20, 30)
    blank = np.zeros_like(SQUARE)
    assert layers_of(job([blank, SQUARE, blank], RESIN)).share.any(axis=(1, 2)).tolist() == [
        False,
        True,
        False,
    ]
    with pytest.raises(DamagedError, match="no layer of it exposes anything"):
        read(job([blank] * 3, RESIN))


def test_more_layers_than_allowed_are_refused() -> None:
    with pytest.raises(LimitError, match="8 layers, more than the limit of 7"):
        read(job(WEDGE, RESIN), ReadLimits(max_triangles=7))
    with pytest.raises(LimitError, match="members"):
        read(job(WEDGE, RESIN), ReadLimits(max_members=5))


def test_noise_is_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "MOST_KEPT_BYTES", 5_000)
    noise = np.random.default_rng(0).integers(0, 256, (9, 48, 64)).astype(np.uint8)
    with pytest.raises(LimitError, match="as of noise"):
        read(job(list(noise), RESIN))


def test_it_is_told_apart_by_content() -> None:
    assert identify(job(WEDGE, RESIN)).name == "sl1"
