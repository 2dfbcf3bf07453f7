"""Opening what may be anything: only regular files, never through a link, never waiting."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import BinaryIO

from partwatch.model.errors import InaccessibleError, LimitError, NotAFileError, UnreadableError

_CHUNK_BYTES = 1 << 20
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
    """The whole of a regular file; LimitError where it holds more than `most_bytes`."""
    with open_regular(path) as file:
        try:
            # One more than fits tells a file that grows while it is read from one that ends.
            content = b"" if os.fstat(file.fileno()).st_size > most_bytes else _up_to(file, most_bytes + 1)
            size_bytes = max(len(content), os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise inaccessible(error) from error
    if size_bytes > most_bytes:
        raise LimitError(
            f"the file has {size_bytes:,} bytes, more than the limit of {most_bytes:,}: split it"
        )
    return content


def _up_to(file: BinaryIO, most_bytes: int) -> bytes:
    # A single read of the known size makes no second copy; what comes after it is rarely anything.
    parts = [file.read(min(os.fstat(file.fileno()).st_size, most_bytes))]
    left = most_bytes - len(parts[0])
    while left and (part := file.read(min(left, _CHUNK_BYTES))):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def sha256_of(path: str, most_bytes: int | None = None) -> str | None:
    """SHA-256 of a regular file, hex, in little memory; None where it cannot be read or is longer."""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            if most_bytes is not None and os.fstat(file.fileno()).st_size > most_bytes:
                return None
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except (UnreadableError, OSError):
        return None
    return digest.hexdigest()
