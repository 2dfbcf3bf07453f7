"""A bundle's files, in a folder or in a ZIP whose every byte is given by them.

The ZIP is of the plainest kind: members in the order of their names, stored, no dates, no comments, nothing
between them. So the reader takes only what the writer would have written, byte for byte: no bombs, no member
twice, nothing hidden before, between or behind, and nothing that another unzip would see otherwise.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from partwatch.ledger.errors import DamagedLedgerError, LedgerError

MANIFEST: Final = "bundle.note"
KEY: Final = "key.txt"
ENTRIES: Final = "entries.jsonl"
CHECKPOINTS: Final = "checkpoints.jsonl"
OPENINGS: Final = "openings.jsonl"
FORGOTTEN: Final = "forgotten.txt"
ALWAYS: Final = frozenset({MANIFEST, KEY, ENTRIES, CHECKPOINTS, OPENINGS, FORGOTTEN})
_STATEMENTS: Final = re.compile(r"statements/(0|[1-9][0-9]{0,14})\.jsonl")
_TIMESTAMPS: Final = re.compile(r"timestamps/(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,5})\.tsr")

MOST_FILES: Final = 50_000
MOST_BYTES: Final = 0xF0000000  # of all files: a plain ZIP ends at 4 GiB
_MOST_ZIP_BYTES: Final = MOST_BYTES + (128 << 20)
MOST_LINE_BYTES: Final = 40 << 20  # a body of 16 MiB, and more
_PIECE: Final = 1 << 20

# PKWARE's APPNOTE 4.3.7, 4.3.12, 4.3.16. Version 2.0, names in UTF-8, stored, 1 January 1980.
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_FLAGS: Final = 0x0800
_DATE: Final = (1 << 5) | 1
_MODE: Final = (stat.S_IFREG | 0o600) << 16


def statements_file(seq: int) -> str:
    """Where the disclosed statements of an entry lie."""
    return f"statements/{seq}.jsonl"


def timestamp_file(size: int, number: int) -> str:
    """Where a timestamp over the checkpoint of that size lies."""
    return f"timestamps/{size}-{number}.tsr"


def statements_seq(name: str) -> int | None:
    """The entry whose statements lie in that file; None for other files."""
    match = _STATEMENTS.fullmatch(name)
    return int(match[1]) if match else None


def timestamp_place(name: str) -> tuple[int, int] | None:
    """Size and number of the timestamp in that file; None for other files."""
    match = _TIMESTAMPS.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def is_known(name: str) -> bool:
    """Whether a bundle may have a file of that name."""
    return name in ALWAYS or statements_seq(name) is not None or timestamp_place(name) is not None


class Container(Protocol):
    """The files of a bundle by their names, sorted, with their lengths in bytes."""

    @property
    def sizes(self) -> Mapping[str, int]: ...

    def pieces(self, name: str) -> Iterator[bytes]: ...


@contextmanager
def opened(path: Path) -> Iterator[Container]:
    """The files of a bundle, a folder or a ZIP.

    Raises LedgerError where there is no bundle at all, DamagedLedgerError where it has what no bundle has.
    """
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            yield _Folder(path, _folder_sizes(path))
        elif stat.S_ISREG(about.st_mode):
            with path.open("rb") as file:
                yield _Zip(path, file)
        else:
            raise LedgerError(f"{path}: neither a folder nor a file")
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def read(container: Container, name: str, most: int) -> bytes:
    """A whole file; raises DamagedLedgerError where it is missing or longer than `most`."""
    if name not in container.sizes:
        raise DamagedLedgerError(f"{name}: missing")
    if container.sizes[name] > most:
        raise DamagedLedgerError(f"{name}: more than {most:,} bytes")
    return b"".join(container.pieces(name))


def lines(container: Container, name: str) -> Iterator[tuple[int, bytes]]:
    """Number, from 1 on, and bytes of each line, without its newline, streaming.

    Raises DamagedLedgerError where the file is missing, a line is too long, or the last one is cut.
    """
    if name not in container.sizes:
        raise DamagedLedgerError(f"{name}: missing")
    number, held = 0, b""
    for piece in container.pieces(name):
        *whole, rest = piece.split(b"\n")
        for line in whole:
            number += 1
            yield number, held + line
            held = b""
        held += rest
        if len(held) > MOST_LINE_BYTES:
            raise DamagedLedgerError(f"{name}, line {number + 1}: more than {MOST_LINE_BYTES >> 20} MB")
    if held:
        raise DamagedLedgerError(f"{name}, line {number + 1}: cut before its end")


@dataclass(frozen=True)
class _Folder:
    path: Path
    sizes: Mapping[str, int]

    def pieces(self, name: str) -> Iterator[bytes]:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(self.path / name, flags), "rb") as file:
            left = self.sizes[name]
            while left and (piece := file.read(min(left, _PIECE))):
                left -= len(piece)
                yield piece
            if left or file.read(1):
                raise DamagedLedgerError(f"{name}: changed while it was read")


def _folder_sizes(path: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for folder, prefix in (
        (path, ""),
        (path / "statements", "statements/"),
        (path / "timestamps", "timestamps/"),
    ):
        if prefix and not _is_folder(folder):
            continue
        with os.scandir(folder) as listed:
            for one in listed:
                name = prefix + one.name
                if not prefix and one.name in ("statements", "timestamps"):
                    continue
                if not is_known(name) or not one.is_file(follow_symlinks=False):
                    raise DamagedLedgerError(f"{name!r}: no file of a bundle")
                found[name] = one.stat(follow_symlinks=False).st_size
                _check_many(len(found), found[name])
    _check_many(len(found), sum(found.values()))
    if MANIFEST not in found:
        raise LedgerError(f"{path}: no bundle of a ledger: it has no {MANIFEST}")
    return dict(sorted(found.items()))


def _is_folder(path: Path) -> bool:
    try:
        about = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(about.st_mode):
        raise DamagedLedgerError(f"{path.name!r}: no folder of a bundle")
    return True


def _check_many(files: int, total: int) -> None:
    if files > MOST_FILES or total > MOST_BYTES:
        raise DamagedLedgerError(f"more than {MOST_FILES:,} files or {MOST_BYTES >> 20:,} MB")


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    crc: int
    offset: int  # of its local header

    @property
    def local(self) -> bytes:
        encoded = self.name.encode()
        fields = (20, _FLAGS, 0, 0, _DATE, self.crc, self.size, self.size, len(encoded), 0)
        return _LOCAL.pack(b"PK\x03\x04", *fields) + encoded

    @property
    def central(self) -> bytes:
        encoded = self.name.encode()
        made = (3 << 8) | 20, 20, _FLAGS, 0, 0, _DATE, self.crc, self.size, self.size, len(encoded)
        return _CENTRAL.pack(b"PK\x01\x02", *made, 0, 0, 0, 0, _MODE, self.offset) + encoded

    @property
    def end(self) -> int:
        return self.offset + len(self.local) + self.size


def _directory(members: list[_Member]) -> bytes:
    central = b"".join(member.central for member in members)
    start = members[-1].end if members else 0
    count = len(members)
    return central + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(central), start, 0)


class _Zip:
    """Reads what `write_zip` writes, and nothing else."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._file = file
        self._members = {member.name: member for member in _members(path, file)}
        self.sizes: Mapping[str, int] = {name: one.size for name, one in self._members.items()}

    def pieces(self, name: str) -> Iterator[bytes]:
        member = self._members[name]
        place = member.offset
        if self._at(place, len(member.local)) != member.local:
            raise DamagedLedgerError(f"{name}: its header in the ZIP is not as a bundle has it")
        place, crc = place + len(member.local), 0
        while place < member.end:
            piece = self._at(place, min(member.end - place, _PIECE))
            if not piece:
                raise DamagedLedgerError(f"{name}: cut")
            place, crc = place + len(piece), zlib.crc32(piece, crc)
            yield piece
        if crc != member.crc:
            raise DamagedLedgerError(f"{name}: its checksum in the ZIP is not that of its bytes")

    def _at(self, place: int, count: int) -> bytes:
        # Several files are read in turns.
        self._file.seek(place)
        return self._file.read(count)


def _members(path: Path, file: BinaryIO) -> list[_Member]:
    total = file.seek(0, os.SEEK_END)
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise LedgerError(f"{path}: no bundle of a ledger: neither a folder nor a ZIP")
    if total > _MOST_ZIP_BYTES or total < _END.size:
        raise DamagedLedgerError(f"a ZIP of {total:,} bytes")
    file.seek(total - _END.size)
    magic, _, _, _, count, length, start, _ = _END.unpack(file.read(_END.size))
    if magic != b"PK\x05\x06" or count > MOST_FILES or start + length + _END.size != total:
        raise DamagedLedgerError("no ZIP of a bundle, or cut: pack the folder's files by `partwatch` only")
    file.seek(start)
    directory = file.read()
    members = list(_listed(directory[: -_END.size], count))
    names = [member.name for member in members]
    if names != sorted(set(names)) or not all(map(is_known, names)) or _directory(members) != directory:
        raise DamagedLedgerError("no ZIP of a bundle: its directory is not as a bundle has it")
    if MANIFEST not in names:
        raise LedgerError(f"{path}: no bundle of a ledger: it has no {MANIFEST}")
    return members


def _listed(central: bytes, count: int) -> Iterator[_Member]:
    place, offset = 0, 0
    for _ in range(count):
        if place + _CENTRAL.size > len(central):
            return
        fields = _CENTRAL.unpack_from(central, place)
        place += _CENTRAL.size
        name = central[place : place + fields[10]].decode("utf-8", "replace")
        place += fields[10]
        member = _Member(name, fields[9], fields[7], offset)
        offset = member.end
        if offset > _MOST_ZIP_BYTES:
            return
        yield member


def write_zip(folder: Path, target: BinaryIO) -> None:
    """Write the files of a bundle's folder as the one ZIP that they have."""
    container = _Folder(folder, _folder_sizes(folder))
    members: list[_Member] = []
    for name, size in container.sizes.items():
        crc = 0
        for piece in container.pieces(name):
            crc = zlib.crc32(piece, crc)
        member = _Member(name, size, crc, members[-1].end if members else 0)
        target.write(member.local)
        for piece in container.pieces(name):
            target.write(piece)
        members.append(member)
    target.write(_directory(members))
