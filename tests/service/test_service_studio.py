"""The studio: pictures are made in a worker with limits, never in this process, and kept for a while."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future

import pytest

from partwatch.formats.worker import Failure, FailureKind, Limits
from partwatch.service.pages import studio
from partwatch.service.pages.studio import BusyStudioError, Studio

HERE = "test_service_studio"
SMALL = Limits(timeout_s=20, memory_mb=2048)


@pytest.fixture
def made() -> Studio:
    return Studio(SMALL)


def number(told: str) -> bytes:
    """In the worker: its process, and the moment."""
    return f"{told} {os.getpid()} {time.monotonic_ns()}".encode()


def die(told: str) -> bytes:
    os._exit(9)


def fail(told: str) -> bytes:
    raise ValueError(f"{told} cannot be drawn")


def test_it_is_made_elsewhere_and_once_however_often_it_is_asked_for(made: Studio) -> None:
    first = made.made(f"{HERE}:number", {"told": "a"})
    assert isinstance(first, bytes)
    assert int(first.split()[1]) != os.getpid()
    assert made.made(f"{HERE}:number", {"told": "a"}) == first
    other = made.made(f"{HERE}:number", {"told": "b"})
    assert isinstance(other, bytes)
    assert other.split()[1] == first.split()[1], "the same worker, warm"


def test_one_that_kills_its_worker_costs_nothing_but_itself(made: Studio) -> None:
    died, failed = (made.made(f"{HERE}:{name}", {"told": "x"}) for name in ("die", "fail"))
    assert isinstance(died, Failure)
    assert died.kind is FailureKind.CRASHED
    assert isinstance(failed, Failure)
    assert "x cannot be drawn" in failed.message
    assert isinstance(made.made(f"{HERE}:number", {"told": "x"}), bytes)


def test_many_at_once_are_all_answered(made: Studio) -> None:
    found: list[object] = []
    asking = [
        threading.Thread(target=lambda n=n: found.append(made.made(f"{HERE}:number", {"told": str(n)})))
        for n in range(8)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join(timeout=60)
    assert len({bytes(one).split()[0] for one in found if isinstance(one, bytes)}) == 8


def test_what_is_remembered_is_bounded_and_ends(made: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "KEPT_BYTES", 40)
    first = made.made(f"{HERE}:number", {"told": "first"})
    made.made(f"{HERE}:number", {"told": "second"})
    assert made.made(f"{HERE}:number", {"told": "first"}) != first
    monkeypatch.setattr(studio, "KEPT_S", -1.0)
    last = made.made(f"{HERE}:number", {"told": "last"})
    assert made.made(f"{HERE}:number", {"told": "last"}) != last


def test_too_many_that_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "MOST_WAITING", 1)
    made = Studio(SMALL)
    # As if its thread were busy with another.
    made._thread = threading.current_thread()
    made._wishes.put_nowait(studio._Wish("a:b", {}, Future()))
    with pytest.raises(BusyStudioError, match="at once"):
        made.made("a:b", {"n": 2})
