"""The file of a backup: whole or not there at all, and refused with one wrong bit.

::

    partwatch-service-backup 1\\n
    SHA-256 of all that follows, hex\\n
    a tar archive: manifest.json, then what is kept

``tail -c +94 FILE | tar -x`` unpacks one without this program.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from partwatch.model.errors import StoreError
from partwatch.watchlist.folders import sync

MAGIC: Final = b"partwatch-service-backup 1\n"
HEAD_BYTES: Final = len(MAGIC) + 64 + 1
_CHUNK: Final = 1 << 20


class Packing:
    """A backup that is being written."""

    def __init__(self, out: BinaryIO) -> None:
        self._tar = tarfile.TarFile(fileobj=out, mode="w", format=tarfile.PAX_FORMAT)

    def add_bytes(self, name: str, content: bytes) -> None:
        """A member from memory."""
        self._tar.addfile(_member(name, len(content)), BytesIO(content))

    def add_file(self, name: str, path: Path) -> str:
        """A member from a file, as long as it is when it is opened; its SHA-256 in hex. Raises
        FileNotFoundError where it is gone, before anything is written, and StoreError where it shrinks."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            reading = _Hashing(file, size)
            try:
                self._tar.addfile(_member(name, size), reading)  # type: ignore[arg-type] # reads like a file
            except OSError as error:
                if reading.left:
                    raise StoreError(f"{path}: became shorter while it was read; try again") from error
                raise
            return reading.digest.hexdigest()

    def close(self) -> None:
        """No more members."""
        self._tar.close()


class _Hashing:
    """So many bytes of a file, with their digest."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.left = size
        self.digest = hashlib.sha256()
        self._file = file

    def read(self, size: int) -> bytes:
        chunk = self._file.read(min(size, self.left))
        self.left -= len(chunk)
        self.digest.update(chunk)
        return chunk


@contextmanager
def packing(path: Path) -> Iterator[Packing]:
    """A backup that takes the name of `path` once all of it is on the disk; only its owner may read it.
    Raises StoreError where it cannot be written."""
    folder = path.absolute().parent
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=folder)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check folder and space") from error
    try:
        with os.fdopen(descriptor, "w+b") as out:
            out.write(MAGIC + bytes(64) + b"\n")
            found = Packing(out)
            yield found
            found.close()
            out.flush()
            digest = _digest_of(out)
            out.seek(len(MAGIC))
            out.write(digest.encode())
            out.flush()
            os.fsync(out.fileno())
        _put(Path(name), path)
        sync(folder)
    except FileExistsError as error:
        raise StoreError(f"{path}: is there already; give another name") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); check folder and space") from error
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()


def _put(made: Path, path: Path) -> None:
    """Give a file its name, and take none from another: a backup is not replaced by the next."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:
        # A disk that knows no second names.
        if path.exists():
            raise FileExistsError(path) from None
        made.rename(path)


@contextmanager
def unpacking(path: Path) -> Iterator[tarfile.TarFile]:
    """The members of a backup, verified as a whole before the first is given. Raises StoreError."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
                raise StoreError(f"{path}: is no backup of a service, or of another version")
            if head[len(MAGIC) :] != _digest_of(file).encode() + b"\n":
                raise StoreError(f"{path}: is damaged: it is cut short or was changed; take another backup")
            file.seek(HEAD_BYTES)
            try:
                with tarfile.open(fileobj=file, mode="r|") as tar:
                    yield tar
            except tarfile.TarError as error:
                raise StoreError(f"{path}: is no backup that this version reads ({error})") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); check path and space") from error


def safe_parts(name: str) -> tuple[str, ...] | None:
    """The parts of a member's name; None where it would lead anywhere but below its folder."""
    parts = PurePosixPath(name).parts
    is_plain = bool(parts) and "/".join(parts) == name and "\0" not in name
    return parts if is_plain and all(part not in ("..", "/") for part in parts) else None


def _digest_of(file: BinaryIO) -> str:
    """Of what follows the head."""
    file.seek(HEAD_BYTES)
    state = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        state.update(chunk)
    return state.hexdigest()


def _member(name: str, size: int) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = size
    made.mode = 0o600
    return made
