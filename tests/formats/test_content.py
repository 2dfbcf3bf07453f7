"""A file that is several things is read as each of them, and what stands around an archive is in it."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

import pytest

from partwatch.formats import Opened, ReadLimits, examine
from partwatch.formats.archive import AFTER, BEFORE
from partwatch.formats.containers import rar, sevenzip
from partwatch.formats.stl import examples, write_binary
from partwatch.formats.threemf.examples import examples as packages
from partwatch.model.errors import UnreadableError

WEDGE = examples()["binary"]
ASCII = examples()["ascii"]
LIMITS = ReadLimits()


def pack(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def opened(data: bytes, name: str = "file") -> dict[str, bytes]:
    whole = Opened(examine(data), data, LIMITS, name)
    assert whole.unread == []
    return {label: whole.extract(label) for label in whole.members}


def formats_read(data: bytes) -> list[str]:
    found = list(examine(data).readings(data, LIMITS))
    return [getattr(each, "format", type(each).__name__) for each in found]


def stl_that_holds(other: bytes) -> bytes:
    """A binary STL, right to the byte, whose last triangles are another file."""
    body = WEDGE[84:]
    room = -(-len(other) // 50) * 50
    body += other.rjust(room, b"\0")
    return bytes(80) + struct.pack("<I", len(body) // 50) + body


def test_an_ordinary_file_is_one_thing() -> None:
    for data, name in ((WEDGE, "stl"), (packages()["millimeter"], "3mf"), (pack({"a": b"1"}), "zip")):
        assert examine(data).names == (name,)
        assert not examine(data).is_several


def test_a_mesh_that_is_also_a_zip_is_read_as_both() -> None:
    data = stl_that_holds(pack({"inner.stl": WEDGE}))
    assert examine(data).names == ("stl", "zip")
    assert formats_read(data) == ["stl"]
    assert opened(data) == {"inner.stl": WEDGE}


def test_a_mesh_that_is_also_a_3mf_is_read_as_both() -> None:
    data = stl_that_holds(packages()["millimeter"])
    assert examine(data).names == ("stl", "3mf")
    assert formats_read(data) == ["stl", "3mf"]
    assert opened(data) == {}


def test_a_mesh_that_two_readers_take_is_read_by_both() -> None:
    data = b"OFF\n".ljust(80) + WEDGE[80:]
    assert examine(data).names == ("stl", "off")
    found = list(examine(data).readings(data, LIMITS))
    assert [isinstance(each, UnreadableError) for each in found] == [False, True]


@pytest.mark.parametrize("mesh", [WEDGE, ASCII], ids=["binary", "ascii"])
def test_a_mesh_before_a_zip_is_a_member_of_it(mesh: bytes) -> None:
    assert opened(mesh + pack({"inner.stl": ASCII})) == {"inner.stl": ASCII, BEFORE: mesh}


def test_a_picture_with_a_zip_behind_it_hides_nothing() -> None:
    picture = b"GIF89a" + bytes(range(200))
    assert opened(picture + pack({"inner.stl": WEDGE})) == {"inner.stl": WEDGE, BEFORE: picture}


def test_bytes_behind_a_zip_are_a_member_and_padding_is_none() -> None:
    data = pack({"inner.stl": WEDGE})
    assert opened(data + ASCII) == {"inner.stl": WEDGE, AFTER: ASCII}
    assert opened(data + bytes(4096)) == {"inner.stl": WEDGE}


def test_both_of_two_zips_in_a_row_are_read() -> None:
    one, two = pack({"one.stl": WEDGE}), pack({"two.stl": ASCII})
    found = opened(one + two)
    assert found == {"two.stl": ASCII, "one.stl (unlisted entry at byte 0)": WEDGE}
    assert [each.code for each in Opened(examine(one + two), one + two, LIMITS, "").remarks] == [
        "unlisted_entries"
    ]


def test_an_unlisted_entry_without_its_size_is_measured() -> None:
    buffer = io.BytesIO()

    class Unseekable(io.RawIOBase):
        def write(self, data: object) -> int:
            return buffer.write(data)  # type: ignore[arg-type]  # bytes it is

        def writable(self) -> bool:
            return True

    with zipfile.ZipFile(Unseekable(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("streamed.stl", WEDGE * 50)
    found = opened(buffer.getvalue() + pack({"two.stl": ASCII}))
    assert found == {"two.stl": ASCII, "streamed.stl (unlisted entry at byte 0)": WEDGE * 50}


def test_a_package_with_something_before_it_is_still_a_package() -> None:
    data = ASCII + packages()["millimeter"]
    assert examine(data).names == ("3mf", "zip")
    assert formats_read(data) == ["3mf"]
    assert opened(data) == {BEFORE: ASCII}


@pytest.mark.parametrize("known", [rar.FORMAT, sevenzip.FORMAT], ids=["rar", "7z"])
def test_an_archive_behind_a_program_is_opened_and_the_program_said_to_be_unread(known: object) -> None:
    data, members = next(iter(known.examples().values()))  # type: ignore[attr-defined]  # a ContainerFormat
    data = b"MZ" + bytes(1000) + b"\x90" + data
    whole = Opened(examine(data), data, LIMITS, "")
    assert {label: whole.extract(label) for label in whole.members} == members
    assert ["1,003 bytes before" in each.message for each in whole.unread] == [True]


def test_an_archive_stored_in_another_is_only_its_member() -> None:
    inner, _ = next(iter(sevenzip.FORMAT.examples().values()))
    data = pack({"in.7z": inner})
    assert examine(data).names == ("zip",)
    assert opened(data) == {"in.7z": inner}


def test_a_tar_whose_first_name_makes_it_a_mesh_is_read_as_both() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("part.stl")
        info.size = len(WEDGE)
        archive.addfile(info, io.BytesIO(WEDGE))
    tar = bytearray(buffer.getvalue().ljust(84 + 50 * 400, b"\0")[: 84 + 50 * 400])
    # Bytes 80 to 84, within the name, are the number of triangles.
    tar[80:84] = struct.pack("<I", 400)
    tar[148:156] = b" " * 8
    tar[148:156] = b"%06o\0 " % sum(tar[:512])
    content = examine(bytes(tar))
    assert content.names == ("stl", "tar")


def test_what_cannot_be_opened_as_the_other_thing_is_said() -> None:
    data = b"Rar!\x1a\x07\0".ljust(80, b"x") + WEDGE[80:]
    content = examine(data)
    assert content.names == ("stl", "rar")
    whole = Opened(content, data, LIMITS, "")
    assert [each.code for each in whole.unread] == ["damaged"]
    assert whole.unread[0].message.startswith("as rar it could not be read: ")


def test_nothing_known_is_refused() -> None:
    with pytest.raises(UnreadableError, match="no reader"):
        examine(bytes(range(256)))


def test_a_member_that_is_not_there_is_refused() -> None:
    data = pack({"a": b"1"})
    with pytest.raises(UnreadableError, match="no member 'b'"):
        Opened(examine(data), data, LIMITS, "").extract("b")


def test_a_plain_mesh_is_not_searched_for_more_than_its_front() -> None:
    data = write_binary(__import__("numpy").ones((3000, 3, 3)))
    assert examine(data[:100_000] + b"Rar!\x1a\x07\0" + data[100_007:]).names == ("stl",)
