"""Marks: what items tell of their origin. Frozen, versioned, and all that the renderers read.

The names and their meaning are the contract; a change here is a new SCHEMA and a line in the changelog and in
docs/marks.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from partwatch.model.document import Reason, Record

SCHEMA: Final = "partwatch-marks-1"
# Stands in every document, because it is what is most often forgotten.
ABSENCE: Final = (
    "An absent mark proves nothing: programs differ in what they write, some leave it out on request, and "
    "anybody may take it out."
)


class MarkKind(StrEnum):
    """What a mark is of.

    banner: software names itself. version: of that software. date: stated in the file. setting: a value of a
    profile. preset: a profile's name. printer, filament: names and models. macro: commands at the start, the
    end, or between. object_name: of bodies and files. path: a file on somebody's machine. user: a name in
    such a path. author: a person or an organisation. title. licence. identifier: UUIDs and numbers given out
    once. thumbnail: a picture's perceptual hash. statistic: what a job comes to. comment: free text. header:
    fixed fields of a format. habit: how a program writes, whatever it writes.
    """

    BANNER = "banner"
    VERSION = "version"
    DATE = "date"
    SETTING = "setting"
    PRESET = "preset"
    PRINTER = "printer"
    FILAMENT = "filament"
    MACRO = "macro"
    OBJECT_NAME = "object_name"
    PATH = "path"
    USER = "user"
    AUTHOR = "author"
    TITLE = "title"
    LICENCE = "licence"
    IDENTIFIER = "identifier"
    THUMBNAIL = "thumbnail"
    STATISTIC = "statistic"
    COMMENT = "comment"
    HEADER = "header"
    HABIT = "habit"


class Forgery(StrEnum):
    """What it takes to change a mark, the least first.

    text_editor: the file is text, and so is the mark. repack: text within an archive: unpack, edit, pack
    again, which leaves another archive's habits. binary_edit: a few bytes, a checksum, a directory: a hex
    editor or a short script. resave: a program's way of writing all of the file: another program's save
    changes it, wanted or not, and to imitate it takes that program. remake: the moves
    themselves would have to be others.
    """

    TEXT_EDITOR = "text_editor"
    REPACK = "repack"
    BINARY_EDIT = "binary_edit"
    RESAVE = "resave"
    REMAKE = "remake"


class Where(Record):
    """Where a mark stands in its item: a part of the package, a line from 1, or a byte from 0."""

    part: str | None = None
    line: int | None = None
    byte: int | None = None


class Rarity(Record):
    """How many of a population hold the value, of those that say anything under that kind and name.

    counted: projects as they were weighed; more than `projects` where the population does not keep what a
    single project has, so that the value may stand in one. share_upper: the upper 95 % limit of the share of
    projects. bits: -log2 of it; with few projects they are few, however rare the value is.
    """

    projects: int
    counted: int
    of_projects: int
    files: int
    of_files: int
    share_upper: float
    bits: float


class Mark(Record):
    """One thing that tells of an origin.

    name: within its kind, as the format spells it. value: normalised; a long one is cut and ends in a digest
    of all of it. group: marks of one group come from one source (a profile, a directory) and are not
    independent. times: how often it stands in the item; where: the first of them.
    rarity: None where the population says nothing under that name.
    """

    kind: MarkKind
    name: str
    value: str
    where: Where
    group: str
    forgery: Forgery
    times: int
    rarity: Rarity | None = None


class Hypothesis(Record):
    """That some software wrote the item, or a part of what it was made from.

    stated_by: names of the marks that say so. against: what in the same item does not fit. bits: log2 of a
    likelihood ratio, against all other software; None where nothing was calibrated, as for all that rests on
    what a file says of itself. bits_rewritten: the same, had another program written the same moves anew.
    """

    software: str
    version: str | None
    stated_by: tuple[str, ...]
    against: tuple[str, ...]
    bits: float | None = None
    bits_rewritten: float | None = None


class MarkedItem(Record):
    """A file or an archive's member. formats: those it was looked at as. left_out: marks beyond the limit.

    complete: false where something of it went unread, for the `reasons`.
    """

    path: str
    member: str | None
    sha256: str | None
    formats: tuple[str, ...]
    marks: tuple[Mark, ...]
    left_out: int
    attribution: tuple[Hypothesis, ...]
    complete: bool
    reasons: tuple[Reason, ...]


class MarksPopulation(Record):
    """What rarity was counted in. sources: which corpus it was."""

    name: str
    version: str
    projects: int
    files: int
    source: str


class MarksSummary(Record):
    """marked: items with a mark. incomplete: items of which something went unread."""

    items: int
    marked: int
    marks: int
    incomplete: int


class MarksDocument(Record):
    """All of it."""

    type: Literal["marks"] = "marks"
    schema_version: str = SCHEMA
    program_version: str
    population: MarksPopulation | None
    note: str = ABSENCE
    summary: MarksSummary
    items: tuple[MarkedItem, ...]
