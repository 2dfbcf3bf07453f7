"""A result document made in code, with one item of each kind; what the report's tests render."""

from __future__ import annotations

from partwatch.evidence.words import statement, support_of
from partwatch.model.document import (
    SCHEMA_VERSION,
    Accepted,
    Basis,
    Body,
    Deviation,
    Evidence,
    Finding,
    Header,
    Item,
    ListVersion,
    Match,
    MatchFinding,
    Matrix4,
    Medium,
    Policy,
    Reason,
    Relation,
    ResultDocument,
    Rival,
    UnitSource,
    View,
    summarise,
)
from partwatch.model.mesh import Unit

HOSTILE = "in\u202evoice\x1b[31m\n</script><img src=x onerror=alert(1)>\u2028[bold]&amp;.stl"

HEADER = Header(
    schema_version=SCHEMA_VERSION,
    program_version="0.1.0",
    fingerprint_version="1",
    watchlist=ListVersion(version="b1946ac92492d234" * 4, designs=12, parts=57),
    calibration=None,
    policy=Policy(name="default", thresholds={"match_coverage": 0.92, "match_distinctiveness": 0.25}),
    as_of="2026-11-24",
)


BASIS = Basis(
    population="open printed parts 1",
    bodies=4595,
    families=700,
    projects=25,
    list_parts=57,
    bound=8.4,
    calibrated_families=700,
)
WEIGHED = HEADER.model_copy(update={"calibration": "1-open-parts", "basis": BASIS})


def motion(scale: float = 1.0) -> Matrix4:
    """A quarter turn about z, a shift, and a uniform scale."""
    return ((0.0, -scale, 0.0, 12.5), (scale, 0.0, 0.0, -3.0), (0.0, 0.0, scale, 40.25), (0.0, 0.0, 0.0, 1.0))


def match(view: View | None = None, **changes: object) -> Match:
    """A match of the edited housing; `changes` replace fields."""
    fields: dict[str, object] = {
        "design": "hand-pump",
        "part": "housing",
        "finding": MatchFinding.MATCH,
        "relation": Relation.EDITED,
        "medium": Medium.MESH,
        "scale": 1.0,
        "scale_ambiguous": False,
        "mirrored": False,
        "T_part_body": motion(),
        "coverage_part": 0.98729,
        "coverage_body": 0.9136,
        "tolerance_mm": 0.3,
        "deviation_mm": Deviation(median=0.0094, p95=0.12, max=0.2989),
        "score": 0.962,
        "bits": None,
        "distinctiveness": 0.91,
        "view": view,
    }
    return Match.model_validate({**fields, **changes})


def weighed(bits: float, rival: Rival | None = None, **changes: object) -> Match:
    """A match of the edited housing that is worth so much; limited to the golden population's bound."""
    named = Rival(
        design="hand-pump", part="cover", score=0.71, look_alike="a <b>bearing</b>", similarity=1.8734
    )
    limited, at_bound = min(bits, BASIS.bound), bits >= BASIS.bound
    evidence = Evidence(
        bound=BASIS.bound,
        at_bound=at_bound,
        false_per_10000=57 * 10_000 / 4595 * 2.0**-bits,
        support=support_of(limited),
        statement=statement(
            limited, at_bound, BASIS.bound, "housing", "hand-pump",
            BASIS.population, BASIS.families, BASIS.list_parts,
        ),
        rival=rival or named,
    )  # fmt: skip
    return match(**{"bits": limited, "evidence": evidence, **changes})


def body(*matches: Match, **changes: object) -> Body:
    """One body with these matches."""
    fields: dict[str, object] = {
        "index": 0,
        "name": "housing v3",
        "unit": Unit.MILLIMETRE,
        "unit_source": UnitSource.STATED,
        "extents_mm": (61.95, 48.5, 50.0),
        "triangles": 44958,
        "notes": (),
        "matches": matches,
    }
    return Body.model_validate({**fields, **changes})


def item(path: str, finding: Finding, *bodies: Body, **changes: object) -> Item:
    """One item."""
    fields: dict[str, object] = {
        "path": path,
        "member": None,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "format": "stl",
        "finding": finding,
        "complete": True,
        "reasons": (),
        "bodies": bodies,
    }
    return Item.model_validate({**fields, **changes})


def document(items: list[Item]) -> ResultDocument:
    """The items under the golden header."""
    return ResultDocument(header=HEADER, items=tuple(items), summary=summarise(items))


def weighed_document(items: list[Item]) -> ResultDocument:
    """The items under a header with a calibration."""
    return ResultDocument(header=WEIGHED, items=tuple(items), summary=summarise(items))


def weighed_golden(view: View | None = None) -> ResultDocument:
    """A match at the bound beside a negative candidate, a review of few bits, a clear one."""
    nothing_else = Rival(design=None, part=None, score=None, look_alike=None, similarity=None)
    against = weighed(-3.0, nothing_else, part="flange", finding=MatchFinding.CANDIDATE, view=None)
    few = weighed(
        0.8, part="pin", finding=MatchFinding.REVIEW, relation=Relation.SAME_SHAPE, distinctiveness=0.08
    )
    return weighed_document(
        [
            item("orders/1042/housing.stl", Finding.MATCH, body(weighed(11.0, view=view), against)),
            item("orders/1043/pin.stl", Finding.REVIEW, body(few)),
            item("uploads/vase.stl", Finding.CLEAR, body(name="vase")),
        ]
    )


def review_item() -> Item:
    """A mirrored, larger, generic pin whose unit is a guess."""
    weak = match(
        part="pin",
        finding=MatchFinding.REVIEW,
        relation=Relation.SAME_SHAPE,
        scale=0.5,
        T_part_body=motion(0.5),
        mirrored=True,
        scale_ambiguous=True,
        distinctiveness=0.08,
        score=0.71,
    )
    guessed = body(weak, unit=Unit.INCH, unit_source=UnitSource.INFERRED, name=None)
    return item(
        "uploads/kit.zip",
        Finding.REVIEW,
        guessed,
        body(index=1, name="lid", notes=("open edges: 4; closed for measuring",)),
        member="parts/pin.stl",
        reasons=(Reason(code="generic", message="the listed part is too common for more than a review"),),
    )


def accepted_item(view: View | None = None) -> Item:
    """An edited housing that the operator has accepted."""
    known = Accepted(
        reason="our own <b>product</b>", who="A. Example", accepted="2026-11-01", expires="2027-11-01"
    )
    told = "hand-pump / housing in body 0 is accepted until 2027-11-01: our own <b>product</b>"
    return item(
        "orders/77/own-housing.stl",
        Finding.CLEAR,
        body(match(view, accepted=known)),
        reasons=(Reason(code="accepted", message=told),),
    )


def golden(view: View | None = None) -> ResultDocument:
    """match, review, unscreenable, clear, and a name that attacks the reader."""
    flange = match(part="flange", finding=MatchFinding.CANDIDATE, relation=Relation.PIECE_OF, score=0.4)
    return document(
        [
            item("orders/1042/housing.stl", Finding.MATCH, body(match(view), flange)),
            review_item(),
            item(
                "uploads/locked.3mf",
                Finding.UNSCREENABLE,
                complete=False,
                format="3mf",
                reasons=(Reason(code="encrypted", message="the part 3D/3dmodel.model needs a key"),),
            ),
            item("uploads/vase.stl", Finding.CLEAR, body(name="vase")),
            item(HOSTILE, Finding.CLEAR, body(name=HOSTILE, notes=(HOSTILE,))),
        ]
    )
