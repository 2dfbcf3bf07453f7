"""Opening what may be anything: only regular files, never through a link, never waiting."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import BinaryIO

from partwatch.model.errors import (
    ChangedError,
    InaccessibleError,
    LimitError,
    NotAFileError,
    UnreadableError,
)

_CHUNK_BYTES = 1 << 20
# A file that is too long to be read is still named by its digest, if that takes only seconds.
MOST_DIGESTED_BYTES = 4 << 30
# A file system that compresses stores little ones in fewer blocks too.
_LEAST_HOLE_BYTES = 64 << 20
# Without O_NONBLOCK the mere opening of a named pipe waits for its other end.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

KINDS = (
    (stat.S_ISLNK, "a symbolic link, which is not followed: name its target itself"),
    (stat.S_ISFIFO, "a named pipe, which is not opened: feed it in as `-`"),
    (stat.S_ISSOCK, "a socket, which is not opened"),
    (stat.S_ISCHR, "a device, which is not opened: feed it in as `-`"),
    (stat.S_ISBLK, "a device, which is not opened: take an image of it first"),
)


def refusal(mode: int) -> NotAFileError | None:
    """Why a thing of that `st_mode` is not opened; None for files and folders."""
    for is_kind, words in KINDS:
        if is_kind(mode):
            return NotAFileError(words)
    return None


def inaccessible(error: OSError) -> InaccessibleError:
    """The system's refusal as an error of ours."""
    why = error.strerror or type(error).__name__
    return InaccessibleError(f"the system refuses to read it ({why}): check its permissions and the disk")


def open_regular(path: str) -> BinaryIO:
    """A regular file opened for reading; raises NotAFileError or InaccessibleError."""
    try:
        fd = os.open(path, _FLAGS)
    except OSError as error:
        raise _why_not(path) or inaccessible(error) from error
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        raise refusal(mode) or NotAFileError("a folder, where a file was expected")
    return os.fdopen(fd, "rb", buffering=0)


def _why_not(path: str) -> NotAFileError | None:
    try:
        return refusal(os.lstat(path).st_mode)
    except OSError:
        return None


def read_regular(path: str, most_bytes: int) -> bytes:
    """The whole of a regular file, the same from beginning to end.

    Raises LimitError where it holds more than `most_bytes`, and ChangedError where it was written to,
    replaced or removed meanwhile.
    """
    with open_regular(path) as file:
        try:
            before = os.fstat(file.fileno())
            # One more than fits tells a file that grows while it is read from one that ends.
            content = b"" if before.st_size > most_bytes else _up_to(file, most_bytes + 1)
            after = os.fstat(file.fileno())
        except OSError as error:
            raise inaccessible(error) from error
    size_bytes = max(len(content), after.st_size)
    if size_bytes > most_bytes:
        raise LimitError(
            f"the file has {size_bytes:,} bytes, more than the limit of {most_bytes:,}: split it, or raise "
            "--max-file-size"
        )
    if _state(before) != _state(after) or len(content) != after.st_size:
        raise ChangedError(
            f"the file changed while it was read, from {before.st_size:,} to {after.st_size:,} bytes: screen "
            "it again once nothing writes to it"
        )
    _check_still_there(path, after)
    return content


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _check_still_there(path: str, read: os.stat_result) -> None:
    try:
        now = os.lstat(path)
    except OSError as error:
        raise ChangedError(
            f"the file went away while it was read ({error.strerror}): screen it again where it is now"
        ) from error
    if (now.st_dev, now.st_ino) != (read.st_dev, read.st_ino):
        raise ChangedError("the file was replaced by another while it was read: screen it again")


def _up_to(file: BinaryIO, most_bytes: int) -> bytes:
    # A single read of the known size makes no second copy; what comes after it is rarely anything.
    parts = [file.read(min(os.fstat(file.fileno()).st_size, most_bytes))]
    left = most_bytes - len(parts[0])
    while left and (part := file.read(min(left, _CHUNK_BYTES))):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _has_holes(status: os.stat_result) -> bool:
    return status.st_size > _LEAST_HOLE_BYTES and status.st_blocks * 512 < status.st_size // 2


def sha256_of(path: str, most_bytes: int = MOST_DIGESTED_BYTES) -> str | None:
    """SHA-256 of a regular file, hex, in little memory; None where it cannot be read, is longer or has holes.

    A file with holes may claim any size: to read them would take as long as that says.
    """
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
            if status.st_size > most_bytes or _has_holes(status):
                return None
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except (UnreadableError, OSError):
        return None
    return digest.hexdigest()
