"""Assemblies as one HTML page that opens anywhere, offline, without a script.

For each design its parts by name: found, for review or missing, each with a picture of the body that stands
for it and the item that it came in, and when. Names of files and groups are outsiders': each is made visible
and escaped. A part's own geometry is never on the page.
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from partwatch.model.assemblies import AssembliesDocument, Assembly, Held, SlotState
from partwatch.report import assembly_words as words
from partwatch.report.assembly_pictures import Place, place_of
from partwatch.report.markup import Cell, number, said, table
from partwatch.report.page import head, written_whole

MOST_HELD = 8
MOST_ASSEMBLIES = 500
OPEN_AT_FIRST = 3
_WIDTH = 1000
Where = Callable[[Held], str]


def said_place(held: Held) -> str:
    """Where a body is, as markup."""
    return f'<span class="mono">{said(words.place(held))}</span>'


def write(document: AssembliesDocument, pictures: Mapping[Place, bytes], path: Path) -> None:
    """Write the page to `path`, whole or not at all; the same document gives the same bytes."""
    with written_whole(path) as stream:
        stream.writelines(page(document, pictures))


def page(document: AssembliesDocument, pictures: Mapping[Place, bytes]) -> Iterable[str]:
    """The page in pieces."""
    header = document.header
    yield head("Assemblies", ("report.css", "evaluation.css", "assembly.css"), images=True)
    designs = f"{number(header.designs)} design{'s' * (header.designs != 1)}"
    yield (
        f'<p class="muted">{number(header.items)} items with {number(header.bodies)} bodies, against '
        f"{designs} (list {said(header.watchlist[:12])}), as of {said(header.as_of)}. "
        f"Partwatch {said(header.program_version)}.</p>\n</header>\n<main>\n"
    )
    yield _cards(document)
    for place, assembly in enumerate(document.assemblies[:MOST_ASSEMBLIES]):
        yield section(assembly, pictures, place < OPEN_AT_FIRST)
    if not document.assemblies:
        yield '<p class="muted">No items together hold two parts of a listed design.</p>\n'
    left = document.left_out + max(len(document.assemblies) - MOST_ASSEMBLIES, 0)
    if left:
        yield f'<p class="muted">{number(left)} weaker ones are not on this page.</p>\n'
    yield stream(document)
    yield (
        f'</main>\n<footer class="bottom"><p class="muted">{said(header.not_claimed)}</p>'
        '<p class="muted">Made by <span class="mono">partwatch assemble</span>. This file opens no network '
        "connection and runs no script; it holds no listed part&rsquo;s geometry.</p></footer>\n"
        "</body>\n</html>\n"
    )


def _cards(document: AssembliesDocument) -> str:
    counts: dict[str, int] = {}
    for one in document.assemblies:
        counts[one.finding.value] = counts.get(one.finding.value, 0) + 1
    groups = sum(size.groups for size in document.header.stream if size.kind != "all")
    cards = (
        (counts.get("match", 0), "held together", "more bits than one benign group in 10,000 reaches"),
        (counts.get("review", 0), "for review", "a person should look"),
        (counts.get("candidate", 0), "candidates", "listed, and nothing more"),
        (groups, "groups counted", "what benign ones hold is measured on them"),
    )
    made = "".join(
        f'<div class="card"><b>{number(count)}</b><span>{name}</span><small>{note}</small></div>'
        for count, name, note in cards
    )
    return f'<div class="cards">{made}</div>\n'


def section(
    assembly: Assembly, pictures: Mapping[Place, bytes], is_open: bool, where: Where = said_place
) -> str:
    """One assembly as markup: its parts with pictures, its time line, what each unit adds. where: how the
    place of a body is told; markup."""
    verdict = f" – {said(assembly.verdict)} by a person" if assembly.verdict else ""
    summary = (
        f'<summary><span class="finding {assembly.finding.value}">{words.FINDINGS[assembly.finding]}</span> '
        f"<b>{said(assembly.design)}</b> in {said(words.group(assembly))}{verdict}: "
        f"{words.parts(assembly)}, <b>{assembly.bits:.1f} bits</b> "
        f'<span class="muted">({said(assembly.support.value)})</span></summary>'
    )
    told = [words.items(assembly), words.days(assembly), words.also(assembly), words.beyond(assembly)]
    about = f'<p class="muted">{said("; ".join(part for part in told if part))}</p>\n'
    slots = "".join(
        _slot(state, assembly.design, pictures, where) for state in assembly.slots if state.name or state.held
    )
    unnamed = sum(not state.held and state.name is None for state in assembly.slots)
    if unnamed:
        slots += (
            f'<li class="slot missing"><div class="nothing">{unnamed}</div><div><p>'
            f"<b>{words.missing(assembly)}</b></p>"
            '<p class="muted">Names of missing parts are for investigators: <code>--missing</code>.</p>'
            "</div></li>"
        )
    return (
        f'<details class="assembly"{" open" if is_open else ""}>{summary}\n{about}'
        f'<ul class="slots">{slots}</ul>\n{_timeline(assembly)}{_units(assembly)}</details>\n'
    )


def _slot(state: SlotState, design: str, pictures: Mapping[Place, bytes], where: Where) -> str:
    picture = '<div class="nothing" aria-hidden="true">–</div>'
    if state.held:
        png = pictures.get(place_of(state.held[0], design))
        if png is not None:
            data = b64encode(png).decode("ascii")
            alt = html.escape(f"the submitted body that stands for {words.slot(state)}", quote=True)
            picture = f'<img loading="lazy" alt="{alt}" src="data:image/png;base64,{data}">'
    weight = f'<span class="bits">{state.bits:+.1f} bits</span>' if state.held else ""
    needed = "" if state.required else '<span class="muted">not required</span>'
    held = "".join(f"<li>{_held(one, where)}</li>" for one in state.held[:MOST_HELD])
    more = len(state.held) - MOST_HELD
    if more > 0:
        held += f'<li class="muted">and {number(more)} more</li>'
    share = ""
    if state.benign_share is not None:
        one_in = number(round(1 / max(state.benign_share, 1e-12)))
        share = (
            f'<p class="muted">About 1 benign group in {one_in} of this size holds it, '
            "or what passes for it.</p>"
        )
    return (
        f'<li class="slot {state.status.value}">{picture}<div><p><span class="state">{state.status.value}'
        f"</span> <b>{said(words.slot(state))}</b> {weight} {needed}</p>"
        f'<ul class="held">{held}</ul>{share}</div></li>'
    )


def _held(held: Held, where: Where) -> str:
    when = f"{said(held.time)}, " if held.time else ""
    unit = "" if held.unit == held.item else f", {said(held.unit)}"
    return (
        f'{where(held)} <span class="muted">{when}'
        f"{held.relation.value.replace('_', ' ')}, {held.medium.value}{unit}</span>"
    )


def _timeline(assembly: Assembly) -> str:
    """A line of days with a dot for each body that stands for a part."""
    if assembly.first is None or assembly.last is None or assembly.first == assembly.last:
        return ""
    first, last = date.fromisoformat(assembly.first), date.fromisoformat(assembly.last)
    span = max((last - first).days, 1)
    rows = [state for state in assembly.slots if any(one.time for one in state.held)]
    height = 26 * len(rows) + 34
    marks = []
    for row, state in enumerate(rows):
        y = 18 + 26 * row
        name = words.slot(state)
        short = name if len(name) <= 28 else f"{name[:27]}…"
        marks.append(
            f'<text x="0" y="{y + 4}">{said(short)}</text><line x1="240" x2="{_WIDTH}" y1="{y}" y2="{y}"/>'
        )
        for one in state.held[:MOST_HELD]:
            if one.time:
                x = 250 + (date.fromisoformat(one.time) - first).days / span * (_WIDTH - 260)
                marks.append(
                    f'<circle class="{one.finding.value}" cx="{x:.0f}" cy="{y}" r="7">'
                    f"<title>{said(one.time)} {said(words.place(one))}</title></circle>"
                )
    foot = height - 8
    label = f"when each part came in, {assembly.first} to {assembly.last}"
    return (
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
        f'{"".join(marks)}<text x="244" y="{foot}">{assembly.first}</text>'
        f'<text x="{_WIDTH}" y="{foot}" text-anchor="end">{assembly.last}</text></svg>\n'
    )


def _units(assembly: Assembly) -> str:
    if not assembly.without:
        return ""
    rows = [
        (Cell(f'<span class="mono">{said(one.unit)}</span>'), Cell(f"{one.bits:.1f}", "num", "bits left"))
        for one in assembly.without
    ]
    told = f"<h3>What each {said(assembly.units_by)} adds</h3>\n" + table(
        (f"without {said(assembly.units_by)}", "bits left"), rows
    )
    sets = assembly.minimal_sets
    if sets and len(assembly.without) > 1:
        few = "The fewest" if assembly.minimal_exact else "A few"
        each = "".join(f'<li class="mono">{said(", ".join(units))}</li>' for units in sets)
        told += f"<p>{few} that hold all of it between them: {len(sets[0])}.</p><ul>{each}</ul>\n"
    return told


def stream(document: AssembliesDocument) -> str:
    """What the benign groups were counted from, as markup."""
    rows = [
        (
            Cell(said(size.kind)),
            Cell(number(size.groups), "num", "groups"),
            Cell(number(size.bodies), "num", "bodies"),
        )
        for size in document.header.stream
    ]
    return (
        "<section><h2>What benign groups were counted from</h2>\n"
        + table(("kind of group", "groups", "bodies"), rows)
        + '<p class="muted">A group that holds more than a quarter of a design&rsquo;s parts does not count, '
        "unless a person released it; none counts against itself.</p></section>\n"
    )
