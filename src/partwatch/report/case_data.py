"""A case's overview as the data that its page carries: rows, each string made visible and kept short."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from partwatch.case.weights import RELIABILITY_BITS
from partwatch.model.case_overview import CaseOverview, Node, ToldSource
from partwatch.report.escape import visible
from partwatch.report.page import asset

LONGEST: Final = 1_500
LONGEST_CAPTION: Final = 160
# What is drawn alike: name, shape and schemata; each has its colour in case.css by its place here.
GROUPS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("people", "circle", ("Person", "LegalEntity", "Organization", "Company")),
    ("accounts", "square", ("UserAccount", "BankAccount", "CryptoWallet")),
    ("items, jobs", "diamond", ("Item", "PrintJob", "Document")),
    ("designs", "star", ("Design", "Assembly")),
    ("parcels, exhibits", "box", ("Parcel", "Exhibit")),
    ("addresses", "wedge", ("Address", "address")),
    ("messages, payments, offers", "triangle", ("Message", "Call", "Payment", "Listing", "Ownership")),
    ("printers, vehicles", "hexagon", ("Printer", "Vehicle")),
    ("phones, mails, numbers", "cross", ("phone", "email", "identifier", "ip", "url", "checksum")),
    ("other", "pentagon", ()),
)
_GROUP_OF: Final = {schema: place for place, (_, _, names) in enumerate(GROUPS) for schema in names}


def group_of(schema: str) -> int:
    """The place in GROUPS of what a schema is drawn as."""
    return _GROUP_OF.get(schema, len(GROUPS) - 1)


def shown(text: str, most: int = LONGEST) -> str:
    """A text from outside: its lines kept, all else that would not show as itself escaped, and cut."""
    made = "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))
    return made if len(made) <= most else f"{made[:most]}… ({len(text):,} characters)"


def short(text: str) -> str:
    """A caption: one line."""
    made = visible(" ".join(text.split()))
    return made if len(made) <= LONGEST_CAPTION else f"{made[: LONGEST_CAPTION - 1]}…"


def page_data(document: CaseOverview) -> dict[str, Any]:
    """All that the script of the page reads."""
    return {
        "groups": [{"name": name, "shape": shape} for name, shape, _ in GROUPS],
        "nodes": [_node(one) for one in document.nodes],
        "links": [
            [one.left, one.right, short(one.kind), one.bits, int(one.inferred), int(one.directed),
             one.sources, one.statements, one.first, one.last]
            for one in document.links
        ],
        "sources": {one.number: _source(one) for one in document.sources},
        "statements": {
            one.number: [one.source, one.prop, shown(one.shown), _other(one.original, one.shown),
                         shown(one.place, 200), one.said_at, one.bits]
            for one in document.statements
        },
        "events": [
            [one.nodes, one.date, short(one.kind), short(one.told), one.statement] for one in document.events
        ],
        "places": _places(document),
        "brokers": [[one.node, one.share] for one in document.brokers],
        "assemblies": [
            [one.node, short(one.design), one.finding, one.items] for one in document.assemblies
        ],
        "questions": [
            [one.left, one.right, one.bits,
             [[way.nodes, way.links, way.bits, way.weakest] for way in one.paths]]
            for one in document.questions
        ],
        "decisions": [
            [short(one.left), short(one.right), one.verdict, shown(one.reason), one.at, short(one.by)]
            for one in document.decisions
        ],
        "world": world(),
        "policy": {letter.value: bits for letter, bits in RELIABILITY_BITS.items()},
    }  # fmt: skip


def world() -> dict[str, Any]:
    """Outlines of countries: rings of a first point and steps, in tenths of a degree of longitude and
    latitude; and for each ISO 3166 code where it lies (latitude, longitude) and its name."""
    told: dict[str, Any] = json.loads(asset("world.json"))
    return told


def _node(node: Node) -> list[Any]:
    countries = [one.upper() for one in node.countries]
    return [
        short(node.caption), node.schema_name, group_of(node.schema_name), node.community, node.degree,
        round(node.importance, 4), round(node.x, 4), round(node.y, 4), countries, node.statements, node.more,
        node.key[:12], len(node.keys),
    ]  # fmt: skip


def _source(source: ToldSource) -> dict[str, Any]:
    told = source.model_dump(exclude={"number"})
    return {key: shown(value, 300) if isinstance(value, str) else value for key, value in told.items()}


def _other(original: str | None, value: str) -> str | None:
    return None if original is None or original == value else shown(original)


def _places(document: CaseOverview) -> list[list[Any]]:
    where = world()["countries"]
    made: list[list[Any]] = []
    for one in document.places:
        code = (one.country or "").upper()
        if one.latitude is not None and one.longitude is not None:
            made.append([one.node, one.by.value, code, round(one.latitude, 3), round(one.longitude, 3)])
        elif code in where:
            latitude, longitude, _ = where[code]
            made.append([one.node, one.by.value, code, latitude, longitude])
    return made


def captions(document: CaseOverview, places: Sequence[int] | Iterable[int]) -> list[str]:
    """Of nodes by their places."""
    return [short(document.nodes[one].caption) for one in places]
