"""A disclosure pack as a PDF, set by typst: the same document gives the same bytes.

Text reaches the template as JSON and is never parsed as markup; the template's root is an empty folder, it
imports nothing, and only the fonts within the library are used, and those of a folder that is given.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from partwatch.case.extras import CASE
from partwatch.evidence.words import SCALE
from partwatch.model.case_overview import ToldSource, ToldStatement
from partwatch.model.case_pack import CasePack
from partwatch.report.case_data import shown
from partwatch.report.case_pack_picture import picture
from partwatch.report.case_pack_text import (
    FIGURE,
    SCALE_NOTE,
    breakable,
    lacking,
    of_known_scripts,
    unescaped_but,
)
from partwatch.report.case_pack_words import Named, Piece, Section, Sentence, sections
from partwatch.report.escape import visible
from partwatch.report.page import asset

Clean = Callable[[str], str]
STANDARD: Final = "a-2b"  # PDF/A: made to be kept


def write(pack: CasePack, path: Path, fonts: Path | None = None) -> None:
    """Write the PDF to `path`, whole or not at all. fonts: a folder of more, for scripts that the library's
    own lack: without them such characters are written as escapes. Raises UsageError without typst, OSError.
    """
    made = compiled(pack, fonts)[0]
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(made)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def compiled(
    pack: CasePack, fonts: Path | None = None, kind: str = "pdf", ppi: float | None = None
) -> list[bytes]:
    """The PDF, or with kind `png` its pages. Raises UsageError without typst."""
    typst = CASE.module("typst", "a disclosure pack as PDF")
    moment = datetime.fromisoformat(pack.as_of)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # The library tells more only by its fonts: a folder adds to those within, the system's are never used.
    known = typst.Fonts(include_system_fonts=False, font_paths=[str(fonts)] if fonts else [])
    options: dict[str, Any] = {"pdf_standards": [STANDARD]} if kind == "pdf" else {"ppi": ppi}
    unknown: frozenset[str] = frozenset()
    while True:
        clean = unescaped_but(unknown) if fonts else of_known_scripts
        with tempfile.TemporaryDirectory() as empty:
            try:
                result = typst.compile(
                    asset("case_pack.typ").encode("utf-8"), root=empty, font_paths=known, format=kind,
                    sys_inputs={"data": json.dumps(data_of(pack, clean))},
                    timestamp=int(moment.timestamp()), package_path=empty, package_cache_path=empty,
                    **options,
                )  # fmt: skip
            except typst.TypstError as error:
                # PDF/A refuses what no font shows; that is written as escapes, a script at a time.
                missing = lacking(str(error)) - unknown
                if not fonts or not missing:
                    raise
                unknown |= missing
                continue
        return list(result) if isinstance(result, list) else [result]


def data_of(pack: CasePack, known: Clean = of_known_scripts) -> dict[str, Any]:
    """What the template reads. known: writes characters as escapes that no font shows."""

    def clean(text: str) -> str:
        return breakable(known(shown(text)))

    def line(text: str) -> str:
        return known(visible(text))

    moment = datetime.fromisoformat(pack.as_of)
    charter = pack.charter
    told = (
        ("Kept by", charter.authority), ("Legal basis", charter.legal_basis), ("Purpose", charter.purpose),
        ("Kept until", charter.retention), ("Made", f"{pack.as_of} by {pack.made_by}"),
    )  # fmt: skip
    sources = {one.number: one for one in pack.sources}
    return {
        "title": clean(charter.name), "authority": clean(charter.authority), "as_of": pack.as_of,
        "day": [moment.year, moment.month, moment.day], "not_claimed": pack.not_claimed, "figure": FIGURE,
        "charter": [[name, clean(text)] for name, text in told],
        "sections": [_section(pack, one, clean, line) for one in sections(pack)],
        "scale": [[word.value, f"{least:,.2f}" if least < 1 else f"{least:,.0f}"] for least, word in SCALE],
        "scale_note": SCALE_NOTE,
        "statements": [_statement(one, sources[one.source], clean) for one in pack.statements],
        "sources": [_source(one, clean) for one in pack.sources],
        "ledger": None if pack.ledger is None else {
            "file": clean(pack.ledger.file), "entries": f"{pack.ledger.entries:,}",
            "sha256": breakable(line(pack.ledger.sha256)),
            "checkpoint": [clean(one) for one in pack.ledger.checkpoint.splitlines()],
        },
    }  # fmt: skip


def _section(pack: CasePack, section: Section, clean: Clean, line: Clean) -> dict[str, Any]:
    asked = None if section.question is None else pack.questions[section.question]
    return {
        "level": section.level,
        "title": _pieces(section.title, clean),
        "svg": None if asked is None else picture(pack, asked, line),
        "alt": "" if asked is None else line(f"paths between {asked.left.caption} and {asked.right.caption}"),
        "sentences": [_sentence(one, clean) for one in section.sentences],
    }


def _pieces(pieces: Iterable[Piece], clean: Clean) -> list[dict[str, Any]]:
    return [
        {"named": isinstance(one, Named), "words": clean(one.text if isinstance(one, Named) else one)}
        for one in pieces
    ]


def _sentence(sentence: Sentence, clean: Clean) -> dict[str, Any]:
    refs = [["s", one] for one in sentence.statements] + [["q", one] for one in sentence.sources]
    return {"pieces": _pieces(sentence.pieces, clean), "refs": refs, "none": clean(sentence.none or "")}


def _statement(one: ToldStatement, source: ToldSource, clean: Clean) -> dict[str, Any]:
    original = one.original if one.original != one.shown else None
    return {
        "number": one.number, "what": clean(f"{one.schema_name} {one.prop}"), "shown": clean(one.shown),
        "worth": "" if one.bits is None else f" (inferred, {one.bits:.1f} bits)",
        "original": None if original is None else clean(original), "entity": clean(one.entity[:12]),
        "place": clean(one.place), "source": one.source, "source_name": clean(source.name),
        "reliability": clean(source.reliability), "entry": f"{source.entry:,}",
        "said": "" if one.said_at is None else clean(f", said {one.said_at}"),
    }  # fmt: skip


def _source(one: ToldSource, clean: Clean) -> dict[str, Any]:
    legal = one.legal_ref or "nothing that was stated"
    return {
        "number": one.number, "name": clean(one.name), "kind": clean(one.kind),
        "withdrawn": None if one.withdrawn is None else clean(one.withdrawn),
        "about": clean(f"Words of {one.said_by}; reliability {one.reliability}, which counts as "
                       f"{one.reliability_bits:g} bits; obtained under {legal}."),
        "facts": clean(f"{one.statements:,} statements, {one.skipped:,} rows left out; "
                       f"taken in {one.imported_at} by "
                       f"{one.imported_by}; ledger entry {one.entry:,}; SHA-256"),
        "sha256": breakable(clean(one.sha256)),
    }  # fmt: skip
