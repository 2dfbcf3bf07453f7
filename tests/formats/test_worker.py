"""Workers may do what they like: it costs one result, and the parent goes on."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from partwatch.formats.worker import (
    Failure,
    FailureKind,
    Limits,
    Outcome,
    Task,
    WorkerPool,
    WorkerSetupError,
)
from partwatch.formats.worker_child import HEAD, PAYLOAD, READY

JOBS = "worker_jobs"
HANGS = Limits(timeout_s=1)


@pytest.fixture(autouse=True)
def _jobs_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers import by the path of their parent."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def task(name: str, tag: Any = None, **args: Any) -> Task[Any]:
    return Task(f"{JOBS}:{name}", args, tag)


def outcomes(tasks: Iterable[Task[Any]], **pool: Any) -> list[Outcome]:
    """Outcomes in the order of the tasks."""
    numbered = [Task(each.function, each.args, number) for number, each in enumerate(tasks)]
    with WorkerPool[int](**{"setup": f"{JOBS}:warm"} | pool) as workers:
        done = {each.tag: outcome for each, outcome in workers.run(numbered)}
    assert sorted(done) == list(range(len(numbered)))
    return [done[number] for number in range(len(numbered))]


def failure(outcome: Outcome) -> Failure:
    assert isinstance(outcome, Failure)
    return outcome


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def wait_until_dead(pid: int) -> None:
    while is_alive(pid):
        time.sleep(0.01)


def wait_for_file(path: Path) -> str:
    while not path.exists():
        time.sleep(0.01)
    return path.read_text()


def test_results_are_the_bytes_that_the_function_returned() -> None:
    assert outcomes([task("echo", text="ä\0\udcff".encode("utf-8", "replace").decode())]) == ["ä\0?".encode()]


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_task_gets_exactly_one_outcome(jobs: int) -> None:
    tasks = [task("echo", text=str(number)) for number in range(50)]
    assert outcomes(tasks, jobs=jobs) == [str(number).encode() for number in range(50)]


def test_workers_stay_warm_and_set_up_once() -> None:
    setup = {"setup": f"{JOBS}:setup", "setup_args": {"home": "/x"}}
    pids = outcomes([task("pid")] * 5, **setup)
    assert len(set(pids)) == 1
    assert outcomes([task("what_setup_left")] * 2, **setup) == [b"[('calls', 1), ('home', '/x')]"] * 2


def test_a_result_larger_than_any_socket_buffer_arrives_whole() -> None:
    assert outcomes([task("big", size=50 << 20)])[0] == bytes(50 << 20)


def test_arguments_larger_than_any_socket_buffer_arrive_whole() -> None:
    text = "x" * (5 << 20)
    assert outcomes([task("echo", text=text)])[0] == text.encode()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("abort", "SIGABRT"),
        ("segfault", "SIGSEGV"),
        ("leave", "exit status 7"),
        ("hang_up", "SIGKILL"),
    ],
)
def test_a_crash_costs_one_result(name: str, words: str) -> None:
    before, crash, after = outcomes([task("echo", text="a"), task(name), task("echo", text="b")])
    assert (before, after) == (b"a", b"b")
    assert failure(crash).kind is FailureKind.CRASHED
    assert words in failure(crash).message


def test_a_hang_costs_one_result_and_the_worker() -> None:
    first, hang, second = outcomes([task("pid"), task("hang"), task("pid")], limits=HANGS)
    assert hang == Failure(FailureKind.TIMEOUT, "not done after 1 s")
    assert isinstance(first, bytes)
    assert isinstance(second, bytes)
    assert first != second
    assert not is_alive(int(first))


def test_a_hang_in_native_code_that_holds_the_interpreter_ends_too(tmp_path: Path) -> None:
    (hang,) = outcomes([task("tell_and_hang", path=str(tmp_path / "pid"))], limits=HANGS)
    assert failure(hang).kind is FailureKind.TIMEOUT
    assert not is_alive(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("job", [{"name": "spin"}, {"name": "spin_in_threads", "count": 2}])
def test_processor_time_is_kept_by_the_kernel_where_nobody_watches_the_clock(job: dict[str, Any]) -> None:
    first, spun, after = outcomes(
        [task("pid"), task(**job), task("pid")], limits=Limits(timeout_s=600, cpu_s=1)
    )
    assert spun == Failure(FailureKind.TIMEOUT, "not done after 1 s of processor time")
    assert first != after


def test_earlier_tasks_use_up_no_processor_time_of_later_ones() -> None:
    tasks = [task("burn", seconds=0.7)] * 4
    assert outcomes(tasks, limits=Limits(timeout_s=600, cpu_s=1)) == [b"burnt"] * 4


def test_a_worker_opens_only_so_many_files() -> None:
    few, many = outcomes([task("open_files", count=100), task("open_files", count=300)])
    assert few == b"100"
    assert failure(many).kind is FailureKind.ERROR
    assert "Too many open files" in failure(many).message


@pytest.mark.skipif(sys.platform != "linux", reason="a promise of Linux")
def test_a_worker_can_gain_no_privileges() -> None:
    assert outcomes([task("no_new_privileges")]) == [b"1"]


def test_what_a_worker_started_ends_with_it(tmp_path: Path) -> None:
    (hang,) = outcomes([task("start_grandchild_and_hang", path=str(tmp_path / "pid"))], limits=HANGS)
    assert failure(hang).kind is FailureKind.TIMEOUT
    wait_until_dead(int((tmp_path / "pid").read_text()))


def test_a_reply_that_waited_for_a_slow_parent_is_not_a_timeout(tmp_path: Path) -> None:
    marker = tmp_path / "go"
    with WorkerPool[None](limits=Limits(timeout_s=0.3)) as pool:
        pool.submit(task("echo", text="warm"))
        pool.next_outcome()
        marker.touch()
        pool.submit(task("big", size=20 << 20))
        time.sleep(0.6)
        assert pool.next_outcome()[1] == bytes(20 << 20)


@pytest.mark.parametrize("name", ["eat", "eat_slowly"])
def test_a_task_over_the_memory_limit_fails_as_memory(name: str) -> None:
    args = {"megabytes": 2000} if name == "eat" else {}
    ate, after = outcomes([task(name, **args), task("echo", text="b")], limits=Limits(memory_mb=500))
    assert ate == Failure(FailureKind.MEMORY, "needs more memory than the limit of 500 MB")
    assert after == b"b"


def test_what_an_earlier_task_left_in_memory_does_not_decide_a_later_one() -> None:
    tasks = [task("hoard", megabytes=250), task("eat", megabytes=250)]
    assert outcomes(tasks, limits=Limits(memory_mb=450)) == [b"kept", str(250 << 20).encode()]


def test_limits_are_set_in_the_kernel() -> None:
    (said,) = outcomes([task("limits")], limits=Limits(memory_mb=700, file_bytes=1 << 20))
    assert isinstance(said, bytes)
    assert ast.literal_eval(said.decode()) == [(700 << 20,) * 2, (0, 0), (1 << 20,) * 2]


def test_a_worker_cannot_fill_the_disk_with_one_file() -> None:
    (wrote,) = outcomes([task("write_file", megabytes=4)], limits=Limits(file_bytes=2 << 20))
    assert failure(wrote).kind is FailureKind.ERROR
    assert "File too large" in failure(wrote).message


def test_what_native_code_prints_does_not_touch_the_result(capfd: pytest.CaptureFixture[str]) -> None:
    assert outcomes([task("chatter"), task("echo", text="b")]) == [b"result", b"b"]
    assert capfd.readouterr() == ("", "")


def test_a_result_over_the_limit_fails_as_output() -> None:
    long, after = outcomes([task("big", size=1001), task("big", size=1000)], limits=Limits(output_bytes=1000))
    assert failure(long).kind is FailureKind.OUTPUT
    assert after == bytes(1000)


@pytest.mark.parametrize(
    ("junk", "kind"),
    [
        (b"\0" * 64, FailureKind.CRASHED),
        (HEAD.pack(PAYLOAD, 1 << 62), FailureKind.OUTPUT),
        (HEAD.pack(READY, 0), FailureKind.CRASHED),
        (HEAD.pack(b"F", 3) + b"{]}", FailureKind.CRASHED),
        (HEAD.pack(b"F", 2) + b"[]", FailureKind.CRASHED),
        (HEAD.pack(b"F", 60_000) + b"[" * 60_000, FailureKind.CRASHED),
        (HEAD.pack(b"F", 1 << 40), FailureKind.CRASHED),
    ],
)
def test_a_worker_taken_over_cannot_harm_its_parent(junk: bytes, kind: FailureKind) -> None:
    tasks = [task("speak_protocol", junk_hex=junk.hex()), task("echo", text="b")]
    taken, after = outcomes(tasks, limits=Limits(timeout_s=20))
    assert failure(taken).kind is kind
    assert after == b"b"


def test_a_worker_that_trickles_half_a_result_times_out() -> None:
    half = HEAD.pack(PAYLOAD, 100) + b"half"
    (taken,) = outcomes([task("speak_protocol", junk_hex=half.hex())], limits=HANGS)
    assert failure(taken).kind is FailureKind.TIMEOUT


def test_an_unreadable_error_keeps_its_code_and_sentence() -> None:
    said = Failure(FailureKind.UNREADABLE, "the archive is encrypted; give its password", "encrypted")
    assert outcomes([task("unreadable")]) == [said]


@pytest.mark.parametrize(
    ("failing", "message", "code"),
    [
        (task("fail", message="odd"), "ValueError: odd", "ValueError"),
        (task("recurse"), "RecursionError", "RecursionError"),
        (task("give_up"), "SystemExit: 0", "SystemExit"),
        (task("no_such_function"), "no_such_function", "AttributeError"),
        (task("not_bytes"), "returned str, not bytes", "TypeError"),
        (Task("no_such_module:f", {}, None), "no_such_module", "ModuleNotFoundError"),
    ],
)
def test_any_other_exception_is_an_error_and_spares_the_worker(
    failing: Task[Any], message: str, code: str
) -> None:
    first, failed, second = outcomes([task("pid"), failing, task("pid")])
    assert failure(failed).kind is FailureKind.ERROR
    assert failure(failed).code == code
    assert message in failure(failed).message
    assert first == second


def test_an_endless_message_is_cut() -> None:
    (failed,) = outcomes([task("fail", message="é" * 1_000_000)])
    assert len(failure(failed).message) <= 4000


def test_a_worker_killed_in_the_middle_costs_one_result(tmp_path: Path) -> None:
    def kill_then_let_go() -> None:
        os.kill(int(wait_for_file(tmp_path / "pid")), signal.SIGKILL)
        (tmp_path / "go").touch()

    killer = threading.Thread(target=kill_then_let_go)
    killer.start()
    tasks = [
        task("tell_and_hang", path=str(tmp_path / "pid")),
        task("wait_for", path=str(tmp_path / "go")),
        task("echo", text="x"),
    ]
    victim, other, later = outcomes(tasks, jobs=2)
    killer.join()
    assert failure(victim).kind is FailureKind.CRASHED
    assert "SIGKILL" in failure(victim).message
    assert (other, later) == (b"seen", b"x")


def test_a_worker_killed_while_idle_costs_nothing() -> None:
    with WorkerPool[None]() as pool:
        for _ in range(3):
            pool.submit(task("pid"))
            outcome = pool.next_outcome()[1]
            assert isinstance(outcome, bytes)
            os.kill(int(outcome), signal.SIGKILL)
            wait_until_dead(int(outcome))


def test_tasks_may_be_added_while_running() -> None:
    seen = []
    with WorkerPool[int](jobs=2) as pool:
        for each, _ in pool.run([task("echo", 0, text="")]):
            seen.append(each.tag)
            if each.tag < 10:
                pool.submit(task("echo", each.tag + 1, text=""))
    assert seen == list(range(11))


def test_an_urgent_task_goes_first() -> None:
    with WorkerPool[str](jobs=1) as pool:
        for tag in ("first", "last"):
            pool.submit(task("echo", tag, text=""))
        pool.submit(task("echo", "urgent", text=""), urgent=True)
        order = [pool.next_outcome()[0].tag for _ in range(3)]
    assert order.index("urgent") < order.index("last")


def test_tasks_are_taken_only_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[Task[Any]]:
        nonlocal taken
        while True:
            taken += 1
            yield task("echo", text="")

    with WorkerPool[Any](jobs=2) as pool:
        for done, _ in enumerate(pool.run(endless()), start=1):
            assert taken <= done + 2 * 2
            if done == 20:
                break


def test_no_task_no_outcome() -> None:
    with WorkerPool[None]() as pool:
        assert list(pool.run([])) == []
        with pytest.raises(LookupError):
            pool.next_outcome()


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("setup", "args", "limits", "words"),
    [
        ("setup_refuses", {"message": "no list in /x"}, Limits(), r"no list in /x"),
        ("setup_dies", {}, Limits(), r"SIGABRT[^$]*last words"),
        ("setup_hangs", {}, Limits(setup_timeout_s=0.5), r"0.5 s"),
        ("no_such_function", {}, Limits(), r"no_such_function"),
        ("setup", {}, Limits(memory_mb=1), r"."),
    ],
)
def test_a_setup_that_fails_ends_the_run(
    setup: str, args: dict[str, Any], limits: Limits, words: str, jobs: int
) -> None:
    with (
        WorkerPool[None](jobs, limits, f"{JOBS}:{setup}", args) as pool,
        pytest.raises(WorkerSetupError, match=words),
    ):
        for _ in pool.run([task("echo", text="")] * 3):
            pass


def test_a_worker_that_dies_once_in_its_setup_is_replaced(tmp_path: Path) -> None:
    setup = {"setup": f"{JOBS}:setup_dies_once", "setup_args": {"marker": str(tmp_path / "marker")}}
    assert outcomes([task("echo", text="a")], **setup) == [b"a"]


def test_two_pools_at_once_do_not_mix() -> None:
    limits = Limits(timeout_s=30)
    with WorkerPool[int](2, limits) as one, WorkerPool[int](2, limits) as two:
        for number in range(20):
            one.submit(task("echo", number, text=f"one {number}"))
            two.submit(task("echo", number, text=f"two {number}"))
        one.submit(task("abort", 20))
        for _ in range(20):
            each, outcome = two.next_outcome()
            assert outcome == f"two {each.tag}".encode()
        of_one = {each.tag: outcome for each, outcome in (one.next_outcome() for _ in range(21))}
    assert failure(of_one.pop(20)).kind is FailureKind.CRASHED
    assert of_one == {number: f"one {number}".encode() for number in range(20)}


def test_nothing_is_left_when_a_pool_closes() -> None:
    with WorkerPool[str](jobs=2) as pool:
        for name in ("pid", "temporary_folder", "hang"):
            pool.submit(task(name, name))
        done = {each.tag: outcome for each, outcome in (pool.next_outcome() for _ in range(2))}
        pid, folder = done["pid"], done["temporary_folder"]
        assert isinstance(pid, bytes)
        assert isinstance(folder, bytes)
        assert Path(os.fsdecode(folder), "left-behind").exists()
    wait_until_dead(int(pid))
    assert not Path(os.fsdecode(folder)).parent.exists()


def test_one_thread_and_one_hash_seed_a_worker() -> None:
    names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONHASHSEED"]
    assert outcomes([task("environment", variable=name) for name in names]) == [b"1", b"1", b"1", b"0"]


def test_the_current_folder_is_not_on_the_path_of_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "resource.py").write_text("raise SystemExit('read from the current folder')")
    (tmp_path / "struct.py").write_text("raise SystemExit('read from the current folder')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert outcomes([task("echo", text="safe")]) == [b"safe"]


PARENT = """
import sys
sys.path[:] = {path!r}
from partwatch.formats.worker import Task, WorkerPool
with WorkerPool(jobs=2) as pool:
    for _ in pool.run([Task("worker_jobs:tell_and_hang", dict(path=each), None) for each in {markers!r}]):
        pass
"""


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_do_not_outlive_their_parent(blow: signal.Signals, tmp_path: Path) -> None:
    if blow is not signal.SIGINT and sys.platform != "linux":
        pytest.skip("only Linux kills a busy worker with its parent")
    markers = [str(tmp_path / name) for name in "ab"]
    program = PARENT.format(path=[entry for entry in sys.path if entry], markers=markers)
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as parent:
        pids = [int(wait_for_file(Path(marker))) for marker in markers]
        parent.send_signal(blow)
        assert parent.wait() == -blow
    for pid in pids:
        wait_until_dead(pid)
