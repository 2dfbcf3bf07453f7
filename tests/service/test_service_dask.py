"""Many machines: Dask's workers do what this machine's own do, whichever of them are killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dask_cluster import ClusterProcesses, cluster, until
from service_samples import hand_in

from partwatch.cli import main
from partwatch.formats.worker import Failure, FailureKind, Limits, Outcome
from partwatch.model.document import Finding, ResultDocument
from partwatch.model.errors import UsageError, WorkerSetupError
from partwatch.screening.answer import Answer
from partwatch.screening.driver import task_of
from partwatch.screening.expansion import Expansion, ExpansionLimits
from partwatch.screening.walk import Source
from partwatch.service.desk.dask_wire import (
    Asked,
    Blob,
    Terms,
    Unfit,
    Wanted,
    answer_from_wire,
    answer_to_wire,
)
from partwatch.service.desk.desk import Desk
from partwatch.service.desk.terms import Bench
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.results import document_of
from partwatch.service.settings import Screening, Settings, check_settings
from partwatch.service.states import State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import Submission, find
from stand_ins import star, zipped

pytest.importorskip("distributed", reason="needs Dask: pip install 'partwatch[dask]'")

from partwatch.service.desk import cluster as clusters
from partwatch.service.desk import dask_worker
from partwatch.service.desk.dask import DaskExecutor, SchedulerLostError, security_of

DESIGN = """
name = "star"
authority = "Test"
reason = "a stand-in"
expires = 2100-01-31
[[parts]]
name = "whole"
file = "star.stl"
"""


LISTED = star(12.0, [20, 13, 24, 9, 17, 28, 11, 22, 15, 26, 8])
OTHER = star(60.0, [10, 11, 10, 12, 10, 11])


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterProcesses]:
    with cluster(tmp_path_factory.mktemp("cluster"), workers=2) as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("list")
    (folder / "star.stl").write_bytes(LISTED)
    (folder / "star.toml").write_text(DESIGN)
    added = ["watchlist", "add", "--allow-generic", "a stand-in", str(folder / "star.toml")]
    assert main(["--home", str(folder / "home"), *added]) == 0
    return folder / "home"


@pytest.fixture
def store(home: Path) -> ServiceStore:
    return ServiceStore.open(home, Settings())


def over(address: str, **other: Any) -> Screening:
    return replace(Settings().screening, scheduler=address, **other)


def state(store: ServiceStore, made: Submission) -> State:
    with store.reading() as connection:
        return find(connection, made.id, THIS_MACHINE).state


def screened(store: ServiceStore, desk: Desk, made: Submission, by_the_way: Any = lambda: None) -> None:
    """Have a desk do it all."""
    try:
        while state(store, made) in (State.QUEUED, State.SCREENING):
            desk.step()
            by_the_way()
    finally:
        desk.close()


def document(store: ServiceStore, made: Submission) -> ResultDocument:
    with store.reading() as connection:
        found = document_of(connection, find(connection, made.id, THIS_MACHINE))
    assert found is not None
    return found


def at_dask(store: ServiceStore, address: str, **other: Any) -> Desk:
    return Desk(store, replace(store.settings, screening=over(address, **other)))


def test_dask_s_workers_find_what_this_machine_s_find_though_one_is_killed(
    store: ServiceStore, processes: ClusterProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Files, list and index all in many pieces.
    monkeypatch.setattr(clusters, "PIECE_BYTES", 15_000)
    files = {
        "listed.stl": LISTED, "clear.stl": OTHER, "cut.stl": LISTED[:120], "empty.stl": b"",
        "z.zip": zipped({"in/listed.stl": LISTED, "other.stl": OTHER, "n.zip": zipped({"a.stl": OTHER})}),
        "large.stl": star(5.0, [10 + k % 7 for k in range(100)]),
    }  # fmt: skip
    files |= {f"{k}.stl": star(20.0 + k, [10, 14, 9 + k]) for k in range(4)}
    here, there = hand_in(store, files), hand_in(store, files)
    screened(store, Desk(store, store.settings), here)
    with store.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE submissions SET state = 'queued' WHERE number = ?", (there.number,)
        )
        connection.exec_driver_sql("DELETE FROM prints")
        connection.exec_driver_sql(
            "DELETE FROM results WHERE file IN (SELECT id FROM files WHERE submission = ?)", (there.number,)
        )
    killed: list[int] = []

    def kill_one() -> None:
        if not killed and processes.is_busy(0):
            killed.append(0)
            processes.kill(0)

    screened(store, at_dask(store, processes.address), there, kill_one)
    assert killed
    processes.add_worker()
    theirs, ours = document(store, there), document(store, here)
    assert theirs.model_dump_json() == ours.model_dump_json()
    findings = {item.path: item.finding for item in ours.items if item.member is None}
    assert findings["listed.stl"] is findings["z.zip"] is Finding.MATCH
    assert findings["cut.stl"] is findings["empty.stl"] is Finding.UNSCREENABLE
    assert findings["clear.stl"] is findings["large.stl"] is Finding.CLEAR


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    made = Bench.set_up(home, Settings())
    yield made
    made.close()


@contextmanager
def executor(bench: Bench, screening: Screening) -> Iterator[DaskExecutor]:
    """Once both workers are there."""
    made = DaskExecutor(screening, bench.setup_args())
    try:
        until(lambda: made.jobs == 2, "both workers are there")
        yield made
    finally:
        made.close()


def asked(folder: Path, **words: str) -> list[Expansion]:
    """Files that say how `screening_jobs` behaves, each as a source."""
    made = []
    for name, word in words.items():
        (folder / name).write_text(word)
        made.append(Expansion(Source(str(folder / name), name), ExpansionLimits()))
    return made


def outcomes(executor: DaskExecutor) -> dict[str, Outcome]:
    found = {}
    while executor.pending:
        if (ended := executor.outcome_within(1.0)) is not None:
            found[ended[0].tag.expansion.source.shown] = ended[1]
    return found


def finding(outcome: Outcome) -> Finding:
    assert isinstance(outcome, bytes), outcome
    return Answer.model_validate_json(outcome).item.finding


def test_a_task_that_ends_its_child_is_a_failure_and_costs_nothing_else(
    bench: Bench, processes: ClusterProcesses, tmp_path: Path
) -> None:
    with executor(bench, over(processes.address, timeout_s=1.0)) as one:
        for source in asked(tmp_path, dies="segfault", hangs="hang", good="review", fails="fail"):
            one.submit(task_of(source.root, "screening_jobs:screen_file"))
        gone = Expansion(Source(str(tmp_path / "gone"), "gone"), ExpansionLimits())
        one.submit(task_of(gone.root, "screening_jobs:screen_file"))
        found = outcomes(one)
        assert finding(found["good"]) is Finding.REVIEW
        kinds = {name: was.kind for name, was in found.items() if isinstance(was, Failure)}
        assert kinds == {
            "dies": FailureKind.CRASHED, "hangs": FailureKind.TIMEOUT, "fails": FailureKind.ERROR,
            "gone": FailureKind.UNREADABLE,
        }  # fmt: skip
        with pytest.raises(LookupError):
            one.outcome_within(0.0)


def test_the_task_of_a_killed_worker_is_done_by_another_and_not_blamed(
    bench: Bench, processes: ClusterProcesses, tmp_path: Path
) -> None:
    with executor(bench, over(processes.address)) as one:
        go = tmp_path / "go"
        for source in asked(tmp_path, a=f"wait {go}", b=f"wait {go}", c="clear"):
            one.submit(task_of(source.root, "screening_jobs:screen_file"))
        number = len(processes.workers) - 1
        until(lambda: processes.is_busy(number) and processes.is_busy(1), "both are at work")
        processes.kill(number)
        go.touch()
        found = outcomes(one)
        assert {name: finding(was) for name, was in found.items()} == dict.fromkeys("abc", Finding.CLEAR)
        until(lambda: one.jobs == 1, "it is known to be gone")


def test_a_desk_whose_workers_all_run_another_version_says_so(
    bench: Bench, processes: ClusterProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partwatch.service.desk.dask_wire.__version__", "9.9")
    made = DaskExecutor(over(processes.address), bench.setup_args())
    until(lambda: made.jobs > 0, "a worker is there")
    made.submit(task_of(asked(tmp_path, a="clear")[0].root, "screening_jobs:screen_file"))
    with pytest.raises(WorkerSetupError, match=r"Dask worker tcp://.*the desk 9\.9: install the same"):
        outcomes(made)
    made.close()


def test_a_result_that_would_have_to_be_unpickled_is_refused(
    bench: Bench, processes: ClusterProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Called with a task and a content, as `screen` is; what it gives crosses the wire as a pickle.
    monkeypatch.setattr(dask_worker, "screen", slice)
    made = DaskExecutor(over(processes.address), bench.setup_args())
    made.submit(task_of(asked(tmp_path, a="clear")[0].root, "screening_jobs:screen_file"))
    with pytest.raises(WorkerSetupError, match="only able to deserialize"):
        outcomes(made)
    made.close()


def test_a_desk_that_loses_the_scheduler_gives_back_what_it_had(store: ServiceStore, tmp_path: Path) -> None:
    made = hand_in(store, {"listed.stl": LISTED})
    with cluster(tmp_path / "own", workers=1) as own:
        desk = at_dask(store, own.address)
        while state(store, made) is State.QUEUED:
            desk.step()
        own.scheduler.kill()
        with pytest.raises(SchedulerLostError, match=r"tcp://127\.0\.0\.1:\d+: the Dask scheduler"):
            desk.run(lambda: state(store, made) is not State.SCREENING)
        assert state(store, made) is State.QUEUED
        again = at_dask(store, own.address)
        monkey = pytest.MonkeyPatch()
        monkey.setattr(clusters, "_CONNECT_S", 0.5)
        with pytest.raises(SchedulerLostError):
            again.run(lambda: False)
        monkey.undo()
        assert state(store, made) is State.QUEUED, "nothing is claimed without a scheduler"
    screened(store, Desk(store, store.settings), made)
    assert state(store, made) is State.HELD


def terms(**setup_args: Any) -> Terms:
    return Terms((Blob("ab", 3, "watchlist/x"),), "m:setup", setup_args, Limits(timeout_s=3))


def test_what_crosses_the_wire_comes_back_as_it_was() -> None:
    told = Asked(terms(home="/h", n=1), Blob("cd", 0, "0"), "m:f", {"chain": ["a/b", "\udcff"]})
    assert Asked.decoded(told.encoded()) == told
    for answered in (
        b"", b"\0P", Failure(FailureKind.MEMORY, "too much", "x"), Wanted("tcp://w:1", ("ab", "cd")),
        Unfit("tcp://w:1", "no space"),
    ):  # fmt: skip
        assert answer_from_wire(answer_to_wire(answered)) == answered


@pytest.mark.parametrize(
    "strange", [b"", b"X", b"F{}", b"W[]", b"F" + b"[" * 100_000, None, 7, "text", b"F\xff"]
)
def test_what_no_worker_says_is_refused(strange: object) -> None:
    with pytest.raises(WorkerSetupError, match="same partwatch"):
        answer_from_wire(strange)


def test_another_version_does_no_task() -> None:
    told = Asked(terms(), Blob("cd", 0, "0"), "m:f", {}).encoded()
    other = told.replace(b'"version": "', b'"version": "9')
    with pytest.raises(WorkerSetupError, match="install the same"):
        Asked.decoded(other)


def test_settings_of_a_scheduler_are_checked() -> None:
    def problems(**values: str) -> list[str]:
        return check_settings(Settings(screening=Screening(**values)))  # type: ignore[arg-type]  # texts only

    assert problems(scheduler="tcp://10.0.0.1:8786") == []
    assert "is not tcp" in problems(scheduler="10.0.0.1:8786")[0]
    assert (
        "screening.scheduler_certificate, screening.scheduler_key"
        in problems(scheduler="tls://s:1", scheduler_ca="ca.pem")[0]
    )
    assert "is for a tls" in problems(scheduler="tcp://s:1", scheduler_key="k")[0]
    assert security_of(over("tcp://s:1")) is None
    made = security_of(over("tls://s:1", scheduler_ca="ca", scheduler_certificate="crt", scheduler_key="key"))
    assert (made.tls_ca_file, made.require_encryption) == ("ca", True)


def test_without_dask_the_command_that_installs_it_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'partwatch\[dask\]'"):
        DaskExecutor(over("tcp://127.0.0.1:1"), bench.setup_args())
