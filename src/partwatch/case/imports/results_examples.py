"""Tiny saved results for the contract test of their importer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from partwatch.case.imports.base import Example
from partwatch.case.imports.said import CONTAINS
from partwatch.case.statements import keyed
from partwatch.model import document
from partwatch.model.document import (
    Body,
    Deviation,
    Evidence,
    Finding,
    Header,
    Item,
    ListVersion,
    Match,
    MatchFinding,
    Medium,
    Policy,
    Reason,
    Relation,
    Rival,
    Support,
    UnitSource,
    summarise,
)
from partwatch.model.mesh import Unit

DESIGN: Final = "hand pump"
LIST: Final = "f" * 64
_STILL: Final = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def header(as_of: str = "2026-03-01", watchlist: str = LIST) -> Header:
    """The header of a run against a list of one design."""
    return Header(
        schema_version=document.SCHEMA_VERSION,
        program_version="1.0",
        fingerprint_version="1",
        watchlist=ListVersion(version=watchlist, designs=1, parts=5),
        calibration="c" * 16,
        policy=Policy(name="default", thresholds={"match_per_10000": 1.0}),
        as_of=as_of,
    )


def match(
    part: str, finding: MatchFinding = MatchFinding.MATCH, bits: float | None = 14.5, surprise: float = 30.0,
    design: str = DESIGN, medium: Medium = Medium.MESH,
) -> Match:  # fmt: skip
    """A body that is that part."""
    rival = Rival(design=None, part=None, score=None, look_alike=None, similarity=None)
    evidence = Evidence(
        bound=15.0, at_bound=False, false_per_10000=0.1, support=Support.VERY_STRONG,
        statement="it is about 23,000 times likelier to fit so well if it is the listed part", rival=rival,
        surprise=surprise,
    )  # fmt: skip
    return Match(
        design=design, part=part, finding=finding, relation=Relation.SAME_SHAPE, medium=medium,
        scale=1.0, scale_ambiguous=False, mirrored=False, T_part_body=_STILL, coverage_part=1.0,
        coverage_body=1.0, tolerance_mm=0.1, deviation_mm=Deviation(median=0.01, p95=0.02, max=0.03),
        score=0.99, bits=bits, distinctiveness=0.8, evidence=None if bits is None else evidence,
    )  # fmt: skip


def item(
    path: str,
    sha256: str | None,
    *bodies: Sequence[Match],
    member: str | None = None,
    form: str | None = "stl",
) -> Item:
    """An item of bodies with these matches; without a digest one that could not be read."""
    told = tuple(
        Body(
            index=number, name=None, unit=Unit.MILLIMETRE, unit_source=UnitSource.ASSUMED,
            extents_mm=(10.0, 10.0, 5.0), triangles=12, notes=(), matches=tuple(matches),
        )
        for number, matches in enumerate(bodies)
    )  # fmt: skip
    worst = [
        Finding(one.finding.value) for matches in bodies for one in matches if one.finding != "candidate"
    ]
    readable = sha256 is not None
    return Item(
        path=path, member=member, sha256=sha256, format=form if readable else None,
        finding=document.worst(worst) if readable else Finding.UNSCREENABLE, complete=readable,
        reasons=() if readable else (Reason(code="encrypted", message="it needs a key"),), bodies=told,
    )  # fmt: skip


def ndjson(*items: Item, head: Header | None = None) -> bytes:
    """A whole result, a record a line."""
    records = [head or header(), *items, summarise(list(items))]
    return "".join(one.model_dump_json() + "\n" for one in records).encode()


def as_json(*items: Item, head: Header | None = None) -> bytes:
    """The same as one document, as `--json` lays it out."""
    lines = ",\n".join(one.model_dump_json() for one in items)
    top, end = (head or header()).model_dump_json(), summarise(list(items)).model_dump_json()
    return f'{{"header":{top},\n"items":[\n{lines}\n],\n"summary":{end}}}\n'.encode()


def digest(number: int) -> str:
    """A SHA-256 of no file."""
    return f"{number:064x}"


def examples() -> Iterable[Example]:
    """Both forms, of both ages; one that was cut short, one with a damaged line."""
    plate = item("box/plate.stl", digest(1), [match("shaft"), match("cap", MatchFinding.CANDIDATE)], [])
    archive = item("box/all.zip", digest(2), form="zip")
    inner = item("box/all.zip", digest(3), [match("cap")], member="a/cap.gcode", form="gcode")
    locked = item("box/locked.stl", None)
    said = (
        ("Item", "contentHash", digest(1)),
        ("Item", "fileName", "plate.stl"),
        ("Item", "summary", "2 bodies"),
        ("Item", "finding", "unscreenable"),
        ("Item", "complete", "false"),
        ("PrintJob", "member", "a/cap.gcode"),
        ("UnknownLink", "role", CONTAINS),
        ("Design", "name", DESIGN),
        ("Match", "design", keyed("Design", DESIGN)),
        ("Match", "item", keyed("Item", digest(1))),
        ("Match", "part", "shaft"),
        ("Match", "surprise", "30"),
    )
    whole = ndjson(plate, archive, inner, locked)
    lines = whole.splitlines(keepends=True)
    cut, damaged = b"".join(lines[:-1]), b"".join([*lines[:2], b'{"type": "item", "pa\n', *lines[2:]])
    anew = json.dumps(json.loads(as_json(plate, archive, inner, locked)), indent=2).encode()
    for name, data, errors in (
        ("ndjson", whole, 0),
        ("json", as_json(plate, archive, inner, locked), 0),
        ("json laid out anew", anew, 0),
        ("of the first version", _older(lines), 0),
        ("cut short", cut, 1),
        ("a damaged line", damaged, 2),
    ):
        told = tuple(one for one in said if one[1] != "surprise") if name.startswith("of") else said
        yield Example(name, {"result": data}, "result", told, errors)


def _older(lines: Sequence[bytes]) -> bytes:
    """As version 1 wrote it: nothing of what matches are worth."""
    told = []
    for line in lines:
        record: dict[str, Any] = json.loads(line)
        if record["type"] == "header":
            record["schema_version"] = "1"
        for body in record["bodies"] if record["type"] == "item" else ():
            for one in body["matches"]:
                one.pop("evidence")
        told.append(json.dumps(record).encode() + b"\n")
    return b"".join(told)
