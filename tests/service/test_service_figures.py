"""The service's figures: each equals what a plain count over the histories gives, and names nobody."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from figures_samples import CODES, History, history, put, unread
from hypothesis import given
from hypothesis import strategies as st
from service_running import running
from service_samples import Workers, clear, hand_in
from sqlalchemy import Connection, create_engine, insert, update

from partwatch.model.document import Finding
from partwatch.model.errors import UsageError
from partwatch.model.rounding import rounded
from partwatch.model.transparency import Share, Spread, TransparencyReport, Width
from partwatch.report.transparency_page import page
from partwatch.report.transparency_table import table_of
from partwatch.screening.answer import Answer
from partwatch.screening.expansion import Node
from partwatch.service.context import Service
from partwatch.service.customers import add_customer
from partwatch.service.decisions import decide
from partwatch.service.desk.desk import Desk
from partwatch.service.figures import Period, gather, report_of, spread_of, width_of
from partwatch.service.principals import THIS_MACHINE, ForbiddenError, Principal
from partwatch.service.reporting import period_of, reported
from partwatch.service.settings import Serving, Settings
from partwatch.service.states import Act, Role, State
from partwatch.service.store import ServiceStore
from partwatch.service.tables import CUSTOMERS, HEADERS, METADATA, SUBMISSIONS
from partwatch.watchlist.store import Watchlist

PERIOD = Period(date(2026, 3, 2), date(2026, 3, 8))
MADE_AT = datetime(2026, 4, 1, 12, tzinfo=UTC)


@st.composite
def histories(draw: st.DrawFn) -> list[History]:
    rng = random.Random(draw(st.integers(0, 10**9)))
    return [history(rng) for _ in range(draw(st.integers(0, 30)))]


@contextmanager
def stored(all_of: list[History]) -> Iterator[Connection]:
    """Them as the store's tables have them."""
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as connection:
        for key in "abc":
            connection.execute(insert(CUSTOMERS).values(id=key, name=key, created_at="", last_due=0.0))
        connection.execute(insert(HEADERS).values(digest="h", header="{}"))
        for number, one in enumerate(all_of, start=1):
            put(connection, number, one)
        yield connection
    engine.dispose()


def made_of(
    all_of: list[History], period: Period = PERIOD, customer: str | None = None
) -> TransparencyReport:
    with stored(all_of) as connection:
        return report_of(gather(connection, period, customer), period, MADE_AT)


def nearest(seconds: list[float], percent: int) -> float | None:
    """The least value that at least so many per cent are not above, one by one."""
    for value in sorted(seconds):
        if sum(one <= value for one in seconds) * 100 >= percent * len(seconds):
            return value
    return None


def is_spread(spread: Spread, seconds: list[float]) -> bool:
    told = (spread.count, spread.median_s, spread.p90_s, spread.p95_s)
    return told == (len(seconds), *(nearest(seconds, percent) for percent in (50, 90, 95)))


def seconds(begin: datetime, end: datetime) -> float:
    return round((end - begin) / timedelta(seconds=1), 3)


@given(histories())
def test_every_figure_is_what_a_plain_count_gives(everything: list[History]) -> None:
    report = made_of(everything)
    ours = [one for one in everything if "2026-03-02" <= str(one.received.date()) <= "2026-03-08"]
    assert report.submissions == len(ours)
    assert report.files == sum(one.files for one in ours)
    assert report.customers == len({one.customer for one in ours})
    for state in State:
        assert getattr(report.states, state.value) == sum(one.state is state for one in ours)
    for finding in Finding:
        assert getattr(report.findings, finding.value) == sum(one.finding is finding for one in ours)

    held = released = confirmed = asks = answers = 0
    overturned = upheld = unanswered = 0
    to_decision, held_to_decision, appeal_to_decision = [], [], []
    for one in ours:
        held += one.screened is not None and (one.finding is not Finding.CLEAR or one.near)
        appeal: datetime | None = None
        decided = False
        for act, at, _ in one.acts:
            asks += act is Act.ASK
            answers += act is Act.ANSWER
            if act in (Act.RELEASE, Act.CONFIRM):
                if not decided:
                    released += act is Act.RELEASE
                    confirmed += act is Act.CONFIRM
                    assert one.screened is not None
                    to_decision.append(seconds(one.received, at))
                    held_to_decision.append(seconds(one.screened, at))
                    decided = True
                if appeal is not None:
                    overturned += act is Act.RELEASE
                    upheld += act is Act.CONFIRM
                    appeal_to_decision.append(seconds(appeal, at))
                    appeal = None
            if act is Act.APPEAL:
                appeal = at
        unanswered += appeal is not None
    told = report.decisions
    assert (told.held, told.released_first, told.confirmed_first) == (held, released, confirmed)
    assert (told.decided, told.asks, told.answers) == (released + confirmed, asks, answers)
    assert told.near_copies == sum(one.near for one in ours)
    appeals = report.appeals
    assert (appeals.overturned, appeals.upheld, appeals.open) == (overturned, upheld, unanswered)
    assert appeals.appeals == overturned + upheld + unanswered
    assert is_spread(report.times.to_decision, to_decision)
    assert is_spread(report.times.held_to_decision, held_to_decision)
    assert is_spread(report.times.appeal_to_decision, appeal_to_decision)
    assert is_spread(
        report.times.to_result, [seconds(one.received, one.screened) for one in ours if one.screened]
    )
    share = report.shares.overturned
    assert (share.of, share.value is None) == (overturned + upheld, overturned + upheld == 0)
    assert share.value is None or abs(share.value - overturned / share.of) < 1e-4

    for name, states in (
        ("screening", (State.QUEUED, State.SCREENING)), ("person", (State.HELD,)),
        ("submitter", (State.ASKED,)),
    ):  # fmt: skip
        ages = [
            seconds(one.acts[-1][1] if one.acts else one.screened or one.received, MADE_AT)
            for one in ours
            if one.state in states
        ]
        assert is_spread(getattr(report.waiting, name), ages)
        assert getattr(report.waiting, f"oldest_{name}_s") == max(ages, default=None)

    by_code = {one.code: one.files for one in report.unscreenable}
    for code in CODES:
        expected = sum(code in codes for one in ours for codes in one.codes)
        assert by_code.get(code, 0) == (0 if code.startswith("member") else expected)
    assert report.results_gone == sum(one.finding is Finding.UNSCREENABLE and not one.codes for one in ours)

    assert [step.since.day for step in report.series] == list(range(2, 9))
    for step in report.series:
        of_day = [one for one in ours if one.received.date() == step.since]
        assert step.received == len(of_day)
        assert step.passed == sum(one.state is State.PASSED for one in of_day)
        assert step.open == sum(one.state in (State.HELD, State.ASKED) for one in of_day)
        parts = step.passed + step.released + step.confirmed + step.open + step.waiting
        assert parts == step.received


@given(histories())
def test_customers_add_up_and_each_is_its_own(everything: list[History]) -> None:
    whole = made_of(everything)
    alone = [made_of(everything, customer=key) for key in "abc"]
    for name in ("submissions", "files", "customers"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in alone)
    for one in whole.appeals.model_dump():
        assert getattr(whole.appeals, one) == sum(getattr(each.appeals, one) for each in alone)


def numbers(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name != "rounded_to":
                yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif type(value) is int:
        yield value


@given(histories())
def test_what_is_published_has_no_small_count_and_no_time_of_few(everything: list[History]) -> None:
    exact = made_of(everything)
    told = rounded(exact)
    assert rounded(told) == told
    assert all(number % 5 == 0 for number in numbers(told.model_dump(mode="json")))
    assert abs(told.submissions - exact.submissions) <= 2
    for name, share in exact.shares:
        assert (getattr(told.shares, name).value is None) == (share.of < 22.5)
    for name, spread in exact.times:
        assert (getattr(told.times, name).median_s is None) == (spread.count < 8)
        assert getattr(told.times, name).p95_s is None
    assert told.waiting.oldest_person_s is None
    jsonschema.validate(
        told.model_dump(mode="json"), TransparencyReport.model_json_schema(mode="serialization")
    )
    assert TransparencyReport.model_validate_json(told.model_dump_json()) == told


def test_times_of_many_are_told_to_two_digits() -> None:
    report = made_of([]).model_copy(
        update={"times": made_of([]).times.model_copy(update={"to_result": spread_of(range(1, 201))})}
    )
    spread = rounded(report).times.to_result
    assert spread == Spread(count=200, median_s=100.0, p90_s=180.0, p95_s=190.0)
    shares = report.shares.model_copy(update={"held": Share(of=23, value=0.3478)})
    assert rounded(report.model_copy(update={"shares": shares})).shares.held == Share(of=25, value=0.35)


@pytest.mark.parametrize(
    ("since", "until", "width", "steps"),
    [
        ("2026-03-02", "2026-03-02", Width.DAY, ["2026-03-02"]),
        ("2026-01-01", "2026-03-31", Width.WEEK, ["2026-01-01", "2026-01-05", "2026-01-12"]),
        ("2024-02-10", "2026-03-31", Width.MONTH, ["2024-02-10", "2024-03-01", "2024-04-01"]),
    ],
)
def test_the_series_is_by_day_then_by_week_then_by_month(
    since: str, until: str, width: Width, steps: list[str]
) -> None:
    period = Period(date.fromisoformat(since), date.fromisoformat(until))
    report = made_of([], period)
    assert (report.step, width_of(period)) == (width, width)
    assert [str(step.since) for step in report.series][:3] == steps
    assert report.series[-1].since <= period.until


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (date(2026, 3, 2), date(2026, 3, 1)), (date(1, 1, 1), date(2026, 1, 1)), (None, date(1, 1, 1)),
        (date(2026, 1, 1), date(9999, 12, 31)), (date(2001, 1, 1), date(2026, 1, 1)),
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused(since: date | None, until: date) -> None:
    with pytest.raises(UsageError):
        period_of(since, until)


# Over HTTP, with a store and a desk.


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    tmp_path = tmp_path_factory.mktemp("service")
    Watchlist.open(tmp_path, create=True)
    settings = Settings(Serving(operator="<b>Prints & Co</b>"))
    store = ServiceStore.open(tmp_path, settings)
    add_customer(store, "acme-rockets", "Acme Rockets Ltd", THIS_MACHINE)
    made = [hand_in(store, {"../<script>name.stl": bytes([k])}, "acme-rockets") for k in range(4)]

    def answer(node: Node) -> Answer:
        if Path(node.expansion.source.path).read_bytes() == b"\0":
            return clear(node)
        return Answer(item=unread(["damaged"], Finding.UNSCREENABLE))

    desk = Desk(store, settings, lambda _: Workers(answer))
    while desk.step():
        pass
    desk.close()
    decide(store, made[1].id, Act.CONFIRM, "it is", THIS_MACHINE)
    decide(store, made[1].id, Act.APPEAL, "it is not", THIS_MACHINE)
    decide(store, made[1].id, Act.RELEASE, "so it is not", THIS_MACHINE)
    decide(store, made[2].id, Act.ASK, "what is it?", THIS_MACHINE)
    with store.writing() as connection:
        last = update(SUBMISSIONS).where(SUBMISSIONS.c.number == made[3].number)
        connection.execute(last.values(received_at="2020-02-29T23:59:59.999Z"))
    return Service(tmp_path, settings, store)


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[httpx.Client]:
    with running(service.home, service.settings) as address, httpx.Client(base_url=address) as made:
        yield made


def test_the_api_tells_the_figures_as_json_and_as_csv(client: httpx.Client) -> None:
    told = client.get("/v1/figures")
    assert (told.status_code, told.headers["content-type"]) == (200, "application/json")
    report = TransparencyReport.model_validate_json(told.content)
    assert (report.submissions, report.states.passed, report.states.asked) == (3, 1, 1)
    assert (report.appeals.overturned, report.decisions.confirmed_first) == (1, 1)
    assert [(one.code, one.files) for one in report.unscreenable] == [("damaged", 2)]
    old = client.get("/v1/figures?since=2020-02-29&until=2020-02-29").json()
    assert (old["submissions"], old["states"]["held"]) == (1, 1)
    for asked, headers in (("?format=csv", {}), ("", {"Accept": "text/csv"})):
        answered = client.get(f"/v1/figures{asked}", headers=headers)
        assert answered.headers["content-type"].startswith("text/csv")
        rows = {
            (row["section"], row["name"]): row["value"] for row in csv.DictReader(io.StringIO(answered.text))
        }
        assert rows["appeals", "overturned"] == "1"
        assert rows["unscreenable", "damaged"] == "2"
        assert rows["shares", "overturned.value"] == "1.0"
    published = client.get("/v1/figures?publish=true").json()
    assert (published["rounded_to"], published["step"]) == (5, "month")


@pytest.mark.parametrize(
    "asked",
    [
        "since=2026-02-01&until=2026-01-01", "since=x", "until=0001-01-01", "customer=nobody", "customer=%00",
        "customer=", "format=xml", "since=9999-12-31", "until=-1", "since=1e9", "customer=" + "a" * 64,
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_told_so(client: httpx.Client, asked: str) -> None:
    assert client.get(f"/v1/figures?{asked}").status_code == 422


def test_figures_are_for_reviewers_and_administrators(service: Service) -> None:
    for role in Role:
        who = Principal("p", None, frozenset({role}))
        if role in (Role.REVIEW, Role.ADMINISTER):
            assert reported(service, who, period_of(None, None)).submissions == 3
        else:
            with pytest.raises(ForbiddenError):
                reported(service, who, period_of(None, None))
    own = Principal("p", "local", frozenset({Role.REVIEW}))
    assert reported(service, own, period_of(None, None), "acme-rockets").submissions == 0


def test_the_page_shows_them_and_a_bad_period_is_told_on_it(client: httpx.Client) -> None:
    shown = client.get("/figures")
    assert shown.status_code == 200
    assert "overturned on appeal" in shown.text
    assert "style=" not in shown.text
    assert "<svg" in shown.text
    bad = client.get("/figures?since=%3Cscript%3E&until=2026-01-01")
    assert bad.status_code == 422
    assert "<script>" not in bad.text
    assert "is no day" in bad.text


def test_what_is_saved_names_nobody_and_needs_nothing(client: httpx.Client) -> None:
    saved = {kind: client.get(f"/figures/report.{kind}") for kind in ("html", "json", "csv")}
    for kind, answered in saved.items():
        assert answered.status_code == 200
        assert f".{kind}" in answered.headers["content-disposition"]
        for secret in ("acme", "Acme", "secret", "name.stl", "this machine", "script"):
            assert secret not in answered.text.replace("default-src", ""), (kind, secret)
    html = saved["html"].text
    assert "&lt;b&gt;Prints &amp; Co&lt;/b&gt;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "default-src 'none'" in html
    assert saved["json"].json()["rounded_to"] == 5
    assert client.get("/figures/report.exe").status_code in (404, 422)


def test_one_document_gives_one_page_and_one_table() -> None:
    rng = random.Random(1)
    report = made_of([history(rng) for _ in range(200)])
    assert page(report) == page(TransparencyReport.model_validate_json(report.model_dump_json()))
    rows = list(csv.reader(io.StringIO(table_of(report))))
    assert {len(row) for row in rows} == {6}
    assert json.loads(report.model_dump_json())["schema_version"] == "partwatch-transparency-1"
