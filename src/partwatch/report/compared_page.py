"""A comparison as one HTML page that opens anywhere, offline, without a script.

Both files are the user's own, so both are drawn. Strings in them are outsiders' all the same: each is made
visible and escaped where it becomes markup.
"""

from __future__ import annotations

import html
from base64 import b64encode
from pathlib import Path

import numpy as np

from partwatch.model.comparison import ComparedBody, Comparison, Lone, Pair, Region, Side
from partwatch.model.view import decode_view
from partwatch.report import compared_words as words
from partwatch.report.markup import Cell, said, table
from partwatch.report.page import head, written_whole
from partwatch.report.picture import HEIGHT, WIDTH, ramp_beside, render, render_beside
from partwatch.report.ramp import BEYOND, COINCIDENT, RAMP, Ramp, css
from partwatch.report.words import millimetres

# Pairs told in full; the JSON has all.
MOST_PAIRS = 24
MOST_ROWS = 50
_FOOT = (
    '</main>\n<footer class="bottom"><p class="muted">Made by <span class="mono">partwatch compare</span> '
    "{version}. Distances are between surfaces, unsigned, to the nearest point; volumes are of closed "
    "bodies. This file opens no network connection and runs no script.</p></footer>\n</body>\n</html>\n"
)


def write(comparison: Comparison, path: Path) -> None:
    """Write the page to `path`, whole or not at all; the same comparison gives the same bytes.

    Raises DocumentError where a view in it is damaged, OSError where `path` cannot be written.
    """
    with written_whole(path) as stream:
        stream.write(page(comparison))


def page(comparison: Comparison) -> str:
    """The whole page."""
    title = said(f"{Path(comparison.a.path).name} and {Path(comparison.b.path).name}")
    told = sorted(comparison.pairs, key=lambda pair: (pair.same, pair.a))
    sections = [
        f'<p class="answer t-{comparison.verdict.value}">{html.escape(words.verdict(comparison))}</p>\n',
        f'<div class="files">{_file("A", comparison.a)}{_file("B", comparison.b)}</div>\n',
        _cards(comparison),
        _marks(comparison),
        *(_pair(comparison, pair) for pair in told[:MOST_PAIRS]),
        f'<p class="muted">{len(told) - MOST_PAIRS:,} more pairs are in the JSON.</p>'
        if len(told) > MOST_PAIRS
        else "",
        _lones("Only in A", comparison.removed, comparison.a),
        _lones("Only in B", comparison.added, comparison.b),
    ]
    begin = head("Comparison", ("report.css", "evaluation.css", "compare.css"), title=title, images=True)
    foot = _FOOT.format(version=said(comparison.program_version))
    return f"{begin}</header>\n<main>\n{''.join(sections)}{foot}"


def _file(letter: str, side: Side) -> str:
    notes = [*words.units(side), *(said(reason.message) for reason in side.reasons)]
    told = "".join(f'<p class="muted">{note}</p>' for note in notes)
    one = side.bodies[0]
    size = f" · {words.size(one.extents_mm)}" if len(side.bodies) == 1 else ""
    return (
        f'<div class="file"><h2><b>{letter}</b>{said(side.path)}</h2>'
        f'<p class="muted">{html.escape(words.side(side))}{size}</p>{told}'
        f'<p class="mono muted">SHA-256 {said(side.sha256)}</p></div>'
    )


def _cards(comparison: Comparison) -> str:
    totals = comparison.totals
    places = sum(len(pair.regions) + pair.regions_left_out for pair in comparison.pairs)
    cards = [
        (words.volume(totals.added_mm3), "added: in B, not in A"),
        (words.volume(totals.removed_mm3), "removed: in A, not in B"),
        (_change(totals.a_mm3, totals.b_mm3), "change of volume"),
        (f"{places:,}", "place where surfaces differ" if places == 1 else "places where surfaces differ"),
    ]
    inner = "".join(f'<div class="card"><b>{figure}</b><span>{name}</span></div>' for figure, name in cards)
    return f'<div class="cards">{inner}</div>\n'


def _change(a: float | None, b: float | None) -> str:
    if a is None or b is None or a == 0:
        return "unknown"
    return f"{100 * (b - a) / a:+.2f} %"


def _marks(comparison: Comparison) -> str:
    marks = words.file_lineage(comparison)
    if not marks:
        return ""
    items = "".join(f"<li>{html.escape(mark)}</li>" for mark in marks)
    return f'<section><h2>Marks of a common origin</h2><ul class="told">{items}</ul></section>\n'


def _pair(comparison: Comparison, pair: Pair) -> str:
    a, b = comparison.a.bodies[pair.a], comparison.b.bodies[pair.b]
    told = [
        words.coverage(pair),
        *words.remarks(pair),
        words.volumes(pair.volumes),
        words.lineage(pair.lineage),
    ]
    items = "".join(f"<li>{html.escape(line)}</li>" for line in told)
    return (
        '<section class="pair-body">'
        f"<h2>{html.escape(_title(a, b))}: {html.escape(words.RELATIONS[pair.relation])}</h2>\n"
        f'<div class="sides">{_pictures(pair)}<ul class="told">{items}</ul></div>\n'
        f"{_regions(pair)}{_raw(pair)}</section>\n"
    )


def _title(a: ComparedBody, b: ComparedBody) -> str:
    return f"A’s {words.body(a)} and B’s {words.body(b)}"


def _pictures(pair: Pair) -> str:
    if pair.views is None:
        return '<p class="muted">Not drawn: pairs that differ come first, and only so many are drawn.</p>'
    a, b = decode_view(pair.views.a), decode_view(pair.views.b)
    front, back = zip(*render_beside(a, b, pair.tolerance_mm), strict=True)
    ramp = ramp_beside(a, b, pair.tolerance_mm)
    beyond = bool(np.isinf(a.distance_mm).any() or np.isinf(b.distance_mm).any())
    shots = "".join(
        f"<div><p>{letter}, from the {where}</p>"
        f"{_image(png, f'{letter} from the {where}, coloured by its distance to {other}')}</div>"
        for pngs, where in ((front, "front, above"), (back, "back, below"))
        for png, letter, other in zip(pngs, "AB", "BA", strict=True)
    )
    return (
        f'<figure class="beside">{shots}<figcaption>Each body coloured by its distance to the other, in one '
        f"frame and at one scale.{_legend(ramp, beyond)}</figcaption></figure>\n"
    )


def _image(png: bytes, alt: str) -> str:
    text = b64encode(png).decode("ascii")
    return (
        f'<img width="{WIDTH}" height="{HEIGHT}" alt="{html.escape(alt)}" src="data:image/png;base64,{text}">'
    )


def _legend(ramp: Ramp, beyond: bool) -> str:
    strip = ", ".join(map(css, RAMP))
    ticks = "".join(f"<span>{html.escape(tick)}</span>" for tick in ramp.ticks())
    entries = [
        f'<i class="chip" style="background: {css(COINCIDENT)}"></i>'
        f"coincides, within {millimetres(ramp.tolerance_mm)}",
        f'<span class="scale"><i style="background: linear-gradient(to right, {strip})"></i>{ticks}</span>',
    ]
    if beyond:
        entries.append(f'<i class="chip" style="background: {css(BEYOND)}"></i>farther than 65 mm')
    return f'<ul class="legend" aria-label="Colours">{"".join(f"<li>{entry}</li>" for entry in entries)}</ul>'


def _regions(pair: Pair) -> str:
    if not pair.regions:
        return "" if pair.same else '<p class="muted">No place differs by more than the tolerance.</p>\n'
    heads = ["what", "farthest", "size", "centre in B, mm", "centre in A, mm", "surface of A", "surface of B"]
    left = len(pair.regions) - MOST_ROWS + pair.regions_left_out
    more = f'<p class="muted">{left:,} smaller places are left out.</p>' if left > 0 else ""
    return table(heads, [_region(region) for region in pair.regions[:MOST_ROWS]]) + more


def _region(region: Region) -> list[Cell]:
    kind = f'<i class="dot k-{region.kind.value}"></i>{words.KINDS[region.kind]}'
    return [
        Cell(kind),
        Cell(f"<b>{millimetres(region.max_mm)}</b>", "n", "farthest"),
        Cell(words.size(region.extents_mm), "n", "size"),
        Cell(words.point(region.centre_b_mm), "n", "centre in B, mm"),
        Cell(words.point(region.centre_a_mm), "n", "centre in A, mm"),
        Cell(words.area(region.area_a_mm2), "n", "surface of A"),
        Cell(words.area(region.area_b_mm2), "n", "surface of B"),
    ]


def _raw(pair: Pair) -> str:
    lines = "".join(f"<tr>{''.join(f'<td>{value:.6g}</td>' for value in row)}</tr>" for row in pair.T_b_a)
    return (
        '<details class="plain"><summary>Transform</summary><p class="muted">T_b_a: from A, in millimetres, '
        f"to B’s frame; scale {pair.scale:g}.</p>"
        f'<table class="matrix mono"><tbody>{lines}</tbody></table></details>\n'
    )


def _lones(title: str, lones: tuple[Lone, ...], side: Side) -> str:
    if not lones:
        return ""
    figures = []
    for lone in lones[:MOST_ROWS]:
        body = side.bodies[lone.index]
        image = ""
        if lone.view is not None:
            png = render(decode_view(lone.view), 1.0)
            image = _image(png, f"{words.body(body)}, from the front, above")
        caption = f"{words.body(body)}, {words.size(body.extents_mm)}, {words.volume(body.volume_mm3)}"
        figures.append(f"<figure>{image}<figcaption>{html.escape(caption)}</figcaption></figure>")
    left = len(lones) - MOST_ROWS
    more = f'<p class="muted">{left:,} more are in the JSON.</p>' if left > 0 else ""
    return f'<section><h2>{title}</h2><div class="lones">{"".join(figures)}</div>{more}</section>\n'
