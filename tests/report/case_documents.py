"""Made-up cases as their page and their pack read them; nothing in them is anybody's."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np

from partwatch.case.graph.layout import layout
from partwatch.model.case_overview import (
    Broker,
    CaseOverview,
    Event,
    Link,
    Node,
    PathOf,
    Place,
    Question,
    ToldAssembly,
    ToldCharter,
    ToldDecision,
    ToldSource,
    ToldStatement,
    Totals,
)

CHARTER = ToldCharter(
    name="Harbour pumps",
    authority="Example Customs Laboratory",
    legal_basis="Order 12/2026 of the Example Court",
    purpose="to find who posts hand-cranked pumps in parts",
    retention="2029-12-31",
)
_SCHEMATA = (
    ("Person", 26), ("UserAccount", 22), ("Parcel", 18), ("PrintJob", 12), ("Item", 6), ("Address", 7),
    ("BankAccount", 3), ("Listing", 3), ("Printer", 2), ("Design", 1),
)  # fmt: skip
_FIRST = ("Ada", "Bruno", "Chloé", "Dario", "Elif", "Femke", "Goran", "Hanna", "Ilse", "Jonas", "Katya", "Luc")
_LAST = ("Arnold", "Baert", "Costa", "Duval", "Engel", "Faure", "Girard", "Haas", "Ivers", "Janssen", "Kern")
_TOWNS = (
    ("Marseille", "fr", 43.30, 5.37), ("Nice", "fr", 43.70, 7.27), ("Lyon", "fr", 45.76, 4.84),
    ("Gent", "be", 51.05, 3.72), ("Liège", "be", 50.63, 5.57), ("Köln", "de", 50.94, 6.96),
    ("Torino", "it", 45.07, 7.69), ("Porto", "pt", 41.15, -8.61),
)  # fmt: skip
_COUNTRIES = ("fr", "be", "de", "nl", "lu", "pl", "mt", "cn")
_DATED = {"Parcel": "posted", "PrintJob": "printed", "Listing": "offered", "Person": "message"}


def sources() -> tuple[ToldSource, ...]:
    """Six of them, the last withdrawn."""
    told = (
        ("table", "seizures.xlsx", "Customs, Example Harbour", "A", 10.0, None),
        ("table", "parcels.csv", "Example Post", "B", 7.0, None),
        ("telegram", "chat export.json", "the phone of the second suspect", "B", 7.0, None),
        ("screened", "disk 3", "partwatch screen", "A", 10.0, None),
        ("mbox", "tips.mbox", "a tip by mail", "E", 0.5, None),
        ("table", "payments.csv", "Example Bank", "B", 7.0, "taken beyond the order; struck by the court"),
    )
    return tuple(
        ToldSource(
            number=place + 1, kind=kind, name=name, sha256=f"{place:02x}" * 32, said_by=said_by,
            reliability=letter, reliability_bits=bits, legal_ref="Order 12/2026",
            imported_at="2026-11-02T09:00:00Z", imported_by="E. Analyst", statements=900, skipped=place,
            entry=place + 2, withdrawn=withdrawn,
        )
        for place, (kind, name, said_by, letter, bits, withdrawn) in enumerate(told)
    )  # fmt: skip


class _Maker:
    def __init__(self, nodes: int, links: int, statements: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.statements: list[ToldStatement] = []
        self.wanted = (nodes, links, statements)
        self.communities = max(2, nodes // 28)

    def say(self, entity: str, schema: str, prop: str, value: str, **more: object) -> int:
        number = len(self.statements) + 1
        told: dict[str, object] = {
            "number": number, "source": self.chance.randrange(5) + 1, "entity": entity,
            "schema_name": schema, "prop": prop, "value": value, "shown": value,
            "original": value.upper() if self.chance.random() < 0.3 else None,
            "place": f"row {self.chance.randrange(2, 4000)}",
            "said_at": "2026-03-04" if self.chance.random() < 0.3 else None, "bits": None,
        }  # fmt: skip
        self.statements.append(ToldStatement.model_validate(told | more))
        return number

    def caption(self, schema: str, number: int) -> str:
        chance = self.chance
        if schema == "Person":
            return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
        if schema == "UserAccount":
            return f"{chance.choice(_FIRST).lower()}_{chance.choice(_LAST).lower()}{number}"
        return {
            "Parcel": f"EX{chance.randrange(10**8):08d}BE",
            "PrintJob": f"plate {number}.gcode",
            "Item": f"pump body v{number}.stl",
            "Address": f"{chance.randrange(1, 99)} {chance.choice(_LAST)} Street, {chance.choice(_TOWNS)[0]}",
            "BankAccount": f"BE{chance.randrange(10**14):014d}",
            "Listing": f"Garden pump set, no. {number}",
            "Printer": f"SN-{chance.randrange(10**6):06d}",
            "Design": f"hand pump {number}",
        }[schema]


def overview(
    nodes: int = 60, links: int = 150, statements: int = 400, seed: int = 1, captions: tuple[str, ...] = ()
) -> CaseOverview:
    """A case of that size. captions: in place of the first nodes' own."""
    maker = _Maker(nodes, links, statements, seed)
    placed = _nodes(maker, captions)
    lines = _links(maker, placed)
    placed = _laid_out(placed, lines)
    events = _events(maker, placed)
    while len(maker.statements) < statements:
        place = maker.chance.randrange(nodes)
        one = placed[place]
        number = maker.say(one.key, one.schema_name, "notes", f"seen {maker.chance.randrange(1000)} times")
        placed[place] = one.model_copy(update={"statements": (*one.statements, number)})
    way = _way(lines, nodes)
    asked = [Question(left=0, right=nodes - 1, bits=None, paths=())]
    if way:
        ends, along = way
        found = PathOf(nodes=ends, links=along, bits=6.4, weakest=along[len(along) // 2])
        asked.insert(0, Question(left=ends[0], right=ends[-1], bits=6.9, paths=(found,)))
    best = sorted(range(nodes), key=lambda one: -placed[one].degree)[:8]
    items = tuple(n for n, one in enumerate(placed) if one.schema_name in ("PrintJob", "Item"))[:5]
    designs = [n for n, one in enumerate(placed) if one.schema_name == "Design"]
    held = [ToldAssembly(node=n, design=placed[n].caption, finding="match", items=items) for n in designs[:2]]
    return CaseOverview(
        program_version="0.1.0", as_of="2026-11-29T10:00:00Z", charter=CHARTER,
        totals=Totals(sources=6, statements=48_210, entities=7_312, links=19_004, communities=61),
        sources=sources(), statements=tuple(maker.statements), nodes=tuple(placed), links=tuple(lines),
        events=tuple(events), places=tuple(_places(maker, placed)),
        brokers=tuple(Broker(node=n, share=0.2 / (k + 1)) for k, n in enumerate(best)),
        assemblies=tuple(held), questions=tuple(asked),
        decisions=(
            ToldDecision(left=placed[0].caption, right=placed[1].caption, verdict="different",
                         reason="born in different years", at="2026-11-20T10:00:00Z", by="E. Analyst"),
        ),
        chosen_by="the best linked of the case, and all that lies on an asked path",
    )  # fmt: skip


def _nodes(maker: _Maker, captions: tuple[str, ...]) -> list[Node]:
    chance, count = maker.chance, maker.wanted[0]
    names, weights = zip(*_SCHEMATA, strict=True)
    made = []
    for number in range(count):
        schema = chance.choices(names, weights)[0]
        community = min(int(chance.paretovariate(0.7)) - 1, maker.communities - 1)
        caption = captions[number] if number < len(captions) else maker.caption(schema, number)
        key = f"{number:040x}"
        prop = {"Person": "name", "UserAccount": "username", "Parcel": "trackingNumber"}.get(schema, "name")
        said = [maker.say(key, schema, prop, caption)]
        if schema == "Person":
            said.append(maker.say(key, schema, "phone", f"+3247{chance.randrange(10**7):07d}"))
        town = chance.choice(_TOWNS)
        exact = schema == "Address"
        countries = (town[1],) if exact else (chance.choice(_COUNTRIES),) if chance.random() < 0.4 else ()
        made.append(
            Node(
                key=key, keys=(key,), schema_name=schema, caption=caption, community=community, degree=0,
                importance=0.0, x=0.5, y=0.5, countries=countries,
                latitude=town[2] + chance.gauss(0, 0.05) if exact else None,
                longitude=town[3] + chance.gauss(0, 0.05) if exact else None, statements=tuple(said),
            )
        )  # fmt: skip
    return made


def _laid_out(nodes: list[Node], links: list[Link]) -> list[Node]:
    edges = [(link.left, link.right) for link in links]
    where = layout(len(nodes), edges, [link.bits for link in links], [one.community or 0 for one in nodes])
    low, size = where.min(axis=0), np.maximum(np.ptp(where, axis=0), 1e-9)
    return [
        one.model_copy(update={"x": float(x), "y": float(y)})
        for one, (x, y) in zip(nodes, (where - low) / size, strict=True)
    ]


def _links(maker: _Maker, nodes: list[Node]) -> list[Link]:
    chance = maker.chance
    made: dict[tuple[int, int], Link] = {}
    hubs = [max(1e-3, chance.paretovariate(1.1)) for _ in nodes]
    inside: dict[int | None, list[int]] = {}
    for place, node in enumerate(nodes):
        inside.setdefault(node.community, []).append(place)
    for _ in range(100 * maker.wanted[1]):
        if len(made) >= maker.wanted[1]:
            break
        left = chance.choices(range(len(nodes)), hubs)[0]
        among = inside[nodes[left].community] if chance.random() < 0.88 else list(range(len(nodes)))
        right = chance.choice(among)
        pair = (min(left, right), max(left, right))
        if left == right or pair in made:
            continue
        kind = chance.choice(("phone", "address", "contents", "sender", "owner", "same source", "payment"))
        inferred = kind == "same source"
        bits = chance.uniform(0.5, 14)
        number = maker.say(
            nodes[left].key, nodes[left].schema_name, kind, nodes[right].key, shown=nodes[right].caption,
            bits=bits if inferred else None,
        )  # fmt: skip
        first = date(2026, 1, 5) + timedelta(days=chance.randrange(280))
        dated = chance.random() < 0.7
        made[pair] = Link(
            left=left, right=right, kind=kind, bits=round(bits, 2), inferred=inferred,
            directed=kind == "payment", sources=(maker.statements[-1].source,), statements=(number,),
            first=first.isoformat() if dated else None,
            last=(first + timedelta(days=chance.randrange(40))).isoformat() if dated else None,
        )  # fmt: skip
    degree = [0] * len(nodes)
    for link in made.values():
        degree[link.left] += 1
        degree[link.right] += 1
    most = max(degree, default=1) or 1
    for place, node in enumerate(nodes):
        told = {"degree": degree[place], "importance": degree[place] / most}
        nodes[place] = node.model_copy(update=told)
    return list(made.values())


def _events(maker: _Maker, nodes: list[Node]) -> list[Event]:
    made = []
    for place, node in enumerate(nodes):
        if node.schema_name not in _DATED:
            continue
        kind = _DATED[node.schema_name]
        day = date(2026, 1, 5) + timedelta(days=int(maker.chance.betavariate(2, 1.4) * 300))
        number = maker.say(node.key, node.schema_name, kind, day.isoformat())
        made.append(
            Event(nodes=(place,), date=day.isoformat(), kind=kind, told=node.caption, statement=number)
        )
    return sorted(made, key=lambda one: one.date)


def _places(maker: _Maker, nodes: list[Node]) -> list[Place]:
    made = []
    for place, node in enumerate(nodes):
        if node.latitude is not None:
            made.append(
                Place(node=place, exact=True, country=node.countries[0], latitude=node.latitude,
                      longitude=node.longitude)
            )  # fmt: skip
        else:
            made += [
                Place(node=place, exact=False, country=one, latitude=None, longitude=None)
                for one in node.countries
            ]
    return made


def _way(links: list[Link], count: int) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The longest of the shortest ways from the first node that has links."""
    beside: dict[int, list[tuple[int, int]]] = {}
    for number, link in enumerate(links):
        beside.setdefault(link.left, []).append((link.right, number))
        beside.setdefault(link.right, []).append((link.left, number))
    if not beside:
        return None
    start = min(beside)
    came: dict[int, tuple[int, int] | None] = {start: None}
    queue = [start]
    for one in queue:
        for other, number in beside[one]:
            if other not in came:
                came[other] = (one, number)
                queue.append(other)
    ends, along = [queue[-1]], []
    while (back := came[ends[-1]]) is not None:
        along.append(back[1])
        ends.append(back[0])
    return tuple(reversed(ends)), tuple(reversed(along))
