"""A demonstration home for the service: two customers, submissions in every state, screened by a real desk.

`python -m examples.service HOME` makes it and says which address to open; `--run` serves it as well.
"""

from __future__ import annotations

import contextlib
import io
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.pump import write_pump
from examples.samples import all_samples
from partwatch.service.claims import claim
from partwatch.service.customers import add_customer
from partwatch.service.decisions import decide
from partwatch.service.desk.desk import Desk
from partwatch.service.principals import THIS_MACHINE, Principal
from partwatch.service.settings import Screening, Serving, Settings
from partwatch.service.states import Act, Role, State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import Asked, Incoming, accept, counted

PRINTER = Principal("sam at north-street", "north-street", frozenset({Role.SUBMIT}))
MARKET = Principal("ada at harbour-market", "harbour-market", frozenset({Role.SUBMIT}))
REVIEWER = Principal("robin", None, frozenset({Role.REVIEW, Role.SUBMIT, Role.CURATE}))
CUSTOMERS = {"north-street": "North Street Prints", "harbour-market": "Harbour Market"}
ALLOWED = "plain on purpose, to show what that leads to"


@dataclass(frozen=True)
class Planned:
    """A submission that the demonstration holds. files: names of samples. told: what people did about it,
    in turn, each with a reason. key: what `Shown.ids` calls it."""

    key: str
    by: Principal
    files: tuple[str, ...]
    reference: str | None = None
    told: tuple[tuple[Act, str, Principal], ...] = field(default=())


# In the order in which they come.
PLAN: tuple[Planned, ...] = (
    Planned("passed", PRINTER, ("vise-jaw.stl", "coat-hook.stl"), "job 4711"),
    Planned("job passed", PRINTER, ("coat-hook-job.gcode",), "job 4712"),
    Planned(
        "released", MARKET, ("pin-of-any-make.stl",), "upload 118",
        ((Act.ASK, "What is the pin for, and where is its drawing from?", REVIEWER),
         (Act.ANSWER, "It holds the leg of a camera tripod. I measured the old one.", MARKET),
         (Act.RELEASE, "A pin as there are many; nothing else of the design is in the upload.", REVIEWER)),
    ),
    Planned(
        "confirmed", MARKET, ("housing-half.stl",), "upload 121",
        ((Act.CONFIRM, "Half of something on the list; two of us compared it by hand.", REVIEWER),),
    ),
    Planned(
        "appealed", MARKET, ("cover-half-size.stl",), "upload 124",
        ((Act.CONFIRM, "It is something on the list, made smaller.", REVIEWER),
         (Act.APPEAL, "It is a model for a doll's house and pumps nothing.\nPlease look again.", MARKET)),
    ),
    Planned("held", PRINTER, ("print-plate.3mf", "vise-jaw.stl"), "job 4713"),
    Planned("edited", MARKET, ("housing-revised.stl",), "upload 130"),
    Planned("archive", PRINTER, ("order.zip",), "job 4714"),
    Planned("unreadable", PRINTER, ("stand-truncated.stl",), "job 4715"),
    Planned(
        "asked", MARKET, ("bracket-on-a-block.stl",), "upload 131",
        ((Act.ASK, "Which machine is it a spare part of?", REVIEWER),),
    ),
    Planned("near one", MARKET, ("housing-untouched.stl",), "upload 132"),
    Planned("near two", MARKET, ("housing.ply",), "upload 133"),
    Planned("near copy", MARKET, ("housing-untouched.stl",), "upload 134"),
)  # fmt: skip
# Not screened: the one that a desk takes up first is `screening`, the other `queued`.
WAITING: tuple[Planned, ...] = (
    Planned("waiting one", PRINTER, ("bracket-job.gcode",), "job 4716"),
    Planned("waiting two", MARKET, ("clock-wheel.stl",), "upload 135"),
)


@dataclass(frozen=True)
class Shown:
    """A home that was made. ids: of its submissions, by what the plan calls them."""

    home: Path
    settings: Settings
    ids: dict[str, str]


def main(arguments: Sequence[str]) -> int:
    """0 once the home is made, or was served until it was interrupted; 2 for wrong arguments."""
    folders = [one for one in arguments if one != "--run"]
    if len(folders) != 1:
        sys.stderr.write("usage: python -m examples.service HOME [--run]\n")
        return 2
    home = Path(folders[0])
    if home.exists() and any(home.iterdir()):
        sys.stderr.write(f"{home}: holds something already; name an empty folder or a new one\n")
        return 1
    shown = make_home(home)
    for key, public in shown.ids.items():
        sys.stdout.write(f"{key:12} /submissions/{public}\n")
    if "--run" not in arguments:
        sys.stdout.write(
            f"\nServe it: partwatch --home {home} serve; then open http://127.0.0.1:8077/review\n"
        )
        return 0
    with serving(shown.home, shown.settings, port=8077) as address:
        sys.stdout.write(f"\nOpen {address}/review (Ctrl-C ends it)\n")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def make_home(home: Path, plan: Sequence[Planned] = PLAN, waiting: Sequence[Planned] = WAITING) -> Shown:
    """List the pump, hand everything in, screen it, and decide what the plan says was decided."""
    list_pump(home)
    settings = Settings(Serving(operator="The demonstration"), screening=Screening(jobs=1))
    store = ServiceStore.open(home, settings)
    for key, name in CUSTOMERS.items():
        add_customer(store, key, name, THIS_MACHINE)
    contents = {sample.name: sample.content for sample in all_samples()}
    ids = {}
    for one in plan:
        ids[one.key] = _handed_in(store, one, {name: contents[name]() for name in one.files})
    screen_all(store, settings)
    for one in plan:
        for act, reason, by in one.told:
            decide(store, ids[one.key], act, reason, by)
    handed_in = [_handed_in(store, one, {name: contents[name]() for name in one.files}) for one in waiting]
    if waiting:
        # As if a desk of another machine had just taken one up; once its lease is over, one of here does.
        taken = [one.submission.id for one in claim(store, "desk-elsewhere", 1)]
        ids["screening"] = taken[0]
        ids["queued"] = next(one for one in handed_in if one not in taken)
    return Shown(home, settings, ids)


def list_pump(home: Path) -> None:
    """Put the example's design on the home's watch-list, as `partwatch watchlist add` does."""
    from partwatch.cli import app

    manifest = write_pump(home / "design")
    words = ["--home", str(home), "watchlist", "add", str(manifest), "--allow-generic", ALLOWED]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = app(words, standalone_mode=False)
    if code not in (None, 0):
        raise RuntimeError(f"the list could not be made:\n{said.getvalue()}")


def screen_all(store: ServiceStore, settings: Settings) -> None:
    """Let a desk work until nothing waits."""
    desk = Desk(store, settings)

    def is_done() -> bool:
        with store.reading() as connection:
            states = counted(connection)
        return not states[State.QUEUED] and not states[State.SCREENING]

    desk.run(is_done)


def _handed_in(store: ServiceStore, one: Planned, files: dict[str, bytes]) -> str:
    incoming = Incoming.begin(store)
    for name, content in files.items():
        incoming.start(name)
        incoming.write(content)
        incoming.end()
    assert one.by.customer is not None
    return accept(store, incoming, Asked(one.by.customer, one.reference), one.by)[0].id


@contextmanager
def serving(
    home: Path,
    settings: Settings,
    port: int = 0,
    desk: bool = True,
    around: Callable[[Any], Any] = lambda app: app,
) -> Iterator[str]:
    """Pages, API and a desk of that home in threads of this process; the address, as http://127.0.0.1:PORT.

    desk: whether anything is screened meanwhile. around: puts something around the application.

    `partwatch serve` does it in processes; this is for a demonstration and for tests of the pages.
    """
    import socket

    import uvicorn

    from partwatch.service.app import create_app

    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", port))
    app = around(create_app(home, settings))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    # Each worker dies with the thread that began it: so the desk has one of its own, to the end.
    works = [threading.Thread(target=server.run, args=([listening],), daemon=True)]
    if desk:
        screener = Desk(ServiceStore.open(home, settings), settings)

        def rest(seconds: float) -> None:
            stop.wait(seconds)

        works.append(threading.Thread(target=screener.run, args=(stop.is_set, rest), daemon=True))
    for work in works:
        work.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stop.set()
        server.should_exit = True
        for work in works:
            work.join(timeout=15)
        listening.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
