"""`partwatch case path`, `leads`, `neighbours`, `timeline`, `communities`: what an investigator asks of a
case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from partwatch.cli.case import common

if TYPE_CHECKING:
    from partwatch.case.graph.filters import Filter
    from partwatch.case.graph.links import CaseGraph
    from partwatch.case.store import CaseStore
    from partwatch.report.case_text import CaseAnswer

Since = Annotated[str | None, typer.Option(metavar="DATE", help="Only what happened from then on.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Only what happened until then.")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", metavar="KIND", help="Only things or values of this kind.")
]
Sources = Annotated[
    list[str] | None, typer.Option("--source", metavar="SOURCE", help="Only what this source says.")
]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="SOURCE", help="As if this source were withdrawn.")
]
Countries = Annotated[
    list[str] | None, typer.Option("--country", metavar="CC", help="Only what is in this country.")
]
Dated = Annotated[bool, typer.Option("--dated", help="Only what has a date.")]
Entity = Annotated[str, typer.Argument(metavar="ENTITY", help="Its name, an identifier, or its key.")]


def path(
    context: typer.Context,
    case: common.Case,
    start: Annotated[str, typer.Argument(metavar="FROM", help="A name, an identifier, or a key.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="A name, an identifier, or a key.")],
    paths: Annotated[
        int, typer.Option("--paths", metavar="K", min=1, max=50, help="Paths told, at most.")
    ] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="Without what would break them.")] = False,
    since: Since = None,
    until: Until = None,
    kinds: Kinds = None,
    sources: Sources = None,
    countries: Countries = None,
    dated: Dated = False,
    without: Without = None,
    as_json: common.AsJson = False,
    by: common.By = None,
) -> None:
    """How two things are tied, how sure that is, and what would break it.

    The question is kept: when a source is withdrawn, it is answered again and the difference shown. Exits 0
    if they are tied, 1 if nothing ties them; 2 on trouble.
    """
    from partwatch.case.graph.difference import END, PATH_QUESTION, START
    from partwatch.case.graph.paths import paths_between

    store = common.opened(context, case)
    graph = _graph(store, without)
    only = _filter(store, since, until, kinds, sources, countries, dated)
    ends = key_of(graph, start), key_of(graph, end)
    document = paths_between(graph, *ends, paths, only, deep=not quick)
    if not store.charter.expired(common.today()):
        store.ask(PATH_QUESTION, {START: ends[0], END: ends[1]}, common.actor(by))
    _write(document, as_json)
    if not document.paths and not document.same:
        raise typer.Exit(1)


def leads(
    context: typer.Context,
    case: common.Case,
    entity: Entity,
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="Of what is put in order.")] = "Person",
    most: Annotated[int, typer.Option(metavar="N", min=1, max=200, help="Told at most.")] = 20,
    since: Since = None,
    until: Until = None,
    sources: Sources = None,
    countries: Countries = None,
    dated: Dated = False,
    without: Without = None,
    as_json: common.AsJson = False,
) -> None:
    """Whom to look at first: who may stand behind an entity, in order.

    A lead and no evidence: what ties one of them to it, `partwatch case path` says. Exits 0 if there are any,
    1 if nothing leads to one; 2 on trouble.
    """
    from partwatch.case.graph.ranking import ranking_of
    from partwatch.report.case_ranking_text import render

    store = common.opened(context, case)
    graph = _graph(store, without)
    only = _filter(store, since, until, None, sources, countries, dated)
    document = ranking_of(graph, key_of(graph, entity), kind, only, most)
    if as_json:
        common.write_json(document)
    else:
        render(document, common.console())
    if not document.leads:
        raise typer.Exit(1)


def neighbours(
    context: typer.Context,
    case: common.Case,
    entity: Entity,
    hops: Annotated[int, typer.Option(metavar="N", min=1, max=6, help="How far.")] = 1,
    most: Annotated[int, typer.Option(metavar="N", min=1, help="Told at most.")] = 200,
    since: Since = None,
    until: Until = None,
    kinds: Kinds = None,
    sources: Sources = None,
    countries: Countries = None,
    dated: Dated = False,
    without: Without = None,
    as_json: common.AsJson = False,
) -> None:
    """What an entity is tied to, nearest first."""
    from partwatch.case.graph.neighbours import neighbours_of

    store = common.opened(context, case)
    graph = _graph(store, without)
    only = _filter(store, since, until, kinds, sources, countries, dated)
    _write(neighbours_of(graph, key_of(graph, entity), hops, only, most), as_json)


def timeline(
    context: typer.Context,
    case: common.Case,
    entity: Annotated[
        str | None, typer.Argument(metavar="[ENTITY]", help="What it and all it takes part in; else all.")
    ] = None,
    most: Annotated[int, typer.Option(metavar="N", min=1, help="Told at most.")] = 1000,
    since: Since = None,
    until: Until = None,
    kinds: Kinds = None,
    sources: Sources = None,
    countries: Countries = None,
    without: Without = None,
    as_json: common.AsJson = False,
) -> None:
    """What is dated, in order, each with its source."""
    from partwatch.case.graph.timeline import timeline_of

    store = common.opened(context, case)
    graph = _graph(store, without)
    only = _filter(store, since, until, kinds, sources, countries, False)
    key = None if entity is None else key_of(graph, entity)
    _write(timeline_of(graph, key, only, most), as_json)


def communities(
    context: typer.Context,
    case: common.Case,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the order in which they are tried.")] = 0,
    since: Since = None,
    until: Until = None,
    kinds: Kinds = None,
    sources: Sources = None,
    countries: Countries = None,
    dated: Dated = False,
    without: Without = None,
    as_json: common.AsJson = False,
) -> None:
    """What hangs together more than with the rest, and who others are tied through."""
    from partwatch.case.graph.communities import communities_of

    store = common.opened(context, case)
    graph = _graph(store, without)
    only = _filter(store, since, until, kinds, sources, countries, dated)
    _write(communities_of(graph, only, seed), as_json)


def key_of(graph: CaseGraph, text: str) -> str:
    """The key that somebody means: of an entity, or of a value as `type:value`."""
    from partwatch.case.naming import named_key
    from partwatch.case.vocabulary import SHARED_TYPES

    if text.partition(":")[0] in SHARED_TYPES:
        return text
    return named_key(graph.view, text)


def _graph(store: CaseStore, without: list[str] | None) -> CaseGraph:
    from partwatch.case.graph.build import graph_of_case

    return graph_of_case(store, [store.source(one).id for one in without or ()])


def _filter(
    store: CaseStore,
    since: str | None,
    until: str | None,
    kinds: list[str] | None,
    sources: list[str] | None,
    countries: list[str] | None,
    dated: bool,
) -> Filter:
    from partwatch.case.graph.filters import Filter

    told: dict[str, Any] = {
        "kinds": frozenset(kinds or ()),
        "sources": frozenset(store.source(one).id for one in sources or ()),
        "countries": frozenset(one.casefold() for one in countries or ()),
    }
    return Filter(since, until, dated=dated, **told)


def _write(document: CaseAnswer, as_json: bool) -> None:
    from partwatch.report.case_text import render

    if as_json:
        common.write_json(document)
    else:
        render(document, common.console())
