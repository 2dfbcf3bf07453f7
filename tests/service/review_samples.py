"""Pages of a service as one principal sees them, and submissions whose results are made by hand."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import httpx
from service_samples import SHOP, Workers, hand_in
from starlette.middleware import Middleware

from partwatch.model.document import Finding, Item, View
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Node
from partwatch.service.app import create_app
from partwatch.service.customers import add_customer
from partwatch.service.desk.desk import Desk
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Settings
from partwatch.service.states import Role
from partwatch.service.store import ServiceStore
from partwatch.watchlist.store import Watchlist

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))

import report_golden as golden  # documents of every kind, made in code
import report_shapes  # bodies that coincide with others and deviate

HOSTILE = "<script>alert(1)</script>\u202egpj.\"'&amp;../../etc/passwd"
REVIEWER = Principal("robin", None, frozenset({Role.REVIEW}))
CURATOR = Principal("kim", None, frozenset({Role.REVIEW, Role.CURATE}))
# Of a listed part and all that was measured: nothing of it may be read by a submitter.
DESIGN, PART, RIVAL, ALIKE = (
    "zebra-winder",
    "sprocket-nine",
    "sprocket-ten",
    "commons/kettle: lid.stl [body 0]",
)
SECRETS = (
    DESIGN, PART, RIVAL, ALIKE, "lid.stl", "sprocket", "7.77", "0.98", "98.7", "91.3", "0.2989", "0.0094",
    "0.962", "1.87", "0.31", "bits",
)  # fmt: skip


def store_at(home: Path, settings: Settings | None = None) -> ServiceStore:
    """A service's store with two customers, and a watch-list that is empty."""
    Watchlist.open(home, create=True)
    store = ServiceStore.open(home, settings or Settings())
    for key in ("shop", "other"):
        add_customer(store, key, key.title(), THIS_MACHINE)
    return store


class As:
    """Whoever asks is that one, whatever the layers around say."""

    def __init__(self, app: Any, principal: Principal) -> None:
        self._app, self._principal = app, principal

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["state"]["principal"] = self._principal
        await self._app(scope, receive, send)


class Browser:
    """Asks the application, without a network, and keeps its cookies."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._cookies = httpx.Cookies()

    def get(self, path: str, **told: Any) -> httpx.Response:
        return self._asked("GET", path, told)

    def post(self, path: str, **told: Any) -> httpx.Response:
        return self._asked("POST", path, told)

    def _asked(self, method: str, path: str, told: dict[str, Any]) -> httpx.Response:
        async def ask() -> httpx.Response:
            through = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=through, base_url="http://127.0.0.1", cookies=self._cookies
            ) as client:
                answer = await client.request(method, path, **told)
                self._cookies.update(client.cookies)
                return answer

        return asyncio.run(ask())


def browser_of(store: ServiceStore, principal: Principal) -> Browser:
    """The application over that store, as that one sees it."""
    app = create_app(store.home, store.settings)
    # Innermost: after whatever finds out who asks.
    app.user_middleware.append(Middleware(As, principal=principal))
    return Browser(app)


def csrf_in(text: str) -> str:
    """The token that the forms of a page carry."""
    found = re.search(r'name="csrf" value="([^"]*)"', text)
    assert found is not None, "there is no form with a token"
    return found[1]


def post(browser: Browser, page: str, action: str, **fields: str) -> Any:
    """Send a form of a page."""
    return browser.post(action, data={"csrf": csrf_in(browser.get(page).text), **fields})


def match(**changes: Any) -> Any:
    """A match of the secret part, with every number known."""
    rival = golden.Rival(design=DESIGN, part=RIVAL, score=0.31, look_alike=ALIKE, similarity=1.8734)
    return golden.weighed(7.77, rival, design=DESIGN, part=PART, **changes)


def screened(
    store: ServiceStore, *items: Item, customer: str = "shop", name: str = "part.stl", by: Principal = SHOP
) -> str:
    """A submission of one file in which these items were found."""
    made = hand_in(store, {name: b"solid"}, customer, by=by)

    def answer(node: Node) -> Answer:
        found = items[0].model_copy(update={"path": node.expansion.source.shown})
        return Answer(item=found)

    desk = Desk(store, store.settings, lambda _bench: Workers(answer))
    while desk.step():
        pass
    desk.close()
    return made.id


def view(with_part: bool = False) -> View:
    """What a picture is drawn from."""
    return report_shapes.housing_view(with_part)


def matched(path: str = "part.stl", **changes: Any) -> Item:
    """An item in which the secret part was found."""
    reasons = (golden.Reason(code="match", message=f"body 0 is part {PART} of design {DESIGN}: 98.7%"),)
    return golden.item(path, Finding.MATCH, golden.body(match(**changes)), reasons=reasons)
