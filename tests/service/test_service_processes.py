"""`serve`: its processes start, stand in for one another, and end together."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from service_processes import Serving, handed_in, is_alive, killed, serving, until
from service_samples import hand_in

from partwatch.model.errors import UsageError
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.running.child import Duty, Orders
from partwatch.service.running.children import LONGEST_REST_S, Children, how_it_ended, rest_after
from partwatch.service.running.processes import check, duties_of, with_shares
from partwatch.service.running.web import listen
from partwatch.service.settings import Access, Screening, Settings
from partwatch.service.settings import Serving as ServingSettings
from partwatch.service.states import SCREENED, State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import find
from partwatch.watchlist.store import Watchlist

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
TETRAHEDRON = (
    b"solid t\nfacet normal 0 0 0\nouter loop\nvertex 0 0 0\nvertex 0 9 0\nvertex 9 0 0\nendloop\nendfacet\n"
    b"facet normal 0 0 0\nouter loop\nvertex 0 0 0\nvertex 9 0 0\nvertex 0 0 9\nendloop\nendfacet\n"
    b"facet normal 0 0 0\nouter loop\nvertex 0 0 0\nvertex 0 0 9\nvertex 0 9 0\nendloop\nendfacet\n"
    b"facet normal 0 0 0\nouter loop\nvertex 9 0 0\nvertex 0 9 0\nvertex 0 0 9\nendloop\nendfacet\n"
    b"endsolid t\n"
)


def state_of(home: Path, public: str) -> State:
    store = ServiceStore.open(home, Settings())
    with store.reading() as connection:
        return find(connection, public, THIS_MACHINE).state


@ON_LINUX
def test_what_is_handed_in_is_screened_and_all_end_together(tmp_path: Path) -> None:
    with serving(tmp_path, "--jobs", "1", "--access-log") as one:
        address = one.address
        assert "nothing is screened yet" in one.said
        answer = handed_in(address, TETRAHEDRON, "key-1", "secret-name.stl")
        assert answer.status_code == 201
        assert "server" not in answer.headers
        public = answer.json()["id"]
        one.wait_for("desk waits:")
        assert state_of(tmp_path, public) is State.QUEUED, "without a list nothing passes"
        Watchlist.open(tmp_path, create=True)
        until(lambda: state_of(tmp_path, public) in SCREENED, "it is screened")
        again = handed_in(address, TETRAHEDRON, "key-1", "secret-name.stl")
        assert (again.status_code, again.json()["id"]) == (200, public)
        assert httpx.get(f"{address}/v1/nothing/secret-name.stl").status_code == 404
        children = one.children()
        assert sorted(children.values()) == ["desk", "housekeeping"]
        assert one.end() == 130, "interrupted, as the command line has it"
    assert not any(map(is_alive, children))
    assert "POST /submissions 201" in one.said or "POST /v1/submissions 201" in one.said
    assert "GET - 404" in one.said
    assert "secret-name" not in one.said
    assert "Traceback" not in one.said


@ON_LINUX
def test_what_dies_is_started_again_and_what_is_left_ends_with_the_server(tmp_path: Path) -> None:
    Watchlist.open(tmp_path, create=True)
    with serving(tmp_path, "--jobs", "1", "--desks", "2") as one:
        address = one.address
        until(lambda: sorted(one.children().values()) == ["desk", "desk", "housekeeping"], "all are there")
        first = one.children()
        for pid in first:
            killed(pid)
        one.wait_for("the housekeeper ended (SIGKILL); it is started again in 0.5 s")
        one.wait_for("desk 2 ended (SIGKILL)")
        until(lambda: len(one.children().keys() - first) == 3, "three others take their places")
        public = handed_in(address, TETRAHEDRON, "key-1").json()["id"]
        until(lambda: state_of(tmp_path, public) in SCREENED, "it is screened all the same")
        left = one.children()
        assert len(left) == 3
        one.end(signal.SIGKILL)
    until(lambda: not any(map(is_alive, left)), "none outlives the server")


@ON_LINUX
def test_a_service_may_be_several_commands_and_two_may_have_one_home(tmp_path: Path) -> None:
    Watchlist.open(tmp_path, create=True)
    store = ServiceStore.open(tmp_path, Settings())
    with serving(tmp_path, "--roles", "web") as web, serving(tmp_path, "--roles", "web") as other:
        assert web.address != other.address
        assert web.children() == {}
        public = handed_in(web.address, TETRAHEDRON, "key-1").json()["id"]
        replayed = handed_in(other.address, TETRAHEDRON, "key-1")
        assert (replayed.status_code, replayed.json()["id"]) == (200, public)
        with serving(tmp_path, "--roles", "desk", "--roles", "housekeeping", "--jobs", "1") as desk:
            desk.wait_for("at work for")
            until(lambda: state_of(tmp_path, public) in SCREENED, "it is screened")
            more = [hand_in(store, {f"{n}.stl": TETRAHEDRON + bytes([n])}).id for n in range(60)]
            until(lambda: state_of(tmp_path, more[0]) is not State.QUEUED, "one of many is taken up")
            assert desk.end(signal.SIGINT) == 130
        states = {state_of(tmp_path, one) for one in more}
        assert State.SCREENING not in states, "what it had was given back"
        assert State.QUEUED in states
        assert web.end() == 130


def test_a_port_in_use_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        one = Serving(tmp_path / "home", "--port", port)
        assert one.process.wait(60) == 2
        until(lambda: not one._reader.is_alive(), "all was read")
    assert f"partwatch: port {port} of 127.0.0.1 is in use" in one.said
    assert "give --port" in one.said
    assert not (tmp_path / "home").exists()
    assert one.process.stderr is not None
    one.process.stderr.close()


def test_others_reach_it_only_where_they_must_log_in(tmp_path: Path) -> None:
    opened = Settings(serving=ServingSettings(host="0.0.0.0"))
    with pytest.raises(UsageError, match=r"access.login is false; set it to true, or listen on 127.0.0.1"):
        check(opened)
    with pytest.raises(UsageError, match="nobody would have to log in"):
        listen(Settings(serving=ServingSettings(host="0.0.0.0", port=0)))
    check(replace(opened, access=Access(login=True)))
    behind = Settings(serving=ServingSettings(trusted_proxies=("127.0.0.1",)))
    with pytest.raises(UsageError, match="a proxy or a public_url makes it reachable"):
        check(behind)
    wrong = Settings(serving=ServingSettings(trusted_proxies=("*", "10.0.0.0/8", "front")))
    with pytest.raises(UsageError) as told:
        check(replace(wrong, access=Access(login=True)))
    assert [line.split()[1] for line in str(told.value).splitlines()] == ["*", "front"]


@pytest.mark.parametrize("host", ["nowhere.invalid", "1.2.3.4.5", "", "203.0.113.7"])
def test_a_host_that_is_none_of_this_machine_is_refused_with_its_name(host: str) -> None:
    settings = Settings(serving=ServingSettings(host=host, port=0), access=Access(login=True))
    with pytest.raises(UsageError, match="give --host"):
        listen(settings)


def test_rests_between_starts_grow_to_a_limit() -> None:
    assert [rest_after(deaths) for deaths in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert rest_after(10_000) == LONGEST_REST_S


def test_how_a_child_ended_is_told_in_words() -> None:
    assert how_it_ended(-9) == "SIGKILL"
    assert how_it_ended(1) == "exit status 1"
    assert how_it_ended(-200) == "signal 200"


def test_a_service_whose_children_nobody_watches_ends_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no more processes")

    ended = threading.Event()
    monkeypatch.setattr(Children, "_look", broken)
    children = Children(Orders(home=tmp_path, settings=Settings()), [(Duty.DESK, "desk 1")], ended.set)
    children.start()
    assert ended.wait(20)
    with pytest.raises(RuntimeError, match="no more processes"):
        children.close()


def test_desks_share_the_processors_unless_a_number_is_given() -> None:
    assert with_shares(Settings(), 1).screening.jobs == 0
    assert with_shares(Settings(), 64).screening.jobs == 1
    assert with_shares(Settings(screening=Screening(jobs=3)), 2).screening.jobs == 3


def test_roles_are_duties() -> None:
    assert duties_of(["web", "all"]) == frozenset(Duty)
    assert duties_of(["desk"]) == {Duty.DESK}
