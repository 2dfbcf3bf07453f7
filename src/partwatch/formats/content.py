"""All that some bytes are at once: a mesh, an archive, or, where somebody made them so, several things.

A file that one program opens as a mesh and another as an archive is read as each of them. Bytes that stand
before or behind an archive are members of it, so a mesh with an archive behind it is an archive whose first
bytes are a mesh.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from partwatch.formats import registry, stl
from partwatch.formats.archive import BEFORE, is_bare
from partwatch.formats.base import Format, Member, Reading, ReadLimits
from partwatch.formats.containers import Container, ContainerFormat, rar, recognised, sevenzip, zipped
from partwatch.formats.labels import free_label
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, UnreadableError

_HEAD_BYTES = 1 << 16
# So far into a file, behind a program that unpacks itself, programs look for these signatures.
_SEARCHED_BYTES = 1 << 20
_SOUGHT = ((b"Rar!\x1a\x07", rar.FORMAT), (b"7z\xbc\xaf\x27\x1c", sevenzip.FORMAT))


@dataclass(frozen=True)
class _Place:
    """A container and the byte at which it begins."""

    format: ContainerFormat
    start: int = 0


@dataclass(frozen=True)
class Content:
    """What reads some bytes as a mesh, and what opens them as a container; neither where nothing does."""

    readers: tuple[Format, ...]
    places: tuple[_Place, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all that it is, without repetition."""
        every = (*(known.name for known in self.readers), *(place.format.name for place in self.places))
        return tuple(dict.fromkeys(every))

    @property
    def is_several(self) -> bool:
        """Whether different programs would see different things in it."""
        return len(self.names) > 1

    def readings(self, data: bytes, limits: ReadLimits) -> Iterator[Reading | UnreadableError]:
        """It read as each mesh format that it is, or why that failed."""
        for known in self.readers:
            try:
                yield registry.read_as(known, data, limits)
            except UnreadableError as error:
                yield error


def examine(data: bytes) -> Content:
    """What these bytes are; raises UnreadableError where that is nothing that can be read."""
    head = data[:_HEAD_BYTES]
    readers = [
        known
        for known in registry.FORMATS
        if known not in registry.PACKAGES and known.recognises(head, len(data))
    ]
    places = [_Place(known) for known in recognised(data)]
    if (places or len(readers) > 1) and not stl.is_certain(head, len(data)):
        # What only resembles a binary STL gives way to a format with a signature.
        readers = [known for known in readers if known is not stl.FORMAT]
    if any(place.format is zipped.FORMAT for place in places):
        readers, places = _with_zip(data, head, readers, places)
    places += _hidden(data, len(head) if readers else _SEARCHED_BYTES, places)
    if not readers and not places:
        raise registry.unknown(data)
    return Content(tuple(readers), tuple(places))


def _with_zip(
    data: bytes, head: bytes, readers: list[Format], places: list[_Place]
) -> tuple[list[Format], list[_Place]]:
    if not data.startswith(b"PK") and not stl.is_exactly_binary(head, len(data)):
        # The mesh is what stands before the archive, and is read as that member.
        readers = []
    packages = registry.packages(data)
    if packages:
        around = [] if is_bare(data) or readers else [_Place(zipped.AROUND_PACKAGE)]
        places = [place for place in places if place.format is not zipped.FORMAT] + around
    return [*readers, *packages], places


def _hidden(data: bytes, searched: int, places: list[_Place]) -> list[_Place]:
    """Archives that begin behind something else, as those that unpack themselves do."""
    if places:
        # An archive that lies in another uncompressed is a member of it.
        return []
    found = ((data.find(magic, 1, searched), known) for magic, known in _SOUGHT)
    return [
        _Place(known, start)
        for start, known in found
        if start > 0 and known.recognises(data[start : start + 64])
    ]


class Opened:
    """The containers that some bytes are, as one; with names that several share told apart.

    unread, remarks: as of a Container, over all of them.
    """

    def __init__(self, content: Content, data: bytes, limits: ReadLimits, name: str) -> None:
        self.unread: list[Reason] = []
        self.remarks: list[Reason] = []
        self._members: dict[str, tuple[Container, Member]] = {}
        for place in content.places:
            try:
                container = place.format.open(data[place.start :], limits, name)
            except UnreadableError as error:
                if not content.is_several:
                    raise
                message = f"as {place.format.name} it could not be read: {error}"
                self.unread.append(Reason(code=error.code, message=message))
                continue
            self._add(container, place, content)

    def _add(self, container: Container, place: _Place, content: Content) -> None:
        self.unread += container.unread
        self.remarks += container.remarks
        if place.start and not content.readers:
            message = (
                f"the {place.start:,} bytes before the {place.format.name} archive, which may be a program "
                "that unpacks itself, were not read"
            )
            self.unread.append(Reason(code=DamagedError.code, message=message))
        for member in container.members:
            if member.path == BEFORE and stl.FORMAT in content.readers:
                # The whole file has been read as a mesh, and this is its front.
                continue
            label = free_label(member.path, len(self._members) + 1, self._members)
            self._members[label] = (container, member)

    @property
    def members(self) -> tuple[str, ...]:
        """The names of all members."""
        return tuple(self._members)

    def extract(self, label: str) -> bytes:
        """The content of one member; raises UnreadableError that names it."""
        if label not in self._members:
            raise DamagedError(f"there is no member {label!r}")
        container, member = self._members[label]
        return container.extract(member.path)
