"""TAR archives of every dialect (ustar, GNU, pax); compression around them is a container of its own.

Nothing is ever linked, created or followed: a link, device or pipe within is a member that is refused.
"""

from __future__ import annotations

import io
import tarfile
from typing import Any

from partwatch.formats.base import ReadLimits
from partwatch.formats.containers.base import (
    RATIO_FLOOR_BYTES,
    Container,
    ContainerFormat,
    Entry,
    Listing,
    is_padding,
    too_many_members,
)
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, NotAFileError

_BLOCK_BYTES = 512
_KINDS = {
    tarfile.LNKTYPE: "a hard link to {target!r}, whose content is where it points: screen that member",
    tarfile.SYMTYPE: "a symbolic link to {target!r}, which is not followed",
    tarfile.CHRTYPE: "a device, which holds no content",
    tarfile.BLKTYPE: "a device, which holds no content",
    tarfile.FIFOTYPE: "a named pipe, which holds no content",
}


def recognises(data: bytes) -> bool:
    """By the first header: the magic of ustar, or a checksum that is right (in the oldest archives)."""
    head = data[:_BLOCK_BYTES]
    if len(head) < _BLOCK_BYTES or not head[0]:
        return False
    if head[257:262] != b"ustar" and not head[148:156].strip(b"\0 ").isdigit():
        return False
    try:
        promised = int(head[148:156].strip(b"\0 "), 8)
    except ValueError:
        return False
    # The sum takes its own field as blanks; some old programs added signed bytes.
    summed = head[:148] + b" " * 8 + head[156:]
    return promised in (sum(summed), sum(byte - 256 * (byte > 127) for byte in summed))


def open_tar(data: bytes, limits: ReadLimits, _name: str) -> Container:
    """The archive's members; what stands behind the place where its headers end is said to be unread."""
    stream = io.BytesIO(data)
    infos: list[tarfile.TarInfo] = []
    try:
        archive = tarfile.TarFile(fileobj=stream, mode="r", errors="surrogateescape")
        while (info := archive.next()) is not None:
            infos.append(info)
            if len(infos) > limits.max_members:
                raise too_many_members(limits)
    except (tarfile.TarError, ValueError, OverflowError, OSError, EOFError, RecursionError) as error:
        if not infos:
            raise DamagedError(
                f"the TAR archive cannot be read ({error}): transfer or pack it again"
            ) from None
    unread = _behind(data, infos)
    return Listing(
        [_entry(archive, info, len(data), limits) for info in infos if not info.isdir()], limits, unread
    )


def _behind(data: bytes, infos: list[tarfile.TarInfo]) -> tuple[Reason, ...]:
    """A reason where the headers end without the zeros that close an archive, or too early."""
    end = max((_end(info) for info in infos), default=0)
    rest = data[end:]
    if rest and is_padding(rest):
        return ()
    what = (
        f"{len(rest):,} bytes behind its last readable member at byte {end:,} are no member and were not read"
        if rest
        else f"it ends at byte {len(data):,} without the closing blocks, so members may be missing"
    )
    return (Reason(code=DamagedError.code, message=f"{what}: transfer or pack the TAR archive again"),)


def _end(info: tarfile.TarInfo) -> int:
    stored = _stored_bytes(info)
    return info.offset_data + -(-stored // _BLOCK_BYTES) * _BLOCK_BYTES


def _stored_bytes(info: tarfile.TarInfo) -> int:
    """What a member takes up in the archive; of a sparse one only the parts that are there."""
    # Where each part lies and how long it is; the type stubs know nothing of it.
    parts: Any = info.sparse
    if parts is not None:
        return sum(int(size) for _, size in parts)
    return info.size if info.isreg() else 0


def _entry(archive: tarfile.TarFile, info: tarfile.TarInfo, total: int, limits: ReadLimits) -> Entry:
    return Entry(info.name, info.size, lambda: _content(archive, info, total, limits))


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo, total: int, limits: ReadLimits) -> bytes:
    if not info.isreg():
        words = _KINDS.get(info.type, f"of the unknown kind {info.type!r}, which cannot be read")
        raise NotAFileError(f"it is {words.format(target=info.linkname)}")
    stored = _stored_bytes(info)
    if info.size > limits.max_member_bytes:
        raise LimitError(
            f"it has {info.size:,} bytes, more than the limit of {limits.max_member_bytes:,}: unpack it and "
            "screen what it holds, or raise --max-file-size"
        )
    if info.size > max(RATIO_FLOOR_BYTES, stored * limits.max_expansion_ratio):
        raise LimitError(
            f"it unfolds from {stored:,} to {info.size:,} bytes, more than {limits.max_expansion_ratio:g} "
            "times: a sparse file that is nearly all holes; if it is an honest one, raise --max-expansion"
        )
    if info.offset_data + stored > total:
        raise DamagedError(f"the archive ends at byte {total:,}, before the member does: transfer it again")
    try:
        file = archive.extractfile(info)
        content = file.read() if file is not None else b""
    except (tarfile.TarError, ValueError, OverflowError, OSError, KeyError, RecursionError) as error:
        raise DamagedError(f"it cannot be read ({error}): pack it again") from None
    if len(content) != info.size:
        raise DamagedError(f"it has {len(content):,} bytes instead of {info.size:,}: transfer it again")
    return content


def examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
    """Each dialect, with a name too long for the oldest."""
    members = {
        "part.stl": b"solid part\nendsolid part\n" * 20,
        "d/" * 80 + "long.txt": b"a note",
        "empty": b"",
    }
    dialects = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
    return {name: (_packed(members, dialect), members) for name, dialect in dialects.items()}


def _packed(members: dict[str, bytes], dialect: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=dialect) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


FORMAT = ContainerFormat("tar", recognises, open_tar, examples)
