"""A saved evaluation is read whole or refused with the place and the mend."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluations import made_up
from partwatch.model.errors import DocumentError
from partwatch.model.evaluation import checked, load

MADE = made_up()


def test_it_is_kept_as_it_is_further_keys_included() -> None:
    more = MADE | {"later": {"things": [1]}}
    assert checked(more) is more


DISGUISE = {
    "kind": "holes", "part": "a/one: b.stl", "truth": "edited", "surviving": 0.97, "finding": "match",
    "relation": "edited", "score": 0.95, "coverage_part": 0.97, "coverage_body": 0.98, "bits": 10.5,
}  # fmt: skip


def test_disguises_may_be_there_and_are_then_whole() -> None:
    assert checked(made_up(disguises=[DISGUISE]))["disguises"] == [DISGUISE]
    for key, wrong in (("surviving", 1.5), ("finding", "clear"), ("coverage_part", "0.9"), ("part", None)):
        with pytest.raises(DocumentError, match=rf"disguises\.0\.{key}"):
            checked(made_up(disguises=[DISGUISE | {key: wrong}]))


def test_what_was_not_measured_is_none() -> None:
    assert checked(made_up(llr=None, held_back=None, revisions=None, calibration=None))["llr"] is None


@pytest.mark.parametrize("size", [0, 1, 500, -1])
def test_a_cut_file_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(MADE)[:size], encoding="utf-8")
    with pytest.raises(DocumentError, match=r"old\.json: line 1, column \d+: not JSON"):
        load(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "byte 0 is not UTF-8"),
        (b"[]", "not an evaluation"),
        (b"{}", "its schema is None"),
        (b'{"header": {"schema_version": "1"}}', "its schema is None"),
        (b"[" * 200_000, "no evaluation has such contents"),
        (b"1" * 10_000, "no evaluation has such contents"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=says):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.json: cannot be read \(No such file"):
        load(tmp_path / "none.json")


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    *steps, last, value = path

    def change(evaluation: dict[str, Any]) -> None:
        target: Any = evaluation
        for step in steps:
            target = target[step]
        target[last] = value

    return change


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (_set("recall", 0, "hits", 151), r"recall\.0: 151 hits of 150 trials"),
        (_set("recall", 0, "low", float("nan")), r"recall\.0\.low"),
        (_set("recall", 1, "class", "rotation"), "recall: change rotation match is there twice"),
        (_set("false", 0, "hits", 10**9), r"false\.0: 1000000000 hits"),
        (_set("false", 1, "finding", "match"), "false: a finding is there twice"),
        (_set("false", 1, "finding", "clear"), r"false\.1\.finding"),
        (_set("held_back", "parts", 1411), "held_back: 1411 parts of 1410"),
        (_set("llr", "cllr", float("inf")), r"llr\.cllr"),
        (_set("llr", "cllr_low", None), "llr: half an interval"),
        (_set("llr", "tippett", "mates", [1.0]), r"llr\.tippett: curves of different lengths"),
        (_set("llr", "stated", 0, "of", 0), r"llr\.stated\.0"),
        (_set("population", None), "population"),
        (_set("population", "bodies", "4595"), r"population\.bodies"),
        (_set("false", 0, "bodies", 10**30), r"false\.0\.bodies"),
        (
            _set("llr", "tippett", "bits", 0, 1e308),
            r"llr\.Likelihood\.tippett\.bits\.0|llr\.tippett\.bits\.0",
        ),
        (_set("misses", 0, ["one"]), r"misses\.0"),
    ],
)
def test_what_no_evaluation_can_say_is_refused(damage: Any, place: str) -> None:
    evaluation = copy.deepcopy(MADE)
    damage(evaluation)
    with pytest.raises(DocumentError, match=rf"old\.json: {place}.* evaluate again"):
        checked(evaluation, "old.json")


@pytest.mark.parametrize("key", sorted(MADE))
def test_no_key_may_be_missing(key: str) -> None:
    with pytest.raises(DocumentError, match=key):
        checked({name: value for name, value in MADE.items() if name != key})
