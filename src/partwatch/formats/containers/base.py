"""What everything that holds other files looks like from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from partwatch.formats.base import Member, ReadLimits
from partwatch.formats.labels import free_label
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, UnreadableError

# Below this a high ratio is no bomb, only a very regular file.
RATIO_FLOOR_BYTES = 1 << 22


class Container(Protocol):
    """An opened container: its directory has been read and bounded, its members not yet.

    unread: reasons for what of the container is no member and went unread; with any it is not complete.
    remarks: what is odd about it although all of it is among the members.
    """

    @property
    def members(self) -> tuple[Member, ...]: ...

    @property
    def unread(self) -> tuple[Reason, ...]: ...

    @property
    def remarks(self) -> tuple[Reason, ...]: ...

    def extract(self, label: str) -> bytes: ...


@dataclass(frozen=True)
class ContainerFormat:
    """A kind of container, as it registers itself.

    recognises: whether the whole content should be opened as this; by signature, never by name.
    open: the whole content, its limits and the file's own name (from which single-file compression
    takes its member's) to a Container; raises UnreadableError with the place and the mend.
    examples: small valid containers by name, each of them with the members that it holds.
    """

    name: str
    recognises: Callable[[bytes], bool]
    open: Callable[[bytes, ReadLimits, str], Container]
    examples: Callable[[], dict[str, tuple[bytes, dict[str, bytes]]]] = field(default=dict)


@dataclass(frozen=True)
class Entry:
    """A member before it has its label. content: gives the bytes or raises UnreadableError."""

    name: str
    size_bytes: int
    content: Callable[[], bytes]


class Listing:
    """A Container of entries that were listed beforehand; names that come twice are told apart."""

    def __init__(
        self,
        entries: Iterable[Entry],
        limits: ReadLimits,
        unread: tuple[Reason, ...] = (),
        remarks: tuple[Reason, ...] = (),
    ) -> None:
        self.unread = unread
        self.remarks = remarks
        self._entries: dict[str, Entry] = {}
        for place, entry in enumerate(entries, start=1):
            if place > limits.max_members:
                raise too_many_members(limits)
            self._entries[free_label(entry.name, place, self._entries)] = entry

    @property
    def members(self) -> tuple[Member, ...]:
        """In the container's order."""
        return tuple(Member(label, entry.size_bytes) for label, entry in self._entries.items())

    def extract(self, label: str) -> bytes:
        """The content of one member; raises UnreadableError that names it."""
        entry = self._entries.get(label)
        if entry is None:
            raise DamagedError(f"there is no member {label!r}")
        try:
            return entry.content()
        except UnreadableError as error:
            raise type(error)(f"member {label!r}: {error}") from None


def refusing(error: UnreadableError) -> Callable[[], bytes]:
    """The content of a member that is listed but cannot be read."""

    def content() -> bytes:
        raise error

    return content


def too_many_members(limits: ReadLimits) -> LimitError:
    """The error for a container with more members than allowed."""
    return LimitError(
        f"it holds more than the limit of {limits.max_members:,} members: split it, or raise --max-members"
    )


def check_expansion(packed: int, unpacked: int, limits: ReadLimits) -> None:
    """Raise LimitError where so many bytes unpack to more than is allowed; call it while unpacking."""
    if unpacked > limits.max_member_bytes:
        raise LimitError(
            f"it unpacks to more than the limit of {limits.max_member_bytes:,} bytes: unpack it and screen "
            "what it holds, or raise --max-file-size"
        )
    if unpacked > max(RATIO_FLOOR_BYTES, packed * limits.max_expansion_ratio):
        raise LimitError(
            f"it unpacks to more than {limits.max_expansion_ratio:g} times its {packed:,} bytes: this is how "
            "files are built that fill a disk; if it is an honest one, raise --max-expansion"
        )


def is_padding(content: bytes) -> bool:
    """Whether bytes are only the zeros or blanks that programs fill up with."""
    return not content.strip(b"\0 \t\r\n\x1a")
