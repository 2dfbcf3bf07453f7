"""Saved documents of ours, read again within limits: bytes, lines, JSON, and what a damaged one is called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from pydantic import BaseModel, ValidationError

from partwatch.model.errors import UsageError

T = TypeVar("T", bound=BaseModel)

# Of an item with all its pictures, or of a document that is no line per item.
MOST_LINE_BYTES: Final = 64 << 20
MOST_WHOLE_BYTES: Final = 256 << 20
_HEAD_BYTES: Final = 4096
_CHUNK_BYTES: Final = 1 << 20


class NotSoError(ValueError):
    """A line or a document is not what it should be; the message says in what."""


def opened(path: Path, most_bytes: int) -> BinaryIO:
    """The file for reading. Raises UsageError where it cannot be, or is too long."""
    try:
        size = path.stat().st_size
        if size > most_bytes:
            raise UsageError(f"{path}: {size:,} bytes, more than the limit of {most_bytes:,}; split it")
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def head_of(path: Path) -> bytes:
    """Its first bytes, without a byte order mark and blanks; none where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return b""


def lines_of(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Numbers from 1, and lines without their ends, blank ones left out; None for one that is too long."""
    number = 0
    while line := stream.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(line) > MOST_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(_CHUNK_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield number, None
            continue
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if told := line.strip():
            yield number, told


def parsed(data: bytes) -> Any:
    """JSON from bytes. Raises NotSoError. Halves of surrogate pairs become escapes."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text)
    except UnicodeDecodeError as error:
        raise NotSoError(f"byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise NotSoError(f"not JSON ({error.msg}, column {error.colno})") from error
    except RecursionError as error:
        raise NotSoError("nested too deeply") from error
    except ValueError as error:
        # A number of more digits than Python reads.
        raise NotSoError(f"not JSON that can be read ({error})") from error
    return _whole(value) if "\\ud" in text or "\\uD" in text else value


def validated(kind: type[T], value: Any) -> T:
    """The record. Raises NotSoError."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise NotSoError(first_of(error)) from error


def first_of(error: ValidationError) -> str:
    """The first thing that does not fit, and how many others."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    spot = ".".join(str(step) for step in first["loc"]) or "the record"
    others = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{spot[:200]}: {first['msg']}{others}"


def document(path: Path, kind: type[T], verb: str) -> T:
    """A document that is read whole. verb: of the command that writes it. Raises UsageError."""
    with opened(path, MOST_WHOLE_BYTES) as stream:
        data = stream.read()
    try:
        return validated(kind, parsed(data.removeprefix(b"\xef\xbb\xbf")))
    except NotSoError as error:
        raise UsageError(
            f"{path}: not what `partwatch {verb} --json` writes, or of another version: {error}; run it again"
        ) from error


def file_sha256(path: Path) -> str:
    """Of a file's bytes, lower-case hex. Raises UsageError."""
    digest = hashlib.sha256()
    with opened(path, 1 << 62) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value
