"""Every source of marks, and all of them asked of some bytes. A new one is a module and a line here.

What a file tells does not depend on whether its shape can be read: a 3MF whose model is broken still has a
directory, a STEP file has a header where no kernel is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from partwatch.formats import amf, bgcode
from partwatch.formats.archive import has_directory
from partwatch.formats.base import DEFAULT_LIMITS, ReadLimits
from partwatch.model.document import Reason
from partwatch.model.marks import Forgery, Hypothesis, Mark
from partwatch.provenance.marks import gcode, gltf, meshtext, package, settings, step, stl, zipped
from partwatch.provenance.marks.attribution import attribution_of
from partwatch.provenance.marks.collector import Collector

_HEAD_BYTES = 1 << 16
Add = Callable[[bytes, ReadLimits, Collector], None]


@dataclass(frozen=True)
class MarkSource:
    """recognises: from the first 64 KiB and the whole size. add: never raises, whatever the bytes are."""

    name: str
    recognises: Callable[[bytes, int], bool]
    add: Add


@dataclass(frozen=True)
class Found:
    """All that some bytes tell. formats: as which they were looked at, none where no source knows them."""

    formats: tuple[str, ...]
    marks: tuple[Mark, ...]
    attribution: tuple[Hypothesis, ...]
    left_out: int
    unread: tuple[Reason, ...]
    is_package: bool


def _without_limits(add: Callable[[bytes, Collector], None]) -> Add:
    return lambda data, _limits, into: add(data, into)


def _add_amf(data: bytes, into: Collector) -> None:
    package.add_model(data, into, "amf")


def _is_profile(head: bytes, size: int) -> bool:
    """Settings alone; those of a job come with it."""
    return not gcode.recognises(head, size) and settings.is_profile(head)


SOURCES: tuple[MarkSource, ...] = (
    MarkSource("bgcode", bgcode.recognises, gcode.add_bgcode),
    MarkSource("gcode", gcode.recognises, gcode.add_gcode),
    MarkSource("profile", _is_profile, _without_limits(settings.add_profile)),
    MarkSource("stl", stl.recognises, _without_limits(stl.add_stl)),
    MarkSource("step", step.recognises, _without_limits(step.add_step)),
    MarkSource("ply", meshtext.ply_recognises, _without_limits(meshtext.add_ply)),
    MarkSource("off", meshtext.off_recognises, _without_limits(meshtext.add_off)),
    MarkSource("amf", amf.recognises, _without_limits(_add_amf)),
    MarkSource("model", package.is_model, _without_limits(package.add_model)),
    MarkSource("gltf", gltf.recognises, _without_limits(gltf.add_gltf)),
    MarkSource("obj", meshtext.obj_recognises, _without_limits(meshtext.add_obj)),
)
# Asked only where nothing else is sure: a mesh that was cut short has its header still.
RESEMBLING: tuple[MarkSource, ...] = (
    MarkSource("stl", stl.resembles, _without_limits(stl.add_stl)),
    MarkSource("gcode", gcode.resembles, gcode.add_gcode),
)


def marks_of(data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> Found:
    """Every mark of some bytes, whatever they are; raises nothing."""
    head = data[:_HEAD_BYTES]
    into = Collector()
    names: list[str] = []
    is_package = False
    if zipped.recognises(head, len(data)) or has_directory(data):
        names.append("zip")
        zipped.add_archive(data, into)
        is_package = package.add_package(data, limits, Collector(into.store, None, Forgery.REPACK))
        if is_package:
            names.append("package")
    for source in SOURCES:
        # What begins as an archive is told by its parts; before another one, anything may stand.
        if not zipped.recognises(head, len(data)) and source.recognises(head, len(data)):
            names.append(source.name)
            source.add(data, limits, into)
    last = next((each for each in RESEMBLING if not names and each.recognises(head, len(data))), None)
    if last is not None:
        names.append(last.name)
        last.add(data, limits, into)
    return found_in(into, tuple(names), is_package)


def found_in(into: Collector, formats: tuple[str, ...], is_package: bool = False) -> Found:
    """What a collector gathered, and what it speaks for."""
    marks = tuple(into.store.marks())
    unread = tuple(dict.fromkeys(into.store.unread))
    return Found(
        formats, marks, attribution_of(marks, into.store.moves), into.store.left_out, unread, is_package
    )
