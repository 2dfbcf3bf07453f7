"""A batch that is killed again and again ends in the very bytes of one that never was.

PARTWATCH_KILLS says how often; `make kill-test` asks for a hundred.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stand_ins import star, zipped

KILLS = int(os.environ.get("PARTWATCH_KILLS", "4"))
FILES = 40 + 6 * KILLS
# What a change could hide in; the files must be older than that to be known again.
GRAIN_S = 2.1
DESIGN = """
name = "star"
authority = "Test"
reason = "a stand-in"
expires = 2030-01-31
[[parts]]
name = "whole"
file = "star.stl"
"""


def any_star(chance: random.Random) -> bytes:
    """A star of irregular points."""
    radii = [chance.uniform(8, 30) for _ in range(9)]
    return star(chance.uniform(6, 40), radii)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list, and a box of clear, listed, cut, empty and nested files."""
    folder = tmp_path_factory.mktemp("kills")
    chance = random.Random(1)
    listed = any_star(chance)
    (folder / "star.stl").write_bytes(listed)
    (folder / "star.toml").write_text(DESIGN)
    for number in range(FILES):
        file = folder / f"box/{number % 7}/{number:04}"
        file.parent.mkdir(parents=True, exist_ok=True)
        kind = number % 8
        content = {0: listed, 1: any_star(chance)[:400], 2: b""}.get(kind, any_star(chance))
        if kind == 3:
            content = zipped({"a.stl": any_star(chance), "in.zip": zipped({"b.stl": listed, "c": b"junk"})})
        file.write_bytes(content)
    done = partwatch(folder, "watchlist", "add", str(folder / "star.toml"), "--allow-generic", "a stand-in")
    assert done.wait() == 0
    time.sleep(GRAIN_S)
    return folder


def partwatch(folder: Path, *words: str, out: Path | None = None) -> subprocess.Popen[bytes]:
    """The program, in a group of its own, results and messages to files."""
    path = [entry for entry in sys.path if entry]
    code = f"import sys; sys.path[:] = {path!r}; from partwatch.cli import main; sys.exit(main(sys.argv[1:]))"
    out = out or folder / "out"
    with out.open("wb") as stdout, out.with_suffix(".err").open("wb") as stderr:
        return subprocess.Popen(
            [sys.executable, "-c", code, "--home", str(folder / "home"), *words],
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )


def screening(folder: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    words = ["screen", str(folder / "box"), "--ndjson", "--as-of", "2029-01-01", "--jobs", "2", *options]
    return partwatch(folder, *words, out=out)


def children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in found.split()]


def kill(process: subprocess.Popen[bytes], how: str) -> list[int]:
    """Kill -9: the parent, its whole group, or its workers a moment before it, as a container does."""
    workers = children(process.pid)
    if how == "workers first":
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        time.sleep(random.random() / 50)
    if how == "group":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    return workers


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until_first_item(process: subprocess.Popen[bytes], out: Path) -> float:
    """Seconds from the start to the first item; then the run is waited for."""
    start = time.monotonic()
    while out.read_bytes().count(b"\n") < 2:
        time.sleep(0.01)
    taken_s = time.monotonic() - start
    assert process.wait() == 1
    return taken_s


def said_known(out: Path) -> int:
    said = re.search(r"going on: ([\d,]+) files", out.with_suffix(".err").read_text())
    return int(said[1].replace(",", "")) if said else 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_killed_at_any_moment_it_ends_in_the_same_bytes(place: Path) -> None:
    whole, html = place / "whole", ["--html", str(place / "whole.html")]
    first_item_s = until_first_item(screening(place, whole, *html), whole)
    chance = random.Random(KILLS)
    out, html = place / "resumed", ["--html", str(place / "resumed.html"), "--resume"]
    known, kills, ended = 0, 0, 0
    while kills < KILLS:
        process = screening(place, out, *html)
        # From before anything is open to well into the work, on any machine.
        time.sleep(chance.uniform(0.1, 1.8) * first_item_s)
        ended += process.poll() is not None
        if process.returncode is None:
            workers = kill(process, chance.choice(["parent", "group", "workers first"]))
            kills += 1
            assert said_known(out) >= known or said_known(out) == 0
            known = max(known, said_known(out))
            # A worker outlives its parent by a moment at most.
            while any(map(is_running, workers)):
                time.sleep(0.01)
        else:
            # Killed too late: it was through. The next begins anew.
            assert out.read_bytes() == whole.read_bytes()
            known = 0
    assert screening(place, out, *html).wait() == 1
    print(f"{kills} kills, {ended} runs that ended before theirs, {said_known(out)} of {FILES} known at last")
    assert out.read_bytes() == whole.read_bytes()
    assert (place / "resumed.html").read_bytes() == (place / "whole.html").read_bytes()
    assert list((place / "home/runs").iterdir()) == []
