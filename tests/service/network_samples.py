"""What the tests of pages for investigators and curators share: a list of numbers only, submissions whose
items are made up, and requests that are answered in this thread by whoever is named."""

from __future__ import annotations

import asyncio
import html
import re
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from service_samples import Workers
from sqlalchemy import update
from starlette.requests import Request

from partwatch.case.imports.results_examples import item, match
from partwatch.fingerprint import CLOUD_SIZE, DESCRIPTOR_SIZE
from partwatch.ledger import log
from partwatch.model.document import Item, Match, MatchFinding, Medium
from partwatch.model.mesh import Mesh
from partwatch.model.view import encode_view
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Node
from partwatch.service.app import create_app
from partwatch.service.asking import principal_of
from partwatch.service.context import Service
from partwatch.service.customers import add_customer
from partwatch.service.desk.desk import Desk
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Settings
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import Asked, Incoming, Submission, accept
from partwatch.service.tables import SUBMISSIONS
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignEntry, GateReport, LookAlike, PartEntry, PartPrint

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "case"))

HOSTILE = "<script>alert(1)</script>‮gpj.stl"
PUMP = "hand pump"
PARTS = ("shaft", "cap", "wheel", "lever")
INVESTIGATOR = Principal("ines", None, frozenset({Role.INVESTIGATE}))
CURATOR = Principal("cleo", None, frozenset({Role.CURATE}))
REVIEWER = Principal("robin", None, frozenset({Role.REVIEW}))
SUBMITTER = Principal("shop", "shop", frozenset({Role.SUBMIT}))
BOUND = Principal("bound", "shop", frozenset({Role.INVESTIGATE, Role.CURATE}))
_TETRAHEDRON = Mesh(
    np.array([[0.0, 0, 0], [20, 0, 0], [0, 14, 0], [0, 0, 9]]),
    np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], dtype=np.int32),
)


class Pages:
    """The application of a home folder, asked by one principal at a time; cookies are kept."""

    def __init__(self, home: Path, settings: Settings | None = None, who: Principal = THIS_MACHINE) -> None:
        self.app = create_app(home, settings or Settings())
        self.service: Service = self.app.state.service
        self.store: ServiceStore = self.service.store
        self.who = who
        self._cookies: dict[str, str] = {}
        self.app.dependency_overrides[principal_of] = self._principal

    def _principal(self, request: Request) -> Principal:
        # Pages look there, routes ask here.
        request.state.principal = self.who
        return self.who

    def get(self, path: str, **more: Any) -> httpx.Response:
        """GET; redirects are shown, not followed."""
        return asyncio.run(self._request("GET", path, **more))

    def post(
        self, path: str, data: Mapping[str, str], seen: str | None = None, **more: Any
    ) -> httpx.Response:
        """A form, with the token of the page `seen` (its path), else of none."""
        token = "" if seen is None else csrf_of(self.get(seen).text)
        return asyncio.run(self._request("POST", path, data=dict(data) | {"csrf": token}, **more))

    def send(self, path: str, body: Any) -> httpx.Response:
        """JSON by POST."""
        return asyncio.run(self._request("POST", path, json=body))

    async def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", cookies=self._cookies
        ) as client:
            answer = await client.request(method, path, **more)
            self._cookies.update(dict(client.cookies))
            return answer

    def looks(self) -> list[dict[str, Any]]:
        """What the ledger holds of looks, each with `by`."""
        with self.store.reading() as connection:
            found = list(log.entries(connection, kind="look"))
        return [one.opening.body | {"by": one.by} for one in found if one.opening is not None]


def csrf_of(page: str) -> str:
    """The token that a page's forms carry."""
    found = re.search(r'name="csrf" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def report(rate: float, allowed: str | None = None) -> GateReport:
    """What the gate found, of nothing."""
    alike = (LookAlike(f"shelf: {HOSTILE} [body 0]", 1.98), LookAlike("shelf: peg.stl [body 2]", 1.5))
    return GateReport(rate, alike, "p1", "c1", date(2026, 2, 3), allowed)


def part(name: str, gate: GateReport | None = None, has_mesh: bool = True) -> PartEntry:
    """A listed part whose numbers mean nothing."""
    cloud = np.ones((CLOUD_SIZE, 6), np.float32) if has_mesh else None
    print_ = PartPrint(np.full(DESCRIPTOR_SIZE, 0.1, np.float32), cloud, -1)
    return PartEntry(
        name=name, quantity=1, required=True, alternative_to=None, source_name=f"{name}.stl",
        sha256=f"{sum(name.encode()):064x}", medium=Medium.MESH, distinctiveness=0.8, area_mm2=400.0,
        extents_mm=(20.0, 14.0, 9.0), triangles=4, mesh=_TETRAHEDRON if has_mesh else None,
        prints=(print_,), gate=gate,
    )  # fmt: skip


def design(name: str, *parts: PartEntry, **changes: Any) -> DesignEntry:
    """A design of those parts."""
    fields: dict[str, Any] = {"authority": "Example Authority", "reason": "for the test", "note": None}
    return DesignEntry(name=name, parts=parts, **({"expires": date(2099, 6, 30)} | fields | changes))


def listed(home: Path, *designs: DesignEntry) -> Watchlist:
    """A list of these, else of the pump."""
    made = Watchlist.open(home, create=True)
    made.add(designs or [design(PUMP, *(part(name, report(0.2)) for name in PARTS))])
    return made


def seen(name: str, finding: MatchFinding = MatchFinding.MATCH, surprise: float = 30.0) -> Match:
    """A body that is that part of the pump, with what its picture needs."""
    view = encode_view(_TETRAHEDRON.vertices, _TETRAHEDRON.triangles, np.zeros(4))
    return match(name, finding, surprise=surprise, design=PUMP).model_copy(update={"view": view})


def handed_in(
    store: ServiceStore,
    customer: str,
    day: str,
    items: Mapping[str, list[Match]],
    groups: Mapping[str, str] | None = None,
) -> Submission:
    """A submission of files with these matches, screened, as if it had come on that day."""
    incoming = Incoming.begin(store)
    for name in items:
        incoming.start(name)
        incoming.write(f"{customer} {day} {name}".encode("utf-8", "surrogatepass"))
        incoming.end()
    made, _ = accept(store, incoming, Asked(customer, groups=groups or {}), THIS_MACHINE)

    def answer(node: Node) -> Answer:
        return Answer(item=_item(items[node.expansion.source.shown]))

    desk = Desk(store, store.settings, lambda _bench: Workers(answer))
    while desk.step():
        pass
    desk.close()
    with store.writing() as connection:
        of_it = update(SUBMISSIONS).where(SUBMISSIONS.c.id == made.id)
        connection.execute(of_it.values(received_at=f"{day}T10:00:00.000Z"))
    return made


def _item(matches: list[Match]) -> Item:
    return item("", "0" * 64, matches)


def shops(store: ServiceStore) -> None:
    """Two customers."""
    add_customer(store, "shop", "Shop & <Sons>", THIS_MACHINE)
    add_customer(store, "other", "Other", THIS_MACHINE)


def spread(store: ServiceStore) -> list[Submission]:
    """A pump in four submissions of two customers over two months, and one that holds nothing."""
    shops(store)
    return [
        handed_in(store, "shop", "2026-03-02", {"a.stl": [seen("shaft")]}, {"account": "mill", "all": "x"}),
        handed_in(store, "shop", "2026-03-20", {"a.stl": [seen("cap")], HOSTILE: [seen("wheel")]}),
        handed_in(store, "other", "2026-04-02", {"a.stl": [seen("lever")]}, {"account": "mill"}),
        handed_in(store, "other", "2026-04-03", {"plain.stl": []}),
    ]
