"""Marks in words: kinds, what it takes to forge one, how rare one is."""

from __future__ import annotations

from typing import Final

from partwatch.model.marks import Forgery, Hypothesis, Mark, MarkKind, Rarity, Where
from partwatch.report.escape import visible

KINDS: Final[dict[MarkKind, str]] = {
    MarkKind.BANNER: "software",
    MarkKind.VERSION: "version",
    MarkKind.AUTHOR: "people and organisations",
    MarkKind.USER: "user",
    MarkKind.PATH: "path",
    MarkKind.DATE: "date",
    MarkKind.PRINTER: "printer",
    MarkKind.FILAMENT: "filament",
    MarkKind.PRESET: "preset",
    MarkKind.MACRO: "macro",
    MarkKind.SETTING: "setting",
    MarkKind.OBJECT_NAME: "name",
    MarkKind.TITLE: "title",
    MarkKind.LICENCE: "licence",
    MarkKind.IDENTIFIER: "identifier",
    MarkKind.THUMBNAIL: "picture's hash",
    MarkKind.STATISTIC: "what it comes to",
    MarkKind.COMMENT: "comment",
    MarkKind.HEADER: "header",
    MarkKind.HABIT: "writer's habit",
}
FORGERY: Final[dict[Forgery, str]] = {
    Forgery.TEXT_EDITOR: "text editor",
    Forgery.REPACK: "repacking",
    Forgery.BINARY_EDIT: "hex editor",
    Forgery.RESAVE: "another save",
    Forgery.REMAKE: "another job",
}
FORGERY_MEANS: Final[dict[Forgery, str]] = {
    Forgery.TEXT_EDITOR: "a text editor changes it",
    Forgery.REPACK: "unpack, edit the text, pack again; the archive then has another packer's habits",
    Forgery.BINARY_EDIT: "a hex editor or a short script changes it",
    Forgery.RESAVE: "another program's save changes it, wanted or not; to imitate it takes that program",
    Forgery.REMAKE: "the moves would have to be others: slicing anew, or computing them",
}


def where(place: Where) -> str:
    """A mark's place."""
    said = [visible(place.part)] if place.part else []
    if place.line is not None:
        said.append(f"line {place.line:,}")
    elif place.byte is not None:
        said.append(f"byte {place.byte:,}")
    return ", ".join(said)


def rarity(found: Rarity | None) -> str:
    """How many projects share it; nothing where the population says nothing."""
    if found is None:
        return "not in the population"
    projects = f"at most {found.counted}" if found.counted > found.projects else f"{found.projects}"
    return f"{projects} of {found.of_projects} projects, {found.bits:.1f} bits"


def value(mark: Mark) -> str:
    """A mark's value, and how often it stands there."""
    return visible(mark.value) + (f"  (×{mark.times:,})" if mark.times > 1 else "")


def hypothesis(found: Hypothesis) -> list[str]:
    """One line of what is supposed, and one for each thing that speaks against it."""
    version = f" {visible(found.version)}" if found.version else ""
    weight = "" if found.bits is None else f", {found.bits:+.1f} bits"
    if found.bits_rewritten is not None:
        weight += f" ({found.bits_rewritten:+.1f} had the text been written anew)"
    stated = "; ".join(visible(each) for each in found.stated_by)
    return [
        f"{visible(found.software)}{version}{weight}: stated by {stated}",
        *(f"   but {visible(each)}" for each in found.against),
    ]
