"""Metrics: what they count, and what no label may hold."""

from __future__ import annotations

from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from service_running import running
from service_samples import SHOP, hand_in

from partwatch.service import housekeeping
from partwatch.service.claims import claim
from partwatch.service.context import Service
from partwatch.service.counts import quantiles
from partwatch.service.customers import add_customer
from partwatch.service.principals import THIS_MACHINE
from partwatch.service.settings import Settings

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(address: str) -> Values:
    answer = httpx.get(f"{address}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_they_count_what_there_is_and_name_nobody(tmp_path: Path) -> None:
    service = Service.open(tmp_path, Settings())
    add_customer(service.store, "shop", "shop", THIS_MACHINE)
    hand_in(service.store, {"<script>secret.stl": b"12345"}, "shop", by=SHOP)
    hand_in(service.store, {"b.stl": b"1"})
    claim(service.store, "desk-1", 1)
    housekeeping.do_due(service, "test", housekeeping.chores())
    with running(tmp_path, Settings()) as address:
        httpx.get(f"{address}/nowhere")
        text = httpx.get(f"{address}/metrics").text
        found = scraped(address)
    for word in ("shop", "secret", "<script", "this machine", str(tmp_path)):
        assert word not in text
    assert found["partwatch_submissions_received_total", ()] == 2
    assert found["partwatch_submissions", (("state", "queued"),)] == 1
    assert found["partwatch_submissions", (("state", "screening"),)] == 1
    assert found["partwatch_submissions", (("state", "held"),)] == 0
    assert found["partwatch_queue_submissions", ()] == 2
    assert found["partwatch_queue_bytes", ()] == 6
    assert found["partwatch_queue_oldest_seconds", ()] >= 0
    assert found["partwatch_desks_at_work", ()] == 1
    assert found["partwatch_chore_failing", (("chore", "sweep"),)] == 0
    assert found["partwatch_chore_last_timestamp_seconds", (("chore", "deliver"),)] > 1e9
    assert found["partwatch_disk_free_bytes", ()] > 0
    assert found["partwatch_store_up", ()] == 1
    assert found["partwatch_http_responses_total", (("method", "GET"), ("status", "404"))] == 1
    assert found["process_open_fds", ()] > 0


def test_a_store_that_is_away_is_told_of(tmp_path: Path) -> None:
    with running(tmp_path, Settings()) as address:
        (tmp_path / "service" / "service.sqlite").write_bytes(b"no database, and long enough to be read" * 9)
        for suffix in ("-wal", "-shm"):
            (tmp_path / "service" / f"service.sqlite{suffix}").unlink(missing_ok=True)
        found = scraped(address)
    assert found["partwatch_store_up", ()] == 0
    assert ("partwatch_queue_submissions", ()) not in found


def test_quantiles_are_numbers_that_occur() -> None:
    assert quantiles([]) == {}
    assert quantiles([3.0]) == {0.5: 3.0, 0.95: 3.0, 0.99: 3.0}
    assert quantiles([float(n) for n in range(100)]) == {0.5: 50.0, 0.95: 95.0, 0.99: 99.0}
