"""Gathers marks within bounds: so many, so long, and each value once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from partwatch.model.document import Reason
from partwatch.model.marks import Forgery, Hypothesis, Mark, MarkKind, Where

MOST_MARKS = 4_000
# Of one kind and name, as object names and UUIDs are.
MOST_VALUES = 200
MOST_NAME_CHARS = 120
MOST_VALUE_CHARS = 240
# More of a value is hashed only; nothing honest is longer.
_MOST_TEXT_CHARS = 1 << 20
_DIGEST_BYTES = 8
_MOST_REASONS = 50
_MOST_PATHS = 4
_SPACE = re.compile(r"\s+")
_PATH = re.compile(
    r"(?<![\w/\\:.])(?:[A-Za-z]:[\\/]+(?![\\/])|\\\\[\w.-]+\\|/(?:home|Users|root|media|mnt|tmp|var|Volumes)/)"
    r"[^\"'<>|;,\x00-\x1f]{1,400}"
)
# A drive's letter, and a folder of home folders, tell whose they are.
_USER = re.compile(r"(?i)(?:^/home/|[:/\\](?:Users|Documents and Settings)[\\/]+)([^\\/\"'<>|;,]{1,80})")
_NOBODY = frozenset({"public", "shared", "default", "all users", "user", "username", "me"})


@dataclass
class _Found:
    mark: Mark
    times: int = 1


class Moved(Protocol):
    """What moves say of who made a job."""

    def hypotheses(self, named: Iterable[str]) -> tuple[Hypothesis, ...]:
        """Of software, with bits. named: by banners in the same item."""

    def against(self, software: str) -> tuple[str, ...]:
        """What they say against software that is named."""


@dataclass
class Store:
    """What one item gave. left_out: marks beyond the limits. unread: reasons for what was not looked at.
    moves: what a job's moves say of who made it."""

    found: dict[tuple[MarkKind, str, str], _Found] = field(default_factory=dict)
    values: dict[tuple[MarkKind, str], int] = field(default_factory=dict)
    left_out: int = 0
    unread: list[Reason] = field(default_factory=list)
    moves: Moved | None = None

    def marks(self) -> Iterator[Mark]:
        """In the order in which they were found."""
        for each in self.found.values():
            yield each.mark.model_copy(update={"times": each.times})


@dataclass(frozen=True)
class Collector:
    """Takes marks of one part of an item. forgery: what it takes to change one where nothing else is said."""

    store: Store = field(default_factory=Store)
    part: str | None = None
    forgery: Forgery = Forgery.TEXT_EDITOR

    def within(self, part: str, forgery: Forgery = Forgery.REPACK) -> Collector:
        """For a part of the package."""
        return Collector(self.store, shortened(part), forgery)

    def add(
        self,
        kind: MarkKind,
        name: str,
        value: str,
        group: str,
        *,
        line: int | None = None,
        byte: int | None = None,
        forgery: Forgery | None = None,
    ) -> None:
        """Keep a mark; of no value there is none. A path in it is a mark of its own."""
        said = normalised(value)
        if not said:
            return
        where = Where(part=self.part, line=line, byte=byte)
        mark = Mark(
            kind=kind,
            name=shortened(name) or "-",
            value=said,
            where=where,
            group=group,
            forgery=forgery or self.forgery,
            times=1,
        )
        if self._keep(mark) and kind not in (MarkKind.PATH, MarkKind.USER):
            self._add_paths(value, mark)

    def _keep(self, mark: Mark) -> bool:
        """Whether it is a new one."""
        # A value that stands in several parts is one mark: what it says is no more for that.
        key = (mark.kind, mark.name, mark.value)
        known = self.store.found.get(key)
        if known is not None:
            known.times += 1
            return False
        named = (mark.kind, mark.name)
        count = self.store.values.get(named, 0)
        if count >= MOST_VALUES or len(self.store.found) >= MOST_MARKS:
            self.store.left_out += 1
            return False
        self.store.values[named] = count + 1
        self.store.found[key] = _Found(mark)
        return True

    def _add_paths(self, value: str, mark: Mark) -> None:
        for path in paths_in(value):
            self.add_path(path, mark.name, mark.group, mark.where.line, mark.where.byte)

    def add_path(self, path: str, name: str, group: str, line: int | None, byte: int | None) -> None:
        """A file on somebody's machine, and whose it is where the path says so."""
        self.add(MarkKind.PATH, name, path, group, line=line, byte=byte)
        found = _USER.search(path)
        if found and found[1].strip().lower() not in _NOBODY:
            self.add(MarkKind.USER, "home folder", found[1], group, line=line, byte=byte)

    def unread(self, code: str, message: str) -> None:
        """Say that something was not looked at."""
        if len(self.store.unread) < _MOST_REASONS:
            where = f"{self.part}: " if self.part else ""
            self.store.unread.append(Reason(code=code, message=f"{where}{message}"))


def text_of(data: bytes) -> str:
    """Bytes as valid text: UTF-8, else what is none of it as escapes."""
    return data.decode("utf-8", "backslashreplace")


def normalised(value: str) -> str:
    """One line of valid text without outer blanks; what is too long is cut and told by a digest."""
    value = value[:_MOST_TEXT_CHARS].replace("\0", "")
    value = value.encode("utf-8", "backslashreplace").decode("utf-8")
    value = _SPACE.sub(" ", value).strip()
    if len(value) <= MOST_VALUE_CHARS:
        return value
    tail = f" … ({len(value):,} characters, {digest_of(value.encode())})"
    return value[: MOST_VALUE_CHARS - len(tail)] + tail


def shortened(name: str) -> str:
    """A name within its length."""
    return normalised(name[: 4 * MOST_NAME_CHARS])[:MOST_NAME_CHARS]


def digest_of(data: bytes) -> str:
    """A short digest (BLAKE2b, 64 bits), hex."""
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def paths_in(text: str) -> list[str]:
    """Absolute paths of files on some machine that stand in a text; of a URL none."""
    found = []
    for match in _PATH.finditer(text[:_MOST_TEXT_CHARS]):
        # Line breaks of a macro are written out; a Windows path has backslashes of its own.
        found.append(match[0].split("\\n")[0].rstrip(" .)\\") if "/" in match[0][:3] else match[0].rstrip())
        if len(found) == _MOST_PATHS:
            break
    return [path for path in found if len(path) > len("C:/x")]


class Lines:
    """Numbers of lines by their bytes, counted as they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at, self._line = 0, 1

    def __call__(self, byte: int) -> int:
        """The line, from 1, in which that byte stands."""
        if byte < self._at:
            back = self._data.count(b"\n", byte, self._at)
            self._line -= back
        else:
            self._line += self._data.count(b"\n", self._at, byte)
        self._at = byte
        return self._line
