"""ZIP archives: every entry accounted for, and none of the known tricks works."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile

import pytest

from partwatch.formats import Archive, ReadLimits, examine, extract, identify, members, read
from partwatch.formats.archive import is_archive
from partwatch.formats.stl import examples
from partwatch.model.errors import DamagedError, EncryptedError, LimitError, UnsupportedError

WEDGE = examples()["binary"]


def pack(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about duplicate names, which are wanted here
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def patch(data: bytes, signature: bytes, offset: int, fmt: str, value: int) -> bytes:
    """Overwrite a field of the first record with this signature."""
    at = data.index(signature) + offset
    size = struct.calcsize(fmt)
    return data[:at] + struct.pack(fmt, value) + data[at + size :]


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_members_come_back_as_they_went_in(method: int) -> None:
    data = pack([("a.stl", WEDGE), ("sub/b.txt", b"note"), ("empty", b"")], method)
    assert is_archive(data)
    assert [(member.path, member.size_bytes) for member in members(data)] == [
        ("a.stl", len(WEDGE)),
        ("sub/b.txt", 4),
        ("empty", 0),
    ]
    assert extract(data, "a.stl") == WEDGE
    assert extract(data, "sub/b.txt") == b"note"
    assert extract(data, "empty") == b""


def test_an_archive_is_no_file_to_read_itself() -> None:
    data = pack([("a.stl", WEDGE)])
    with pytest.raises(UnsupportedError, match="archive"):
        identify(data)
    with pytest.raises(UnsupportedError, match="archive"):
        read(data)


def test_an_empty_archive_has_no_members() -> None:
    data = pack([])
    assert is_archive(data)
    assert members(data) == []


def test_a_3mf_is_no_archive_and_a_mesh_is_none() -> None:
    from partwatch.formats.threemf.examples import examples as packages

    assert examine(packages()["millimeter"]).names == ("3mf",)
    assert not is_archive(WEDGE)
    assert not is_archive(b"")


def test_members_of_one_name_are_all_there() -> None:
    data = pack([("a", b"one"), ("a", b"two"), ("a (entry 2)", b"three"), ("a", b"four")])
    labels = [member.path for member in members(data)]
    assert len(set(labels)) == 4
    assert [extract(data, label) for label in labels] == [b"one", b"two", b"three", b"four"]
    assert labels[:2] == ["a", "a (entry 2)"]


def test_names_that_climb_out_are_only_names() -> None:
    data = pack([("../../etc/x", b"1"), ("/abs", b"2"), ("C:\\y", b"3")])
    assert [extract(data, member.path) for member in members(data)] == [b"1", b"2", b"3"]


def test_folders_are_skipped_but_not_when_they_have_content() -> None:
    assert [member.path for member in members(pack([("d/", b""), ("d/a", b"1")]))] == ["d/a"]
    assert [member.path for member in members(pack([("d/", b"hidden")]))] == ["d/"]


def test_an_encrypted_member_is_named_and_the_others_are_read() -> None:
    data = pack([("secret.stl", WEDGE), ("open.stl", WEDGE)])
    data = patch(patch(data, b"PK\x01\x02", 8, "<H", 1), b"PK\x03\x04", 6, "<H", 1)
    with pytest.raises(EncryptedError, match=r"secret\.stl"):
        extract(data, "secret.stl")
    assert extract(data, "open.stl") == WEDGE


def test_a_wrong_checksum_is_damage() -> None:
    data = pack([("a", b"hello there")], zipfile.ZIP_STORED)
    with pytest.raises(DamagedError, match="checksum"):
        extract(data.replace(b"hello there", b"hello where"), "a")


def test_an_unknown_packing_is_unsupported() -> None:
    data = patch(pack([("a", b"x" * 50)]), b"PK\x01\x02", 10, "<H", 9)
    with pytest.raises(UnsupportedError, match="method 9"):
        extract(data, "a")


def test_a_bomb_is_refused_by_its_own_claim() -> None:
    data = pack([("bomb", bytes(8 << 20))])
    with pytest.raises(LimitError, match="times"):
        extract(data, "bomb", ReadLimits(max_expansion_ratio=100))
    with pytest.raises(LimitError, match="unpacks to"):
        extract(data, "bomb", ReadLimits(max_member_bytes=1 << 20))


def test_a_bomb_that_lies_about_its_size_is_never_unpacked_beyond_it() -> None:
    data = patch(pack([("bomb", bytes(8 << 20))]), b"PK\x01\x02", 24, "<I", 10)
    with pytest.raises(DamagedError, match="more bytes"):
        extract(data, "bomb")


def test_too_many_members_are_refused_before_they_are_listed() -> None:
    data = pack([(f"{place}", b"") for place in range(50)])
    assert len(members(data, ReadLimits(max_members=50))) == 50
    with pytest.raises(LimitError, match="members"):
        members(data, ReadLimits(max_members=49))


def test_an_entry_that_the_directory_hides_is_a_member_too() -> None:
    hidden, shown = pack([("hidden.stl", WEDGE)]), pack([("shown.stl", WEDGE)])
    local = hidden[: hidden.index(b"PK\x01\x02")]
    start = shown.index(b"PK\x01\x02")
    data = local + shown
    at = data.rindex(b"PK\x05\x06")
    # The directory moves by what was put before it, and so does the listed entry.
    data = data[: at + 16] + struct.pack("<I", len(local) + start) + data[at + 20 :]
    central = data.rindex(b"PK\x01\x02")
    data = data[: central + 42] + struct.pack("<I", len(local)) + data[central + 46 :]
    labels = [member.path for member in members(data)]
    assert labels == ["shown.stl", "hidden.stl (unlisted entry at byte 0)"]
    assert [extract(data, label) for label in labels] == [WEDGE, WEDGE]
    assert [reason.code for reason in Archive(data).remarks] == ["unlisted_entries"]


def test_an_entry_with_two_names_is_damage() -> None:
    data = pack([("good.txt", b"content")])
    with pytest.raises(DamagedError, match=r"evil\.stl"):
        extract(data.replace(b"good.txt", b"evil.stl", 1), "good.txt")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_archive_is_damage(share: float) -> None:
    data = pack([("a.stl", WEDGE), ("b.stl", WEDGE[::-1])])
    cut = data[: int(share * len(data))]
    assert is_archive(cut)
    with pytest.raises(DamagedError, match="cut short"):
        members(cut)


def test_an_unknown_member_is_damage() -> None:
    with pytest.raises(DamagedError, match="no member"):
        extract(pack([]), "nothing")


def test_a_look_at_a_member_unpacks_no_more_than_asked() -> None:
    archive = Archive(pack([("zeros", bytes(1 << 20))]), ReadLimits())
    assert archive.head("zeros", 100) == bytes(100)


def test_an_archive_behind_a_mesh_is_said_to_be_unread() -> None:
    data = WEDGE + pack([("other.stl", WEDGE)])
    reading = read(data)
    assert reading.format == "stl"
    assert any("ZIP" in reason.message for reason in reading.unread)


def test_an_archive_behind_unknown_bytes_is_still_an_archive() -> None:
    data = b"#!/bin/sh\nexit\n" + pack([("a.stl", WEDGE)])
    assert is_archive(data)
    assert extract(data, "a.stl") == WEDGE
