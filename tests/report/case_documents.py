"""Made-up cases as their page and their pack read them; nothing in them is anybody's."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np

from partwatch.case.graph.layout import layout
from partwatch.model.case_overview import (
    Broker,
    By,
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
from partwatch.model.case_pack import (
    CasePack,
    ErrorRate,
    Fallen,
    Hop,
    LedgerBundle,
    NotLookedAt,
    PackAssembly,
    PackCut,
    PackItem,
    PackPair,
    PackPath,
    PackQuestion,
    PackRank,
    PackTotals,
    Party,
    Tested,
    WithoutSource,
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
_FIRST = (
    "Ada",
    "Bruno",
    "Chloé",
    "Dario",
    "Elif",
    "Femke",
    "Goran",
    "Hanna",
    "Ilse",
    "Jonas",
    "Katya",
    "Luc",
)
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
                Place(node=place, by=By.COORDINATES, country=node.countries[0], latitude=node.latitude,
                      longitude=node.longitude)
            )  # fmt: skip
        else:
            made += [
                Place(node=place, by=By.STATED, country=one, latitude=None, longitude=None)
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


def pack(
    captions: tuple[str, ...] = (), empty: bool = False, ledger: bool = True, items: int = 9
) -> CasePack:
    """A pack of two questions, one of them without an answer. captions: in place of the parties' own."""
    told = sources()
    names = (*captions, "Ada Arnold", "+32 470 12 34 56", "EX20339813BE", "katya_ivers255", "plate 7.gcode",
             "hand pump 1", "Luc Haas")  # fmt: skip
    statements: list[ToldStatement] = []

    def say(entity: int, prop: str, value: str, source: int, **more: object) -> int:
        number = 100 + 7 * len(statements)
        base: dict[str, object] = {
            "number": number, "source": source, "entity": f"{entity:040x}", "schema_name": "Person",
            "prop": prop, "value": value, "shown": value, "original": None, "place": f"row {number // 3}",
            "said_at": "2026-04-02T10:00:00Z", "bits": None,
        }  # fmt: skip
        statements.append(ToldStatement.model_validate(base | more))
        return number

    parties = [
        Party(key=f"{n:040x}", schema_name="Person", caption=names[n],
              statements=(say(n, "name", names[n], n % 5 + 1, original=names[n].upper()),))
        for n in range(7)
    ]  # fmt: skip

    def hop(left: int, kind: str, source: int, bits: float | None = None, **more: object) -> Hop:
        number = say(left, kind, names[(left + 1) % 7], source, bits=bits)
        return Hop.model_validate(
            {"kind": kind, "bits": bits, "inferred": bits is not None, "also_said_by": (),
             "sources": (source,),
             "statements": (number,)} | more
        )  # fmt: skip

    first = PackPath(
        parties=tuple(parties[:5]), bits=5.93, chance_bits=9.1, weakest=1,
        hops=(hop(0, "phone", 2, holders=2, population=4312), hop(1, "same source", 4, 8.21),
              hop(2, "contents", 1), hop(3, "submitter", 3)),
    )  # fmt: skip
    rival = PackPath(
        parties=(parties[0], parties[6], parties[4]), bits=2.51, chance_bits=None, weakest=0,
        hops=(hop(0, "message", 5), hop(6, "payment", 3)),
    )  # fmt: skip
    asked = PackQuestion(
        left=parties[0], right=parties[4], proposition="Ada Arnold had plate 7.gcode printed",
        alternative="what ties them is chance, error or somebody else", bits=6.04, exact=True,
        paths=(first, rival),
        rank=PackRank(kind="PrintJob", as_strong=2, population=318, at_least=False),
        without=(WithoutSource(source=2, bits=2.51), WithoutSource(source=3, bits=None)),
        cut=PackCut(parts=("source 3: chat export.json",), bits=7.0),
    )  # fmt: skip
    none = asked.model_copy(
        update={"right": parties[6], "bits": None, "paths": (), "without": (), "rank": None, "cut": None}
    )
    findings = ("match", "clear", "clear", "unscreenable", "review")
    screened = tuple(
        PackItem(caption=f"disk 3/file {n}.stl", sha256=f"{n:064x}", finding=findings[n % 5],
                 complete=n % 4 != 3, statements=(say(50 + n, "finding", findings[n % 5], 4),))
        for n in range(items)
    )  # fmt: skip
    held = PackAssembly(
        design="hand pump 1", finding="match", bits=15.2, items=("disk 3/file 0.stl", "plate 7.gcode"),
        missing=2, statements=screened[0].statements if screened else (),
    )  # fmt: skip
    pair = PackPair(
        left=parties[5], right=parties[6], bits=-3.4, verdict="different", reason="born in different years",
        by="E. Analyst", at="2026-11-20T10:00:00Z",
    )  # fmt: skip
    return CasePack(
        program_version="0.1.0", as_of="2026-11-29T10:00:00Z", made_by="E. Analyst", charter=CHARTER,
        ledger=LedgerBundle(file="harbour.ledger", sha256="ab" * 32, entries=318, checkpoint=CHECKPOINT)
        if ledger else None,
        totals=PackTotals(sources=6, withdrawn=1, statements=48_210, entities=7_312, items=items),
        sources=told, statements=tuple(statements),
        questions=() if empty else (asked, none), items=() if empty else screened,
        assemblies=() if empty or not screened else (held,), pairs=() if empty else (pair,),
        fallen=() if empty else (
            Fallen(source=6, left=names[0], right=names[6], before=4.2, after=None),),
        decisions=() if empty else (
            ToldDecision(left=names[5], right=names[6], verdict="different", reason="born in different years",
                         at="2026-11-20T10:00:00Z", by="E. Analyst"),),
        tested=Tested(pairs=5_120, merged=311, threshold=6.5, questions=0 if empty else 2,
                      unanswered=0 if empty else 1),
        error_rates=() if empty else (
            ErrorRate(what="pairs taken for one that are not", value=0.0041, low=0.0021, high=0.0072,
                      trials=3_904, measured_on="generated cases, seeds 0 to 4"),),
        not_looked_at=() if empty else (
            NotLookedAt(what="messages without text were not read", count=12, sources=(3,)),),
        reliability={"A": 10.0, "B": 7.0, "C": 4.0, "D": 2.0, "E": 0.5, "F": 2.0},
        policy={"bits from which on records are taken for one": 6.5},
        limits=() if empty else ("Shape says nothing of purpose",),
    )  # fmt: skip


CHECKPOINT = (
    "partwatch.case/5f0c2a\n318\nq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n\n"
    "— partwatch.case/5f0c2a AbCdEf0123456789=\n"
)
