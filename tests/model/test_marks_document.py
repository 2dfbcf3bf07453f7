"""The document of marks is a contract: a field that comes, goes or changes its name is a new version."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from partwatch.model.marks import (
    SCHEMA,
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

FIELDS = {
    "Where": "part line byte",
    "Rarity": "projects counted of_projects files of_files share_upper bits",
    "Mark": "kind name value where group forgery times rarity",
    "Hypothesis": "software version stated_by against bits bits_rewritten",
    "MarkedItem": "path member sha256 formats marks left_out attribution complete reasons",
    "MarksPopulation": "name version projects files source",
    "MarksSummary": "items marked marks incomplete",
    "MarksDocument": "type schema_version program_version population note summary items",
}


def test_fields_are_those_of_this_version() -> None:
    assert SCHEMA == "partwatch-marks-1"
    records = (
        Where, Rarity, Mark, Hypothesis, MarkedItem, MarksPopulation, MarksSummary, MarksDocument,
    )  # fmt: skip
    changed = {each.__name__ for each in records if " ".join(each.model_fields) != FIELDS[each.__name__]}
    assert changed == set(), "raise SCHEMA, and say so in CHANGELOG.md and docs/marks.md"


def test_words_are_those_of_this_version() -> None:
    assert " ".join(Forgery) == "text_editor repack binary_edit resave remake"
    assert " ".join(MarkKind) == (
        "banner version date setting preset printer filament macro object_name path user author title "
        "licence identifier thumbnail statistic comment header habit"
    )


def test_a_mark_cannot_be_changed() -> None:
    mark = Mark(
        kind=MarkKind.DATE, name="generated", value="2023-10-31", where=Where(line=1), group="gcode banner",
        forgery=Forgery.TEXT_EDITOR, times=1,
    )  # fmt: skip
    with pytest.raises(ValidationError):
        mark.value = "2024-01-01"  # type: ignore[misc]  # that is what is tried
    assert Mark.model_validate_json(mark.model_dump_json()) == mark
