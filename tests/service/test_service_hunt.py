"""Hunts: what was ever screened is found again, verified where its file is held, by whom it may be seen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hunt_samples import (
    INVESTIGATOR,
    OF_SHOP,
    SETTINGS,
    bracket,
    gear,
    listed,
    plate,
    screened,
    service_at,
    stl,
    turned,
    worked_off,
)
from service_samples import OTHER, SHOP, hand_in
from sqlalchemy import func, select, update

from partwatch.cli import main
from partwatch.ledger import log
from partwatch.model.document import Relation, ResultDocument
from partwatch.model.errors import UnreadableError, UsageError
from partwatch.model.hunt import HuntDocument, HuntStatus
from partwatch.service import draining, hunt_queue
from partwatch.service.context import Service
from partwatch.service.draining import customer_keys, drain, forget, forget_customer, open_history, tidy
from partwatch.service.hunt_new import hunt_new
from partwatch.service.hunt_queue import (
    HuntState,
    UnknownHuntError,
    ask,
    find_hunt,
    hunt_on,
    hunts,
    looked_at,
)
from partwatch.service.hunting import Query, hunt
from partwatch.service.principals import THIS_MACHINE, ForbiddenError
from partwatch.service.queueing import BusyError
from partwatch.service.settings import Retention
from partwatch.service.submissions import Submission
from partwatch.service.tables import FILES, PRINTS, SUBMISSIONS
from partwatch.watchlist.store import Watchlist
from stand_ins import zipped

BRACKET = Query(designs=("bracket",))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Service, dict[str, Submission]]:
    """A shop and another have handed in brackets, before any was listed; the other's file is gone."""
    service = service_at(tmp_path_factory.mktemp("seen"))
    archive = zipped({"in/b.stl": stl(bracket()), "g.stl": stl(gear())})
    made = {
        "shop": hand_in(
            service.store, {"a.stl": stl(turned(bracket())), "p.stl": stl(plate())}, "shop", by=SHOP
        ),
        "zip": hand_in(service.store, {"<script>.zip": archive}, "shop", by=SHOP),
        "other": hand_in(service.store, {"c.stl": stl(turned(bracket(), 1.5))}, "other", by=OTHER),
    }
    worked_off(service, really=True)
    gone(service, made["other"])
    listed(service.home, "bracket", bracket())
    return service, made


def gone(service: Service, made: Submission) -> None:
    with service.store.writing() as connection:
        files = update(FILES).where(FILES.c.submission == made.number)
        connection.execute(files.values(stored=None))


def at(document: HuntDocument) -> dict[tuple[str, str | None], HuntStatus]:
    return {(hit.submission, hit.member): hit.status for hit in document.hits}


def test_what_was_screened_before_it_was_listed_is_found_and_verified_as_screen_does(
    seen: tuple[Service, dict[str, Submission]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service, made = seen
    document = hunt(service, BRACKET, INVESTIGATOR)
    assert at(document) == {
        (made["shop"].id, None): HuntStatus.MATCH,
        (made["zip"].id, "in/b.stl"): HuntStatus.MATCH,
        (made["other"].id, None): HuntStatus.CANDIDATE,
    }
    assert (document.searched.bodies, document.searched.files) == (5, 2)
    (again,) = (hit for hit in document.hits if hit.submission == made["shop"].id)
    file = tmp_path / "a.stl"
    file.write_bytes(stl(turned(bracket())))
    main(["--home", str(service.home), "screen", str(file), "--json", "--no-pieces"])
    (item,) = ResultDocument.model_validate_json(capsys.readouterr().out).items
    (match,) = item.bodies[0].matches
    assert match.bits is not None
    assert again.match == match
    assert document.header is not None


def test_a_candidate_says_how_near_it_is_what_that_is_worth_and_why_it_was_not_verified(
    seen: tuple[Service, dict[str, Submission]],
) -> None:
    service, made = seen
    document = hunt(service, BRACKET, INVESTIGATOR)
    (hit,) = (hit for hit in document.hits if hit.submission == made["other"].id)
    assert hit.match is None
    assert hit.distance is not None
    assert hit.distance < 0.05
    assert hit.size_ratio == pytest.approx(1.5, rel=0.02)
    assert hit.why == "its file is no longer held"
    assert hit.rate is not None
    assert not hit.rate.own_size
    assert 0 <= hit.rate.low <= hit.rate.found / hit.rate.pairs <= hit.rate.high <= 1
    assert HuntDocument.model_validate_json(document.model_dump_json()) == document


def test_a_file_that_is_on_no_list_is_hunted_for_by_its_shape(
    seen: tuple[Service, dict[str, Submission]], tmp_path: Path
) -> None:
    service, made = seen
    file = tmp_path / "x"
    file.write_bytes(stl(turned(gear())))
    document = hunt(service, Query(name="</td>\u202egear.stl"), INVESTIGATOR, file)
    (hit,) = document.hits
    assert (hit.submission, hit.member, hit.status) == (made["zip"].id, "g.stl", HuntStatus.MATCH)
    assert (hit.design, hit.part) == ("file", "</td>\u202egear.stl")
    assert hit.match is not None
    assert hit.match.relation in (Relation.SAME_MESH, Relation.SAME_SHAPE)
    assert sorted(design.name for design in Watchlist.open(service.home).designs()) == ["bracket"]


def test_days_and_the_limit_narrow_it_and_what_they_leave_out_is_told(
    seen: tuple[Service, dict[str, Submission]],
) -> None:
    service, _ = seen
    past = hunt(service, Query(designs=("bracket",), until=date(2020, 1, 1)), INVESTIGATOR)
    assert (past.hits, past.searched.bodies) == ((), 0)
    few = hunt(service, Query(designs=("bracket",), most=1), INVESTIGATOR)
    assert len(few.hits) == 1
    assert few.searched.all_within < 0.35
    assert any("raise the limit" in note for note in few.notes)


def test_who_is_of_one_customer_finds_that_customers_things_only(
    seen: tuple[Service, dict[str, Submission]],
) -> None:
    service, made = seen
    document = hunt(service, BRACKET, OF_SHOP)
    assert {hit.submission for hit in document.hits} == {made["shop"].id, made["zip"].id}
    assert document.searched.bodies == 4
    with pytest.raises(ForbiddenError, match="investigate"):
        hunt(service, BRACKET, SHOP)


def test_every_hunt_and_every_look_is_in_the_ledger_with_what_was_asked(
    seen: tuple[Service, dict[str, Submission]],
) -> None:
    service, _ = seen
    query = Query(designs=("bracket",), part="part", since=date(2020, 1, 1))
    made = ask(service, query, INVESTIGATOR)
    while hunt_on(service):
        pass
    hunt_again, document = looked_at(service, made.id, INVESTIGATOR)
    assert hunt_again.state is HuntState.DONE
    assert document is not None
    assert [hit.status for hit in document.hits][:2] == [HuntStatus.MATCH, HuntStatus.MATCH]
    with service.store.reading() as connection:
        asked = [entry for entry in log.entries(connection, kind="hunt") if entry.opening][-1]
        looks = [entry for entry in log.entries(connection, kind="look") if entry.opening]
        over = list(log.entries(connection, kind="hunted"))
    assert asked.by == "eve"
    assert asked.opening is not None
    assert asked.opening.body["designs"] == ["bracket"]
    assert asked.opening.body["since"] == "2020-01-01"
    shown = sorted({hit.submission for hit in document.hits})
    told_of = [look.opening.body for look in looks if look.opening]
    assert told_of == [{"id": made.id, "ids": shown, "at": "hunt"}]
    assert over


def test_a_hunt_of_another_looks_as_if_there_were_none(
    seen: tuple[Service, dict[str, Submission]],
) -> None:
    service, _ = seen
    made = ask(service, BRACKET, INVESTIGATOR)
    own = ask(service, BRACKET, OF_SHOP)
    with pytest.raises(UnknownHuntError):
        looked_at(service, made.id, OF_SHOP)
    with service.store.reading() as connection:
        assert [one.id for one in hunts(connection, OF_SHOP)] == [own.id]
        assert {made.id, own.id} <= {one.id for one in hunts(connection, INVESTIGATOR)}
        with pytest.raises(ForbiddenError):
            hunts(connection, SHOP)
    while hunt_on(service):
        pass


def test_what_contradicts_is_refused_before_anything_is_done(
    seen: tuple[Service, dict[str, Submission]],
) -> None:
    service, _ = seen
    for query in (
        Query(),
        Query(designs=("a",), name="b"),
        Query(name="x", part="p"),
        Query(designs=("a",), since=date(2026, 2, 1), until=date(2026, 1, 1)),
        Query(designs=("nothing",)),
        Query(designs=("bracket",), part="nothing"),
    ):
        with pytest.raises(UsageError):
            hunt(service, query, INVESTIGATOR)


def test_a_file_that_cannot_be_read_says_why(
    seen: tuple[Service, dict[str, Submission]], tmp_path: Path
) -> None:
    service, _ = seen
    for content in (b"", b"junk", stl(bracket())[:300]):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(UnreadableError, match="mine"):
            hunt(service, Query(name="mine"), INVESTIGATOR, tmp_path / "x")
    (tmp_path / "x").write_bytes(b"junk")
    made = ask(service, Query(name="mine"), INVESTIGATOR, tmp_path / "x")
    while hunt_on(service):
        pass
    found, document = looked_at(service, made.id, INVESTIGATOR)
    assert (found.state, document) == (HuntState.FAILED, None)
    assert "mine" in (found.failed or "")


def test_the_command_line_tells_it_and_exits_by_what_was_verified(
    seen: tuple[Service, dict[str, Submission]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service, made = seen
    home = str(service.home)
    assert main(["--home", home, "hunt", "bracket"]) == 1
    told = capsys.readouterr().out
    assert made["shop"].id in told
    assert "5 bodies looked at" in told
    assert main(["--home", home, "hunt", "bracket", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["schema_version"] == "partwatch-hunt-1"
    assert main(["--home", home, "hunt", "bracket", "--until", "2020-01-01"]) == 0
    assert "nothing found" in capsys.readouterr().out
    assert main(["--home", home, "hunt", str(tmp_path / "nothing.stl")]) == 2
    assert "no such design" in capsys.readouterr().err
    assert main(["--home", str(tmp_path), "hunt", "bracket"]) == 2


# What follows changes what it works on.


@pytest.fixture
def own(tmp_path: Path) -> tuple[Service, Submission]:
    service = service_at(tmp_path)
    made = hand_in(service.store, {"a.stl": stl(bracket())}, "shop", by=SHOP)
    return service, made


def waiting(service: Service) -> int:
    with service.store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(PRINTS)).scalar_one())


def test_a_drain_that_is_killed_before_it_deletes_is_done_again_and_nothing_is_there_twice(
    own: tuple[Service, Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, _ = own
    screened(service)
    assert waiting(service) == 1
    known = draining.known
    monkeypatch.setattr(draining, "known", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        drain(service)
    monkeypatch.setattr(draining, "known", known)
    assert (waiting(service), open_history(service).counts().bodies) == (1, 1)
    drain(service)
    assert (waiting(service), open_history(service).counts().bodies) == (0, 1)
    assert drain(service) is False


def test_what_is_forgotten_while_it_is_on_its_way_does_not_stay(
    own: tuple[Service, Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, made = own
    screened(service)
    known = draining.known

    def meanwhile(*asked: object) -> set[str]:
        return known(*asked) - {made.id}  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(draining, "known", meanwhile)
    drain(service)
    assert open_history(service).counts().bodies == 0


def test_what_is_not_screened_as_a_whole_waits_for_near_copies(own: tuple[Service, Submission]) -> None:
    service, made = own
    screened(service)
    with service.store.writing() as connection:
        rows = update(SUBMISSIONS).where(SUBMISSIONS.c.number == made.number)
        connection.execute(rows.values(state="screening"))
    assert drain(service) is False
    assert waiting(service) == 1


def test_forgetting_reaches_the_history_and_what_hunts_found(own: tuple[Service, Submission]) -> None:
    service, made = own
    second = hand_in(service.store, {"b.stl": stl(turned(bracket()))}, "other", by=OTHER)
    worked_off(service)
    listed(service.home, "bracket", bracket())
    key = ask(service, BRACKET, INVESTIGATOR).id
    while hunt_on(service):
        pass
    assert {hit.submission for hit in told(service, key).hits} == {made.id, second.id}
    with service.store.writing() as connection:
        rows = update(SUBMISSIONS).where(SUBMISSIONS.c.number == made.number)
        connection.execute(rows.values(forgotten_at="2026-01-01T00:00:00.000Z"))
    # Not shown from that moment, whatever is still there.
    assert {hit.submission for hit in told(service, key).hits} == {second.id}
    tidy(service)
    assert open_history(service).submissions() == {second.id}
    with service.store.reading() as connection:
        progress = find_hunt(connection, key, INVESTIGATOR).progress
    assert progress is not None
    assert {one.submission for one in progress.candidates} == {second.id}
    forget(service, ["nothing of the kind'"])
    forget_customer(service, "other")
    assert open_history(service).counts().bodies == 0


def test_what_is_kept_for_no_days_goes(own: tuple[Service, Submission]) -> None:
    service, _ = own
    worked_off(service)
    listed(service.home, "bracket", bracket())
    key = ask(service, BRACKET, INVESTIGATOR).id
    while hunt_on(service):
        pass
    none = replace(service.settings, retention=Retention(results_days=0, history_days=0))
    bare = Service(service.home, none, service.store)
    assert open_history(service).counts().bodies == 1
    tidy(bare)
    assert open_history(service).counts().bodies == 0
    with pytest.raises(UnknownHuntError):
        told(service, key)
    hand_in(service.store, {"b.stl": stl(bracket())}, "shop", by=SHOP)
    screened(service)
    assert waiting(service) == 1
    drain(bare)
    assert (waiting(service), open_history(service).counts().bodies) == (0, 0)


def told(service: Service, key: str) -> HuntDocument:
    document = looked_at(service, key, INVESTIGATOR)[1]
    assert document is not None
    return document


def test_no_name_of_a_file_or_a_customer_is_in_the_history(own: tuple[Service, Submission]) -> None:
    service, made = own
    worked_off(service)
    (row,) = open_history(service).table.search(None).to_list()
    assert row["customer"] == customer_keys(service.store, ["shop"])["shop"]
    texts = [value for value in row.values() if isinstance(value, str)]
    assert not any("shop" in text or "a.stl" in text for text in texts)
    assert row["submission"] == made.id


def test_where_no_history_is_kept_nothing_is_and_nothing_piles_up(tmp_path: Path) -> None:
    from dataclasses import replace

    from partwatch.service.settings import History

    service = service_at(tmp_path, replace(SETTINGS, history=History(enabled=False)))
    hand_in(service.store, {"a.stl": stl(bracket())}, "shop", by=SHOP)
    worked_off(service)
    assert waiting(service) == 0
    assert not (tmp_path / "service" / "history").exists()
    listed(tmp_path, "bracket", bracket())
    assert hunt(service, BRACKET, INVESTIGATOR).notes == ("nothing is in the history yet",)


def test_what_is_new_on_the_list_is_hunted_for_without_anybody_asking(
    own: tuple[Service, Submission],
) -> None:
    service, made = own
    listed(service.home, "plate", plate())
    assert hunt_new(service) is False
    with service.store.reading() as connection:
        assert hunts(connection, THIS_MACHINE) == [], "what was listed all along is not new"
    worked_off(service)
    listed(service.home, "bracket", bracket())
    hunt_new(service)
    hunt_new(service)
    with service.store.reading() as connection:
        (asked,) = hunts(connection, THIS_MACHINE)
    assert asked.query.designs == ("bracket",)
    while hunt_on(service):
        pass
    assert [hit.submission for hit in told(service, asked.id).hits] == [made.id]


def test_a_hunt_that_is_killed_goes_on_and_screens_nothing_twice(
    own: tuple[Service, Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, made = own
    second = hand_in(service.store, {"b.stl": stl(turned(bracket()))}, "other", by=OTHER)
    worked_off(service)
    listed(service.home, "bracket", bracket())
    monkeypatch.setattr(hunt_queue, "PIECE_S", -1.0)
    key = ask(service, BRACKET, INVESTIGATOR).id
    hunt_on(service)
    with service.store.reading() as connection:
        assert find_hunt(connection, key, INVESTIGATOR).state is HuntState.RUNNING
    assert {hit.why for hit in told(service, key).hits} == {"its file was not screened again yet"}
    monkeypatch.setattr(hunt_queue, "PIECE_S", 60.0)
    while hunt_on(service):
        pass
    assert {hit.submission: hit.status for hit in told(service, key).hits} == dict.fromkeys(
        (made.id, second.id), HuntStatus.MATCH
    )


def test_hunts_do_not_pile_up(own: tuple[Service, Submission], monkeypatch: pytest.MonkeyPatch) -> None:
    service, _ = own
    monkeypatch.setattr(hunt_queue, "MOST_WAITING", 1)
    ask(service, BRACKET, INVESTIGATOR)
    with pytest.raises(BusyError):
        ask(service, BRACKET, INVESTIGATOR)
    assert hunt_new(service) is False
