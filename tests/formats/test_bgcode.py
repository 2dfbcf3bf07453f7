"""Binary G-code: what a printer would make of it, block by block, and what damage and bombs come to."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.formats import Reading, ReadLimits, gcode, read
from partwatch.formats.bgcode import heatshrink, meatpack
from partwatch.formats.bgcode.blocks import Checksum, Kind
from partwatch.formats.bgcode.content import UNPACK, Compression, Encoding
from partwatch.formats.bgcode.examples import job
from partwatch.formats.bgcode.writer import block, file, gcode_block, meatpacked, shrunk
from partwatch.model.errors import DamagedError, LimitError, UnsupportedError

TEXT = gcode.examples()["relative"]
LINES = TEXT.splitlines(keepends=True)
HALVES = b"".join(LINES[:500]), b"".join(LINES[500:])
SEAL_BYTES = 4


def whole(data: bytes, window_bits: int) -> bytes:
    return b"".join(heatshrink.unpacked(data, window_bits))


def text_of(packed: bytes) -> bytes:
    return b"".join(meatpack.unpacked(packed))


def until_damage(parts: Iterator[bytes]) -> tuple[bytes, str]:
    """What comes before the damage, and what is said of it."""
    found = []
    try:
        for part in parts:
            found.append(part)
    except DamagedError as error:
        return b"".join(found), str(error)
    pytest.fail("nothing was said of it")


def command(code: int) -> bytes:
    return b"\xff\xff" + bytes([code])


def in_two(compression: int = Compression.DEFLATE, encoding: int = Encoding.MEATPACK) -> list[bytes]:
    return [gcode_block(half, compression, encoding) for half in HALVES]


def moves(reading: Reading) -> np.ndarray:
    (path,) = reading.toolpaths
    return np.column_stack([path.end, path.filament, path.tool])


def reasons(reading: Reading) -> list[tuple[str, str]]:
    return [(reason.code, reason.message) for reason in reading.unread]


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize("compression", list(Compression))
@pytest.mark.parametrize("sealed", [True, False])
def test_the_moves_are_those_of_the_plain_job(compression: int, encoding: int, sealed: bool) -> None:
    reading = read(job(TEXT, compression, encoding, sealed))
    assert (reading.format, reading.unread) == ("bgcode", ())
    np.testing.assert_array_equal(moves(reading), moves(read(TEXT)))


def test_a_line_may_go_on_in_the_next_block() -> None:
    at = TEXT.index(b"E0.", 5000) + 1
    pieces = [gcode_block(piece, Compression.NONE, Encoding.NONE) for piece in (TEXT[:at], TEXT[at:])]
    reading = read(file(*pieces))
    assert reading.unread == ()
    np.testing.assert_array_equal(moves(reading), moves(read(TEXT)))


# Damage.


def test_a_wrong_checksum_is_named_with_its_block_and_byte_and_the_rest_is_read() -> None:
    first, second = in_two(Compression.NONE, Encoding.NONE)
    spoilt = file(first[:-1] + bytes([first[-1] ^ 1]), second)
    reading = read(spoilt)
    assert reasons(reading) == [
        (
            "damaged",
            "block 1 at byte 10: its checksum says that it was changed: transfer it again, or save it as "
            "plain G-code",
        )
    ]
    np.testing.assert_array_equal(moves(reading), moves(read(TEXT)))


def test_a_changed_block_that_does_not_unpack_is_left_out_and_the_others_are_read() -> None:
    first, second = in_two()
    middle = len(first) // 2
    reading = read(file(first, second[:middle] + bytes([second[middle] ^ 0xFF]) + second[middle + 1 :]))
    assert f"block 2 at byte {10 + len(first):,}" in reading.unread[0].message
    assert (
        "checksum says that it was changed, and it was left out: its compressed" in reading.unread[0].message
    )
    n = len(moves(reading))
    np.testing.assert_array_equal(moves(reading), moves(read(TEXT))[:n])


@pytest.mark.parametrize("compression", list(Compression))
def test_a_cut_file_is_read_as_far_as_it_goes(compression: int) -> None:
    first, second = in_two(compression)
    reading = read(file(first, second)[: 10 + len(first) + len(second) // 2])
    assert "the file ends within it" in reading.unread[0].message
    n = len(moves(read(HALVES[0])))
    assert len(moves(reading)) > n
    np.testing.assert_array_equal(moves(reading)[:n], moves(read(TEXT))[:n])


def test_a_file_that_ends_within_a_header_is_not_complete() -> None:
    data = file(*in_two())
    for left in (1, 7, 8, 11, 12, 13):
        extra = block(Kind.SLICER_METADATA, b"a=b\n", Compression.DEFLATE)[:left]
        assert "the file ends within it" in read(data + extra).unread[0].message


@pytest.mark.parametrize("kept", [4, 9])
def test_a_file_of_less_than_a_header_is_damage(kept: int) -> None:
    with pytest.raises(DamagedError, match=f"within its header, at byte {kept}"):
        read(file()[:kept])


def test_nothing_but_a_header_is_damage_that_says_so() -> None:
    with pytest.raises(DamagedError, match="no block of G-code"):
        read(file())
    with pytest.raises(DamagedError, match="no block of G-code"):
        read(file(block(Kind.PRINT_METADATA, b"a=b\n")))


def test_a_job_that_lays_nothing_is_refused_as_plain_ones_are() -> None:
    with pytest.raises(DamagedError, match="lays no material"):
        read(file(gcode_block(b"G28\nG1 X1\n", Compression.DEFLATE, Encoding.MEATPACK)))


@pytest.mark.parametrize(
    ("spoilt", "what"),
    [
        (block(Kind.GCODE, TEXT, parameters=(3,)), "encoding 3"),
        (block(6, TEXT), "kind, 6,"),
    ],
)
def test_what_is_unknown_is_unsupported_and_the_rest_is_read(spoilt: bytes, what: str) -> None:
    with pytest.raises(UnsupportedError, match=rf"block 1 at byte 10.*{what}.*save it as plain"):
        read(file(spoilt))
    reading = read(file(in_two()[0], spoilt, in_two()[1]))
    assert [code for code, _ in reasons(reading)] == ["unsupported"]
    assert what in reading.unread[0].message
    np.testing.assert_array_equal(moves(reading), moves(read(TEXT)))


def test_an_unknown_compression_is_as_long_as_it_claims() -> None:
    packed = bytearray(gcode_block(TEXT, Compression.DEFLATE, Encoding.NONE, sealed=False))
    packed[2] = 9
    sealed = bytes(packed) + zlib.crc32(packed).to_bytes(4, "little")
    reading = read(file(sealed, *in_two()))
    assert "compression 9" in reading.unread[0].message
    assert len(reading.unread) == 1


def test_behind_an_unknown_block_of_unknown_length_nothing_is_made_up() -> None:
    odd = block(77, b"something longer than that", parameters=(0, 0, 0))
    with pytest.raises(UnsupportedError, match="kind, 77,"):
        read(file(odd, *in_two()))
    unsealed = block(77, b"abcdefghijkl", parameters=(0, 0, 0), sealed=False)
    with pytest.raises(UnsupportedError, match="kind, 77,"):
        read(file(unsealed, checksum=Checksum.NONE) + job(TEXT, 0, 0, sealed=False)[10:])


def test_versions_and_checksums_to_come_are_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="version 2"):
        read(file(*in_two(), version=2))
    with pytest.raises(UnsupportedError, match="kind 2"):
        read(file(*in_two(), checksum=2))


def test_a_damaged_picture_is_said_and_the_job_is_read() -> None:
    picture = bytearray(block(Kind.THUMBNAIL, bytes(50), parameters=(0, 9, 9)))
    picture[30] ^= 1
    reading = read(file(bytes(picture), *in_two()))
    assert [code for code, _ in reasons(reading)] == ["damaged"]
    np.testing.assert_array_equal(moves(reading), moves(read(TEXT)))


@pytest.mark.parametrize("compression", list(Compression))
@pytest.mark.parametrize("claimed", [0, 1, len(TEXT) - 1, len(TEXT) + 1, (1 << 32) - 1])
def test_a_wrong_size_is_never_believed(compression: int, claimed: int) -> None:
    good = gcode_block(TEXT, compression, Encoding.NONE, sealed=False)
    spoilt = file(good[:4] + claimed.to_bytes(4, "little") + good[8:], checksum=Checksum.NONE)
    try:
        reading = read(spoilt)
    except (DamagedError, UnsupportedError):
        assert not compression
        return
    assert reading.unread
    if compression:
        assert f"not to the {claimed:,} that it claims" in reading.unread[0].message
        np.testing.assert_array_equal(moves(reading), moves(read(TEXT)))


def test_a_packed_size_beyond_the_file_is_not_set_aside() -> None:
    good = gcode_block(TEXT, Compression.DEFLATE, Encoding.NONE, sealed=False)
    reading = read(file(good[:8] + b"\xff" * 4 + good[12:], checksum=Checksum.NONE))
    assert "the file ends within it" in reading.unread[0].message


def test_bytes_behind_compressed_data_are_damage() -> None:
    header = gcode_block(TEXT, Compression.DEFLATE, Encoding.NONE, sealed=False)
    packed = zlib.compress(TEXT) + b"more"
    data = header[:8] + len(packed).to_bytes(4, "little") + header[12:14] + packed
    reading = read(file(data, checksum=Checksum.NONE))
    assert "4 bytes follow its compressed data" in reading.unread[0].message


def test_many_damaged_blocks_are_counted_not_listed() -> None:
    spoilt = block(Kind.PRINT_METADATA, b"a=b\n")[:-1] + b"\0"
    reading = read(file(*[spoilt] * 100, *in_two()))
    assert len(reading.unread) == 21
    assert "80 more blocks" in reading.unread[-1].message


# Limits.


@pytest.mark.parametrize("compression", [1, 2, 3])
def test_what_unfolds_beyond_the_limit_is_refused(compression: int) -> None:
    bomb = file(gcode_block(b"G1 X1\n" * 50_000, compression, Encoding.NONE))
    with pytest.raises(LimitError, match="more than the limit of 100,000 bytes"):
        read(bomb, ReadLimits(max_member_bytes=100_000))


def test_the_limit_is_on_all_blocks_together() -> None:
    one = gcode_block(TEXT, Compression.DEFLATE, Encoding.MEATPACK)
    read(file(one), ReadLimits(max_member_bytes=len(TEXT)))
    with pytest.raises(LimitError, match="limit"):
        read(file(one, one), ReadLimits(max_member_bytes=len(TEXT)))


def test_a_bomb_is_known_by_its_ratio_before_it_is_unpacked() -> None:
    zeros = zlib.compress(bytes(64 << 20), 9)
    good = block(Kind.GCODE, b"", Compression.DEFLATE)
    data = good[:4] + (1 << 16).to_bytes(4, "little") + len(zeros).to_bytes(4, "little") + b"\0\0" + zeros
    with pytest.raises(LimitError, match="50 times"):
        read(file(data, checksum=Checksum.NONE), ReadLimits(max_expansion_ratio=50))


def test_blocks_are_counted() -> None:
    blank = block(Kind.PRINT_METADATA, b"")
    with pytest.raises(LimitError, match="more blocks than the limit of 10"):
        read(file(*[blank] * 11), ReadLimits(max_members=10))


def test_deflate_over_many_chunks_with_something_behind_it() -> None:
    content = Random(3).randbytes(300_000)
    packed = zlib.compress(content)
    assert b"".join(UNPACK[Compression.DEFLATE](packed)) == content
    for more in (1, 100_000):
        text, error = until_damage(UNPACK[Compression.DEFLATE](packed + bytes(more)))
        assert text == content
        assert error.startswith(f"{more:,} bytes follow")


# heatshrink.


@pytest.mark.parametrize("window_bits", [11, 12])
@given(content=st.one_of(st.binary(max_size=3000), st.text("ab", max_size=3000).map(str.encode)))
def test_heatshrink_gives_back_what_was_packed(window_bits: int, content: bytes) -> None:
    assert whole(shrunk(content, window_bits), window_bits) == content


@pytest.mark.parametrize("window_bits", [11, 12])
def test_heatshrink_over_many_chunks(window_bits: int) -> None:
    rng = Random(5)
    content = b"".join(rng.choice((b"G1 X", b"Y0.125", rng.randbytes(9))) for _ in range(60_000))
    assert whole(shrunk(content, window_bits), window_bits) == content


def test_a_repetition_may_run_into_itself() -> None:
    # "ab", then 2 bytes back and 7 bytes of it.
    bits = f"1{ord('a'):08b}1{ord('b'):08b}0{1:011b}{6:04b}"
    packed = int(bits.ljust(40, "0"), 2).to_bytes(5, "big")
    assert whole(packed, 11) == b"abababa" + b"ba"


def test_before_the_first_byte_there_are_zeros() -> None:
    bits = f"1{ord('a'):08b}0{2:012b}{3:04b}"
    assert whole(int(bits.ljust(32, "0"), 2).to_bytes(4, "big"), 12) == b"a\0\0a\0"


def test_heatshrink_that_ends_within_a_code_is_damage_behind_what_was_unpacked() -> None:
    text, error = until_damage(heatshrink.unpacked(shrunk(b"abcdefgh", 11)[:-1], 11))
    assert text == b"abcdefg"
    assert "within a code" in error


# MeatPack.


PACK = command(meatpack.PACK) + command(meatpack.KEEP_BLANKS)


def test_two_characters_stand_in_a_byte_the_first_in_its_lower_half() -> None:
    assert text_of(PACK + bytes([0x1D, 0xEB, 0xA0, 0xC5])) == b"G1 X0.5\n"


def test_nothing_is_packed_before_it_is_said() -> None:
    assert text_of(b"G1 X1\n") == b"G1 X1\n"


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (b"\x1fM", b"M1"),
        (b"\xf1Y", b"1Y"),
        (b"\xffZe", b"Ze"),
        (b"\x1fg\xfdx", b"g1Gx"),
        # Behind a line's end the other half says nothing, not even that a character follows.
        (b"\xfc\x1d", b"\nG1"),
        (b"\xcf;", b";\n"),
    ],
)
def test_what_is_not_among_the_fifteen_follows_as_it_is(packed: bytes, text: bytes) -> None:
    assert text_of(PACK + packed) == text


def test_without_blanks_their_code_is_an_e() -> None:
    assert text_of(PACK + b"\x1b") == b" 1"
    assert text_of(PACK + command(meatpack.LEAVE_BLANKS_OUT) + b"\x1b") == b"E1"
    both = command(meatpack.LEAVE_BLANKS_OUT) + b"\x1b" + command(meatpack.KEEP_BLANKS) + b"\x1b"
    assert text_of(PACK + both) == b"E1 1"


@pytest.mark.parametrize("stop", [meatpack.STOP_PACKING, meatpack.RESET])
def test_packing_stops_and_begins_again(stop: int) -> None:
    data = PACK + b"\x1d" + command(stop) + b"; as it is\n" + command(meatpack.QUERY) + PACK + b"\x2d"
    assert text_of(data) == b"G1; as it is\nG2"


def test_a_command_may_stand_between_a_code_and_its_character() -> None:
    assert text_of(PACK + b"\x1f" + command(meatpack.QUERY) + b"M\x1d") == b"M1G1"


@pytest.mark.parametrize(
    ("packed", "what"), [(b"\x1d" + command(17), "command 17"), (b"\x1d\x1f", "within a char")]
)
def test_odd_meatpack_is_damage_behind_what_was_unpacked(packed: bytes, what: str) -> None:
    text, error = until_damage(meatpack.unpacked(PACK + packed))
    assert text == b"G1"
    assert what in error


@pytest.mark.parametrize("first", [b"", PACK + command(meatpack.RESET)])
def test_where_nobody_says_whether_blanks_are_kept_the_reading_is_not_complete(first: bytes) -> None:
    text, error = until_damage(meatpack.unpacked(first + command(meatpack.PACK) + b"\x1d\x2b"))
    assert text == b"G1E2"
    assert "does not say whether blanks" in error


@given(text=st.text("GX10.9 \nEMx;ye", max_size=300))
def test_meatpack_gives_back_what_was_packed(text: str) -> None:
    assert text_of(meatpacked(text.encode())) == "".join(f"{s}\n" for s in text.split("\n") if s).encode()


# Speed, and real files.


def is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"GCDE"


def corpus_files() -> list[Path]:
    """Binary jobs, under whatever name."""
    root = os.environ.get("PARTWATCH_CORPUS")
    found = Path(root).rglob("*gcode") if root else []
    return sorted(path for path in found if path.is_file() and is_binary(path))


def plain_twins(path: Path, count: int) -> list[Path]:
    """The same job as text, where it lies beside: named alike, and of as many moves."""
    stem = path.stem.partition("~")[0].removesuffix("_b").removesuffix("_binary")
    beside = [other for other in path.parent.glob(f"{stem}*.gcode") if not is_binary(other)]
    return [other for other in beside if len(moves(read(other.read_bytes()))) == count]


@pytest.mark.skipif(not corpus_files(), reason="PARTWATCH_CORPUS names no folder with binary G-code")
@pytest.mark.parametrize("path", corpus_files(), ids=lambda path: path.name)
def test_a_corpus_file_moves_as_its_plain_twin_does(path: Path) -> None:
    reading = read(path.read_bytes())
    assert reading.format == "bgcode"
    # Drafts of the format do not say whether blanks are left out.
    assert all("does not say whether blanks" in reason.message for reason in reading.unread)
    assert bool(reading.unread) == ("history" in path.parts)
    twins = plain_twins(path, len(moves(reading)))
    assert twins or "history" in path.parts
    for twin in twins:
        np.testing.assert_array_equal(moves(reading), moves(read(twin.read_bytes())))


def test_a_few_megabytes_take_a_few_seconds() -> None:
    line = b"G1 X%d.%03d Y%d.%03d E.%05d\n"
    rng = Random(1)
    lines = [
        line % tuple(rng.randrange(most) for most in (250, 1000, 250, 1000, 99999)) for _ in range(60_000)
    ]
    data = job(b"M83\n" + b"".join(lines) + b"M84\n", Compression.HEATSHRINK_12_4, Encoding.MEATPACK)
    started = time.process_time()
    assert len(moves(read(data))) == 60_000
    assert time.process_time() - started < 10
