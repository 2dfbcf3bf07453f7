"""The desk: everything that was accepted is screened once, whatever ends in between."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from service_samples import SHOP, Workers, clear, hand_in
from sqlalchemy import func, select, update

from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.formats.worker import Failure, FailureKind
from partwatch.ledger import log
from partwatch.model.document import Body, Finding, Item, Reason, ResultDocument
from partwatch.model.errors import StoreError
from partwatch.model.mesh import Unit
from partwatch.screening.answer import Answer, BodyPrint
from partwatch.screening.expansion import Node
from partwatch.service import events
from partwatch.service.claims import MOST_LOST, claim
from partwatch.service.customers import add_customer
from partwatch.service.desk.desk import Desk
from partwatch.service.near_copies import like
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.results import document_of
from partwatch.service.settings import NearCopies, Settings
from partwatch.service.states import State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import Submission, find
from partwatch.service.tables import PRINTS, RESULTS, SUBMISSIONS
from partwatch.watchlist.store import Watchlist


@pytest.fixture
def store(tmp_path: Path) -> ServiceStore:
    Watchlist.open(tmp_path, create=True)
    made = ServiceStore.open(tmp_path, Settings())
    add_customer(made, "shop", "Shop", THIS_MACHINE)
    return made


def desk_of(store: ServiceStore, workers: Workers) -> Desk:
    return Desk(store, store.settings, lambda _bench: workers)


def work_off(store: ServiceStore, workers: Workers) -> None:
    """A desk until nothing waits."""
    desk = desk_of(store, workers)
    for _ in range(10_000):
        if not desk.step():
            break
    else:
        raise AssertionError("the desk never comes to an end")
    desk.close()


def finish_files(store: ServiceStore, desk: Desk, files: int) -> None:
    """Have a desk screen so many files, and wait until they are kept."""
    for _ in range(files):
        before = count(store, RESULTS)
        desk.step()
        until = time.monotonic() + 20
        while count(store, RESULTS) == before and time.monotonic() < until:
            time.sleep(0.001)


def again(store: ServiceStore, made: Submission) -> Submission:
    with store.reading() as connection:
        return find(connection, made.id, THIS_MACHINE)


def result(store: ServiceStore, made: Submission) -> ResultDocument:
    with store.reading() as connection:
        document = document_of(connection, find(connection, made.id, THIS_MACHINE))
    assert document is not None
    return document


def count(store: ServiceStore, table: object) -> int:
    with store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[call-overload]  # any table


def test_all_files_are_screened_and_the_document_has_them_in_their_order(store: ServiceStore) -> None:
    made = hand_in(store, {"b.stl": b"1", "a.stl": b"2"}, "shop", by=SHOP)
    with store.reading() as connection:
        assert document_of(connection, made) is None, "nothing is known yet"
    work_off(store, Workers())
    assert (again(store, made).state, again(store, made).finding) == (State.PASSED, Finding.CLEAR)
    document = result(store, made)
    assert [item.path for item in document.items] == ["b.stl", "a.stl"]
    assert document.summary.items == 2
    assert ResultDocument.model_validate_json(document.model_dump_json()) == document
    with store.reading() as connection:
        kinds = [one.kind for one in events.after(connection, 0)]
        assert len(list(log.entries(connection, kind="screening"))) == 1
    assert kinds == [events.ACCEPTED, events.SCREENING, events.PROGRESS, events.SCREENED]


@pytest.mark.parametrize("finding", Finding)
def test_all_but_clear_is_held_for_a_person(store: ServiceStore, finding: Finding) -> None:
    def answer(node: Node) -> Answer:
        item = clear(node).item.model_copy(update={"finding": finding})
        return Answer(item=item)

    made = hand_in(store, {"a.stl": b"1"})
    work_off(store, Workers(answer))
    expected = State.PASSED if finding is Finding.CLEAR else State.HELD
    assert (again(store, made).state, again(store, made).finding) == (expected, finding)


def test_a_file_that_kills_its_worker_is_tried_once_more_and_costs_nothing_else(store: ServiceStore) -> None:
    def answer(node: Node) -> Answer | Failure:
        crashes = node.expansion.source.shown == "bad.stl"
        return Failure(FailureKind.CRASHED, "the worker died of SIGSEGV") if crashes else clear(node)

    workers = Workers(answer)
    made = hand_in(store, {"good.stl": b"1", "bad.stl": b"2", "fine.stl": b"3"})
    work_off(store, workers)
    assert workers.asked.count("bad.stl") == 2
    found = {item.path: item for item in result(store, made).items}
    assert found["bad.stl"].finding is Finding.UNSCREENABLE
    assert [reason.code for reason in found["bad.stl"].reasons] == ["crashed"]
    assert found["good.stl"].finding is found["fine.stl"].finding is Finding.CLEAR
    assert again(store, made).state is State.HELD


def test_a_worker_that_dies_once_is_no_fault_of_the_file(store: ServiceStore) -> None:
    died: list[Node] = []

    def answer(node: Node) -> Answer | Failure:
        if not died:
            died.append(node)
            return Failure(FailureKind.CRASHED, "the worker was killed (SIGKILL)")
        return clear(node)

    made = hand_in(store, {"a.stl": b"1"})
    work_off(store, Workers(answer))
    assert again(store, made).state is State.PASSED


def over(store: ServiceStore, made: Submission) -> None:
    """The lease of whoever has it is over."""
    with store.writing() as connection:
        row = update(SUBMISSIONS).where(SUBMISSIONS.c.number == made.number)
        connection.execute(row.values(lease_until=0.0))


def test_what_a_killed_desk_had_done_is_not_done_again(store: ServiceStore) -> None:
    made = hand_in(store, {f"{n}.stl": bytes(n + 1) for n in range(6)})
    first = Workers()
    killed = desk_of(store, first)
    finish_files(store, killed, 3)
    done = count(store, RESULTS)
    assert done == 3
    assert claim(store, "another", 5) == [], "its lease still counts"
    over(store, made)
    second = Workers()
    work_off(store, second)
    assert again(store, made).state is State.PASSED
    assert len(result(store, made).items) == 6
    assert len(second.asked) == 6 - done
    with store.reading() as connection:
        assert [one.kind for one in events.after(connection, 0)].count(events.SCREENED) == 1


def test_a_desk_whose_claim_is_gone_writes_nothing(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1", "b.stl": b"2"})
    slow = desk_of(store, Workers())
    slow._take_up()
    over(store, made)
    work_off(store, Workers())
    before = result(store, made)
    while slow.step():
        pass
    assert result(store, made) == before
    with store.reading() as connection:
        assert [one.kind for one in events.after(connection, 0)].count(events.SCREENED) == 1
        assert len(list(log.entries(connection, kind="screening"))) == 1


def test_a_desk_whose_machine_slept_goes_on_with_what_it_had(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1", "b.stl": b"2"})
    workers = Workers()
    desk = desk_of(store, workers)
    desk._take_up()
    over(store, made)
    while desk.step():
        pass
    assert sorted(workers.asked) == ["a.stl", "b.stl"], "each once"
    assert again(store, made).state is State.PASSED


def test_a_desk_that_ends_gives_back_what_it_had(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1"})
    desk = desk_of(store, Workers())
    desk._take_up()
    assert again(store, made).state is State.SCREENING
    desk.close()
    assert again(store, made).state is State.QUEUED
    work_off(store, Workers())
    assert again(store, made).state is State.PASSED


def test_what_desks_always_die_over_is_unscreenable_in_the_end(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1"})
    for number in range(MOST_LOST + 1):
        assert claim(store, f"killed-{number}", 1)
        over(store, made)
    workers = Workers()
    work_off(store, workers)
    assert workers.asked == []
    assert [reason.code for reason in result(store, made).items[0].reasons] == ["lost"]


def test_without_a_list_nothing_is_taken_for_clear(tmp_path: Path) -> None:
    store = ServiceStore.open(tmp_path, Settings())
    made = hand_in(store, {"a.stl": b"1"})
    desk = desk_of(store, Workers())
    with pytest.raises(StoreError, match="no watch-list"):
        desk.run(lambda: False)
    assert again(store, made).state is State.QUEUED


def test_a_file_that_is_gone_is_unscreenable(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1"})
    (store.files / made.id / "0").unlink()
    work_off(store, Workers())
    assert [reason.code for reason in result(store, made).items[0].reasons] == ["gone"]


def test_one_document_has_one_list_however_often_it_changes(store: ServiceStore) -> None:
    made = hand_in(store, {"a.stl": b"1", "b.stl": b"2", "c.stl": b"3"})
    killed = desk_of(store, Workers())
    finish_files(store, killed, 2)
    assert count(store, RESULTS) == 2
    with store.writing() as connection:
        # As if it had been screened against another list.
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql("UPDATE results SET header = 'other'")
        connection.exec_driver_sql("UPDATE headers SET digest = 'other'")
    over(store, made)
    second = Workers()
    work_off(store, second)
    assert sorted(second.asked) == ["a.stl", "b.stl", "c.stl"]
    assert again(store, made).state is State.PASSED


def row_of(seed: int) -> np.ndarray:  # type: ignore[type-arg]  # float32
    values = np.abs(np.random.default_rng(seed).normal(size=DESCRIPTOR_SIZE))
    return (values / np.linalg.norm(values) * np.sqrt(2)).astype("<f4")


def printing(finding: Finding, seed: int, radius_mm: float = 10.0) -> Workers:
    """Workers that find that, in a body that looks like that."""

    def answer(node: Node) -> Answer:
        body = Body(
            index=0, name=None, unit=Unit.MILLIMETRE, unit_source="assumed", extents_mm=(1.0, 2.0, 3.0),  # type: ignore[arg-type]  # validated
            triangles=4, notes=(), matches=(),
        )  # fmt: skip
        item = Item(
            path="", member=None, sha256=None, format="stl", finding=finding, complete=True,
            reasons=(Reason(code="test", message="said so"),), bodies=(body,),
        )  # fmt: skip
        descriptor = base64.b64encode(row_of(seed).tobytes()).decode()
        one = BodyPrint(body=0, descriptor=descriptor, radius_mm=radius_mm, area_mm2=1.0)
        return Answer(item=item, prints=(one,))

    return Workers(answer)


def test_near_copies_of_what_was_held_wait_for_a_person_after_so_many(store: ServiceStore) -> None:
    most = NearCopies().most
    for _ in range(most):
        hand_in(store, {"a.stl": b"1"}, "shop", by=SHOP)
        work_off(store, printing(Finding.MATCH, 1))
    # What would pass is not told, so that nobody learns how much change is enough.
    tried = hand_in(store, {"a.stl": b"2"}, "shop", by=SHOP)
    work_off(store, printing(Finding.CLEAR, 1, radius_mm=15.0))
    assert (again(store, tried).state, again(store, tried).withheld) == (State.HELD, True)
    for customer, seed, radius_mm in (("shop", 2, 10.0), ("local", 1, 10.0), ("shop", 1, 100.0)):
        other = hand_in(store, {"a.stl": b"3"}, customer)
        work_off(store, printing(Finding.CLEAR, seed, radius_mm))
        assert again(store, other).state is State.PASSED, (customer, seed, radius_mm)
    assert count(store, PRINTS) == most + 4


def test_the_first_near_copies_are_told_as_what_they_are(store: ServiceStore) -> None:
    hand_in(store, {"a.stl": b"1"}, "shop", by=SHOP)
    work_off(store, printing(Finding.MATCH, 1))
    tried = hand_in(store, {"a.stl": b"2"}, "shop", by=SHOP)
    work_off(store, printing(Finding.CLEAR, 1))
    assert (again(store, tried).state, again(store, tried).withheld) == (State.PASSED, False)


def test_likeness_is_the_distance_of_descriptors_within_sizes() -> None:
    ours, theirs = np.stack([row_of(1), row_of(2)]), np.stack([row_of(2), row_of(3), row_of(1)])
    found = like(ours, np.array([1.0, 1.0]), theirs, np.array([1.0, 1.0, 5.0]), 1e-3)
    assert found.tolist() == [[False, False, False], [True, False, False]]
    straight = np.linalg.norm(ours[:, None] - theirs[None], axis=2)
    for likeness in (0.5, float(straight[0, 1]) + 1e-3):
        near = like(ours, np.ones(2), theirs, np.ones(3), likeness)
        assert near.tolist() == (straight <= likeness).tolist()


def tetrahedron(size: float) -> bytes:
    corners = [(0, 0, 0), (size, 0, 0), (0, size, 0), (0, 0, size)]
    faces = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    lines = ["solid t"]
    for face in faces:
        lines += ["facet normal 0 0 0", "outer loop"]
        lines += [f"vertex {x} {y} {z}" for x, y, z in (corners[k] for k in face)]
        lines += ["endloop", "endfacet"]
    return "\n".join([*lines, "endsolid t"]).encode()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("one.stl", tetrahedron(10))
        archive.writestr("junk.stl", b"solid")
    return buffer.getvalue()


@pytest.fixture
def real(tmp_path: Path) -> ServiceStore:
    Watchlist.open(tmp_path, create=True)
    return ServiceStore.open(tmp_path, Settings())


def test_real_workers_read_files_and_archives_and_print_their_bodies(real: ServiceStore) -> None:
    made = hand_in(real, {"t.stl": tetrahedron(20), "z.zip": zipped(), "empty.stl": b""})
    desk = Desk(real, real.settings)
    while again(real, made).state in (State.QUEUED, State.SCREENING):
        desk.step()
    desk.close()
    items = {(item.path, item.member): item for item in result(real, made).items}
    assert list(items) == [
        ("t.stl", None), ("z.zip", None), ("z.zip", "one.stl"), ("z.zip", "junk.stl"), ("empty.stl", None),
    ]  # fmt: skip
    assert items["t.stl", None].finding is items["z.zip", "one.stl"].finding is Finding.CLEAR
    assert items["empty.stl", None].finding is items["z.zip", "junk.stl"].finding is Finding.UNSCREENABLE
    with real.reading() as connection:
        rows = connection.execute(select(PRINTS).order_by(PRINTS.c.id)).all()
    assert [row.member for row in rows] == [None, "one.stl"]
    whole, half = (np.frombuffer(row.descriptor, "<f4") for row in rows)
    assert np.linalg.norm(whole - half) < 0.15, "a descriptor knows no size"
    assert rows[0].radius_mm == pytest.approx(2 * rows[1].radius_mm, rel=0.05)
    assert rows[0].area_mm2 == pytest.approx(20**2 * (3 / 2 + np.sqrt(3) / 2), rel=1e-3)
    # Nothing of it is left with the workers.
    assert desk._executor is None
