"""The manifest of a bundle: a signed note that holds every other file by its SHA-256 and length.

::

    partwatch ledger bundle 1
    ORIGIN
    SIZE
    SHA256 BYTES NAME           a line a file, in the order of names
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

from partwatch.ledger.container import MANIFEST, Container, is_known, read
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.keys import verifies
from partwatch.ledger.notes import MOST_NOTE_BYTES, Checkpoint, SignsNotes, VerifierKey, parse_note, signed
from partwatch.ledger.verified import Checking

# Its spaces keep it from ever being the name of a log: no manifest passes for a checkpoint.
TITLE: Final = "partwatch ledger bundle 1"
_FAMILY: Final = TITLE.rpartition(" ")[0]
_LINE: Final = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,11}) (\S+)")
_CHANGED: Final = "the bundle was changed, or damaged on its way, after it was written"


@dataclass(frozen=True)
class Manifest:
    """What it says, nothing verified. files: SHA-256 (hexadecimal) and length by name."""

    origin: str
    size: int
    files: Mapping[str, tuple[str, int]]


def write_manifest(folder: Path, last: Checkpoint, signer: SignsNotes) -> None:
    """Sign what lies in a folder."""
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    told = []
    for name in names:
        with (folder / name).open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        told.append(f"{digest} {(folder / name).stat().st_size} {name}")
    text = "\n".join([TITLE, last.origin, str(last.size), *told]) + "\n"
    (folder / MANIFEST).write_bytes(signed(text.encode(), signer))


def check_manifest(container: Container, key: VerifierKey | None, checking: Checking) -> Manifest | None:
    """The manifest, its signature and every file against it; None where it cannot be read.

    Raises LedgerError for a bundle of a later version.
    """
    try:
        note = parse_note(read(container, MANIFEST, MOST_NOTE_BYTES))
        manifest = _parsed(note.text.decode())
        if len(note.signatures) != 1:
            raise DamagedLedgerError("it must have one signature")
    except DamagedLedgerError as error:
        checking.fail(MANIFEST, str(error), _CHANGED)
        return None
    checking.count += 1
    if key is None or not verifies(note, key) or manifest.origin != key.name:
        checking.fail(MANIFEST, "its signature is not the log's key's", _CHANGED)
    _check_files(container, manifest, checking)
    return manifest


def _check_files(container: Container, manifest: Manifest, checking: Checking) -> None:
    there = set(container.sizes) - {MANIFEST}
    for name in sorted(there - set(manifest.files)):
        checking.fail(
            name, "the manifest does not name it", "the file was added after the bundle was written"
        )
    for name, (digest, size) in manifest.files.items():
        if name not in there:
            checking.fail(name, "missing", "the file was taken out after the bundle was written")
            continue
        checking.count += 1
        if container.sizes[name] != size or _digest(container, name) != digest:
            checking.fail(name, "not the bytes that the manifest names", _CHANGED)


def _digest(container: Container, name: str) -> str:
    hashing = sha256()
    try:
        for piece in container.pieces(name):
            hashing.update(piece)
    except DamagedLedgerError as error:
        return str(error)
    return hashing.hexdigest()


def _parsed(text: str) -> Manifest:
    title, *rest = text.split("\n")
    if title != TITLE:
        if re.fullmatch(rf"{_FAMILY} [1-9][0-9]*", title):
            raise LedgerError(
                f"{MANIFEST}: {title!r} is of a later version; verify it with a newer Partwatch"
            )
        raise DamagedLedgerError(f"it does not begin with {TITLE!r}")
    if len(rest) < 3 or rest[-1] or not re.fullmatch(r"0|[1-9][0-9]{0,15}", rest[1]):
        raise DamagedLedgerError("it has no origin and size")
    files: dict[str, tuple[str, int]] = {}
    for line in rest[2:-1]:
        match = _LINE.fullmatch(line)
        if match is None or match[3] == MANIFEST or not is_known(match[3]):
            raise DamagedLedgerError(f"{line[:100]!r} names no file of a bundle")
        if files and match[3] <= next(reversed(files)):
            raise DamagedLedgerError("its files are not in the order of their names")
        files[match[3]] = match[1], int(match[2])
    return Manifest(rest[0], int(rest[1]), files)
