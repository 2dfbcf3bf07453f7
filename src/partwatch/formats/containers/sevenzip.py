"""7z archives, unpacked by py7zr (an extra): into memory, one solid block at a time.

py7zr would refuse names that climb out and write files by their names; here every member is unpacked under
a number of its own, and its name is only a label.
"""

from __future__ import annotations

import io
import lzma
import zlib
from typing import Any, cast

from partwatch.formats import zstd
from partwatch.formats.base import ReadLimits
from partwatch.formats.containers.base import (
    Container,
    ContainerFormat,
    Entry,
    Listing,
    check_expansion,
    too_many_members,
)
from partwatch.formats.extras import ARCHIVES
from partwatch.model.errors import (
    DamagedError,
    EncryptedError,
    LimitError,
    MissingExtraError,
    NotAFileError,
    UnreadableError,
    UnsupportedError,
)

_MAGIC = b"7z\xbc\xaf\x27\x1c"
_HEAD_BYTES = 32
_AES = b"\x06\xf1\x07\x01"
# What py7zr and its decompressors raise on bytes that are no honest archive, beside its own errors.
_DAMAGE = (ValueError, OSError, EOFError, KeyError, IndexError, TypeError, AttributeError, OverflowError,
           AssertionError, ArithmeticError, RecursionError, NotImplementedError, RuntimeError)  # fmt: skip


def recognises(data: bytes) -> bool:
    """By the signature at the front."""
    return data.startswith(_MAGIC)


def open_7z(data: bytes, limits: ReadLimits, _name: str) -> Container:
    """The archive's members; raises MissingExtraError where py7zr is not installed."""
    _check_extent(data)
    py7zr = ARCHIVES.module("py7zr", "a 7z archive")
    exceptions = ARCHIVES.module("py7zr.exceptions", "a 7z archive")
    try:
        archive = py7zr.SevenZipFile(io.BytesIO(data))
    except exceptions.PasswordRequired:
        raise EncryptedError(
            "the 7z archive is encrypted, its list of names too: ask the sender for it without a password"
        ) from None
    except exceptions.UnsupportedCompressionMethodError as error:
        raise _unsupported(error) from None
    except (exceptions.ArchiveError, *_DAMAGE, *_codec_errors()) as error:
        raise _damaged(error) from None
    blocks = _Blocks(archive, len(data), limits)
    files = [each for each in archive.files if not each.is_directory]
    if len(files) > limits.max_members:
        raise too_many_members(limits)
    return Listing([blocks.entry(each) for each in files], limits)


def _check_extent(data: bytes) -> None:
    """The start header says where the directory lies (7zFormat.txt, SignatureHeader)."""
    if len(data) < _HEAD_BYTES:
        raise DamagedError("the 7z archive ends within its header: transfer it again")
    offset, size = (int.from_bytes(data[at : at + 8], "little") for at in (12, 20))
    end = _HEAD_BYTES + offset + size
    if end > len(data):
        raise DamagedError(
            f"the 7z archive should have {end:,} bytes and has {len(data):,}: it was cut short, or is "
            "the first of several volumes; join them, or transfer it again"
        )


class _Blocks:
    """The archive's solid blocks; the one unpacked last is kept, since members are asked for in order."""

    def __init__(self, archive: Any, packed_bytes: int, limits: ReadLimits) -> None:
        self._archive = archive
        self._packed_bytes = packed_bytes
        self._limits = limits
        self._kept: tuple[Any, dict[int, bytes]] | None = None

    def entry(self, file: Any) -> Entry:
        """One file of the archive, not unpacked yet."""
        size = int(file.uncompressed or 0)
        return Entry(str(file.filename), size, lambda: self._content(file, size))

    def _content(self, file: Any, size: int) -> bytes:
        if file.is_symlink or file.is_junction or file.is_socket:
            raise NotAFileError("it is a link or a socket, which is not followed")
        if file.emptystream:
            return b""
        if any(_is_aes(coder) for coder in file.folder.coders):
            raise EncryptedError("it is encrypted: ask the sender for it without a password")
        check_expansion(self._packed_bytes, size, self._limits)
        if self._kept is None or self._kept[0] is not file.folder:
            self._kept = None
            self._kept = (file.folder, self._unpack(file.folder))
        content = self._kept[1].get(file.id)
        if content is None or len(content) != size:
            raise DamagedError("its solid block does not hold it as the directory says: pack it again")
        return content

    def _unpack(self, folder: Any) -> dict[int, bytes]:
        wanted = [each for each in self._archive.files if each.folder is folder and not each.emptystream]
        total = sum(int(each.uncompressed) for each in wanted)
        try:
            check_expansion(self._packed_bytes, total, self._limits)
        except LimitError as error:
            raise LimitError(f"the solid block that it lies in: {error}") from None
        exceptions = ARCHIVES.module("py7zr.exceptions", "a 7z archive")
        products = _Products(total)
        self._archive.reset()
        memory = ARCHIVES.module("py7zr.io", "a 7z archive").MemIO
        for each in self._archive.files:
            place = memory(str(each.id), products) if each.folder is folder and not each.emptystream else None
            self._archive.worker.register_filelike(each.id, place)
        try:
            self._archive.worker.extract(self._archive.fp, None, parallel=False)
        except UnreadableError:
            raise
        except exceptions.UnsupportedCompressionMethodError as error:
            raise _unsupported(error) from None
        except (exceptions.ArchiveError, *_DAMAGE, *_codec_errors()) as error:
            raise _damaged(error) from None
        return {int(name): bytes(product.content) for name, product in products.made.items()}


def _is_aes(coder: Any) -> bool:
    return bool(coder["method"] == _AES)


def _codec_errors() -> tuple[type[Exception], ...]:
    """The errors of the codecs that py7zr lets through."""
    return (lzma.LZMAError, zlib.error, *(error for error in (_zstd_error(),) if error))


def _zstd_error() -> type[Exception] | None:
    try:
        return cast("type[Exception]", zstd.module().ZstdError)
    except MissingExtraError:
        return None


class _Product:
    """What py7zr writes one member into."""

    def __init__(self, room: int) -> None:
        self.content = bytearray()
        self._room = room

    def write(self, part: bytes) -> int:
        """Refuses more than the directory promised for the whole block."""
        if len(self.content) + len(part) > self._room:
            raise DamagedError("it unpacks to more bytes than its directory promises: pack it again")
        self.content += part
        return len(part)

    def read(self, _size: int | None = None) -> bytes:
        """Never asked for while unpacking."""
        return bytes(self.content)

    def seek(self, offset: int, _whence: int = 0) -> int:
        """Only rewound when done."""
        return offset

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing to let go of."""

    def size(self) -> int:
        """So far."""
        return len(self.content)


class _Products:
    """The factory of them, by the number that each member goes under."""

    def __init__(self, room: int) -> None:
        self.made: dict[str, _Product] = {}
        self._room = room

    def create(self, name: str) -> _Product:
        """A place for one member."""
        product = self.made[name] = _Product(self._room)
        return product


def _unsupported(error: Exception) -> UnsupportedError:
    return UnsupportedError(f"it is packed in a way that cannot be unpacked here ({error}): pack it as ZIP")


def _damaged(error: Exception) -> DamagedError:
    said = str(error) or type(error).__name__
    return DamagedError(f"the 7z archive cannot be read ({said}): transfer or pack it again")


def examples() -> dict[str, tuple[bytes, dict[str, bytes]]]:
    """One solid block, and one for each member. Raises MissingExtraError without py7zr."""
    members = {"part.stl": b"solid part\nendsolid part\n" * 20, "folder/note.txt": b"a note", "empty": b""}
    solid = io.BytesIO()
    py7zr = ARCHIVES.module("py7zr", "a 7z archive")
    with py7zr.SevenZipFile(solid, "w") as archive:
        for name, content in members.items():
            archive.writestr(content, name)
    separate = io.BytesIO(b"")
    for number, (name, content) in enumerate(members.items()):
        separate.seek(0)
        with py7zr.SevenZipFile(separate, "a" if number else "w") as archive:
            archive.writestr(content, name)
    return {"solid": (solid.getvalue(), members), "separate-blocks": (separate.getvalue(), members)}


FORMAT = ContainerFormat("7z", recognises, open_7z, examples)
