"""A list whose writers are killed at random is whole at every moment that a reader looks.

PARTWATCH_KILLS says how often; `make kill-test` asks for a hundred.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

# The samples of the list's own tests, and what other processes do with them.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "watchlist"))

from watchlist_samples import LAYOUT, finished, many, opened, plain, process

from partwatch.watchlist.store import Watchlist

KILLS = int(os.environ.get("PARTWATCH_KILLS", "4"))
# A writer's start is most of its life: so that the blow falls while it writes, it writes for long.
DESIGNS = 200


def test_writers_killed_at_random_leave_a_whole_list(tmp_path: Path) -> None:
    """Two write at once; after each blow the list verifies, and holds whole calls of `add` only."""
    watchlist = opened(tmp_path / "home")
    chance = random.Random(KILLS)
    written = 0
    for kill in range(KILLS):
        before = set(watchlist.design_names())
        writers = [process("add_one_by_one", tmp_path / "home", f"w{kill}-{k}", DESIGNS) for k in range(2)]
        while not set(watchlist.design_names()) - before and all(w.poll() is None for w in writers):
            assert watchlist.verify().problems == ()
        time.sleep(chance.uniform(0, 0.3))
        for writer in writers:
            writer.kill()
            writer.communicate()
        assert watchlist.verify().problems == ()
        fresh = sorted(set(watchlist.design_names()) - before)
        expected = {entry.name: plain(entry) for k in range(2) for entry in many(f"w{kill}-{k}", DESIGNS)}
        assert {one.name: plain(one) for one in watchlist.entries(fresh)} == {
            name: expected[name] for name in fresh
        }
        # As many as were told to be there came in order, none left out.
        for k in range(2):
            count = sum(name.startswith(f"w{kill}-{k} ") for name in fresh)
            assert {f"w{kill}-{k} {n}" for n in range(count)} <= set(fresh)
        written += len(fresh)
        watchlist.remove(fresh)
        watchlist.snapshot().close()
        assert watchlist.verify().problems == ()
    print(f"{2 * KILLS} writers killed, {written} designs written meanwhile")
    assert written > 0


def test_a_backup_taken_while_others_write_is_of_one_moment(tmp_path: Path) -> None:
    watchlist = opened(tmp_path / "home")
    writers = [process("add_one_by_one", tmp_path / "home", f"w{k}", 40) for k in range(2)]
    taken = 0
    while any(writer.poll() is None for writer in writers):
        written = watchlist.backup(tmp_path / "backup")
        restored = Watchlist.restore(tmp_path / f"copy {taken}", tmp_path / "backup", LAYOUT)
        assert restored.verification == written
        taken += 1
    for writer in writers:
        finished(writer)
    print(f"{taken} backups taken")
    assert watchlist.counts().designs == 80
    assert watchlist.verify().problems == ()


def test_a_restore_killed_at_random_leaves_the_list_of_before_or_after(tmp_path: Path) -> None:
    home = tmp_path / "home"
    watchlist = opened(home)
    watchlist.add(many("after", 300))
    after = watchlist.backup(tmp_path / "backup").version
    watchlist.remove([f"after {n}" for n in range(300)])
    watchlist.add(many("before", 3))
    before = watchlist.version()
    chance = random.Random(KILLS)
    start = time.monotonic()
    finished(process("restore", home, tmp_path / "backup"))
    whole_s = time.monotonic() - start
    seen = []
    for _ in range(KILLS):
        watchlist.remove(watchlist.design_names())
        watchlist.add(many("before", 3))
        restoring = process("restore", home, tmp_path / "backup")
        time.sleep(chance.uniform(0.3, 1.0) * whole_s)
        restoring.kill()
        restoring.communicate()
        seen.append(watchlist.version())
        assert watchlist.verify().problems == ()
    old, new = seen.count(before), seen.count(after)
    print(f"of {KILLS} killed restores {old} left the list of before, {new} the new one")
    assert set(seen) <= {before, after}
