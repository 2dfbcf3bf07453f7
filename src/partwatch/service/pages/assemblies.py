"""Parts that belong together, over time: a list of assemblies, and each with its parts, days and
submissions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from partwatch.model.assemblies import Assembly, Held, SlotState
from partwatch.model.document import MatchFinding
from partwatch.model.errors import StoreError, UsageError
from partwatch.report import assembly_page
from partwatch.report import assembly_words as words
from partwatch.report.escape import visible
from partwatch.report.markup import said
from partwatch.service import assembling
from partwatch.service.api.assemblies import asked_group
from partwatch.service.asking import Here, Who
from partwatch.service.assembling import CUSTOMER, SUBMISSION, Question, day_of
from partwatch.service.customers import customers
from partwatch.service.pages.rendering import page
from partwatch.service.principals import Principal
from partwatch.service.states import Role

router = APIRouter()
Asked = Annotated[str, Query(max_length=200)]
_SHORT = 10


@dataclass(frozen=True)
class _Form:
    """What the filters say, as they were typed."""

    customer: Asked = ""
    kind: Asked = ""
    group: Asked = ""
    since: Asked = ""
    until: Asked = ""

    def question(self) -> Question:
        """Raises UsageError."""
        group = asked_group(self.kind.strip() or None, self.group.strip() or None)
        since, until = day_of("From", self.since), day_of("Until", self.until)
        return Question(self.customer or None, group, since, until)

    def query(self) -> str:
        """The same, for an address."""
        told = {name: text for name, text in vars(self).items() if text}
        return f"?{urlencode(told)}" if told else ""


Form = Annotated[_Form, Depends()]


@router.get("/assemblies")
def list_page(
    request: Request,
    here: Here,
    who: Who,
    form: Form,
) -> Response:
    """All assemblies of what was asked."""
    who.require(Role.INVESTIGATE)
    names = customers(here.store)
    told = {"form": form, "customers": names, "found": None, "problem": None, "query": form.query()}
    told["visible"] = visible
    try:
        found = assembling.assemblies(here, who, form.question(), date.today())
    except (UsageError, StoreError) as error:
        status = 422 if isinstance(error, UsageError) else 503
        return page(request, "assemblies.html", told | {"problem": visible(str(error))}, status)
    assembling.note_look(here, who, found, "assemblies")
    rows = [_row(one, names) for one in found.document.assemblies]
    counts = [sum(row["finding"] == finding for row in rows) for finding in ("match", "review", "candidate")]
    stream = Markup(assembly_page.stream(found.document))
    return page(
        request, "assemblies.html", told | {"found": found, "rows": rows, "counts": counts, "stream": stream}
    )


@router.get("/assemblies/{key}")
def assembly_of(
    request: Request,
    here: Here,
    who: Who,
    key: str,
    form: Form,
) -> Response:
    """One of them, with pictures."""
    who.require(Role.INVESTIGATE)
    found = assembling.assemblies(here, who, form.question(), date.today())
    assembly = found.by_key(key)
    if assembly is None:
        raise HTTPException(404)
    rests_on = sorted(
        (found.submissions[public] for public in assembling.submission_ids(assembly)),
        key=lambda one: one.number,
    )
    shown = replace(found, submissions={one.id: one for one in rests_on})
    assembling.note_look(here, who, shown, f"assembly {assembly.design}")
    pictures = assembling.pictures_of(here, who, assembly, shown)
    names = customers(here.store)
    told = {
        "assembly": assembly,
        "group": _group(assembly, names),
        "words": words,
        "query": form.query(),
        "section": Markup(assembly_page.section(_once(assembly), pictures, True, _where(who))),
        "rests_on": rests_on,
        "matrix": _matrix(assembly, list(shown.submissions)),
        "visible": visible,
        "names": names,
        "may_review": Role.REVIEW in who.roles,
        "not_claimed": found.document.header.not_claimed,
    }
    return page(request, "assembly.html", told)


def _row(assembly: Assembly, names: dict[str, str]) -> dict[str, object]:
    return {
        "key": assembling.key_of(assembly),
        "finding": assembly.finding.value,
        "told": words.FINDINGS[assembly.finding],
        "design": visible(assembly.design),
        "group": _group(assembly, names),
        "parts": words.parts(assembly),
        "bits": f"{assembly.bits:.1f}",
        "support": assembly.support.value,
        "days": words.days(assembly),
        "submissions": len(assembling.submission_ids(assembly)),
    }


def _group(assembly: Assembly, names: dict[str, str]) -> str:
    if assembly.kind == CUSTOMER:
        return f"customer {visible(names.get(assembly.group, assembly.group))}"
    if assembly.kind == SUBMISSION:
        return f"submission {assembly.group[:_SHORT]}"
    return words.group(assembly)


def _where(who: Principal) -> assembly_page.Where:
    """A body's place: the file as it was called, and a way to its submission for whoever may follow it."""

    def where(held: Held) -> str:
        public = held.path.partition("/")[0]
        named = said(words.place(held.model_copy(update={"path": assembling.file_name(held.path)})))
        told = f"submission {said(public[:_SHORT])}"
        if Role.REVIEW in who.roles:
            told = f'<a href="/review/{said(public)}">{told}</a>'
        return f'<span class="mono">{named}</span> · {told} ·'

    return where


def _once(assembly: Assembly) -> Assembly:
    """Without the submissions' names behind bodies, whose place tells them already."""
    if assembly.units_by != SUBMISSION:
        return assembly
    slots = (
        state.model_copy(
            update={"held": tuple(one.model_copy(update={"unit": one.item}) for one in state.held)}
        )
        for state in assembly.slots
    )
    return assembly.model_copy(update={"slots": tuple(slots)})


def _matrix(assembly: Assembly, ids: list[str]) -> list[tuple[str, list[str]]]:
    """For each part that is there: what each submission holds of it."""
    return [
        (words.slot(state), [_holds(state, public) for public in ids])
        for state in assembly.slots
        if state.held
    ]


def _holds(state: SlotState, public: str) -> str:
    own = [one for one in state.held if one.path.startswith(f"{public}/")]
    return next((finding.value for finding in MatchFinding if any(one.finding is finding for one in own)), "")
