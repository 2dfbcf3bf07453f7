"""What containers do beside the common contract: bombs, locks, links, cuts, odd names, what is no member."""

from __future__ import annotations

import binascii
import builtins
import bz2
import gzip
import io
import lzma
import os
import struct
import sys
import tarfile
from collections.abc import Callable
from typing import Any

import py7zr
import pytest
from backports import zstd

from partwatch.formats import ReadLimits
from partwatch.formats.containers import CONTAINERS, Container, mail, packed, rar, sevenzip
from partwatch.formats.stl import examples
from partwatch.model.errors import (
    DamagedError,
    EncryptedError,
    LimitError,
    MissingExtraError,
    NotAFileError,
    UnreadableError,
    UnsupportedError,
)

WEDGE = examples()["binary"]
ASCII = examples()["ascii"]
KNOWN = {known.name: known for known in CONTAINERS}


def opened(kind: str, data: bytes, limits: ReadLimits | None = None, name: str = "file") -> Container:
    assert KNOWN[kind].recognises(data)
    return KNOWN[kind].open(data, limits or ReadLimits(), name)


def names(container: Container) -> list[str]:
    return [member.path for member in container.members]


def codes(container: Container) -> list[str]:
    return [reason.code for reason in container.unread]


# Single-file compression


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("part.stl.gz", "part.stl"),
        ("PART.STL.GZ", "PART.STL"),
        ("part.stpZ", "part.stp"),
        ("all.tgz", "all.tar"),
        ("all.tar.zst", "all.tar"),
        ("folder/part.step.xz", "part.step"),
        ("upload", "(content)"),
        (".gz", "(content)"),
    ],
)
def test_the_member_is_named_after_the_file(outer: str, inner: str) -> None:
    assert packed.inner_name(gzip.compress(b"x"), outer) == inner


def test_the_name_in_a_gzip_header_counts_where_the_file_has_none() -> None:
    buffer = io.BytesIO()
    with gzip.GzipFile("dir/part.stl", "wb", fileobj=buffer) as file:
        file.write(WEDGE)
    assert names(opened("gzip", buffer.getvalue())) == ["part.stl"]


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_a_bomb_is_stopped_while_it_unpacks(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = COMPRESSORS[kind](bytes(64 << 20))
    unpacked = 0
    check = packed.check_expansion

    def counting(packed_bytes: int, size: int, limits: ReadLimits) -> None:
        nonlocal unpacked
        unpacked = size
        check(packed_bytes, size, limits)

    monkeypatch.setattr(packed, "check_expansion", counting)
    with pytest.raises(LimitError, match="--max-expansion"):
        opened(kind, data, ReadLimits(max_expansion_ratio=10))
    assert unpacked < 8 << 20
    with pytest.raises(LimitError, match="--max-file-size"):
        opened(kind, data, ReadLimits(max_member_bytes=1 << 20, max_expansion_ratio=1e9))
    assert unpacked < 4 << 20


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_what_came_before_a_cut_is_read_and_the_cut_is_said(kind: str) -> None:
    noise = bytes(binascii.crc32(bytes([n & 255, n >> 8])) & 255 for n in range(1 << 16)) * 40
    data = COMPRESSORS[kind](noise)
    if kind == "bzip2":
        data += COMPRESSORS[kind](noise)
    container = opened(kind, data[:-20])
    assert codes(container) == ["damaged"]
    content = container.extract("(content)")
    assert noise.startswith(content[: len(noise)])
    assert content


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "zstd"])
def test_bytes_behind_compressed_ones_are_said_and_padding_is_not(kind: str) -> None:
    data = COMPRESSORS[kind](WEDGE)
    assert codes(opened(kind, data + b"something else")) == ["damaged"]
    assert codes(opened(kind, data + bytes(512))) == []


def test_a_zstd_frame_with_a_window_out_of_all_proportion_is_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 30}
    packer = zstd.ZstdCompressor(options=options)
    data = packer.compress(WEDGE * 9) + packer.flush()
    with pytest.raises(DamagedError, match="emory"):
        opened("zstd", data)


# TAR


def tar(*infos: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, content in infos:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def info(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "symbolic link to '/etc/passwd'"),
        (tarfile.LNKTYPE, "hard link to '/etc/passwd'"),
        (tarfile.FIFOTYPE, "named pipe"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
    ],
)
def test_what_is_no_file_in_a_tar_is_a_member_that_is_refused(kind: bytes, words: str) -> None:
    container = opened("tar", tar((info("odd", kind, "/etc/passwd"), b""), (info("part.stl"), WEDGE)))
    assert names(container) == ["odd", "part.stl"]
    with pytest.raises(NotAFileError, match=words):
        container.extract("odd")
    assert container.extract("part.stl") == WEDGE


def test_names_that_climb_out_or_come_twice_are_only_names() -> None:
    data = tar(*((info(name), name.encode()) for name in ("../../etc/x", "/abs", "a\nb\x1b", "x")))
    container = opened("tar", data)
    assert [container.extract(each) for each in names(container)] == [
        b"../../etc/x",
        b"/abs",
        b"a\nb\x1b",
        b"x",
    ]
    twice = opened("tar", tar((info("a"), b"one"), (info("a"), b"two")))
    assert [twice.extract(each) for each in ("a", "a (entry 2)")] == [b"one", b"two"]


def test_names_that_are_no_text_and_endless_names_become_text_of_bounded_length() -> None:
    container = opened("tar", tar((info("x" * 5000), b"1")))
    (label,) = names(container)
    assert len(label) < 1100
    assert container.extract(label) == b"1"
    raw = bytearray(tar((info("abc.stl"), WEDGE)))
    raw[0:3] = b"\xff\xfea"
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    container = opened("tar", bytes(raw))
    assert names(container) == ["\\xff\\xfea.stl"]
    assert container.extract("\\xff\\xfea.stl") == WEDGE


def test_a_cut_tar_gives_what_is_whole_and_says_the_rest() -> None:
    data = tar((info("a.stl"), WEDGE), (info("b.stl"), WEDGE * 10))
    container = opened("tar", data[: 512 + 512 + 512 + 100])
    assert container.extract("a.stl") == WEDGE
    with pytest.raises(DamagedError, match="ends at byte"):
        container.extract("b.stl")
    assert codes(container) == ["damaged"]


def test_something_behind_a_tar_is_said() -> None:
    data = tar((info("a.stl"), WEDGE))
    assert codes(opened("tar", data + WEDGE)) == ["damaged"]


def test_a_sparse_member_of_a_terabyte_is_refused_and_a_small_one_is_read() -> None:
    def sparse(size: int) -> bytes:
        made = info("holes", tarfile.GNUTYPE_SPARSE)
        made.size = 512
        head = bytearray(made.tobuf(tarfile.GNU_FORMAT))
        head[386:410] = b"%011o\0%011o\0" % (0, 512)
        head[483:495] = size.to_bytes(12, "big") if size >= 8**11 else b"%011o\0" % size
        head[483] |= 0x80 if size >= 8**11 else 0
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        return bytes(head) + b"x" * 512 + bytes(1024)

    small = opened("tar", sparse(2048))
    assert small.extract("holes") == b"x" * 512 + bytes(1536)
    with pytest.raises(LimitError):
        opened("tar", sparse(1 << 40)).extract("holes")
    with pytest.raises(LimitError, match="holes"):
        opened("tar", sparse(512 << 20)).extract("holes")


# 7z


def seven(members: dict[str, bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    return buffer.getvalue()


def test_an_encrypted_7z_says_so_with_and_without_its_names() -> None:
    container = opened("7z", seven({"a.stl": WEDGE}, password="x"))
    assert names(container) == ["a.stl"]
    with pytest.raises(EncryptedError, match=r"a\.stl"):
        container.extract("a.stl")
    with pytest.raises(EncryptedError, match="names too"):
        opened("7z", seven({"a.stl": WEDGE}, password="x", header_encryption=True))


def test_the_first_volume_of_a_7z_and_a_cut_one_are_damaged() -> None:
    with pytest.raises(DamagedError, match="several volumes"):
        opened("7z", seven({"a.stl": WEDGE})[:100])


def test_a_7z_bomb_is_refused_by_its_own_claim() -> None:
    data = seven({"zeros": bytes(16 << 20), "part.stl": WEDGE})
    with pytest.raises(LimitError, match="--max-expansion"):
        opened("7z", data, ReadLimits(max_expansion_ratio=10)).extract("zeros")
    with pytest.raises(LimitError, match="solid block"):
        opened("7z", data, ReadLimits(max_expansion_ratio=10)).extract("part.stl")


def test_names_in_a_7z_are_only_names() -> None:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"1", "aaaaaaaa")
        archive.writestr(b"2", "bbbb")
    data = buffer.getvalue().replace("aaaaaaaa".encode("utf-16-le"), "../../ab".encode("utf-16-le"))
    data = data.replace("bbbb".encode("utf-16-le"), "/bin".encode("utf-16-le"))
    offset, size = struct.unpack_from("<QQ", data, 12)
    start = struct.pack("<QQI", offset, size, binascii.crc32(data[32 + offset : 32 + offset + size]))
    data = data[:8] + struct.pack("<I", binascii.crc32(start)) + start + data[32:]
    container = opened("7z", data)
    assert {each: container.extract(each) for each in names(container)} == {"../../ab": b"1", "/bin": b"2"}


@pytest.mark.parametrize(("kind", "module"), [("7z", "py7zr"), ("zstd", "backports.zstd")])
def test_a_reader_without_its_library_says_how_to_get_it(
    kind: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = next(iter(KNOWN[kind].examples().values()))[0]
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'partwatch\[archives\]'"):
        opened(kind, data)


# RAR


def rar_of(*parts: bytes, whole: int = 0) -> bytes:
    head = b"Rar!\x1a\x07\x01\x00" + rar.header_5(1, 0, rar.vint(whole))
    return head + b"".join(parts) + rar.header_5(5, 0, rar.vint(0))


@pytest.mark.parametrize(
    ("header", "error", "words"),
    [
        (rar.file_5("a.stl", WEDGE, packing=3 << 7), UnsupportedError, "RAR's own method"),
        (rar.file_5("a.stl", WEDGE, flags=0x10), UnsupportedError, "split over several volumes"),
        (rar.file_5("a.stl", WEDGE, extra=rar.vint(2) + b"\1\0"), EncryptedError, "encrypted"),
        (rar.file_5("a.stl", WEDGE, extra=rar.vint(2) + b"\5\0"), NotAFileError, "link"),
    ],
)
def test_a_rar_member_that_cannot_be_read_says_why(
    header: bytes, error: type[UnreadableError], words: str
) -> None:
    container = opened("rar", rar_of(header + WEDGE, rar.file_5("b.stl", ASCII) + ASCII))
    assert names(container) == ["a.stl", "b.stl"]
    with pytest.raises(error, match=words):
        container.extract("a.stl")
    assert container.extract("b.stl") == ASCII


def test_a_solid_rar_and_a_volume_and_hidden_names_are_said() -> None:
    packed_file = rar.file_5("a.stl", WEDGE, packing=3 << 7) + WEDGE
    with pytest.raises(UnsupportedError, match="solid archive"):
        opened("rar", rar_of(packed_file, whole=4)).extract("a.stl")
    assert codes(opened("rar", rar_of(packed_file, whole=1))) == ["unsupported"]
    hidden = b"Rar!\x1a\x07\x01\x00" + rar.header_5(4, 0, bytes(20))
    with pytest.raises(EncryptedError, match="names too"):
        opened("rar", hidden)
    old = b"Rar!\x1a\x07\x00" + rar.header_4(0x73, 0x80, bytes(6))
    with pytest.raises(EncryptedError, match="names too"):
        opened("rar", old)


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (rar.file_4("a.stl", WEDGE, method=0x33), UnsupportedError),
        (rar.file_4("a.stl", WEDGE, flags=4), EncryptedError),
        (rar.file_4("a.stl", WEDGE, flags=2), UnsupportedError),
    ],
)
def test_an_old_rar_says_the_same(header: bytes, error: type[UnreadableError]) -> None:
    data = b"Rar!\x1a\x07\x00" + rar.header_4(0x73, 0, bytes(6)) + header + WEDGE + rar.header_4(0x7B, 0, b"")
    with pytest.raises(error):
        opened("rar", data).extract("a.stl")


# Mail


def letter(*parts: tuple[str, bytes], kind: str = "multipart/mixed") -> bytes:
    head = f'From: a@b.c\nSubject: x\nMIME-Version: 1.0\nContent-Type: {kind}; boundary="=="\n\n'.encode()
    return head + b"".join(b"--==\n" + h.encode() + b"\n\n" + body + b"\n" for h, body in parts) + b"--==--\n"


def test_a_letters_own_words_are_no_member_but_a_mesh_among_them_is() -> None:
    words = ("Content-Type: text/plain", b"Dear all, see attached.")
    assert names(opened("eml", letter(words))) == []
    assert names(opened("eml", letter(("Content-Type: text/plain", ASCII)))) == ["(part of type text/plain)"]
    named = ("Content-Type: text/plain\nContent-Disposition: attachment; filename=note.txt", b"a note")
    assert names(opened("eml", letter(words, named))) == ["note.txt"]
    page = ("Content-Type: text/html", b"<a href='data:model/stl;base64,AAAA'>here</a>")
    assert names(opened("eml", letter(page))) == ["(part of type text/html)"]


def test_attachments_without_names_inline_ones_and_those_of_messages_within_are_members() -> None:
    unnamed = ("Content-Type: model/stl\nContent-Transfer-Encoding: base64", binascii.b2a_base64(WEDGE))
    inline = (
        'Content-Type: application/octet-stream; name="=?utf-8?b?VGVpbC5zdGw=?="\n'
        "Content-Disposition: inline\n"
        "Content-Transfer-Encoding: base64",
        binascii.b2a_base64(WEDGE),
    )
    within = ("Content-Type: message/rfc822", letter(inline).replace(b"==", b"~~"))
    container = opened("eml", letter(unnamed, inline, within))
    assert names(container) == ["(part of type model/stl)", "Teil.stl", "Teil.stl (entry 3)"]
    assert {container.extract(each) for each in names(container)} == {WEDGE}
    assert codes(container) == []


def test_a_uuencoded_file_in_a_letter_is_a_member() -> None:
    lines = b"".join(binascii.b2a_uu(WEDGE[at : at + 45]) for at in range(0, len(WEDGE), 45))
    body = b"Here:\n\nbegin 644 part.stl\n" + lines + b"`\nend\n"
    container = opened("eml", letter(("Content-Type: text/plain", body)))
    assert names(container) == ["part.stl"]
    assert container.extract("part.stl") == WEDGE
    cut = opened("eml", letter(("Content-Type: text/plain", body[:-6])))
    with pytest.raises(DamagedError, match="cut short"):
        cut.extract("(uuencoded file)")


@pytest.mark.parametrize(
    ("header", "body", "error"),
    [
        (
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data",
            b"0",
            EncryptedError,
        ),
        ("Content-Type: text/plain", b"-----BEGIN PGP MESSAGE-----\nabc\n", EncryptedError),
        ("Content-Type: application/ms-tnef; name=winmail.dat", b"\x78\x9f\x3e\x22", UnsupportedError),
        ("Content-Type: model/stl; name=a.stl\nContent-Transfer-Encoding: rot13", b"x", UnsupportedError),
    ],
)
def test_parts_that_cannot_be_read_say_why(header: str, body: bytes, error: type[UnreadableError]) -> None:
    container = opened("eml", letter((header, body)))
    (label,) = names(container)
    with pytest.raises(error):
        container.extract(label)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (
            letter(("Content-Type: application/pgp-encrypted", b"Version: 1"), kind="multipart/encrypted"),
            "encrypted",
        ),
        (letter(("Content-Type: message/external-body; access-type=URL", b"x")), "unsupported"),
        (letter(("Content-Type: model/stl\nContent-Transfer-Encoding: base64", b"AAAAA"))[:-8], "damaged"),
    ],
)
def test_a_message_that_hides_something_is_not_complete(data: bytes, code: str) -> None:
    assert code in codes(opened("eml", data))


def test_a_mesh_before_the_first_or_behind_the_last_part_is_a_member() -> None:
    data = letter(("Content-Type: text/plain", b"words")).replace(b"\n\n--==", b"\n\n" + ASCII + b"--==", 1)
    container = opened("eml", data + ASCII)
    assert names(container) == ["(text around the parts)", "(text around the parts) (entry 2)"]
    assert all(container.extract(each).strip() == ASCII.strip() for each in names(container))


def test_no_text_of_ours_is_taken_for_a_letter() -> None:
    for text in (ASCII, b"o part\nv 1 2 3\n", b"; generated by X\nG1 X1\n", b"name: value\nother: value\n\n"):
        assert not mail.recognises(text)


def test_nothing_is_written_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [(known, data) for known in CONTAINERS for data, _ in known.examples().values()]
    genuine = builtins.open

    def reading(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        assert not set(mode) & set("wax+"), f"{file} was opened to write"
        return genuine(file, mode, *args, **options)

    monkeypatch.setattr(builtins, "open", reading)
    monkeypatch.setattr(io, "open", reading)
    monkeypatch.setattr(os, "mkdir", lambda *_a, **_k: pytest.fail("a folder was made"))
    for known, data in samples:
        container = known.open(data, ReadLimits(), "file")
        assert all(container.extract(member.path) is not None for member in container.members)


def test_members_of_a_solid_7z_are_unpacked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    container = opened("7z", seven({f"{n}.stl": WEDGE for n in range(5)}))
    unpack, calls = sevenzip._Blocks._unpack, []

    def counted(self: Any, folder: Any) -> dict[int, bytes]:
        calls.append(folder)
        return unpack(self, folder)

    monkeypatch.setattr(sevenzip._Blocks, "_unpack", counted)
    assert [container.extract(each) for each in names(container)] == [WEDGE] * 5
    assert len(calls) == 1
