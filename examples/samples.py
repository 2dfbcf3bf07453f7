"""The sample folder: listed parts in many guises, harmless things, unreadable things; and what to expect.

Every file is named for what it is, and `Expected` says what a screener that keeps its promises finds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from manifold3d import Manifold

from examples.changes import decimated, inside_out, mirrored, moved, refined, roughened, scaled, shuffled
from examples.pump import PARTS_BY_NAME
from examples.pump.dimensions import COUSIN
from examples.pump.housing import housing
from examples.shapes import box, cylinder, mesh_of
from examples.unlisted import UNLISTED
from examples.writers.archive import locked_zip, plain_zip
from examples.writers.gcode import job
from examples.writers.indexed import obj, ply
from examples.writers.step import step
from examples.writers.stl import ascii_stl, binary_stl
from examples.writers.threemf import Placed, threemf
from partwatch.model.document import Finding, Medium, Relation
from partwatch.model.mesh import MM_PER_UNIT, Mesh, Unit

PASSWORD = b"open example"
SAME_MESH = frozenset({Relation.SAME_MESH})
SAME_SHAPE = frozenset({Relation.SAME_SHAPE})
SAME_EITHER = SAME_MESH | SAME_SHAPE
ROUGHLY = SAME_SHAPE | {Relation.EDITED}


@dataclass(frozen=True)
class Expected:
    """What screening an item must say.

    parts: listed parts of which each is some body's best match; relations: what those may be.
    bodies: how many the item holds, None where nobody can know. code: among the item's reasons, where it
    is unscreenable.
    """

    finding: Finding
    why: str
    parts: frozenset[str] = frozenset()
    relations: frozenset[Relation] = frozenset()
    bodies: int | None = 1
    unit: Unit = Unit.MILLIMETRE
    medium: Medium = Medium.MESH
    mirrored: bool = False
    code: str | None = None

    @property
    def complete(self) -> bool:
        """Only what could not be read is incomplete."""
        return self.finding is not Finding.UNSCREENABLE


@dataclass(frozen=True)
class Sample:
    """One file: its name, how to make its bytes, what to expect of it and of each archive member."""

    name: str
    content: Callable[[], bytes]
    expected: Expected
    members: dict[str, Expected] = field(default_factory=dict)


def all_samples() -> list[Sample]:
    """Every sample, by file name."""
    samples = [
        *_listed(),
        *_changed(),
        *_in_part(),
        *_jobs(),
        *_containers(),
        *_near(),
        *_unlisted(),
        *_unreadable(),
    ]
    return sorted(samples, key=lambda sample: sample.name)


def expected_findings() -> dict[tuple[str, str | None], Expected]:
    """By (file name, archive member or None): what screening the sample folder must say."""
    findings: dict[tuple[str, str | None], Expected] = {}
    for sample in all_samples():
        findings[sample.name, None] = sample.expected
        findings.update({(sample.name, member): expected for member, expected in sample.members.items()})
    return findings


def listed(name: str) -> Mesh:
    """A listed part as it is listed."""
    return mesh_of(PARTS_BY_NAME[name].build())


def unlisted(name: str) -> Mesh:
    """A thing that is on no list."""
    return mesh_of(UNLISTED[name][0]())


def _match(
    part: str,
    why: str,
    relations: frozenset[Relation],
    *,
    unit: Unit = Unit.MILLIMETRE,
    medium: Medium = Medium.MESH,
    mirrored: bool = False,
) -> Expected:
    """One body that is one listed part."""
    return Expected(
        Finding.MATCH, why, frozenset({part}), relations, unit=unit, medium=medium, mirrored=mirrored
    )


def _listed() -> list[Sample]:
    """Listed parts whose mesh is untouched: place, order, unit or format differ."""
    return [
        Sample(
            "housing-untouched.stl",
            lambda: binary_stl(listed("housing")),
            _match("housing", "the listed file itself", frozenset({Relation.SAME_FILE})),
        ),
        Sample(
            "cover-moved.stl",
            lambda: binary_stl(moved(listed("cover"), (0.0, 0.0, 0.0), (120.0, -35.5, 8.0))),
            _match("cover", "a listed part elsewhere on the plate", SAME_MESH),
        ),
        Sample(
            "crank-arm-turned.stl",
            lambda: binary_stl(moved(listed("crank-arm"), (33.0, -71.0, 145.0), (10.0, 20.0, 30.0))),
            _match("crank-arm", "a listed part turned to print on its edge", SAME_MESH),
        ),
        Sample(
            "crank-arm-short-shuffled.stl",
            lambda: binary_stl(shuffled(listed("crank-arm-short"))),
            _match("crank-arm-short", "the same triangles in another order", SAME_MESH),
        ),
        Sample(
            "cover-in-inches.stl",
            lambda: binary_stl(_in_unit(listed("cover"), Unit.INCH)),
            _match("cover", "written in inches, which an STL cannot say", SAME_MESH, unit=Unit.INCH),
        ),
        Sample(
            "driven-gear-in-metres.stl",
            lambda: binary_stl(_in_unit(listed("driven-gear"), Unit.METRE)),
            _match("driven-gear", "written in metres, which an STL cannot say", SAME_MESH, unit=Unit.METRE),
        ),
        Sample(
            "driven-gear.txt",
            lambda: ascii_stl(listed("driven-gear")),
            _match("driven-gear", "an ASCII STL under another name", SAME_MESH),
        ),
        Sample(
            "housing.ply", lambda: ply(listed("housing")), _match("housing", "in another format", SAME_MESH)
        ),
        Sample("shaft.obj", lambda: obj(listed("shaft")), _match("shaft", "in another format", SAME_MESH)),
    ]


def _changed() -> list[Sample]:
    """Listed parts whose triangles are no longer the listed ones."""
    gear, barb = PARTS_BY_NAME["driving-gear"].build, PARTS_BY_NAME["hose-barb"].build
    knob = PARTS_BY_NAME["crank-knob"].build
    return [
        Sample(
            "bracket-mirrored.stl",
            lambda: binary_stl(mirrored(listed("bracket"))),
            _match("bracket", "left for right, which a printer does not mind", SAME_EITHER, mirrored=True),
        ),
        Sample(
            "bracket.step",
            lambda: step(listed("bracket"), "bracket"),
            _match(
                "bracket",
                "as a CAD solid: the reader makes its own triangles",
                SAME_SHAPE,
                medium=Medium.BREP,
            ),
        ),
        Sample(
            "crank-knob-decimated.stl",
            lambda: binary_stl(decimated(knob(), 0.25)),
            _match("crank-knob", "less than half the triangles, up to 0.3 mm off", SAME_SHAPE),
        ),
        Sample(
            "hose-barb-refined.stl",
            lambda: binary_stl(refined(barb(), 3.0)),
            _match("hose-barb", "the same surface in nearly three times the triangles", SAME_SHAPE),
        ),
        Sample(
            "driving-gear-rough.stl",
            lambda: binary_stl(roughened(refined(gear(), 2.0), 0.05)),
            _match("driving-gear", "every point up to 0.05 mm off, as a scan would be", SAME_SHAPE),
        ),
        Sample(
            "hose-clamp-inside-out.stl",
            lambda: binary_stl(inside_out(listed("hose-clamp"))),
            _match("hose-clamp", "every triangle wound the wrong way, which slicers mend", SAME_EITHER),
        ),
        Sample(
            "housing-revised.stl",
            lambda: binary_stl(mesh_of(housing(bolt_shift=(1.0, 0.0)))),
            _match("housing", "a revision: one bolt hole moved by 1 mm", frozenset({Relation.EDITED})),
        ),
    ]


def _in_part() -> list[Sample]:
    """Pieces of listed parts, and a listed part within something larger."""
    return [
        Sample(
            "housing-half.stl",
            lambda: binary_stl(moved(mesh_of(_half()), (20.0, 0.0, 5.0), (30.0, 10.0, 0.0))),
            _match("housing", "cut in two, to fit a small printer", frozenset({Relation.PIECE_OF})),
        ),
        Sample(
            "bracket-on-a-block.stl",
            lambda: binary_stl(mesh_of(_on_a_block())),
            _match("bracket", "grown together with a block", frozenset({Relation.CONTAINS})),
        ),
    ]


def _jobs() -> list[Sample]:
    """Print jobs, in which there is no mesh any more."""
    return [
        Sample(
            "bracket-job.gcode",
            lambda: job(_on_the_bed("bracket")),
            _match("bracket", "a print job of it, without any comment", ROUGHLY, medium=Medium.TOOLPATH),
        ),
        Sample(
            "coat-hook-job.gcode",
            lambda: job(_up(UNLISTED["coat-hook"][0]())),
            Expected(Finding.CLEAR, "a print job of something harmless", medium=Medium.TOOLPATH),
        ),
    ]


def _on_the_bed(name: str) -> Manifold:
    return _up(PARTS_BY_NAME[name].build())


def _up(solid: Manifold) -> Manifold:
    low = solid.bounding_box()
    return solid.translate((100.0 - low[0], 100.0 - low[1], -low[2]))


def _half() -> Manifold:
    whole = PARTS_BY_NAME["housing"].build()
    low, high = listed("housing").bounds
    return whole.trim_by_plane((1.0, 0.3, 0.0), float((low[0] + high[0]) / 2))


def _on_a_block() -> Manifold:
    low, high = listed("bracket").bounds
    middle, size = (low + high) / 2, high - low
    block = box((size[0] + 12.0, size[1] + 9.0, 14.0), (middle[0] + 2, middle[1]), low[2] - 13.5)
    return PARTS_BY_NAME["bracket"].build() + block


def _containers() -> list[Sample]:
    """Listed and unlisted things in one file."""
    inside = _match("gasket", "a listed part in an archive", SAME_MESH)
    beside = Expected(Finding.CLEAR, "a harmless thing in the same archive")
    return [
        Sample(
            "order.zip",
            lambda: plain_zip(
                {
                    "order/gasket.stl": binary_stl(
                        moved(listed("gasket"), (0.0, 0.0, 90.0), (0.0, 0.0, 0.0))
                    ),
                    "order/vise-nut.stl": binary_stl(unlisted("vise-nut")),
                }
            ),
            Expected(Finding.MATCH, "an archive is as bad as the worst of its members", bodies=0),
            {"order/gasket.stl": inside, "order/vise-nut.stl": beside},
        ),
        Sample(
            "print-plate.3mf",
            _plate,
            Expected(
                Finding.MATCH,
                "a print plate in inches: two listed parts between a clock wheel and a coat hook",
                frozenset({"crank-arm", "hose-barb"}),
                SAME_MESH,
                bodies=4,
                unit=Unit.INCH,
            ),
        ),
    ]


def _plate() -> bytes:
    """Four objects side by side, in inches."""
    placed = [
        ("crank-arm", listed("crank-arm"), 0.0),
        ("wheel", unlisted("clock-wheel"), 70.0),
        ("hose-barb", listed("hose-barb"), 130.0),
        ("hook", unlisted("coat-hook"), 180.0),
    ]
    inch = MM_PER_UNIT[Unit.INCH]
    return threemf([Placed(n, _in_unit(m, Unit.INCH), (1.0, y / inch, 0.0)) for n, m, y in placed], "inch")


def _near() -> list[Sample]:
    """What resembles a listed part and is not it, or not at this size, or is too plain to say."""
    return [
        Sample(
            "other-pump-housing.stl",
            lambda: binary_stl(mesh_of(housing(COUSIN))),
            Expected(Finding.CLEAR, "another pump's housing: the same family, other proportions"),
        ),
        Sample(
            "cover-half-size.stl",
            lambda: binary_stl(scaled(listed("cover"), 0.5)),
            Expected(
                Finding.REVIEW,
                "a 1:2 miniature is not the part, but a person should know",
                frozenset({"cover"}),
                SAME_EITHER,
            ),
        ),
        Sample(
            "pin-of-any-make.stl",
            lambda: binary_stl(moved(mesh_of(cylinder(3.0, 24.0)), (90.0, 0.0, 12.0), (0.0, 0.0, 3.0))),
            Expected(
                Finding.REVIEW,
                "the size of the listed pin, as are many pins: too plain for more than a second look",
                frozenset({"dowel-pin"}),
                SAME_EITHER,
            ),
        ),
    ]


def _unlisted() -> list[Sample]:
    """Harmless things."""
    return [_harmless(name, what) for name, (_, what) in UNLISTED.items()]


def _harmless(name: str, what: str) -> Sample:
    return Sample(f"{name}.stl", lambda: binary_stl(unlisted(name)), Expected(Finding.CLEAR, what))


def _unreadable() -> list[Sample]:
    """What nobody can look into is never clear."""
    return [
        Sample(
            "locked.zip",
            lambda: locked_zip({"cover.stl": binary_stl(listed("cover"))}, PASSWORD),
            _unread("an archive that needs a password", "members_incomplete"),
            {"cover.stl": _unread("an encrypted member", "encrypted")},
        ),
        Sample(
            "stand-truncated.stl",
            lambda: binary_stl(unlisted("phone-stand"))[:-200],
            _unread("the file ends before its triangles do", "damaged"),
        ),
        Sample("empty.stl", lambda: b"", _unread("an empty file", "damaged")),
        Sample(
            "note.txt",
            lambda: b"Please print four of these by Friday. The hole goes on the left.\n",
            _unread("a text, not a model", "unknown_format"),
        ),
    ]


def _unread(why: str, code: str) -> Expected:
    return Expected(Finding.UNSCREENABLE, why, bodies=None, code=code)


def _in_unit(mesh: Mesh, unit: Unit) -> Mesh:
    """A mesh in millimetres with its numbers in another unit."""
    return scaled(mesh, 1.0 / MM_PER_UNIT[unit])
