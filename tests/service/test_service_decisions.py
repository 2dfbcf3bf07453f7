"""Decisions: each with its reason, from the states that it may come from, by whom it may be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from service_samples import OTHER, SHOP, hand_in
from sqlalchemy import update

from partwatch.ledger import log
from partwatch.model.errors import UsageError
from partwatch.service import events
from partwatch.service.customers import add_customer
from partwatch.service.decisions import MOST_APPEALS, WrongStateError, decide, decided, look
from partwatch.service.principals import THIS_MACHINE, ForbiddenError
from partwatch.service.settings import Settings
from partwatch.service.states import TRANSITIONS, Act, State
from partwatch.service.store import ServiceStore
from partwatch.service.submissions import UnknownSubmissionError
from partwatch.service.tables import SUBMISSIONS


@pytest.fixture
def store(tmp_path: Path) -> ServiceStore:
    made = ServiceStore.open(tmp_path, Settings())
    for one in ("shop", "other"):
        add_customer(made, one, one, THIS_MACHINE)
    return made


def in_state(store: ServiceStore, state: State) -> str:
    made = hand_in(store, {"a.stl": b"1"}, "shop", by=SHOP)
    with store.writing() as connection:
        connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.id == made.id).values(state=state.value))
    return made.id


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("state", State)
def test_an_act_leads_where_the_table_says_and_from_nowhere_else(
    store: ServiceStore, act: Act, state: State
) -> None:
    public, (allowed, after) = in_state(store, state), TRANSITIONS[act]
    if state in allowed:
        assert decide(store, public, act, "because", THIS_MACHINE).state is after
        return
    with pytest.raises(WrongStateError, match=state.value):
        decide(store, public, act, "because", THIS_MACHINE)
    with store.reading() as connection:
        assert list(log.entries(connection, kind="decision")) == []


def test_an_appeal_reopens_and_all_of_it_is_on_record(store: ServiceStore) -> None:
    public = in_state(store, State.HELD)
    decide(store, public, Act.ASK, "what is it for?", THIS_MACHINE)
    decide(store, public, Act.ANSWER, "a lamp", SHOP)
    confirmed = decide(store, public, Act.CONFIRM, "it is the listed part", THIS_MACHINE)
    assert confirmed.decided_at is not None
    reopened = decide(store, public, Act.APPEAL, "it is my own design", SHOP)
    assert (reopened.state, reopened.decided_at) == (State.HELD, None)
    decide(store, public, Act.RELEASE, "so it is", THIS_MACHINE)
    with store.reading() as connection:
        made = decided(connection, confirmed.number)
        entries = len(list(log.entries(connection, kind="decision")))
        kinds = [one.kind for one in events.after(connection, 0, submission=public)]
    assert [one.act for one in made] == [Act.ASK, Act.ANSWER, Act.CONFIRM, Act.APPEAL, Act.RELEASE]
    assert [one.by for one in made][1] == "shop"
    assert entries == 5
    assert kinds == [events.ACCEPTED] + [events.DECIDED] * 3 + [events.APPEALED, events.DECIDED]


def test_who_submits_decides_nothing_and_nobody_decides_of_what_is_not_theirs(store: ServiceStore) -> None:
    public = in_state(store, State.HELD)
    with pytest.raises(ForbiddenError, match="review"):
        decide(store, public, Act.RELEASE, "let me", SHOP)
    refused = in_state(store, State.CONFIRMED)
    with pytest.raises(UnknownSubmissionError):
        decide(store, refused, Act.APPEAL, "not mine", OTHER)


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 4001, "a\0b"])
def test_a_decision_needs_a_reason_that_can_be_read(store: ServiceStore, reason: str) -> None:
    with pytest.raises(UsageError):
        decide(store, in_state(store, State.HELD), Act.RELEASE, reason, THIS_MACHINE)


def test_appeals_come_to_an_end(store: ServiceStore) -> None:
    public = in_state(store, State.CONFIRMED)
    for _ in range(MOST_APPEALS):
        decide(store, public, Act.APPEAL, "again", SHOP)
        decide(store, public, Act.CONFIRM, "still", THIS_MACHINE)
    with pytest.raises(WrongStateError, match="3 times"):
        decide(store, public, Act.APPEAL, "again", SHOP)


def test_every_look_at_a_finding_is_in_the_ledger(store: ServiceStore) -> None:
    public = in_state(store, State.HELD)
    assert look(store, public, THIS_MACHINE, "result").id == public
    with pytest.raises(ForbiddenError):
        look(store, public, SHOP, "result")
    with store.reading() as connection:
        (entry,) = log.entries(connection, kind="look")
    assert entry.by == "this machine"
    assert entry.opening is not None
    assert entry.opening.body["id"] == public
