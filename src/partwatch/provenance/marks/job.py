"""What runs inside a worker: files are opened as `screen` opens them, and marks are kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from partwatch import formats
from partwatch.formats import Opened, ReadLimits
from partwatch.model.document import Finding, Item, Reason, Record
from partwatch.model.errors import LimitError, UnknownFormatError, UnreadableError
from partwatch.model.marks import Hypothesis, Mark
from partwatch.provenance.linking.of_triangles import triangulation_marks
from partwatch.provenance.marks.sources import Found, marks_of
from partwatch.screening.answer import Answer
from partwatch.screening.files import sha256_of
from partwatch.screening.findings import unscreenable
from partwatch.screening.opening import Opener
from partwatch.screening.walk import shown

SETUP = "partwatch.provenance.marks.job:setup"
READ = "partwatch.provenance.marks.job:read_file"


class Kept(Record):
    """What a worker leaves of one content."""

    formats: tuple[str, ...]
    marks: tuple[Mark, ...]
    attribution: tuple[Hypothesis, ...]
    left_out: int


def kept_name(sha256: str) -> str:
    """The file that the marks of a content are kept in."""
    return f"{sha256}.json"


@dataclass(eq=False)
class Reader:
    """Reads items; folder: where their marks are kept. triangulation: whether triangles are looked at as
    well."""

    folder: Path
    limits: ReadLimits = field(default_factory=ReadLimits)
    triangulation: bool = False

    def __post_init__(self) -> None:
        self._opener = Opener(self.limits)

    def read(
        self, path: str, chain: tuple[str, ...], source_sha256: str | None = None, named: str | None = None
    ) -> Answer:
        """The item and its members. What nobody can open may have marks all the same. named: what it is
        called where that is not its path."""
        named, member, sha256 = named or shown(path), "/".join(chain) or None, None
        if not chain:
            self._opener.let_go()
        try:
            data = self._opener.content(path, chain, source_sha256, named)
            sha256 = hashlib.sha256(data).hexdigest()
            found = marks_of(data, self.limits)
            if self.triangulation:
                found = replace(
                    found, marks=(*found.marks, *triangulation_marks(data, found.formats, self.limits))
                )
            self._keep(sha256, found)
            members, reasons = self._members(path, chain, data, found)
        except UnreadableError as error:
            if isinstance(error, LimitError) and not chain and sha256 is None:
                sha256 = sha256_of(path)
            return Answer(item=unscreenable(named, member, _reason(error), sha256))
        item = Item(
            path=named,
            member=member,
            sha256=sha256,
            format="+".join(found.formats) or None,
            finding=Finding.UNSCREENABLE if reasons else Finding.CLEAR,
            complete=not reasons,
            reasons=reasons,
            bodies=(),
        )
        return Answer(item=item, members=members)

    def _keep(self, sha256: str, found: Found) -> None:
        kept = Kept(
            formats=found.formats, marks=found.marks, attribution=found.attribution, left_out=found.left_out
        )
        # Put in place at once: another worker may keep the same content, while the first is being read.
        path = self.folder / kept_name(sha256)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(kept.model_dump_json(), encoding="utf-8")
        part.replace(path)

    def _members(
        self, path: str, chain: tuple[str, ...], data: bytes, found: Found
    ) -> tuple[tuple[str, ...], tuple[Reason, ...]]:
        """What the file holds as an archive, and what of it went unread."""
        try:
            content = formats.examine(data)
            opened = Opened(content, data, self.limits, chain[-1] if chain else shown(path))
        except UnreadableError as error:
            # A profile or a broken job is no shape; it was looked at all the same.
            looked_at = bool(found.formats) and found.formats != ("zip",)
            if looked_at and (isinstance(error, UnknownFormatError) or not data.startswith(b"PK")):
                return (), found.unread
            return (), (*found.unread, _reason(error))
        self._opener.keep(path, chain, opened, content)
        unread = (*found.unread, *opened.unread)
        if not found.formats and not content.places:
            unread = (*unread, Reason(code="unsupported", message="no source of marks reads this format yet"))
        return opened.members, tuple(dict.fromkeys(unread))


def _reason(error: UnreadableError) -> Reason:
    return Reason(code=error.code, message=str(error))


_reader: list[Reader] = []


def setup(folder: str, limits: Mapping[str, Any] | None = None, triangulation: bool = False) -> None:
    """folder: where marks are kept. limits: fields of ReadLimits. triangulation: as of `Reader`."""
    _reader[:] = [Reader(Path(folder), ReadLimits(**limits or {}), triangulation)]


def read_file(
    path: str, chain: list[str], source_sha256: str | None = None, named: str | None = None
) -> bytes:
    """One file, or one member by its names from the outermost archive in; an `Answer` as JSON."""
    return _reader[0].read(path, tuple(chain), source_sha256, named).model_dump_json().encode()
