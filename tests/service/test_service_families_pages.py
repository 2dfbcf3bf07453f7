"""Families on demand: what is compared, how a run stands whatever ends, who sees it, how it is drawn."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from network_samples import (
    BOUND,
    CURATOR,
    HOSTILE,
    INVESTIGATOR,
    REVIEWER,
    SUBMITTER,
    Pages,
    design,
    handed_in,
    listed,
    part,
    shops,
)
from sqlalchemy import update

from families_documents import chain, document, shape
from partwatch.report.families_dendrogram import dendrogram, joins_of
from partwatch.service import families, housekeeping
from partwatch.service.assembling import Question
from partwatch.service.families import FAILED, FOUND, Of, RunState, UnknownRunError
from partwatch.service.forgetting import forget
from partwatch.service.principals import THIS_MACHINE, ForbiddenError
from partwatch.service.queueing import BusyError
from partwatch.service.submissions import Submission
from partwatch.service.tables import FILES, SUBMISSIONS

EVERYTHING = Question()
DOCUMENT = document([chain(1, [shape(n, f"id/{'<b>x</b>' if n == 2 else n}.stl") for n in range(1, 5)])], [])
PNG = b"\x89PNG of a shape"


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    listed(tmp_path)
    made = Pages(tmp_path, who=INVESTIGATOR)
    shops(made.store)
    return made


@pytest.fixture
def kept(pages: Pages) -> list[Submission]:
    return [
        handed_in(pages.store, "shop", "2026-03-01", {"a.stl": [], HOSTILE: []}),
        handed_in(pages.store, "other", "2026-03-05", {"a.stl": []}),
    ]


def done(folder: Path, lock: int) -> None:
    """In place of the process: what it found."""
    (folder / FOUND).write_text(DOCUMENT.model_dump_json())
    (folder / "2.png").write_bytes(PNG)


def killed(folder: Path, lock: int) -> None:
    """In place of the process: it ends before it begins."""


def test_the_kept_files_are_named_by_their_submission_and_the_asking_is_noted(
    pages: Pages, kept: list[Submission]
) -> None:
    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, done)
    names = [name for _, name in run.told["files"]]
    assert names == [f"{kept[1].id}/a.stl", f"{kept[0].id}/a.stl", f"{kept[0].id}/{HOSTILE}"]
    assert all(Path(path).is_file() for path, _ in run.told["files"])
    assert set(run.submissions) == {one.id for one in kept}
    assert pages.looks()[-1]["ids"] == list(run.submissions)

    own = families.ask(pages.service, INVESTIGATOR, Of.FILES, Question(customer="shop"), done)
    assert own.submissions == (kept[0].id,)


def test_files_that_are_gone_are_not_compared(pages: Pages, kept: list[Submission]) -> None:
    with pages.store.writing() as connection:
        connection.execute(update(FILES).where(FILES.c.name == HOSTILE).values(stored=None))
    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, done)
    assert len(run.told["files"]) == 2
    pages.who = INVESTIGATOR
    few = pages.post("/families", {"of": "files", "customer": "shop"}, "/families")
    assert few.status_code == 422
    assert "nothing to compare" in few.text


def test_beyond_the_limit_files_are_left_out_and_told(
    pages: Pages, kept: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "MOST_FILES", 2)
    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, done)
    assert (len(run.told["files"]), run.told["left_out"]) == (2, 1)
    assert "1 kept files were too many" in pages.get(f"/families/{run.id}").text


def test_a_run_is_running_while_its_process_lives_and_ended_when_it_was_killed(
    pages: Pages, kept: list[Submission]
) -> None:
    processes = []

    def start(folder: Path, lock: int) -> None:
        # Lives until its stdin ends, and holds the lock as long.
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(lock,)))

    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, start)
    assert run.state is RunState.RUNNING
    assert 'http-equiv="refresh"' in pages.get(f"/families/{run.id}").text
    assert pages.get(f"/v1/families/{run.id}/document").status_code == 409
    families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, start)
    with pytest.raises(BusyError):
        families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, start)
    for process in processes:
        process.kill()
        process.communicate()
    assert families.run_of(pages.service, INVESTIGATOR, run.id).state is RunState.ENDED
    page = pages.get(f"/families/{run.id}").text
    assert "Ask for it again" in page
    assert 'http-equiv="refresh"' not in page


def test_a_failed_run_says_why(pages: Pages, kept: list[Submission]) -> None:
    def fail(folder: Path, lock: int) -> None:
        (folder / FAILED).write_text(f"no room {HOSTILE}")

    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, fail)
    page = pages.get(f"/families/{run.id}").text
    assert "no room &lt;script&gt;" in page
    assert "<script>alert" not in page
    assert pages.get(f"/v1/families/{run.id}").json()["state"] == "failed"


def test_investigators_see_files_curators_see_the_list_and_nobody_else_anything(
    pages: Pages, kept: list[Submission]
) -> None:
    of_files = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, done)
    of_list = families.ask(pages.service, CURATOR, Of.LIST, EVERYTHING, done)
    own = families.ask(pages.service, BOUND, Of.FILES, EVERYTHING, done)
    assert own.submissions == (kept[0].id,)
    with pytest.raises(ForbiddenError):
        families.ask(pages.service, INVESTIGATOR, Of.LIST, EVERYTHING, done)
    with pytest.raises(ForbiddenError):
        families.ask(pages.service, CURATOR, Of.FILES, EVERYTHING, done)

    def seen(who: object) -> set[str]:
        return {one.id for one in families.runs(pages.service, who)}  # type: ignore[arg-type]  # a principal

    assert seen(THIS_MACHINE) == {of_files.id, of_list.id, own.id}
    assert seen(INVESTIGATOR) == {of_files.id, own.id}
    assert seen(CURATOR) == {of_list.id}
    assert seen(BOUND) == {own.id}
    pages.who = CURATOR
    assert pages.get(f"/families/{of_files.id}").status_code == 404
    assert pages.get(f"/v1/families/{of_files.id}/document").status_code == 404
    for who in (SUBMITTER, REVIEWER):
        pages.who = who
        for path in ("/families", f"/families/{of_list.id}", "/v1/families", f"/v1/families/{of_list.id}"):
            assert pages.get(path).status_code == 403


def test_a_done_run_is_shown_with_pictures_and_a_dendrogram_and_each_look_is_noted(
    pages: Pages, kept: list[Submission]
) -> None:
    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, done)
    before = len(pages.looks())
    page = pages.get(f"/families/{run.id}").text
    assert page.count("data:image/png;base64,") == 1
    assert 'class="dendrogram"' in page
    assert "&lt;b&gt;x&lt;/b&gt;.stl" in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    told = pages.get(f"/v1/families/{run.id}/document").json()
    assert told == DOCUMENT.model_dump(mode="json")
    assert [(one["run"], one["by"]) for one in pages.looks()[before:]] == [(run.id, "ines")] * 2


def test_a_run_goes_with_a_forgotten_submission_and_after_its_time(
    pages: Pages, kept: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, done)
    stays = families.ask(pages.service, INVESTIGATOR, Of.FILES, Question(customer="shop"), done)
    with pages.store.writing() as connection:
        gone = update(SUBMISSIONS).where(SUBMISSIONS.c.id == kept[1].id)
        connection.execute(gone.values(forgotten_at="2026-04-01T00:00:00.000Z"))
    with pytest.raises(UnknownRunError):
        families.run_of(pages.service, INVESTIGATOR, run.id)
    assert not run.folder.exists()
    assert stays.folder.exists()
    monkeypatch.setattr(families, "KEPT_DAYS", -1)
    assert families.runs(pages.service, INVESTIGATOR) == []
    assert not stays.folder.exists()


def test_forgetting_removes_runs_and_a_chore_those_that_are_old(
    pages: Pages, kept: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = families.ask(pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, done)
    stays = families.ask(pages.service, INVESTIGATOR, Of.FILES, Question(customer="shop"), done)
    decide_all(pages)
    forget(pages.service, kept[1].id, THIS_MACHINE, "asked for")
    assert (run.folder.exists(), stays.folder.exists()) == (False, True)
    monkeypatch.setattr(families, "KEPT_DAYS", -1)
    (chore,) = (one for one in housekeeping.chores() if one.name == "families-tidy")
    assert chore.run(pages.service) is False
    assert not stays.folder.exists()


def test_a_run_that_was_under_way_is_not_shown_once_a_submission_is_forgotten(
    pages: Pages, kept: list[Submission]
) -> None:
    held: list[int] = []
    run = families.ask(
        pages.service, INVESTIGATOR, Of.FILES, EVERYTHING, lambda folder, lock: held.append(os.dup(lock))
    )
    decide_all(pages)
    forget(pages.service, kept[1].id, THIS_MACHINE, "asked for")
    assert families.run_of(pages.service, INVESTIGATOR, run.id).state is RunState.RUNNING
    done(run.folder, held[0])
    os.close(held[0])
    over = families._run(run.folder)
    assert over.state is RunState.DONE
    with pytest.raises(UnknownRunError):
        families.found_by(pages.service, INVESTIGATOR, over)
    with pytest.raises(UnknownRunError):
        families.run_of(pages.service, INVESTIGATOR, run.id)
    assert not run.folder.exists()


def decide_all(pages: Pages) -> None:
    with pages.store.writing() as connection:
        connection.execute(update(SUBMISSIONS).values(state="passed"))


def test_the_form_leads_to_the_run_and_refuses_nonsense(
    pages: Pages, kept: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(families, "_spawn", killed)
    asked = {"of": "files", "customer": "", "since": "2026-03-01", "until": ""}
    made = pages.post("/families", asked, "/families")
    assert made.status_code == 303
    assert pages.get(made.headers["location"]).status_code == 200
    for wrong in ({"of": "all"}, {"of": "files", "since": HOSTILE}, {"of": "files", "customer": "a\0"}, {}):
        refused = pages.post("/families", wrong, "/families")
        assert refused.status_code == 422
        assert "<script>alert" not in refused.text
    begun = pages.send("/v1/families", {"of": "files", "since": str(date(2026, 3, 1))})
    assert begun.status_code == 202
    assert begun.json()["files"] == 3
    assert pages.send("/v1/families", {"of": "files", "more": 1}).status_code == 422
    assert pages.get("/families/..").status_code in (303, 307, 404)
    assert pages.get("/v1/families/none").status_code == 404


def test_the_process_compares_the_lists_parts(tmp_path: Path) -> None:
    same = part("one"), part("other")
    listed(tmp_path, design("first", same[0]), design("second", same[1]))
    pages = Pages(tmp_path, who=CURATOR)
    begun: list[list[str]] = []

    def here(folder: Path, lock: int) -> None:
        begun.append([sys.executable, "-P", "-m", "partwatch.service.families_job", str(folder)])

    run = families.ask(pages.service, CURATOR, Of.LIST, EVERYTHING, here)
    from partwatch.service.families_job import main

    assert main(run.folder) == 0
    run = families.run_of(pages.service, CURATOR, run.id)
    found, pictures = families.found_by(pages.service, CURATOR, run)
    assert found.summary.files == 2
    assert {file.path for one in found.families for two in one.shapes for file in two.files} == {
        "first/one", "second/other"
    }  # fmt: skip
    assert all(png.startswith(b"\x89PNG") for png in pictures.values())
    assert pictures


def test_a_dendrogram_joins_the_nearest_first(pages: Pages) -> None:
    family = DOCUMENT.families[0]
    shapes, joins = joins_of(family)
    assert sorted(one.id for one in shapes) == [1, 2, 3, 4]
    assert len(joins) == 3
    assert [one.at for one in joins] == sorted(one.at for one in joins)
    assert all(max(one.since) <= one.at for one in joins)
    assert dendrogram(family).count("<path ") == 3
    assert dendrogram(chain(1, [shape(1, "a"), shape(2, "b")])) == ""
    assert dendrogram(chain(1, [shape(n, f"{n}") for n in range(80)])) == ""
