"""Statements of reasons: what whoever submitted is told of what was decided.

Their contents follow Article 17 of Regulation (EU) 2022/2065, paragraph 3: what was decided and what it
affects, the facts, whether machines did it, the ground, and the ways to contest it. The same words stand for
whatever was found: who reads them learns nothing to tune a shape by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from partwatch.service.decisions import MOST_APPEALS, Decided
from partwatch.service.states import Act, State
from partwatch.service.submissions import Submission
from partwatch.service.views import Message, Redress, Statement


@dataclass(frozen=True)
class _Words:
    decision: str
    effect: str
    ground: str


_SCREENED: Final = (
    "The operator screens whatever is handed in for making, all of it alike, against a list of designs that "
    "it does not make without looking into it."
)
_HELD_GROUND: Final = (
    f"{_SCREENED} This submission could not be passed by machine: something in it resembles what is on the "
    "list, or could not be read, or it resembles what was handed in before. That is no finding against "
    "anybody."
)
_OF_STATE: Final[Mapping[State, _Words]] = {
    State.PASSED: _Words(
        "It was passed.", "Nothing stands in the way of making it.", f"{_SCREENED} Nothing was found."
    ),
    State.HELD: _Words(
        "It is held until a person has looked at it.", "It is not made until then.", _HELD_GROUND
    ),
    State.ASKED: _Words(
        "It is held, and the operator has a question.",
        "It is not made before the question is answered and a person has decided.",
        _HELD_GROUND,
    ),
    State.RELEASED: _Words(
        "It was released by a person.",
        "Nothing stands in the way of making it.",
        f"{_SCREENED} A person looked at it and found nothing against it.",
    ),
    State.CONFIRMED: _Words(
        "It was refused by a person.",
        "It is not made, nor any part of it. Other submissions are not affected.",
        f"{_SCREENED} A person looked at it and found that it is, or holds, something on that list. The "
        "operator's terms exclude that.",
    ),
}
_FACTS: Final = "What was handed in was looked at as it is, its shapes and nothing else. Nobody reported it."
_BY_MACHINE: Final = "It was screened by machine, by comparing shapes, and passed by machine."
_NOT_YET: Final = "It was screened by machine, by comparing shapes. No decision is left to the machine."
_BY_PERSON: Final = "It was screened by machine, by comparing shapes. A person decided."
_MESSAGES: Final[Mapping[Act, str]] = {
    Act.ASK: "operator", Act.ANSWER: "submitter", Act.APPEAL: "submitter",
}  # fmt: skip


def statement_of(submission: Submission, decided: Sequence[Decided], operator: str) -> Statement | None:
    """The statement of a submission with all that was decided of it; None while it is not screened."""
    words = _OF_STATE.get(submission.state)
    if words is None:
        return None
    return Statement(
        submission=submission.id,
        reference=submission.reference,
        state=submission.state,
        decision=words.decision,
        effect=words.effect,
        facts=_FACTS,
        ground=words.ground,
        automated=_automated(submission.state),
        decided_at=submission.decided_at,
        messages=tuple(_messages(decided)),
        redress=_redress(submission.state, decided),
        contact=operator or None,
    )


def _automated(state: State) -> str:
    if state in (State.RELEASED, State.CONFIRMED):
        return _BY_PERSON
    return _BY_MACHINE if state is State.PASSED else _NOT_YET


def _messages(decided: Sequence[Decided]) -> list[Message]:
    return [
        Message(
            at=one.at,
            by="operator" if _MESSAGES[one.act] == "operator" else "submitter",
            act=one.act,
            text=one.reason,
        )
        for one in decided
        if one.act in _MESSAGES
    ]


def _redress(state: State, decided: Sequence[Decided]) -> Redress:
    left = max(0, MOST_APPEALS - sum(one.act is Act.APPEAL for one in decided))
    courts = "The courts are open whatever is decided here."
    if state is State.CONFIRMED and left:
        how = f"Appeal, and say why: a person looks at it again. {left} of {MOST_APPEALS} appeals are left."
        return Redress(possible=True, left=left, how=f"{how} {courts}")
    if state is State.CONFIRMED:
        how = f"It was appealed {MOST_APPEALS} times; write to the operator. {courts}"
    elif state is State.ASKED:
        how = "Answer the question. Once it is decided, a refusal can be appealed."
    elif state is State.HELD:
        how = "Nothing is decided yet. Once it is, a refusal can be appealed."
    else:
        how = "There is nothing to contest."
    return Redress(possible=False, left=left, how=how)
