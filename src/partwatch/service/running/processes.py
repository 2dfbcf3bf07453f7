"""A service from its start to its end: what is checked first, what runs where, and in which order it ends.

::

    partwatch serve                 the web server, and who watches the others
    ├── desk 1 … desk N             each with its workers
    └── housekeeper

The web server is the process itself; where it is killed, all end with it. Any of the others may die: it is
started again, and what it had is taken up by whoever is next.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from partwatch.formats.worker import default_jobs
from partwatch.model.errors import StoreError, UsageError
from partwatch.service.context import Service
from partwatch.service.extras import SERVICE
from partwatch.service.running.child import Duty, Orders
from partwatch.service.running.children import Children
from partwatch.service.running.say import say
from partwatch.service.running.stop import Stop
from partwatch.service.settings import Settings, check_settings
from partwatch.watchlist.store import Watchlist

if TYPE_CHECKING:
    from starlette.types import ASGIApp

MOST_DESKS: Final = 64


@dataclass(frozen=True)
class Plan:
    """What one `serve` runs. access_log: whether each request is told of on stderr."""

    duties: frozenset[Duty]
    desks: int = 1
    access_log: bool = False


def serve(home: Path, settings: Settings, plan: Plan) -> None:
    """Run until told to end by a signal; all has ended when it returns.

    Raises UsageError where the settings contradict, an extra lacks or the port is not to be had, StoreError
    where the store cannot be used. Call it from the main thread.
    """
    check(settings)
    settings = with_shares(settings, plan.desks if Duty.DESK in plan.duties else 1)
    stop = Stop()
    with stop.on_signals():
        web = _Web.ready(home, settings, plan, stop) if Duty.WEB in plan.duties else None
        if web is None:
            Service.open(home, settings)
        if (why := why_nothing_is_screened(home)) is not None:
            say(why)
        orders = Orders(home=home.absolute(), settings=settings)
        children = Children(orders, _children_of(plan), stop.ask)
        children.start()
        try:
            if web is not None:
                web.run()
            else:
                say(f"at work for {home}: {', '.join(sorted(duty.value for duty in plan.duties))}")
            while not stop.is_asked():
                stop.wait(60.0)
        finally:
            children.close()


def check(settings: Settings) -> None:
    """Raise UsageError for what contradicts, every problem a line."""
    problems = check_settings(settings)
    serving = settings.serving
    for proxy in serving.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            problems.append(
                f"serving.trusted_proxies: {proxy} is no address or network; name each proxy by its address"
            )
    if settings.is_local and (serving.trusted_proxies or serving.public_url):
        problems.append(
            "serving: a proxy or a public_url makes it reachable by others, and access.login is false; set "
            "that to true"
        )
    if problems:
        raise UsageError("\n".join(problems))


def with_shares(settings: Settings, desks: int) -> Settings:
    """Settings in which each of so many desks has its share of the processors, where no number is given."""
    if settings.screening.jobs or desks == 1:
        return settings
    jobs = max(1, default_jobs() // desks)
    return replace(settings, screening=replace(settings.screening, jobs=jobs))


def why_nothing_is_screened(home: Path) -> str | None:
    """Why submissions wait although desks are at work, in words; None where they do not."""
    try:
        Watchlist.open(home).version()
    except StoreError as error:
        return f"nothing is screened yet, and what is handed in waits: {error}"
    return None


def _children_of(plan: Plan) -> list[tuple[Duty, str]]:
    desks = plan.desks if Duty.DESK in plan.duties else 0
    names: list[tuple[Duty, str]] = [(Duty.DESK, f"desk {n + 1}") for n in range(desks)]
    if Duty.HOUSEKEEPING in plan.duties:
        names.append((Duty.HOUSEKEEPING, "the housekeeper"))
    return names


@dataclass(frozen=True, eq=False)
class _Web:
    """The web server, ready to answer."""

    app: ASGIApp
    settings: Settings
    listening: socket.socket
    stop: Stop

    @classmethod
    def ready(cls, home: Path, settings: Settings, plan: Plan, stop: Stop) -> _Web:
        for module in ("fastapi", "uvicorn", "python_multipart", "jinja2"):
            SERVICE.module(module, "the service")
        from partwatch.service.app import create_app
        from partwatch.service.running import web

        # Before the store: whoever only mistook the port leaves nothing behind.
        listening = web.listen(settings)
        try:
            app: ASGIApp = web.EndingStreams(create_app(home, settings), stop)
        except BaseException:
            listening.close()
            raise
        return cls(web.AccessLog(app) if plan.access_log else app, settings, listening, stop)

    def run(self) -> None:
        from partwatch.service.running import web

        web.log_to_stderr()
        at = web.address_of(self.listening)
        web.run(self.app, self.settings, self.listening, self.stop, lambda: say(f"listening on {at}"))


def duties_of(names: Collection[str]) -> frozenset[Duty]:
    """Duties by their names; `all` is every one."""
    return frozenset(Duty) if "all" in names else frozenset(Duty(name) for name in names)
