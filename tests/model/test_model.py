"""The words of the result: findings, units, errors, records, and the arrays of a view."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import TypeAdapter, ValidationError

from partwatch.model import errors
from partwatch.model.document import (
    AnyRecord,
    Body,
    Deviation,
    Finding,
    Item,
    Match,
    MatchFinding,
    Medium,
    Reason,
    Relation,
    ResultDocument,
    UnitSource,
    View,
    summarise,
    worst,
)
from partwatch.model.errors import DocumentError, PartwatchError, UnreadableError
from partwatch.model.mesh import MM_PER_UNIT, UNIT_HYPOTHESES, Mesh, Unit
from partwatch.model.view import decode_view, encode_view

IDENTITY: Any = tuple(tuple(float(i == j) for j in range(4)) for i in range(4))


def a_match(**changes: Any) -> Match:
    fields: dict[str, Any] = {
        "design": "vise",
        "part": "jaw",
        "finding": MatchFinding.MATCH,
        "relation": Relation.EDITED,
        "medium": Medium.MESH,
        "scale": 1.0,
        "scale_ambiguous": False,
        "mirrored": False,
        "T_part_body": IDENTITY,
        "coverage_part": 0.97,
        "coverage_body": 0.98,
        "tolerance_mm": 0.2,
        "deviation_mm": Deviation(median=0.01, p95=0.1, max=0.2),
        "score": 0.9,
        "bits": None,
        "distinctiveness": 0.8,
    }
    return Match(**(fields | changes))


def an_item(finding: Finding, complete: bool = True, matches: tuple[Match, ...] = ()) -> Item:
    body = Body(
        index=0,
        name=None,
        unit=Unit.MILLIMETRE,
        unit_source=UnitSource.ASSUMED,
        extents_mm=(1.0, 2.0, 3.0),
        triangles=12,
        notes=(),
        matches=matches,
    )
    return Item(
        path="a.stl",
        member=None,
        sha256="0" * 64,
        format="stl",
        finding=finding,
        complete=complete,
        reasons=(Reason(code="match", message="said"),),
        bodies=(body,),
    )


# Findings


def test_findings_are_ranked_match_review_unscreenable_clear() -> None:
    ranked = sorted(Finding, key=lambda finding: -finding.severity)
    assert ranked == [Finding.MATCH, Finding.REVIEW, Finding.UNSCREENABLE, Finding.CLEAR]
    assert Finding.CLEAR.severity == 0


@given(st.lists(st.sampled_from(Finding)))
def test_the_worst_finding_is_the_most_severe_and_nothing_is_clear(findings: list[Finding]) -> None:
    assert worst(findings).severity == max((finding.severity for finding in findings), default=0)


def test_a_summary_names_every_finding_also_at_zero() -> None:
    items = [an_item(Finding.MATCH), an_item(Finding.CLEAR), an_item(Finding.MATCH, complete=False)]
    summary = summarise(items)
    assert summary.findings == {
        Finding.MATCH: 2,
        Finding.REVIEW: 0,
        Finding.UNSCREENABLE: 0,
        Finding.CLEAR: 1,
    }
    assert (summary.items, summary.bodies, summary.incomplete) == (3, 3, 1)


# Records


def test_a_record_cannot_be_changed_or_extended() -> None:
    match = a_match()
    with pytest.raises(ValidationError):
        match.score = 0.1
    with pytest.raises(ValidationError):
        a_match(colour="red")


def test_a_record_survives_json_and_is_told_by_its_type() -> None:
    item = an_item(Finding.MATCH, matches=(a_match(bits=12.5), a_match(part="screw")))
    adapter: TypeAdapter[Any] = TypeAdapter(AnyRecord)
    assert adapter.validate_json(item.model_dump_json()) == item
    assert adapter.validate_json(summarise([item]).model_dump_json()) == summarise([item])
    with pytest.raises(ValidationError):
        adapter.validate_json('{"type": "verdict"}')


def test_json_has_no_infinity_that_other_readers_would_choke_on() -> None:
    said = a_match(score=float("inf"), bits=float("nan")).model_dump_json()
    assert json.loads(said)["score"] is None
    assert json.loads(said)["bits"] is None


def test_a_transform_that_is_not_four_by_four_is_refused() -> None:
    with pytest.raises(ValidationError):
        a_match(T_part_body=IDENTITY[:3])


def test_the_schema_names_the_contract_s_fields() -> None:
    schema = ResultDocument.model_json_schema()["$defs"]
    assert set(schema["Match"]["required"]) == {
        "design", "part", "finding", "relation", "medium", "scale", "scale_ambiguous", "mirrored",
        "T_part_body", "coverage_part", "coverage_body", "tolerance_mm", "deviation_mm", "score", "bits",
        "distinctiveness",
    }  # fmt: skip
    assert set(schema["Body"]["required"]) == {
        "index", "name", "unit", "unit_source", "extents_mm", "triangles", "notes", "matches",
    }  # fmt: skip
    assert set(schema["Item"]["required"]) == {
        "path", "member", "sha256", "format", "finding", "complete", "reasons", "bodies",
    }  # fmt: skip
    assert set(schema["Finding"]["enum"]) == {"match", "review", "unscreenable", "clear"}
    assert set(schema["MatchFinding"]["enum"]) == {"match", "review", "candidate"}
    assert set(schema["Relation"]["enum"]) == {
        "same_file", "same_mesh", "same_shape", "edited", "piece_of", "contains",
    }  # fmt: skip
    assert set(schema["Medium"]["enum"]) == {"mesh", "brep", "toolpath", "layers", "scan"}
    assert set(schema["UnitSource"]["enum"]) == {"stated", "assumed", "inferred"}


# Errors


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    drawn = re.findall(
        r"^([ │├└─]*)(\w+Error)\b", errors.__doc__.replace("    PartwatchError", "PartwatchError"), re.M
    )
    parents: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for stem, name in drawn:
        path = [step for step in path if step[0] < len(stem)]
        if path:
            parents[name] = path[-1][1]
        path.append((len(stem), name))
    classes = {n: c for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, PartwatchError)}
    assert set(parents) | {"PartwatchError"} == set(classes)
    assert {name: classes[name].__bases__[0].__name__ for name in parents} == parents


def test_each_unreadable_error_has_a_code_of_its_own() -> None:
    kinds: list[type[UnreadableError]] = [UnreadableError, *UnreadableError.__subclasses__()]
    assert len({kind.code for kind in kinds}) == len(kinds)


# Meshes and units


def test_extents_are_those_of_the_vertices() -> None:
    v = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 3], [0.5, 0.5, 0.5]], dtype=float)
    assert Mesh(v, np.array([[0, 1, 2]], dtype=np.int32)).extents.tolist() == [1, 2, 3]
    assert Mesh(np.empty((0, 3)), np.empty((0, 3), dtype=np.int32)).extents.tolist() == [0, 0, 0]


def test_every_unit_has_its_millimetres() -> None:
    assert set(MM_PER_UNIT) == set(Unit)
    assert MM_PER_UNIT[Unit.FOOT] == pytest.approx(12 * MM_PER_UNIT[Unit.INCH], rel=1e-15)
    assert MM_PER_UNIT[Unit.METRE] == 100 * MM_PER_UNIT[Unit.CENTIMETRE] == 1e6 * MM_PER_UNIT[Unit.MICRON]


def test_the_hypotheses_are_the_contract_s_with_millimetres_first() -> None:
    assert UNIT_HYPOTHESES[0] is Unit.MILLIMETRE
    assert set(UNIT_HYPOTHESES) == {Unit.MILLIMETRE, Unit.CENTIMETRE, Unit.METRE, Unit.MICRON, Unit.INCH}


# Views

POINTS = hnp.arrays(np.float32, (8, 3), elements=st.floats(-1e4, 1e4, width=32))
FACES = hnp.arrays(np.int32, st.integers(0, 12).map(lambda m: (m, 3)), elements=st.integers(0, 7))
DISTANCES = hnp.arrays(np.float64, (8,), elements=st.one_of(st.floats(0, 65.53), st.just(np.inf)))


@given(POINTS, FACES, DISTANCES)
def test_a_view_unpacks_to_what_was_packed(points: Any, faces: Any, distance: Any) -> None:
    shown = decode_view(encode_view(points, faces, distance, points + 1, faces))
    assert shown.positions.tobytes() == points.tobytes()
    assert shown.triangles.tolist() == faces.tolist()
    assert np.array_equal(np.isinf(shown.distance_mm), np.isinf(distance))
    reached = np.isfinite(distance)
    assert np.abs(shown.distance_mm[reached] - distance[reached]).max(initial=0) <= 0.0005 + 1e-12
    assert shown.part_positions is not None
    assert shown.part_triangles is not None
    assert shown.part_positions.tolist() == (points + 1).tolist()
    assert shown.part_triangles.tolist() == faces.tolist()


def test_what_lies_beyond_the_largest_distance_is_beyond_reach() -> None:
    view = encode_view(np.zeros((3, 3)), [[0, 1, 2]], [65.534, 65.6, np.nan])
    assert decode_view(view).distance_mm.tolist() == [65.534, np.inf, np.inf]


@pytest.mark.parametrize(
    ("points", "faces", "distance"),
    [
        (np.zeros((3, 3)), [[0, 1, 3]], np.zeros(3)),
        (np.zeros((3, 3)), [[0, 1, -1]], np.zeros(3)),
        (np.zeros((3, 2)), [[0, 1, 2]], np.zeros(3)),
        (np.zeros((3, 3)), [[0, 1]], np.zeros(3)),
        (np.zeros((3, 3)), [[0, 1, 2]], np.zeros(2)),
        (np.full((3, 3), np.nan), [[0, 1, 2]], np.zeros(3)),
        (np.full((3, 3), 1e39), [[0, 1, 2]], np.zeros(3)),
        (np.zeros((3, 3)), [[0, 1, 2]], [0, -1, 0]),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_a_view_that_does_not_fit_together_is_not_packed(points: Any, faces: Any, distance: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode_view(points, faces, distance)


def test_a_part_without_its_triangles_is_not_packed() -> None:
    with pytest.raises(ValueError, match="together"):
        encode_view(np.zeros((3, 3)), [[0, 1, 2]], np.zeros(3), part_positions=np.zeros((3, 3)))


GOOD = encode_view(np.arange(9.0).reshape(3, 3), [[0, 1, 2]], [0, 1, 2], np.ones((3, 3)), [[2, 1, 0]])


@pytest.mark.parametrize(
    "field", ["positions", "triangles", "distance_um", "part_positions", "part_triangles"]
)
@given(data=st.data())
def test_a_damaged_view_is_refused_and_never_unpacked_beyond_its_arrays(
    field: str, data: st.DataObject
) -> None:
    raw = bytearray(b64decode(getattr(GOOD, field)))
    at = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[at] ^= data.draw(st.integers(1, 255))
    else:
        del raw[at:]
    damaged = GOOD.model_copy(update={field: b64encode(bytes(raw)).decode()})
    try:
        shown = decode_view(damaged)
    except DocumentError:
        return
    assert np.isfinite(shown.positions).all()
    assert len(shown.distance_mm) == len(shown.positions)
    assert shown.triangles.size == 0 or 0 <= shown.triangles.min() <= shown.triangles.max() < len(
        shown.positions
    )


@pytest.mark.parametrize("text", ["%", "AAA", "é", "AAAA AAAA"])
def test_a_view_that_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        decode_view(View(positions=text, triangles=GOOD.triangles, distance_um=GOOD.distance_um))
