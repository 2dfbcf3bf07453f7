"""How the service is: what it says of each thing that can be wrong, and what it does not say."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import httpx
import pytest
from service_running import running
from service_samples import hand_in
from sqlalchemy import update

from partwatch.service import housekeeping, wellbeing
from partwatch.service.claims import claim
from partwatch.service.context import Service
from partwatch.service.once_in_a_while import Kept
from partwatch.service.settings import Intake, Settings
from partwatch.service.tables import SUBMISSIONS
from partwatch.service.wellbeing import Finding, Grade, findings, worst_of
from partwatch.watchlist.store import Watchlist


@pytest.fixture
def service(tmp_path: Path) -> Service:
    Watchlist.open(tmp_path, create=True)
    made = Service.open(tmp_path, Settings())
    housekeeping.do_due(made, "test", housekeeping.chores())
    return made


def told(service: Service) -> dict[str, Finding]:
    return {one.name: one for one in findings(service)}


def grades(service: Service) -> dict[str, Grade]:
    return {name: one.grade for name, one in told(service).items()}


def test_all_is_well_and_the_lists_version_is_told(service: Service) -> None:
    assert set(grades(service).values()) == {Grade.OK}
    assert Watchlist.open(service.home).version() in told(service)["watchlist"].told


def test_over_http_it_is_200_or_503_and_names_no_path(tmp_path: Path) -> None:
    with running(tmp_path, Settings()) as address:
        answer = httpx.get(f"{address}/status")
        assert answer.status_code == 503
        assert answer.json()["status"] == "failing"
        assert str(tmp_path) not in answer.text
        checks = {one["name"]: one["status"] for one in answer.json()["checks"]}
        assert checks["watchlist"] == "failing"
        assert checks["store"] == "ok"
        assert httpx.get(f"{address}/status/live").status_code == 200
    Watchlist.open(tmp_path, create=True)
    with running(tmp_path, Settings()) as address:
        answer = httpx.get(f"{address}/status")
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"  # no housekeeper has run yet


def test_a_store_beyond_reading_fails_and_nothing_of_it_is_told(service: Service) -> None:
    path = service.store.folder / "service.sqlite"
    path.write_bytes(b"no database at all" * 100)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    found = told(service)
    assert found["store"].grade is Grade.FAILING
    assert str(service.home) not in " ".join(one.told for one in found.values())


def test_a_store_that_somebody_writes_to_for_long_is_busy_and_no_more(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wellbeing, "_BUSY_MS", 1)
    with service.store.writing():
        assert grades(service)["store"] is Grade.DEGRADED
    assert grades(service)["store"] is Grade.OK


def test_it_changes_nothing(service: Service) -> None:
    before = sorted(path.name for path in service.store.folder.rglob("*"))
    findings(service)
    assert sorted(path.name for path in service.store.folder.rglob("*")) == before


def test_a_full_disk_fails(service: Service) -> None:
    least = Settings(intake=Intake(free_disk_mb=shutil.disk_usage(service.home).total >> 19))
    assert grades(Service(service.home, least, service.store))["files"] is Grade.FAILING


def test_a_list_that_went_fails(service: Service) -> None:
    shutil.rmtree(service.home / "watchlist")
    assert grades(service)["watchlist"] is Grade.FAILING


def test_a_queue_that_nobody_takes_from_is_told(service: Service) -> None:
    hand_in(service.store, {"a.stl": b"1"})
    assert grades(service)["queue"] is Grade.OK
    with service.store.writing() as connection:
        connection.execute(update(SUBMISSIONS).values(received_at="2020-01-01T00:00:00.000Z"))
    assert "no desk" in told(service)["queue"].told
    claim(service.store, "desk-1", 1)
    assert grades(service)["queue"] is Grade.OK
    # A desk that was killed leaves a lease that ends.
    with service.store.writing() as connection:
        connection.execute(update(SUBMISSIONS).values(lease_until=time.time() - 1))
    assert grades(service)["queue"] is Grade.DEGRADED


def test_a_chore_that_fails_is_named_without_its_words(service: Service) -> None:
    def fails(_: Service) -> bool:
        raise OSError("/secret/path")

    housekeeping.do_due(service, "test", [housekeeping.Chore("broken", 1.0, fails)])
    assert told(service)["chores"] == Finding("chores", Grade.DEGRADED, "broken fails")


def test_the_worst_counts() -> None:
    found = [Finding("a", grade, "") for grade in (Grade.OK, Grade.FAILING, Grade.DEGRADED)]
    assert worst_of(found) is Grade.FAILING
    assert worst_of(found[::2]) is Grade.DEGRADED
    assert worst_of([]) is Grade.OK


def test_what_is_kept_is_made_once_in_a_while() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        if len(made) == 1:
            raise OSError("away")
        return len(made)

    kept = Kept(make, 3600.0)
    with pytest.raises(OSError, match="away"):
        kept.get()
    assert (kept.get(), kept.get()) == (2, 2)
    fresh = Kept(make, -1.0)
    assert (fresh.get(), fresh.get()) == (3, 4)
