"""A case's answers for a terminal, and for a pipe: paths, what breaks them, neighbours, time, communities,
and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from partwatch.model.case_difference import CaseDifferenceDocument, CaseLinkChange, CaseStrength
from partwatch.model.case_network import (
    CaseCommunitiesDocument,
    CaseLink,
    CaseNeighboursDocument,
    CaseTimelineDocument,
)
from partwatch.model.case_paths import (
    CaseFilter,
    CaseHop,
    CaseNode,
    CasePath,
    CasePathsDocument,
    CaseWithout,
)
from partwatch.report.escape import visible

CaseAnswer = (
    CasePathsDocument
    | CaseNeighboursDocument
    | CaseTimelineDocument
    | CaseCommunitiesDocument
    | CaseDifferenceDocument
)

_VALUE_CHARS: Final = 60
_MOST_CHANGES: Final = 15
_MOST_LINKS: Final = 100
_KEY_CHARS: Final = 12


def render(document: CaseAnswer, console: Console) -> None:
    """Print it. Controls in strings from outside are shown escaped."""
    match document:
        case CasePathsDocument():
            _paths(document, console)
        case CaseNeighboursDocument():
            _neighbours(document, console)
        case CaseTimelineDocument():
            _timeline(document, console)
        case CaseCommunitiesDocument():
            _communities(document, console)
        case CaseDifferenceDocument():
            _difference(document, console)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), highlight=False, soft_wrap=True)


def _cut(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _VALUE_CHARS else f"{shown[: _VALUE_CHARS - 1]}…"


def _node(node: CaseNode) -> str:
    records = f", {node.records} records" if node.records > 1 else ""
    key = "" if node.key.startswith(f"{node.kind}:") else f" {visible(node.key[:_KEY_CHARS])}"
    return f"{_cut(node.caption)} [{node.kind}{key}{records}]"


def _filtered(only: CaseFilter) -> str:
    told = [
        f"since {only.since}" if only.since else "",
        f"until {only.until}" if only.until else "",
        f"kinds {', '.join(only.kinds)}" if only.kinds else "",
        f"sources {', '.join(map(str, only.sources))}" if only.sources else "",
        f"countries {', '.join(map(visible, only.countries))}" if only.countries else "",
        "dated only" if only.dated else "",
    ]
    return "; ".join(one for one in told if one)


# Paths.


def _paths(document: CasePathsDocument, console: Console) -> None:
    _line(console, f"from {_node(document.start)}", "bold")
    _line(console, f"to   {_node(document.end)}", "bold")
    if only := _filtered(document.filter):
        _line(console, f"looked at: {only}", "dim")
    if document.same:
        _line(console, "these are taken for one", "magenta")
    if document.dangling:
        _line(
            console,
            f"{document.dangling:,} statements point to something of which nothing stands: they tie nothing",
            "yellow",
        )
    if not document.paths:
        _line(console, "no path" if not document.same else "nothing to cross")
        return
    _sureness(document, console)
    for number, path in enumerate(document.paths, 1):
        _line(console, f"path {number}: {_bits_of(path)}", "bold")
        _path(path, console)
    _breaks(document, console)
    for source in document.sources:
        _line(
            console,
            f"source {source.id}: {visible(source.name)}, said by {visible(source.said_by) or 'nobody known'}"
            f", {source.reliability} = {source.bits:g} bits",
            "dim",
        )
    _line(console, document.note, "dim")


def _sureness(document: CasePathsDocument, console: Console) -> None:
    together = document.together
    how = "" if together.exact else f", sampled: {together.low:.1f} to {together.high:.1f}"
    _line(console, f"all {together.paths} paths together: {together.bits:.1f} bits{how}")
    if not document.best_shown:
        _line(
            console,
            "it is not shown that path 1 is the strongest; none has more than "
            f"{document.best_bound:.1f} bits",
            "yellow",
        )
    if document.rank is not None:
        least = "at least " if document.rank.at_least else ""
        _line(
            console,
            f"tied to the first as strongly: {least}{document.rank.as_strong:,} of "
            f"{document.rank.population:,} of the kind {document.rank.kind}",
        )


def _bits_of(path: CasePath) -> str:
    if path.bits <= 0:
        return "0 bits: worth nothing against chance"
    chance = "" if path.chance_bits is None else f"; {path.chance_bits:.1f} against chance alone"
    return f"{path.bits:.1f} bits, {len(path.hops)} hops{chance}"


def _path(path: CasePath, console: Console) -> None:
    _line(console, f"   {_node(path.hops[0].source)}")
    for hop in path.hops:
        _line(console, f"     {_hop(hop)}")
        _line(console, f"   {_node(hop.target)}{_crossed(path, hop)}")


def _hop(hop: CaseHop) -> str:
    arrow = {True: "→", False: "←", None: "–"}[hop.forward]
    bits = "" if hop.bits is None else f", {hop.bits:.1f} bits"
    often = f", {hop.times:,} times" if hop.times > 1 else ""
    dates = "" if hop.first is None else f", {_span(hop.first, hop.last)}"
    also = f"; also said by {_numbers(hop.also_said_by)}" if hop.also_said_by else ""
    decided = f", decided by {visible(hop.decided_by)} ({_cut(hop.reason or '')})" if hop.decided_by else ""
    more = ", …" if hop.said > len(hop.statements) else ""
    told = f"; statements {_numbers(hop.statements)}{more}" if hop.statements else ""
    from_ = f" (source {_numbers(hop.sources)})" if hop.sources else ""
    return f"{arrow} {hop.link}{bits}{often}{dates}{decided}{from_}{also}{told}"


def _crossed(path: CasePath, hop: CaseHop) -> str:
    """How common is what is crossed, seen from the end from which the path is rarer."""
    over = hop.crossing
    if over is None or path.chance_bits is None:
        return ""
    if path.from_end:
        holders, population, ways = over.holders_back, over.population_back, over.ways_back
    else:
        holders, population, ways = over.holders, over.population, over.ways
    return f"  ({ways:,.0f} ways on: {holders:,} of {population:,} stand there)"


def _span(first: str, last: str | None) -> str:
    return first if last is None or last == first else f"{first} to {last}"


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _breaks(document: CasePathsDocument, console: Console) -> None:
    broken = [one for one in document.without if one.breaks]
    if broken:
        _line(console, "what would break it:", "bold")
    for one in broken:
        _line(console, f"   {_without(one)}")
    if not broken and document.cut is not None:
        together = ", and ".join(visible(one) for one in document.cut.components)
        _line(console, f"nothing alone breaks it; likeliest to: {together} ({document.cut.bits:.1f} bits)")
    rest = [one for one in document.without if not one.breaks and one.what in ("source", "merge")]
    if rest:
        _line(console, "what would remain:", "bold")
    for one in rest:
        _line(console, f"   {_without(one)}")


def _without(one: CaseWithout) -> str:
    if one.breaks:
        return f"{one.what} {visible(one.name).removeprefix(f'{one.what} ')}"
    unsure = "" if one.elsewhere_shown else " or more"
    return f"without {visible(one.name)}: {one.bits:.1f} bits{unsure}"


# Neighbours, time, communities.


def _neighbours(document: CaseNeighboursDocument, console: Console) -> None:
    _line(console, f"within {document.hops} hops of {_node(document.start)}", "bold")
    if only := _filtered(document.filter):
        _line(console, f"looked at: {only}", "dim")
    for hops in range(1, document.hops + 1):
        here = [one for one in document.nodes if one.hops == hops]
        if here:
            _line(console, f"{hops} {'hop' if hops == 1 else 'hops'}: {len(here):,}", "bold")
        for one in here:
            _line(console, f"   {_node(one.node)}  {one.links:,} links")
    for link in document.links[:_MOST_LINKS]:
        _line(console, f"   {_link(document, link)}", "dim")
    if document.left_out or len(document.links) > _MOST_LINKS:
        _line(
            console,
            f"{document.left_out:,} more things, {max(0, len(document.links) - _MOST_LINKS):,} more links: "
            "narrow it, or --json",
            "dim",
        )


def _link(document: CaseNeighboursDocument, link: CaseLink) -> str:
    one, other = (_cut(document.nodes[place].node.caption) for place in (link.source, link.target))
    bits = "" if link.bits is None else f", {link.bits:.1f} bits"
    dates = "" if link.first is None else f", {_span(link.first, link.last)}"
    often = f", {link.times:,} times" if link.times > 1 else ""
    from_ = f" (source {_numbers(link.sources)})" if link.sources else ""
    return f"{one} {'→' if link.directed else '–'} {other}: {link.link}{bits}{often}{dates}{from_}"


def _timeline(document: CaseTimelineDocument, console: Console) -> None:
    _line(console, f"of {_node(document.of)}" if document.of else "of the whole case", "bold")
    if only := _filtered(document.filter):
        _line(console, f"looked at: {only}", "dim")
    for event in document.events:
        parties = ", ".join(_cut(party.caption) for party in event.parties)
        among = f": {parties}" if parties else ""
        _line(
            console,
            f"   {visible(event.date)}  {event.node.kind} {_cut(event.node.caption)}, {event.what}{among}  "
            f"(source {event.source}, statement {event.statement})",
        )
    if document.left_out:
        _line(console, f"{document.left_out:,} more: narrow it, or --json", "dim")
    if not document.events:
        _line(console, "nothing dated")


def _communities(document: CaseCommunitiesDocument, console: Console) -> None:
    if only := _filtered(document.filter):
        _line(console, f"looked at: {only}", "dim")
    for one in document.communities:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in one.kinds.items())
        _line(console, f"community {one.id + 1}: {one.size:,} ({kinds}); {one.outside:,} links out", "bold")
        for node in one.members[:5]:
            _line(console, f"   {_node(node)}")
    if document.brokers:
        how = f"estimated from {document.sampled} of them" if document.sampled else "counted"
        _line(console, f"whom others are tied through (shortest ways {how}):", "bold")
    for each in document.brokers:
        _line(
            console,
            f"   {_node(each.node)}  {100 * each.betweenness:.2f} % of all ways, "
            f"{each.communities} communities, {each.links:,} links",
        )
    _line(
        console,
        f"{document.left_out:,} smaller communities; {document.alone:,} things without links; modularity "
        f"{document.modularity:.2f}, seed {document.seed}",
        "dim",
    )


# What changed.


def _difference(document: CaseDifferenceDocument, console: Console) -> None:
    for source in document.sources_gone:
        _line(console, f"no longer counts: source {source.id}, {visible(source.name)}", "bold")
    for source in document.sources_come:
        _line(console, f"counts: source {source.id}, {visible(source.name)}", "bold")
    before, after = document.statements
    _line(console, f"statements: {before:,} before, {after:,} after")
    for question in document.questions:
        start, end = visible(question.start[:_KEY_CHARS]), visible(question.end[:_KEY_CHARS])
        style = "red" if question.after < question.before else ""
        _line(
            console,
            f"{start} – {end}: {question.before:.1f} bits before, {question.after:.1f} after",
            style,
        )
        for path in question.fell:
            names = " · ".join(_cut(hop.target.caption) for hop in path.hops)
            _line(console, f"   fell: {_cut(path.hops[0].source.caption)} · {names} ({_bits_of(path)})")
    _changes(document, console)
    for split in document.splits[:_MOST_CHANGES]:
        _line(console, f"no longer one: {_node(split.before)} falls into {len(split.parts)}")
    for split in document.joins[:_MOST_CHANGES]:
        _line(console, f"now one: {_node(split.before)}")


def _changes(document: CaseDifferenceDocument, console: Console) -> None:
    for name, told in (
        ("lost", document.lost),
        ("weakened", document.weakened),
        ("strengthened", document.strengthened),
        ("gained", document.gained),
    ):
        if document.counts.get(name):
            _line(console, f"links {name}: {document.counts[name]:,}", "bold")
        for change in told[:_MOST_CHANGES]:
            _line(console, f"   {_change(change)}")
    for name, nodes in (("gone", document.entities_gone), ("come", document.entities_come)):
        if count := document.counts.get(f"entities_{name}"):
            _line(console, f"things {name}: {count:,}", "bold")
        for node in nodes[:_MOST_CHANGES]:
            _line(console, f"   {_node(node)}")


def _change(change: CaseLinkChange) -> str:
    ends = f"{_cut(change.source.caption)} – {_cut(change.target.caption)}: {change.link}"
    return f"{ends}  {_strength(change.before)} → {_strength(change.after)}"


def _strength(strength: CaseStrength | None) -> str:
    if strength is None:
        return "nothing"
    bits = "" if strength.bits is None else f", {strength.bits:.1f} bits"
    return f"{strength.times:,} from {len(strength.sources)} sources{bits}"
