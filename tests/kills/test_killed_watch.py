"""A watcher that is killed again and again leaves every file in one place, and that the right one.

PARTWATCH_KILLS says how often, up to ten times: each start takes a while.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from partwatch.watchlist.store import Watchlist

KILLS = min(10, int(os.environ.get("PARTWATCH_KILLS", "4")))
FILES = 100 * KILLS
TETRAHEDRON = """solid t
facet normal 0 0 0
outer loop
vertex 0 0 0
vertex 0 9 0
vertex 9 0 0
endloop
endfacet
facet normal 0 0 0
outer loop
vertex 0 0 0
vertex 9 0 0
vertex 0 0 {n}
endloop
endfacet
facet normal 0 0 0
outer loop
vertex 0 0 0
vertex 0 0 {n}
vertex 0 9 0
endloop
endfacet
facet normal 0 0 0
outer loop
vertex 9 0 0
vertex 0 9 0
vertex 0 0 {n}
endloop
endfacet
endsolid t
"""


def begun(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "partwatch", "--home", str(folder / "home"), "watch", str(folder / "in")]
    return subprocess.Popen([*command, "--jobs", "1", *more], stdout=subprocess.DEVNULL)


def test_every_file_ends_in_one_place_however_often_the_watcher_is_killed(tmp_path: Path) -> None:
    chance = random.Random(4)
    Watchlist.open(tmp_path / "home", create=True)
    (tmp_path / "in").mkdir()
    content = {
        f"{n:03}.stl": TETRAHEDRON.format(n=n + 5) if n % 3 else "solid, and no more" for n in range(FILES)
    }
    for name, text in content.items():
        (tmp_path / "in" / name).write_text(text)
    in_time = 0
    for _ in range(KILLS):
        watcher = begun(tmp_path)
        moved = len(list((tmp_path / "in").glob("*/*.stl")))
        until = time.monotonic() + 30
        # From when it is at work, and then at any moment.
        while time.monotonic() < until and len(list((tmp_path / "in").glob("*/*.stl"))) == moved:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.1))
        watcher.send_signal(signal.SIGKILL)
        watcher.wait()
        left = len(list((tmp_path / "in").glob("*.stl")))
        in_time += 0 < left < FILES
        if not left:
            break
    assert in_time, "none was killed in the middle of its work"
    assert begun(tmp_path, "--once").wait(120) == 0
    lying = {path: path.read_text() for path in (tmp_path / "in").rglob("*.stl")}
    assert sorted(path.name for path in lying) == sorted(content), "each once, under its own name"
    for path, text in lying.items():
        assert text == content[path.name]
        assert path.parent.name == ("passed" if "endsolid" in text else "held")
    written = (tmp_path / "in" / "held").glob("*.partwatch.json")
    reports = {path.name.split(".partwatch")[0] for path in written}
    assert reports == {name for name, text in content.items() if "endsolid" not in text}
    print(f"{KILLS} watchers killed, {in_time} of them in the middle: {len(lying)} files, each in its place")
