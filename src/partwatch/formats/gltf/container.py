"""The two containers of glTF 2.0, GLB and JSON, and typed access to JSON that a stranger wrote."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, UnsupportedError
from partwatch.model.mesh import FloatArray

Json = dict[str, Any]

MAGIC = b"glTF"
_HEADER_BYTES = 12
_CHUNK_HEADER_BYTES = 8
_JSON_CHUNK = 0x4E4F534A
_BINARY_CHUNK = 0x004E4942


@dataclass(frozen=True)
class Container:
    """The JSON of a file, the binary chunk of a GLB, and what went unread around them."""

    root: Json
    binary: memoryview | None
    reasons: tuple[Reason, ...] = ()


def open_container(data: bytes) -> Container:
    """Raises DamagedError on a cut or malformed file, UnsupportedError on another version than 2."""
    if not data.startswith(MAGIC):
        return Container(_parsed(data), None)
    if len(data) < _HEADER_BYTES:
        raise DamagedError("the GLB file ends within its header: transfer it again")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise UnsupportedError(f"the GLB file is of version {version}: export it as glTF 2.0")
    if length > len(data):
        raise DamagedError(
            f"the GLB header promises {length:,} bytes, the file has {len(data):,}: it was cut short; "
            "transfer it again"
        )
    chunks = _chunks(memoryview(data)[:length])
    reasons = []
    if data[length:].strip(b"\0"):
        reasons.append(_unread(f"{len(data) - length:,} bytes follow the end of the GLB"))
    if not chunks or chunks[0][0] != _JSON_CHUNK:
        raise DamagedError("the GLB file does not begin with its JSON chunk: export it again")
    binary = chunks[1][1] if len(chunks) > 1 and chunks[1][0] == _BINARY_CHUNK else None
    for kind, content in chunks[1 if binary is None else 2 :]:
        reasons.append(_unread(f"the GLB holds a chunk of kind {kind:#x} and {len(content):,} bytes"))
    return Container(_parsed(bytes(chunks[0][1])), binary, tuple(reasons))


def _unread(what: str) -> Reason:
    return Reason(code=UnsupportedError.code, message=f"{what}, which were not read: export the file again")


def _chunks(data: memoryview) -> list[tuple[int, memoryview]]:
    found = []
    at = _HEADER_BYTES
    while at < len(data):
        if at + _CHUNK_HEADER_BYTES > len(data):
            raise DamagedError(f"byte {at:,}: the GLB ends within a chunk's header; transfer it again")
        size, kind = struct.unpack_from("<II", data, at)
        at += _CHUNK_HEADER_BYTES
        if size > len(data) - at:
            raise DamagedError(
                f"byte {at:,}: a chunk of {size:,} bytes reaches beyond the GLB; transfer it again"
            )
        found.append((kind, data[at : at + size]))
        at += size
    return found


def _parsed(data: bytes) -> Json:
    try:
        root = json.loads(
            data.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_without_doubles
        )
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"the glTF's JSON is malformed ({error}); export the file again") from None
    if not isinstance(root, dict):
        raise DamagedError("the glTF's JSON is no object; export the file again")
    return root


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _without_doubles(pairs: list[tuple[str, Any]]) -> Json:
    # Programs differ in which of two they take.
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("an object has one name twice")
    return made


def entries(owner: Json, key: str) -> list[Json]:
    """A list of objects, empty where there is none."""
    found = owner.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DamagedError(f"{key!r} is no list of objects; export the file again")
    return found


def entry(owner: Json, key: str, index: int) -> Json:
    """One of a list of objects."""
    found = owner.get(key, [])
    if not isinstance(found, list) or not 0 <= index < len(found) or not isinstance(found[index], dict):
        raise DamagedError(f"there is no {key}[{index}], but it is referred to; export the file again")
    return dict(found[index])


def part(owner: Json, key: str) -> Json:
    """An object within an object, empty where there is none."""
    found = owner.get(key, {})
    if not isinstance(found, dict):
        raise DamagedError(f"{key!r} is no object; export the file again")
    return found


def whole(owner: Json, key: str, default: int | None = None) -> int:
    """A whole number that is not negative; DamagedError where it is missing and has no default."""
    found = owner.get(key, default)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < 1 << 53:
        raise DamagedError(f"{key!r} is {str(found)[:40]!r}, not a whole number; export the file again")
    return found


def indices(owner: Json, key: str) -> list[int]:
    """A list of whole numbers, empty where there is none."""
    found = owner.get(key, [])
    if not isinstance(found, list):
        raise DamagedError(f"{key!r} is no list; export the file again")
    return [whole({key: each}, key) for each in found]


def numbers(owner: Json, key: str, count: int) -> FloatArray | None:
    """That many finite numbers, (count,), or None where there are none."""
    found = owner.get(key)
    if found is None:
        return None
    sound = (
        isinstance(found, list)
        and len(found) == count
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in found)
    )
    try:
        values = np.array(found, dtype=np.float64) if sound else np.full(count, np.nan)
    except OverflowError:
        values = np.full(count, np.nan)
    if not np.isfinite(values).all():
        raise DamagedError(f"{key!r} is not {count} finite numbers; export the file again")
    return values


def name_of(owner: Json) -> str | None:
    """The name of anything, where it has one."""
    found = owner.get("name")
    return found.strip() or None if isinstance(found, str) else None
