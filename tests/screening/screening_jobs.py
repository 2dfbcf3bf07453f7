"""A stand-in for the real job: each file's content says how its reader behaves.

`clear`, `review`, `match`, `abort`, `segfault`, `hang`, `eat`, `print`, `junk`, `long`, `unreadable`, `fail`,
`incomplete`; or a JSON object, an archive: member names and their contents.
"""

from __future__ import annotations

import ctypes
import json
import os
import time
from pathlib import Path
from typing import Any

from partwatch.model.document import (
    Body,
    Deviation,
    Finding,
    Item,
    Match,
    MatchFinding,
    Medium,
    Reason,
    Relation,
    UnitSource,
    View,
)
from partwatch.model.errors import DamagedError, StoreError
from partwatch.model.mesh import Unit
from partwatch.screening.answer import Answer


def setup() -> None:
    """Nothing: importing this module is what takes time, and it is not to count as a task's."""


def screen_file(
    path: str, chain: list[str], source_sha256: str | None = None, named: str | None = None
) -> bytes:
    text = Path(path).read_text()
    for name in chain:
        text = json.loads(text)[name]
        if not isinstance(text, str):
            text = json.dumps(text)
    if text.startswith("{"):
        members = tuple(json.loads(text))
        return Answer(item=item("zip", Finding.CLEAR), members=members).model_dump_json().encode()
    return behave(text)


def behave(text: str) -> bytes:
    word, _, argument = text.partition(" ")
    if word == "wait":
        while not Path(argument).exists():
            time.sleep(0.005)
        word = "clear"
    if word == "print":
        os.write(1, b"noise\n" * 1000)
        word = "clear"
    if word in _MISBEHAVIOURS:
        return bytes(_MISBEHAVIOURS[word]())
    return Answer(item=found(word)).model_dump_json().encode()


def found(word: str) -> Item:
    if word == "incomplete":
        reason = Reason(code="unsupported", message="a lattice went unread")
        return item("stl", Finding.UNSCREENABLE, complete=False, reasons=(reason,))
    finding = Finding(word)
    bodies = () if finding is Finding.CLEAR else (body(MatchFinding(word)),)
    return item("stl", finding, bodies=bodies)


def item(
    format: str,
    finding: Finding,
    complete: bool = True,
    bodies: tuple[Body, ...] = (),
    reasons: tuple[Reason, ...] = (),
) -> Item:
    return Item(
        path="what the worker says does not count",
        member="nor this",
        sha256="0" * 64,
        format=format,
        finding=finding,
        complete=complete,
        reasons=reasons,
        bodies=bodies,
    )


def body(*findings: MatchFinding) -> Body:
    return Body(
        index=0,
        name=None,
        unit=Unit.MILLIMETRE,
        unit_source=UnitSource.STATED,
        extents_mm=(1, 1, 1),
        triangles=12,
        notes=(),
        matches=tuple(match(finding) for finding in findings),
    )


def match(finding: MatchFinding) -> Match:
    return Match(
        design="pump",
        part="lid",
        finding=finding,
        relation=Relation.SAME_SHAPE,
        medium=Medium.MESH,
        scale=1,
        scale_ambiguous=False,
        mirrored=False,
        T_part_body=((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
        coverage_part=1,
        coverage_body=1,
        tolerance_mm=0.1,
        deviation_mm=Deviation(median=0, p95=0, max=0),
        score=1,
        bits=None,
        distinctiveness=1,
        view=View(positions="", triangles="", distance_um=""),
    )


def _raise(error: Exception) -> Any:
    raise error


def _hang() -> bytes:
    time.sleep(3600)
    return b""


_MISBEHAVIOURS: dict[str, Any] = {
    "abort": os.abort,
    "segfault": lambda: ctypes.string_at(0),
    "hang": _hang,
    "eat": lambda: bytes(8 << 30),
    "junk": lambda: b"\xff{junk",
    "long": lambda: bytes(2 << 20),
    "unreadable": lambda: _raise(DamagedError("cut short at byte 7: transfer it again")),
    "fail": lambda: _raise(ValueError("odd")),
    "nolist": lambda: _raise(StoreError("the list is gone")),
}
