"""Files as the body of a form, streamed as they lie: what a client hands in, more than once where it must."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from partwatch.model.errors import ChangedError, UnreadableError
from partwatch.screening.files import inaccessible, open_regular

_CHUNK: Final = 256 << 10
_MOST_NAME_CHARS: Final = 1000


@dataclass(frozen=True)
class Outgoing:
    """A file to hand in. path: what is opened; shown: what a result calls it; bytes: its length."""

    path: str
    shown: str
    bytes: int


def outgoing(path: str, shown: str) -> Outgoing:
    """A file that can be read now. Raises UnreadableError where it cannot."""
    with open_regular(path) as file:
        try:
            return Outgoing(path, shown, os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise inaccessible(error) from error


@dataclass(frozen=True)
class Form:
    """multipart/form-data of some files; every `chunks` is the same bytes as long as the files are."""

    files: Sequence[Outgoing]
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def content_type(self) -> str:
        """With the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """Of the body."""
        heads = sum(len(self._head(place)) + 2 + file.bytes for place, file in enumerate(self.files))
        return heads + len(self._tail)

    def chunks(self) -> Iterator[bytes]:
        """The body. Raises UnreadableError where a file is no longer what it was."""
        for place, file in enumerate(self.files):
            yield self._head(place)
            yield from _content(file)
            yield b"\r\n"
        yield self._tail

    def _head(self, place: int) -> bytes:
        name = sent_name(self.files[place].shown, place)
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        told = f'--{self.boundary}\r\nContent-Disposition: form-data; name="files"; filename="{quoted}"'
        return f"{told}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()

    @property
    def _tail(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()


def sent_name(shown: str, place: int) -> str:
    """What a file is called when it is handed in: as it is shown, but for what no form can carry."""
    name = "".join(f"\\x{ord(one):02x}" if one < " " or one == "\x7f" else one for one in shown)
    if name[1:3] == ":\\" or name.startswith("\\\\"):
        # Servers take these for the folders of an old browser's machine, and cut them off.
        name = name.replace("\\", "/")
    return name if len(name) <= _MOST_NAME_CHARS else f"{place}-{name[-_MOST_NAME_CHARS:]}"


def _content(file: Outgoing) -> Iterator[bytes]:
    left = file.bytes
    try:
        with open_regular(file.path) as opened:
            while left and (chunk := opened.read(min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk
            if left or opened.read(1):
                raise ChangedError(f"{file.shown}: changed while it was handed in; do it again")
    except OSError as error:
        raise inaccessible(error) from error
    except ChangedError:
        raise
    except UnreadableError as error:
        raise ChangedError(
            f"{file.shown}: went away while it was handed in ({error}); do it again"
        ) from error
