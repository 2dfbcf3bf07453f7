"""A disclosure pack as one HTML page without a script: each sentence leads to the annex that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from partwatch.evidence.words import SCALE
from partwatch.model.case_pack import CasePack
from partwatch.report.case_data import shown
from partwatch.report.case_pack_picture import picture
from partwatch.report.case_pack_text import FIGURE, SCALE_NOTE
from partwatch.report.case_pack_words import Named, Piece, Section, Sentence, sections
from partwatch.report.escape import visible
from partwatch.report.markup import Cell, number, said, table
from partwatch.report.page import head, written_whole


def write(pack: CasePack, path: Path) -> None:
    """Write the page to `path`, whole or not at all; the same document gives the same bytes. Raises
    OSError."""
    with written_whole(path) as stream:
        stream.writelines(page(pack))


def page(pack: CasePack) -> Iterable[str]:
    """The page in pieces."""
    yield head(f"Disclosure: {said(pack.charter.name)}", ("report.css", "case_pack.css"))
    yield f'<p class="muted">{said(pack.not_claimed)}</p></header>\n<main class="pack">\n'
    made = sections(pack)
    yield _contents(made)
    for place, section in enumerate(made):
        yield _section(pack, place, section)
    yield _scale()
    yield from _statements(pack)
    yield from _sources(pack)
    yield _ledger(pack)
    yield (
        '</main>\n<footer class="bottom"><p class="muted">This file opens no network connection and runs no '
        "script.</p></footer>\n</body>\n</html>\n"
    )


def _contents(made: tuple[Section, ...]) -> str:
    items = "".join(
        f'<li class="level-{section.level}"><a href="#part-{place}">{_pieces(section.title)}</a></li>'
        for place, section in enumerate(made)
    )
    more = (("#scale", "The verbal scale"), ("#statements", "Annex A: statements"),
            ("#sources", "Annex B: sources"),
            ("#ledger", "The ledger"))  # fmt: skip
    items += "".join(f'<li><a href="{link}">{name}</a></li>' for link, name in more)
    return f'<nav aria-label="Contents"><ul class="contents">{items}</ul></nav>\n'


def _section(pack: CasePack, place: int, section: Section) -> str:
    level = section.level + 1
    drawn = None if section.question is None else picture(pack, pack.questions[section.question], visible)
    figure = f"<figure>{drawn}<figcaption>{FIGURE}</figcaption></figure>" if drawn else ""
    sentences = "".join(f"<li>{_sentence(one)}</li>\n" for one in section.sentences)
    return (
        f'<section id="part-{place}"><h{level}>{_pieces(section.title)}</h{level}>{figure}'
        f'<ol class="sentences">{sentences}</ol></section>\n'
    )


def _pieces(pieces: Iterable[Piece]) -> str:
    return "".join(
        f'<span class="named">{said(shown(one.text, 600))}</span>' if isinstance(one, Named) else said(one)
        for one in pieces
    )


def _sentence(sentence: Sentence) -> str:
    refs = [f'<a href="#s-{one}">S{one}</a>' for one in sentence.statements]
    refs += [f'<a href="#q-{one}">Q{one}</a>' for one in sentence.sources]
    if refs:
        return f'{_pieces(sentence.pieces)} <span class="refs">[{", ".join(refs)}]</span>'
    none = f"[rests on no statement: {said(sentence.none or '')}]"
    return f'{_pieces(sentence.pieces)} <span class="refs none">{none}</span>'


def _scale() -> str:
    rows = [
        (
            Cell(said(word.value.replace("_", " "))),
            Cell(f"{least:,.3g}" if least < 1 else f"{least:,.0f}", "num"),
        )
        for least, word in SCALE
    ]
    told = table(("support", "from a ratio of"), rows)
    return f'<section id="scale"><h2>The verbal scale</h2><p>{SCALE_NOTE}</p>{told}</section>\n'


def _statements(pack: CasePack) -> Iterator[str]:
    sources = {one.number: one for one in pack.sources}
    yield '<section id="statements"><h2>Annex A: statements</h2>\n<dl class="annex">\n'
    for one in pack.statements:
        source = sources[one.source]
        original = ""
        if one.original is not None and one.original != one.shown:
            original = f'<div>as written: <q class="named">{_long(one.original)}</q></div>'
        worth = "" if one.bits is None else f" (inferred, {one.bits:.1f} bits)"
        when = "" if one.said_at is None else f", said {said(one.said_at)}"
        yield (
            f'<div id="s-{one.number}"><dt>S{one.number}</dt><dd><b>{said(one.schema_name)} '
            f"{said(one.prop)}</b>: "
            f'<span class="named">{_long(one.shown)}</span>{worth}{original}'
            f'<small>about <span class="mono">{said(one.entity[:12])}</span>; {said(one.place)} of '
            f'<a href="#q-{one.source}">Q{one.source} {said(source.name)}</a> (reliability '
            f"{said(source.reliability)}"
            f"){when}; ledger entry {number(source.entry)}</small></dd></div>\n"
        )
    yield "</dl></section>\n"


def _sources(pack: CasePack) -> Iterator[str]:
    yield '<section id="sources"><h2>Annex B: sources</h2>\n<dl class="annex">\n'
    for one in pack.sources:
        gone = "" if one.withdrawn is None else f'<div class="gone">Withdrawn: {said(one.withdrawn)}</div>'
        yield (
            f'<div id="q-{one.number}"><dt>Q{one.number}</dt><dd><b class="named">{said(one.name)}</b> '
            f"({said(one.kind)}){gone}"
            f"<div>Words of {said(one.said_by)}; reliability {said(one.reliability)}, which counts as "
            f"{one.reliability_bits:g} bits; obtained under "
            f"{said(one.legal_ref or 'nothing that was stated')}.</div>"
            f"<small>{number(one.statements)} statements, {number(one.skipped)} rows left out; taken in "
            f"{said(one.imported_at)} by {said(one.imported_by)}; ledger entry "
            f'{number(one.entry)}; SHA-256 <span class="mono">'
            f"{said(one.sha256)}</span></small></dd></div>\n"
        )
    yield "</dl></section>\n"


def _ledger(pack: CasePack) -> str:
    if pack.ledger is None:
        return '<section id="ledger"><h2>The ledger</h2><p>No ledger lies beside this pack.</p></section>\n'
    lines = "\n".join(said(line) for line in pack.ledger.checkpoint.splitlines())
    return (
        f'<section id="ledger"><h2>The ledger</h2><p><span class="mono">{said(pack.ledger.file)}</span>, '
        f"{number(pack.ledger.entries)} entries, SHA-256 <span "
        f'class="mono">{said(pack.ledger.sha256)}</span>. '
        f"Its checkpoint:</p><pre>{lines}</pre></section>\n"
    )


def _long(text: str) -> str:
    return "<br>".join(said(line) for line in shown(text).split("\n"))
