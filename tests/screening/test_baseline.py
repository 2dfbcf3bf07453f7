"""What is accepted raises nothing, stays visible, and counts again when its time is over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import screening_jobs as jobs

from partwatch.matching import FINGERPRINT_ONLY
from partwatch.model.document import Body, Finding, Item, MatchFinding, Reason
from partwatch.model.errors import BaselineError
from partwatch.screening.baseline import Baseline, read_baseline

TODAY = date(2026, 11, 24)
FILE = "0" * 64
DATES = "accepted = 2026-01-01\nexpires = 2027-01-01\n"


def baseline(folder: Path, *entries: str, as_of: date = TODAY) -> Baseline:
    path = folder / "baseline.toml"
    path.write_text("".join(f"[[accepted]]\nreason = 'ours'\n{entry}\n" for entry in entries))
    return read_baseline(path, as_of)


def item(*bodies: Body, complete: bool = True, reasons: tuple[Reason, ...] = ()) -> Item:
    return jobs.item("stl", Finding.MATCH, complete, bodies or (jobs.body(MatchFinding.MATCH),), reasons)


def codes(judged: Item) -> list[str]:
    return [reason.code for reason in judged.reasons]


@pytest.mark.parametrize(
    "covers",
    [
        f"sha256 = '{FILE}'",
        "design = 'pump'",
        "design = 'pump'\npart = 'lid'",
        f"sha256 = '{FILE}'\ndesign = 'pump'\npart = 'lid'\nbody = 0",
    ],
)
def test_an_accepted_match_stays_and_raises_nothing(tmp_path: Path, covers: str) -> None:
    judged = baseline(tmp_path, f"{covers}\nwho = 'A. B.'\n{DATES}").judge(item())
    (match,) = judged.bodies[0].matches
    assert (judged.finding, match.finding, codes(judged)) == (Finding.CLEAR, MatchFinding.MATCH, ["accepted"])
    assert match.accepted is not None
    assert match.accepted.model_dump() == {
        "reason": "ours",
        "who": "A. B.",
        "accepted": "2026-01-01",
        "expires": "2027-01-01",
    }


@pytest.mark.parametrize(
    "covers",
    [
        f"sha256 = '{'1' * 64}'",
        "design = 'vise'",
        "design = 'pump'\npart = 'barrel'",
        f"sha256 = '{FILE}'\nbody = 1",
    ],
)
def test_what_an_entry_does_not_name_is_untouched_and_the_entry_is_unused(
    tmp_path: Path, covers: str
) -> None:
    entries = baseline(tmp_path, f"{covers}\n{DATES}", f"sha256 = '{FILE}'\ndesign = 'pump'\n{DATES}")
    alone = baseline(tmp_path, f"{covers}\n{DATES}")
    assert alone.judge(item()) == item()
    entries.judge(item())
    assert [entry.place for entry in entries.unused()] == ["entry 1 (line 1)"]


def test_an_expired_entry_counts_no_more_and_says_so(tmp_path: Path) -> None:
    entry = f"design = 'pump'\n{DATES}"
    assert codes(baseline(tmp_path, entry, as_of=date(2027, 1, 1)).judge(item())) == ["accepted"]
    late = baseline(tmp_path, entry, as_of=date(2027, 1, 2))
    judged = late.judge(item())
    assert (judged.finding, codes(judged)) == (Finding.MATCH, ["acceptance_expired"])
    assert judged.bodies[0].matches[0].accepted is None
    assert late.unused() == []


def test_of_two_entries_the_one_that_lasts_longer_counts(tmp_path: Path) -> None:
    old = "design = 'pump'\naccepted = 2020-01-01\nexpires = 2021-01-01"
    judged = baseline(tmp_path, old, f"sha256 = '{FILE}'\n{DATES}").judge(item())
    assert (judged.finding, codes(judged)) == (Finding.CLEAR, ["accepted"])


def test_only_what_is_accepted_is_set_aside(tmp_path: Path) -> None:
    mixed = item(
        jobs.body(MatchFinding.MATCH), jobs.body(MatchFinding.REVIEW).model_copy(update={"index": 1})
    )
    judged = baseline(tmp_path, f"sha256 = '{FILE}'\nbody = 0\n{DATES}").judge(mixed)
    assert judged.finding is Finding.REVIEW
    unread = baseline(tmp_path, f"design = 'pump'\n{DATES}").judge(item(complete=False))
    assert (unread.finding, unread.complete) == (Finding.UNSCREENABLE, False)


def test_a_candidate_needs_no_acceptance(tmp_path: Path) -> None:
    weak = item(jobs.body(MatchFinding.CANDIDATE))
    entries = baseline(tmp_path, f"design = 'pump'\n{DATES}")
    assert entries.judge(weak) == weak
    assert len(entries.unused()) == 1


def test_a_resemblance_is_accepted_only_with_its_whole_file(tmp_path: Path) -> None:
    reason = Reason(code=FINGERPRINT_ONLY, message="resembles")
    alike = jobs.item("stl", Finding.REVIEW, reasons=(reason,))
    whole = baseline(tmp_path, f"sha256 = '{FILE}'\n{DATES}").judge(alike)
    assert (whole.finding, codes(whole)) == (Finding.CLEAR, [FINGERPRINT_ONLY, "accepted"])
    some = baseline(tmp_path, f"sha256 = '{FILE}'\ndesign = 'pump'\n{DATES}").judge(alike)
    assert some == alike


def test_every_problem_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(
        "[[accepted]]\nreason = 'x'\naccepted = 2026-01-01\nexpires = 2025-01-01\nsha256 = 'AB'\n"
        "[[accepted]]\npart = 'lid'\nreason = ''\nexpires = '2027-01-01'\nbody = -1\ncolour = 1\n"
    )
    with pytest.raises(BaselineError) as caught:
        read_baseline(path, TODAY)
    assert [problem.removeprefix(f"{path}: ").split(": ")[:2] for problem in caught.value.problems] == [
        ["entry 1 (line 1)", "sha256"],
        ["entry 1 (line 1)", "expires"],
        ["entry 2 (line 6)", "'colour'"],
        ["entry 2 (line 6)", "accepted"],
        ["entry 2 (line 6)", "expires"],
        ["entry 2 (line 6)", "reason"],
        ["entry 2 (line 6)", "sha256"],
        ["entry 2 (line 6)", "part"],
        ["entry 2 (line 6)", "body"],
        ["entry 2 (line 6)", "body"],
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"accepted = 3", "not an array of tables"),
        (b"[[acepted]]", "no key here"),
        (b"[[accepted", "not valid TOML"),
        (b"\xff", "not UTF-8 at byte 0"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "b.toml"
    path.write_bytes(content)
    with pytest.raises(BaselineError, match=says):
        read_baseline(path, TODAY)
    with pytest.raises(BaselineError, match="cannot be opened"):
        read_baseline(tmp_path / "none", TODAY)


def test_a_text_that_looks_like_a_table_costs_the_lines_not_the_entries(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(f'[[accepted]]\ndesign = \'pump\'\nreason = """a\n[[accepted]]\n"""\n{DATES}')
    assert [entry.place for entry in read_baseline(path, TODAY).entries] == ["entry 1"]
