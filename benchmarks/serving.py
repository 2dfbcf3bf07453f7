"""The service under load, on this machine: what it screens in a second beside the command line, and how long
a small file of another customer takes while the queue is full.

    python -m benchmarks.serving [--files 200] [--rounds 5] [--jobs 2]

Each round screens the same generated files once by `partwatch screen`, once by a running `partwatch serve` to
which they are handed in over HTTP, one submission each; the two take turns at being first. The command line's
clock runs from its first result to its last, its start being left out. The service's runs from the first
request to the last result, with a few submissions on their way at any time; its clients use this machine's
processors as well.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks import lists, machine, parts
from benchmarks.progress import say
from benchmarks.report import percentile
from partwatch.service.customers import add_customer
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Settings
from partwatch.service.states import SCREENED, State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import counted, find

LISTED = 60
# One file in so many is of a listed part, moved.
FOUND_STEP = 10
CLIENTS = 4
IN_FLIGHT = 24
BACKLOG = 150
SMALL_FILES = 40
OTHER = "other"
GOAL = 0.8
_BOUNDARY = "partwatch-benchmark"


@dataclass(frozen=True)
class Round:
    """Files a second of each."""

    command_line: float
    service: float

    @property
    def ratio(self) -> float:
        return self.service / self.command_line


@dataclass(frozen=True)
class Waits:
    """Seconds from a small file's request to its result: with nothing else there, and with the queue full."""

    idle: tuple[float, ...]
    full: tuple[float, ...]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = _parser().parse_args(arguments)
    print(
        "\n".join(machine.facts(date.today(), ["python", "-m", "benchmarks.serving", *arguments])), flush=True
    )
    listed = {f"part-{n}": parts.part(n) for n in range(LISTED)}
    origin = lists.of_meshes(options.cache, "serving", listed, features=True)
    with tempfile.TemporaryDirectory(prefix="serving-") as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "files"
        shutil.copytree(origin, home)
        files = write_files(folder, options.files)
        with serving(home, options.jobs) as service:
            service.screened(files[:8], "warm")
            rounds = []
            for number in range(options.rounds):
                rounds.append(_round(number, home, folder, files, options.jobs, service))
                say(f"round {number + 1}: {rounds[-1].ratio:.2f}")
            waits = service.waits(files)
    print("\n".join(report(rounds, waits)))


def report(rounds: Sequence[Round], waits: Waits) -> list[str]:
    """The figures, a line each."""
    ratios = sorted(one.ratio for one in rounds)
    median = float(np.median(ratios))
    lines = [
        f"- Submissions a second against the command line's files a second, paired: {median:.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}, {len(rounds)} rounds); goal {GOAL}.",
        *(f"  - {one.service:.1f} against {one.command_line:.1f}: {one.ratio:.2f}" for one in rounds),
    ]
    for name, found in (("nothing else waiting", waits.idle), (f"{BACKLOG} others waiting", waits.full)):
        if found:
            ordered = sorted(found)
            lines.append(
                f"- A small file of another customer, {name}: median {percentile(ordered, 0.5) * 1e3:.0f} "
                f"ms, 95 % within {percentile(ordered, 0.95) * 1e3:.0f} ms, {len(ordered)} files."
            )
    return lines


def write_files(folder: Path, count: int) -> list[Path]:
    """So many parts as STL: strangers, and one in FOUND_STEP that is listed."""
    folder.mkdir()
    rng = np.random.default_rng(45)
    made = []
    for n in range(count):
        mesh = parts.part(n // FOUND_STEP % LISTED if n % FOUND_STEP == 0 else LISTED + 1000 + n)
        made.append(folder / f"{n:04}.stl")
        made[-1].write_bytes(parts.stl_of(parts.moved(mesh, parts.any_motion(rng))))
    return made


def _round(number: int, home: Path, folder: Path, files: list[Path], jobs: int, service: Service) -> Round:
    if number % 2:
        by_service = service.screened(files, f"round-{number}")
        return Round(by_command_line(home, folder, jobs), by_service)
    by_command = by_command_line(home, folder, jobs)
    return Round(by_command, service.screened(files, f"round-{number}"))


def by_command_line(home: Path, folder: Path, jobs: int) -> float:
    """Files a second, from the first result to the last."""
    command = [sys.executable, "-m", "partwatch", "--home", str(home), "screen", str(folder), "--ndjson"]
    moments = []
    with subprocess.Popen([*command, "--jobs", str(jobs)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["type"] == "item":
                moments.append(time.perf_counter())
    return (len(moments) - 1) / (moments[-1] - moments[0])


class Service:
    """A running service, and its store."""

    def __init__(self, home: Path, port: int) -> None:
        self.port = port
        self.store = ServiceStore.open(home, Settings())
        self._held = self.store.connected()
        add_customer(self.store, OTHER, "Other", THIS_MACHINE)

    def screened(self, files: list[Path], round_name: str) -> float:
        """Submissions a second: each file one, a few on their way at a time."""
        before = self._done()
        bodies = [form(path, path.name) for path in files]
        room = threading.Semaphore(IN_FLIGHT)
        each = [
            threading.Thread(
                target=self._hand_in_all, args=(bodies[n::CLIENTS], f"{round_name}-{n}", room), daemon=True
            )
            for n in range(CLIENTS)
        ]
        begin, told = time.perf_counter(), 0
        for client in each:
            client.start()
        while told < len(files):
            time.sleep(0.02)
            done = self._done() - before
            if done > told:
                room.release(done - told)
                told = done
        seconds = time.perf_counter() - begin
        for client in each:
            client.join()
        return len(files) / seconds

    def waits(self, files: list[Path]) -> Waits:
        """How long a small file takes from its request to its result."""
        small = form(files[1], "small.stl", OTHER)
        idle = tuple(self._wait(small, f"idle-{n}") for n in range(SMALL_FILES))
        backlog = [form(path, path.name) for path in files]
        stop = threading.Event()
        keepers = [
            threading.Thread(target=self._keep_full, args=(backlog, f"backlog-{n}", stop), daemon=True)
            for n in range(CLIENTS)
        ]
        for keeper in keepers:
            keeper.start()
        while self._waiting() < BACKLOG:
            time.sleep(0.05)
        full = tuple(self._wait(small, f"full-{n}") for n in range(SMALL_FILES))
        stop.set()
        for keeper in keepers:
            keeper.join()
        return Waits(idle, full)

    def _keep_full(self, bodies: list[bytes], key: str, stop: threading.Event) -> None:
        n = 0
        while not stop.is_set():
            if self._waiting() >= BACKLOG:
                stop.wait(0.1)
                continue
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            hand_in(connection, bodies[n % len(bodies)], f"{key}-{n}")
            connection.close()
            n += 1

    def _hand_in_all(self, bodies: list[bytes], key: str, room: threading.Semaphore) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for n, body in enumerate(bodies):
            room.acquire()
            hand_in(connection, body, f"{key}-{n}")
        connection.close()

    def _wait(self, body: bytes, key: str) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        begin = time.perf_counter()
        public = hand_in(connection, body, key)
        connection.close()
        while True:
            with self.store.reading() as reading:
                if find(reading, public, THIS_MACHINE).state in SCREENED:
                    return time.perf_counter() - begin
            time.sleep(0.005)

    def _done(self) -> int:
        with self.store.reading() as connection:
            found = counted(connection)
        return sum(found[state] for state in SCREENED)

    def _waiting(self) -> int:
        with self.store.reading() as connection:
            return counted(connection)[State.QUEUED]


def form(path: Path, name: str, customer: str = "") -> bytes:
    """A request's body: one file, and whose it is where that is told."""
    dash = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
    told = f'{dash}"customer"\r\n\r\n{customer}\r\n' if customer else ""
    head = f'{told}{dash}"files"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    return head.encode() + path.read_bytes() + f"\r\n--{_BOUNDARY}--\r\n".encode()


def hand_in(connection: http.client.HTTPConnection, body: bytes, key: str) -> str:
    """The submission's id, once it is accepted."""
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}", "Idempotency-Key": key}
    connection.request("POST", "/v1/submissions", body, headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    if answer.status != 201:
        raise RuntimeError(f"{answer.status}: {told}")
    return str(told["id"])


@contextmanager
def serving(home: Path, jobs: int) -> Iterator[Service]:
    """A service of that home while it runs."""
    command = [sys.executable, "-m", "partwatch", "--home", str(home), "serve", "--port", "0"]
    process = subprocess.Popen([*command, "--jobs", str(jobs)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            raise RuntimeError("the service did not start")
        threading.Thread(target=_pass_on, args=(process.stderr,), daemon=True).start()
        yield Service(home, int(found[1]))
    finally:
        process.terminate()
        process.wait()


def _pass_on(lines: Iterator[str]) -> None:
    for line in lines:
        say(line.rstrip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2, help="workers, of either")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "partwatch-benchmarks",
        help="keeps the list",
    )
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
