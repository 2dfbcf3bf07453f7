"""Backup and restore: all of a service, whole or not at all, and it goes on."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import typing
from dataclasses import asdict
from pathlib import Path

import pytest
import typer
from service_samples import POSTGRESQL, SHOP, Workers, hand_in, settings_for
from sqlalchemy import insert, select, update

from partwatch.cli import service_keep
from partwatch.ledger import log
from partwatch.model.errors import StoreError, UsageError
from partwatch.service import housekeeping
from partwatch.service.claims import claim
from partwatch.service.context import Service
from partwatch.service.counts import count
from partwatch.service.customers import add_customer
from partwatch.service.decisions import decide, decided
from partwatch.service.desk.desk import Desk
from partwatch.service.hooks import add_hook
from partwatch.service.keeping import backing_up
from partwatch.service.keeping.backing_up import backup
from partwatch.service.keeping.envelope import HEAD_BYTES, packing, safe_parts
from partwatch.service.keeping.pausing import paused
from partwatch.service.keeping.restoring import restore
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.results import document_of
from partwatch.service.settings import Settings, read_settings
from partwatch.service.states import Act, State
from partwatch.service.submissions import find
from partwatch.service.tables import CHORES, FILES, SUBMISSIONS
from partwatch.service.wellbeing import Grade, findings
from partwatch.watchlist.store import Watchlist


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def service(home: Path) -> Service:
    Watchlist.open(home, create=True)
    made = Service.open(home, Settings())
    add_customer(made.store, "shop", "shop", THIS_MACHINE)
    return made


@pytest.fixture
def ids(service: Service) -> dict[str, str]:
    """One decided, one screened, one that a desk has, one that waits."""
    names = ("decided", "screened")
    made = {
        name: hand_in(service.store, {f"{name}.stl": name.encode()}, "shop", by=SHOP).id for name in names
    }
    screen(service)
    with service.store.writing() as connection:
        chosen = SUBMISSIONS.c.id == made["decided"]
        connection.execute(update(SUBMISSIONS).where(chosen).values(state=State.HELD.value))
    decide(service.store, made["decided"], Act.RELEASE, "a lamp", THIS_MACHINE)
    for name in ("claimed", "queued"):
        made[name] = hand_in(
            service.store, {f"{name}.stl": name.encode(), "../x\n": b"2"}, "shop", by=SHOP
        ).id
    claim(service.store, "desk-that-dies", 1)
    return made


def screen(service: Service) -> None:
    desk = Desk(service.store, service.settings, lambda bench: Workers())
    try:
        while desk.step():
            pass
    finally:
        desk.close()


def states(service: Service, ids: dict[str, str]) -> dict[str, State]:
    with service.store.reading() as connection:
        assert list(log.problems(connection)) == []
        return {name: find(connection, public, THIS_MACHINE).state for name, public in ids.items()}


def reopened(home: Path) -> Service:
    return Service.open(home, read_settings(home))


def test_a_restored_service_goes_on_where_the_backup_was(
    service: Service, ids: dict[str, str], home: Path, tmp_path: Path
) -> None:
    hook, _ = add_hook(service.store, "https://shop.example/in", (), None, SHOP)
    (service.store.folder / "service.toml").write_text("[intake]\nfiles = 7\n")
    history = service.store.folder / "history" / "prints.lance"
    history.mkdir(parents=True)
    (history / "1.bin").write_bytes(b"prints")
    (home / "assembly").mkdir()
    (home / "assembly" / "pseudonyms.key").write_bytes(b"key")
    done = backup(service, tmp_path / "one.backup")
    assert (done.files, done.missing, done.damaged) == (6, [], [])
    late = hand_in(service.store, {"late.stl": b"3"}, "shop", by=SHOP)
    shutil.rmtree(home)

    found = restore(home, tmp_path / "one.backup")
    assert (found.files, found.missing, found.damaged) == (6, 0, 0)
    again = reopened(home)
    assert again.settings.intake.files == 7
    assert (home / "service/history/prints.lance/1.bin").read_bytes() == b"prints"
    assert (home / "assembly/pseudonyms.key").read_bytes() == b"key"
    assert states(again, ids) == {
        "decided": State.RELEASED, "screened": State.PASSED,
        "claimed": State.SCREENING, "queued": State.QUEUED,
    }  # fmt: skip
    with again.store.writing() as connection:
        connection.execute(update(SUBMISSIONS).values(lease_until=time.time() - 1))
    screen(again)
    assert states(again, ids) == {
        "decided": State.RELEASED, "screened": State.PASSED, "claimed": State.PASSED, "queued": State.PASSED
    }  # fmt: skip
    decide_again = hand_in(again.store, {"new.stl": b"4"}, "shop", by=SHOP)
    assert decide_again.id != late.id
    with again.store.reading() as connection:
        first = find(connection, ids["decided"], THIS_MACHINE)
        assert [one.reason for one in decided(connection, first.number)] == ["a lamp"]
        assert document_of(connection, find(connection, ids["queued"], THIS_MACHINE)) is not None
        assert "restored" in {one.kind for one in log.entries(connection)}
        assert hook.id in str(connection.exec_driver_sql("SELECT id FROM hooks").all())
    assert oct((home / "service/signing.key").stat().st_mode)[-3:] == "600"
    assert [path.name for path in tmp_path.iterdir() if "restor" in path.name] == []


def test_the_service_goes_on_while_it_is_backed_up(
    service: Service, ids: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = backing_up._add_stored
    came: list[str] = []

    def meanwhile(*given: object) -> None:
        if not came:
            came.append(hand_in(service.store, {"meanwhile.stl": b"5"}).id)
            # Forgotten by somebody, between the database and its files.
            shutil.rmtree(service.store.files / ids["screened"])
            assert housekeeping.do_due(service, "keeper", housekeeping.chores()) >= 0
            with service.store.reading() as connection:
                doers = dict(connection.execute(select(CHORES.c.name, CHORES.c.by)).all())  # type: ignore[arg-type] # rows are pairs
            assert doers.pop("deliver") == "keeper"
            assert all(by.startswith("backup-") for by in doers.values())
        before(*given)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(backing_up, "_add_stored", meanwhile)
    done = backup(service, tmp_path)
    assert done.path.parent == tmp_path
    assert done.missing == [f"{ids['screened']}/0"]
    restore(tmp_path / "other", done.path)
    again = reopened(tmp_path / "other")
    with again.store.reading() as connection:
        assert find(connection, ids["screened"], THIS_MACHINE).files_gone_at is not None
        assert find(connection, ids["queued"], THIS_MACHINE).files_gone_at is None
        assert came[0] not in connection.execute(select(SUBMISSIONS.c.id)).scalars().all()
    # Chores are nobody's again.
    assert housekeeping.do_due(service, "keeper", housekeeping.chores()) > 0
    with service.store.reading() as connection:
        assert set(connection.execute(select(CHORES.c.by)).scalars()) == {"keeper"}


@pytest.mark.parametrize("place", ["magic", "digest", "manifest", "middle", "end", "short", "empty", "other"])
def test_a_damaged_backup_is_refused_and_nothing_is_left(
    service: Service, ids: dict[str, str], tmp_path: Path, place: str
) -> None:
    path = backup(service, tmp_path / "one.backup").path
    content = bytearray(path.read_bytes())
    at = {"magic": 3, "digest": 40, "manifest": HEAD_BYTES + 520, "middle": len(content) // 2, "end": -1}
    if place in at:
        content[at[place]] ^= 1
    path.write_bytes({"short": content[:-1], "empty": b"", "other": b"x" * 5000}.get(place, content))
    with pytest.raises(StoreError):
        restore(tmp_path / "new", path)
    assert not (tmp_path / "new").exists()
    assert [one.name for one in tmp_path.iterdir() if "restoring" in one.name] == []


def test_a_file_that_rotted_is_told_of_and_not_restored(
    service: Service, ids: dict[str, str], tmp_path: Path
) -> None:
    (service.store.files / ids["queued"] / "0").write_bytes(b"rotten")
    done = backup(service, tmp_path / "one.backup")
    assert done.damaged == [f"{ids['queued']}/0"]
    assert restore(tmp_path / "new", done.path).damaged == 1
    again = reopened(tmp_path / "new")
    with again.store.reading() as connection:
        rows = connection.execute(select(FILES.c.stored).order_by(FILES.c.id)).scalars().all()
    assert sum(stored is None for stored in rows) == 1
    assert not (again.store.files / ids["queued"] / "0").exists()


def test_nothing_is_overwritten(service: Service, home: Path, tmp_path: Path) -> None:
    path = backup(service, tmp_path / "one.backup").path
    before = path.read_bytes()
    with pytest.raises(StoreError, match="already"):
        backup(service, path)
    assert path.read_bytes() == before
    with pytest.raises(UsageError, match="not empty"):
        restore(home, path)
    (tmp_path / "link").symlink_to(tmp_path / "away")
    with pytest.raises(UsageError):
        restore(tmp_path / "link", path)
    (tmp_path / "empty").mkdir()
    restore(tmp_path / "empty", path)
    assert (tmp_path / "empty" / "service").is_dir()
    with pytest.raises(StoreError):
        backup(service, tmp_path / "no" / "folder")


def test_a_ledger_that_was_changed_is_not_backed_up(service: Service, tmp_path: Path) -> None:
    with service.store.reading() as connection:
        connection.exec_driver_sql("UPDATE ledger_openings SET body = x'7b7d' WHERE seq = 0")
    with pytest.raises(StoreError, match="ledger"):
        backup(service, tmp_path / "one.backup")
    assert list(tmp_path.glob("*.backup")) == []
    assert list(service.home.glob(".backup-*")) == []


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "home/../../x", "home//x", "home/./x", "home/x\0y", "home/..", "."],
)
def test_members_that_climb_out_are_none(name: str) -> None:
    assert safe_parts(name) is None


def test_a_forged_backup_writes_nowhere_else(service: Service, tmp_path: Path) -> None:
    real = backup(service, tmp_path / "one.backup")
    assert real.manifest is not None
    for number, name in enumerate(["home/../../../escaped", "elsewhere/x", "home"]):
        forged = tmp_path / f"forged{number}.backup"
        with packing(forged) as out:
            out.add_bytes("manifest.json", json.dumps(asdict(real.manifest)).encode())
            out.add_bytes(name, b"x")
        with pytest.raises(StoreError):
            restore(tmp_path / "new", forged)
        assert not (tmp_path / "new").exists()
    assert not (tmp_path / "escaped").exists()


def test_killed_in_the_middle_leaves_no_backup_and_the_next_one_clears_up(
    service: Service, ids: dict[str, str], tmp_path: Path
) -> None:
    script = """
import sys, threading
from pathlib import Path
from partwatch.service.context import Service
from partwatch.service.counts import count
from partwatch.service.settings import Settings
from partwatch.service.keeping import backing_up
def hang(*given):
    print("within", flush=True)
    threading.Event().wait()
backing_up._add_stored = hang
backing_up.backup(Service.open(Path(sys.argv[1]), Settings()), Path(sys.argv[2]))
"""
    target = tmp_path / "one.backup"
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(service.home), str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "within\n"
    assert list(service.home.glob(".backup-*")) != []
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert not target.exists()
    # As if its leases were over.
    with service.store.writing() as connection:
        connection.execute(update(CHORES).values(lease_until=0.0))
    backup(service, target)
    assert list(service.home.glob(".backup-*")) == []
    restore(tmp_path / "new", target)


def test_a_chore_under_way_is_waited_for(service: Service) -> None:
    with service.store.writing() as connection:
        row = {"name": "sweep", "by": "keeper", "lease_until": time.time() + 60, "next_at": 0.0}
        connection.execute(insert(CHORES).values(row))
    with pytest.raises(StoreError, match="does not end"), paused(service, wait_s=0.0):
        pass


@pytest.mark.skipif(not POSTGRESQL, reason="PARTWATCH_POSTGRESQL is not set")
def test_a_database_on_a_server_is_left_to_its_own_tools_and_all_else_is_kept(
    home: Path, tmp_path: Path
) -> None:
    service = Service.open(home, settings_for(tmp_path, True))
    made = hand_in(service.store, {"a.stl": b"1"})
    (service.store.folder / "service.toml").write_text(
        f'[serving]\ndatabase = "{service.settings.serving.database}"\n'
    )
    counts, found = count(service), {one.name: one.grade for one in findings(service)}
    assert (counts.received, counts.waiting.submissions, counts.database_bytes > 0) == (1, 1, True)
    assert found["store"] is Grade.OK
    done = backup(service, tmp_path / "one.backup")
    assert done.manifest is not None
    assert (done.manifest.database, done.files) == (False, 1)
    assert restore(tmp_path / "new", done.path).files == 1
    again = reopened(tmp_path / "new")
    with again.store.reading() as connection:
        assert find(connection, made.id, THIS_MACHINE).state is State.QUEUED
    assert (again.store.files / made.id / "0").read_bytes() == b"1"


class Context:
    """Of the command line: only its home is asked for."""

    def __init__(self, home: Path) -> None:
        self.params = {"home": str(home)}

    def find_root(self) -> Context:
        return self


def test_over_the_command_line(
    service: Service, ids: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def at(home: Path) -> typer.Context:
        return typing.cast("typer.Context", Context(home))

    service_keep.backup(at(service.home), tmp_path / "one.backup")
    assert "6 files" in capsys.readouterr().out
    service_keep.restore(at(tmp_path / "new"), tmp_path / "one.backup")
    assert "restored to" in capsys.readouterr().out
    service_keep.status(at(tmp_path / "new"))
    assert "watchlist" in capsys.readouterr().out
    with pytest.raises(UsageError, match="2 are not decided"):
        service_keep.forget_customer(at(tmp_path / "new"), "shop", "asked for")
    assert "forgot 2" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "new" / "watchlist")
    with pytest.raises(typer.Exit):
        service_keep.status(at(tmp_path / "new"), as_json=True)
    assert '"failing"' in capsys.readouterr().out
    with pytest.raises(UsageError, match="no service"):
        service_keep.status(at(tmp_path / "nowhere"))
