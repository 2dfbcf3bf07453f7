"""`partwatch case export`, `report`: what leaves a case, each noted in its ledger."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from partwatch.case.store import now
from partwatch.cli.case import asking, common
from partwatch.cli.home import home_of
from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from partwatch.case.answers import Answers
    from partwatch.case.graph.links import CaseGraph
    from partwatch.case.store import CaseStore
    from partwatch.model.case_assemblies import CaseAssembliesDocument
    from partwatch.model.case_pack import CasePack, Fallen

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", metavar="MOMENT", formats=["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"], help="In UTC; else now."
    ),
]


def export(
    context: typer.Context,
    case: common.Case,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="ftm, ftm-statements, ftm-statements-json, case-uco, misp, stix or graphml."
        ),
    ],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file, or - for stdout.")],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ENTITY", help="Only these, and what joins them.")
    ] = None,
    near: Annotated[
        int, typer.Option("--near", metavar="N", min=0, max=6, help="With --only: and what is N hops away.")
    ] = 0,
    schemata: Annotated[
        list[str] | None, typer.Option("--schema", metavar="SCHEMA", help="Only what is of this schema.")
    ] = None,
    sources: asking.Sources = None,
    since: asking.Since = None,
    until: asking.Until = None,
    bodies: Annotated[bool, typer.Option("--bodies", help="Texts of messages as well.")] = False,
    missing: Annotated[bool, typer.Option("--missing", help="What assemblies lack as well.")] = False,
    pseudonyms: Annotated[
        Path | None,
        typer.Option(
            metavar="KEY",
            help="Replace names and identifiers under the secret in this file, 16 bytes or more.",
        ),
    ] = None,
    tlp: Annotated[str, typer.Option(metavar="LEVEL", help="Level of the Traffic Light Protocol.")] = "amber",
    prior_bits: Annotated[
        float | None,
        typer.Option(metavar="BITS", help="Log2 of the odds before the evidence, for formats with words."),
    ] = None,
    as_of: AsOf = None,
    by: common.By = None,
) -> None:
    """Hand the case over in the words of another system. What goes out is noted in the ledger."""
    from partwatch.case.view import view_of
    from partwatch.exchange.base import Options
    from partwatch.exchange.registry import export as write

    store = common.opened(context, case)
    who = common.actor(by)
    view = view_of(store)
    options = Options(
        at=_moment(as_of), by=who, only=_chosen(store, only, near), schemata=_some(schemata),
        sources=None if sources is None else frozenset(store.source(one).id for one in sources),
        since=since, until=until, bodies=bodies, missing=missing,
        pseudonym_key=None if pseudonyms is None else pseudonyms.read_bytes(), tlp=tlp, prior_bits=prior_bits,
    )  # fmt: skip
    with _written(file) as out:
        summary = write(view, store, kind, out, options)
        out.flush()
        # Before it is there: what leaves without an entry would be worse than an entry too many.
        store.note("export", summary.told(), who)
    told = ", ".join(f"{count:,} {name}" for name, count in summary.counts.items())
    common.said(f"{file}: {told}; SHA-256 {summary.sha256}")


def report(
    context: typer.Context,
    case: common.Case,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE.html", help="The overview: network, map, time line."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE.html", help="The disclosure pack as a page.")
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE.pdf", help="The disclosure pack as PDF.")
    ] = None,
    fonts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Fonts for scripts that the PDF's own lack.")
    ] = None,
    as_of: AsOf = None,
    by: common.By = None,
) -> None:
    """Write the overview page, and the disclosure pack with the ledger's bundle beside it.

    The pack answers the questions that were asked of the case (`case path`), in sentences that name what they
    rest on, with what speaks against.
    """
    from partwatch.case.answers import answers_of
    from partwatch.case.graph.build import graph_of_case
    from partwatch.cli.case.assembling import weighed

    if page is None and html is None and pdf is None:
        raise UsageError("name what to write: --page, --html or --pdf")
    store = common.opened(context, case)
    graph = graph_of_case(store)
    answers = answers_of(store, graph)
    held = weighed(home_of(context), graph.view, as_of)
    if page is not None:
        _overview(store, graph, answers, held, page, as_of, common.actor(by))
    if html is not None or pdf is not None:
        _pack(store, graph, answers, held, html, pdf, fonts, as_of, common.actor(by))


def _overview(
    store: CaseStore,
    graph: CaseGraph,
    answers: Answers,
    held: CaseAssembliesDocument,
    page: Path,
    as_of: datetime | None,
    who: str,
) -> None:
    from partwatch.case.overview import overview_of
    from partwatch.report import case_page

    document = overview_of(store, graph, answers.told, _utc(as_of), assemblies=held)
    store.note("overview", {"nodes": len(document.nodes), "statements": len(document.statements)}, who)
    case_page.write(document, page)
    common.said(f"{page}: the overview")


def _pack(
    store: CaseStore,
    graph: CaseGraph,
    answers: Answers,
    held: CaseAssembliesDocument,
    html: Path | None,
    pdf: Path | None,
    fonts: Path | None,
    as_of: datetime | None,
    who: str,
) -> None:
    from partwatch.case.bundle import write_bundle
    from partwatch.case.pack import Beside, pack_of
    from partwatch.case.pack_found import weighed
    from partwatch.case.pack_ledger import with_ledger
    from partwatch.report import case_pack_page, case_pack_pdf

    store.note("disclosure", {"questions": len(answers.told)}, who)
    beside = Beside(fallen=tuple(_fallen(store, graph)), assemblies=weighed(held))
    pack = pack_of(store, graph, answers, who, beside, _utc(as_of))
    first = html or pdf
    assert first is not None
    bundle = first.with_name(f"{first.stem}-ledger.zip")
    # A pack that is written again takes the place of the old one, its bundle too.
    written = bundle.with_name(f".{first.stem}-ledger.part.zip")
    written.unlink(missing_ok=True)
    write_bundle(store, written, [one.number for one in pack.statements])
    written.replace(bundle)
    pack = with_ledger(pack, bundle)
    if html is not None:
        case_pack_page.write(pack, html)
        common.said(f"{html}: the disclosure pack, SHA-256 {_digest(html)}")
    if pdf is not None:
        case_pack_pdf.write(pack, pdf, fonts)
        common.said(f"{pdf}: the disclosure pack, SHA-256 {_digest(pdf)}")
    # Of a later entry than the bundle can hold: its own digest is in the pack.
    digests = {one.suffix.lstrip("."): _digest(one) for one in (html, pdf, bundle) if one is not None}
    store.note("disclosed", digests, who)
    _tell(pack, bundle)


def _fallen(store: CaseStore, graph: CaseGraph) -> Iterator[Fallen]:
    """Of each source that was withdrawn: the answers with it and without it."""
    from partwatch.case.graph.build import graph_of_case
    from partwatch.case.graph.difference import difference
    from partwatch.case.pack import fallen_of

    for source in store.sources():
        if source.withdrawn is not None and store.questions():
            before = graph_of_case(store, standing=[source.id])
            yield from fallen_of(difference(before, graph, store.questions()), source.id)


def _tell(pack: CasePack, bundle: Path) -> None:
    questions = f"{len(pack.questions):,} question{'s' * (len(pack.questions) != 1)}"
    common.said(
        f"{bundle}: the ledger beside it; `partwatch ledger verify {bundle}`. {questions} answered, "
        f"{len(pack.statements):,} statements shown"
    )


def _chosen(store: CaseStore, only: list[str] | None, near: int) -> frozenset[str] | None:
    """Keys of these entities and their records, and of those near them."""
    if only is None:
        return None
    from partwatch.case.graph.build import graph_of_case
    from partwatch.case.graph.neighbours import neighbours_of

    graph = graph_of_case(store)
    view = graph.view
    keys = [asking.key_of(graph, text) for text in only]
    if near:
        found = [one.node.key for key in keys for one in neighbours_of(graph, key, near, most=100_000).nodes]
        keys += [key for key in found if key in view.place_of]
    places = [place for key in keys if (place := view.canonical_of(key)) is not None]
    return frozenset(key for place in places for key in view.keys_of(place))


def _some(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _utc(as_of: datetime | None) -> datetime | None:
    from datetime import UTC

    return None if as_of is None else as_of.replace(tzinfo=UTC)


def _moment(as_of: datetime | None) -> str:
    return now() if as_of is None else as_of.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _written(file: str) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all."""
    if file == "-":
        yield sys.stdout.buffer
        return
    target = Path(file)
    if target.exists() or target.is_symlink():
        raise UsageError(f"{file}: there is a file already; give a name that is free")
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
