"""Writes a baseline's entries from a result: one for each file and listed part that was found in it."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import date
from pathlib import Path
from typing import NamedTuple

from partwatch.model.document import Accepted, MatchFinding, ResultDocument
from partwatch.model.errors import BaselineError, UsageError
from partwatch.screening.baseline import read_baseline
from partwatch.watchlist.rules import name_problem, text_problem


class Found(NamedTuple):
    """What an entry accepts. place: the item's path, for the comment above the entry."""

    sha256: str
    design: str
    part: str
    place: str


def accepted_now(reason: str, who: str | None, day: date, expires: date) -> Accepted:
    """The acceptance itself; UsageError with what is wrong with it."""
    told = {"--reason": text_problem(reason), "--who": None if who is None else name_problem(who)}
    if expires < day:
        told["--expires"] = f"{expires} is over already; give a day to come"
    problems = [f"{option} {problem}" for option, problem in told.items() if problem is not None]
    if problems:
        raise UsageError("\n".join(problems))
    return Accepted(reason=reason, who=who, accepted=day.isoformat(), expires=expires.isoformat())


def entries_of(document: ResultDocument, design: str | None, path: str | None) -> list[Found]:
    """The matches that raise something, each file and part once; UsageError where there is none."""
    found: dict[tuple[str, str, str], Found] = {}
    for item in document.items:
        if item.sha256 is None or path not in (None, item.path):
            continue
        for match in (match for body in item.bodies for match in body.matches):
            if match.finding is MatchFinding.CANDIDATE or match.accepted is not None:
                continue
            if design in (None, match.design):
                place = item.path if item.member is None else f"{item.path}: {item.member}"
                one = Found(item.sha256, match.design, match.part, place)
                found.setdefault(one[:3], one)
    if not found:
        raise UsageError("the result has no such match to accept: look at it with `partwatch render`")
    return list(found.values())


def written(entries: list[Found], accepted: Accepted) -> str:
    """The entries as TOML."""
    return "".join(_entry(one, accepted) for one in entries)


def _entry(one: Found, accepted: Accepted) -> str:
    fields = [("sha256", one.sha256), ("design", one.design), ("part", one.part), ("reason", accepted.reason)]
    if accepted.who is not None:
        fields.append(("who", accepted.who))
    lines = ["", f"# {json.dumps(one.place)}", "[[accepted]]"]
    lines += [f"{name} = {_quoted(value)}" for name, value in fields]
    lines += [f"accepted = {accepted.accepted}", f"expires = {accepted.expires}", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own, but for the pairs beyond 16 bits and DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def add_to_file(path: Path, text: str) -> None:
    """Add entries at a baseline's end, in place at once; BaselineError where it would be none then."""
    try:
        before = path.read_bytes() if path.exists() else b""
        if before and not before.endswith(b"\n"):
            before += b"\n"
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.absolute().parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(before + text.encode())
                file.flush()
                os.fsync(file.fileno())
            _check(Path(name), path)
            Path(name).chmod(path.stat().st_mode if path.exists() else 0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BaselineError(
            [f"{path}: cannot be written ({error.strerror}); check folder and space"]
        ) from error


def _check(written: Path, path: Path) -> None:
    try:
        read_baseline(written, date.min)
    except BaselineError as error:
        raise BaselineError([line.replace(str(written), str(path)) for line in error.problems]) from error
