"""Families of real files against what their manifest knows: minutes, where PARTWATCH_CORPUS names it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from partwatch.cli import main
from partwatch.curation.kin_score import read_known, score
from partwatch.model.families import FamiliesDocument

CORPUS = os.environ.get("PARTWATCH_CORPUS")


@pytest.mark.skipif(
    CORPUS is None or not os.environ.get("PARTWATCH_SLOW"),
    reason="takes seven minutes: set PARTWATCH_CORPUS and PARTWATCH_SLOW=1",
)
def test_known_copies_and_revisions_are_one_family_and_strangers_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = Path(CORPUS or "")
    # 3: some files of a real corpus are damaged, or are no models at all.
    assert main(["families", str(folder), "--json"]) == 3
    document = FamiliesDocument.model_validate(json.loads(capsys.readouterr().out))
    told = score(document, read_known(folder))
    assert document.summary.uncompared == 0
    assert told.copies + told.revisions > 1500
    assert told.precision >= 0.99, told.wrong
    assert told.recall >= 0.95, told.missed
