"""Marks on a terminal: read from the document alone, the rare ones first, the hidden ones counted."""

from __future__ import annotations

import io

from rich.console import Console

from partwatch.model.document import Reason
from partwatch.model.marks import (
    ABSENCE,
    Forgery,
    Hypothesis,
    Mark,
    MarkedItem,
    MarkKind,
    MarksDocument,
    MarksPopulation,
    MarksSummary,
    Rarity,
    Where,
)
from partwatch.report import marks_words
from partwatch.report.marks_text import MOST_ROWS, render


def mark(kind: MarkKind, name: str, value: str, projects: int | None = None, counted: int = 0) -> Mark:
    rarity = None
    if projects is not None:
        bits = 3.0 - projects
        rarity = Rarity(
            projects=projects, counted=counted or projects, of_projects=20, files=projects, of_files=40,
            share_upper=0.5, bits=bits,
        )  # fmt: skip
    return Mark(
        kind=kind, name=name, value=value, where=Where(part="a/b.config", line=1234),
        group="project settings",
        forgery=Forgery.REPACK, times=1, rarity=rarity,
    )  # fmt: skip


def shown(
    *marks: Mark, every: bool = False, attribution: tuple[Hypothesis, ...] = (), left_out: int = 0
) -> str:
    item = MarkedItem(
        path="jaw\x1b.3mf", member=None, sha256="0" * 64, formats=("zip", "package"), marks=marks,
        left_out=left_out, attribution=attribution, complete=False,
        reasons=(Reason(code="damaged", message="a part is cut"),),
    )  # fmt: skip
    document = MarksDocument(
        program_version="0",
        population=MarksPopulation(name="ours", version="abc", projects=20, files=40, source="made up"),
        summary=MarksSummary(items=1, marked=1, marks=len(marks), incomplete=1),
        items=(item,),
    )
    out = io.StringIO()
    render(MarksDocument.model_validate_json(document.model_dump_json()), Console(file=out, width=240), every)
    return out.getvalue()


def test_the_rare_come_before_the_common_and_what_is_hidden_is_counted() -> None:
    names = [mark(MarkKind.OBJECT_NAME, "object", f"name-{k}", k % 3) for k in range(MOST_ROWS + 4)]
    text = shown(*names)
    assert text.index("name-3") < text.index("name-1") < text.index("name-4")
    assert "4 more with --all: 4 of project settings" in text
    assert all(f"name-{k}" in shown(*names, every=True) for k in range(MOST_ROWS + 4))


def test_settings_are_summed_up_but_for_the_rare() -> None:
    marks = [mark(MarkKind.SETTING, f"key_{k}", "1", 0 if k == 7 else 3) for k in range(300)]
    text = shown(*marks)
    assert "key_7 " in text
    assert "key_8 " not in text
    assert "299 more with --all" in text


def test_a_place_a_share_and_a_class_of_forgery_stand_beside_each_mark() -> None:
    text = shown(mark(MarkKind.AUTHOR, "Designer", "E. Example", 0, counted=1))
    assert "at most 1 of 20 projects, 3.0 bits" in text
    assert "a/b.config, line 1,234" in text
    assert "repacking" in text
    assert marks_words.FORGERY_MEANS[Forgery.REPACK] in text
    assert marks_words.FORGERY_MEANS[Forgery.REMAKE] not in text


def test_what_the_population_does_not_know_is_said_to_be_unknown() -> None:
    assert "not in the population" in shown(mark(MarkKind.PRINTER, "printer_model", "X"))


def test_hypotheses_come_with_what_speaks_against_them() -> None:
    said = Hypothesis(
        software="BambuStudio", version="2.1", stated_by=("Application",), against=("it does not fit",)
    )
    text = shown(attribution=(said,))
    assert "BambuStudio 2.1: stated by Application" in text
    assert "but it does not fit" in text


def test_reasons_limits_and_the_warning_are_there_and_controls_are_not() -> None:
    text = shown(left_out=5)
    assert "unread: a part is cut" in text
    assert "5 more marks than are kept were left out" in text
    assert ABSENCE in text
    assert "“ours” (version abc)" in text
    assert "\x1b" not in text


def test_every_kind_and_every_class_has_its_word() -> None:
    assert set(marks_words.KINDS) == set(MarkKind)
    assert set(marks_words.FORGERY) == set(marks_words.FORGERY_MEANS) == set(Forgery)
