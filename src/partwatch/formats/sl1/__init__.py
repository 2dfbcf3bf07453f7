"""Resin print jobs as Prusa's printers take them (SL1, SL1S): a ZIP of a picture for each layer.

After what PrusaSlicer writes and reads (src/libslic3r/Format/SL1.cpp). Layers are told by content: which they
are says config.ini, where the printer looks as well, and what else is in the package is looked at, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from partwatch.formats import gcode
from partwatch.formats.archive import Archive, is_archive
from partwatch.formats.base import DEFAULT_LIMITS, Format, Reading, ReadLimits
from partwatch.formats.beside import unread_shape
from partwatch.formats.sl1 import pictures
from partwatch.formats.sl1.examples import examples
from partwatch.formats.sl1.settings import Settings, doubts, heights_of, panel_of
from partwatch.formats.sl1.stack import Stack
from partwatch.formats.threemf.package import Package, canonical
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import (
    DamagedError,
    LimitError,
    MissingExtraError,
    UnreadableError,
    UnsupportedError,
)
from partwatch.model.mesh import Unit

_JOB, _PRINTER = "/config.ini", "/prusaslicer.ini"
_LAYER = re.compile(r"(/.*?)(\d{1,9})\.png")
_KEYS = ("jobDir", "layerHeight")
# Of which a job has one at least.
_COUNTS = ("numFast", "numSlow")
_MOST_LAYERS = 10**6
# Of all layers together; the time that it takes is the worker's to limit.
_MOST_PIXELS = 1 << 36
# More say no more.
_MOST_REASONS = 20
_AGAIN = "slice the model again, or transfer the job again"


def recognises(head: bytes, _size: int) -> bool:
    """Whether this is a ZIP; `is_sl1` tells a job from other archives, and needs the whole."""
    return head.startswith(b"PK\x03\x04")


def is_sl1(data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> bool:
    """Whether these bytes are such a job. Raises DamagedError or LimitError on a broken archive.

    An archive of pictures is none without a job's settings, nor are settings without a numbered picture.
    """
    if not is_archive(data):
        return False
    archive = Archive(data, limits)
    names = {canonical(archive.name_of(member.path)): member.path for member in archive.members}
    if _JOB not in names or not any(_LAYER.fullmatch(name) for name in names):
        return False
    try:
        settings = Settings(archive.head(names[_JOB]), _JOB)
    except UnreadableError:
        return False
    return all(key in settings for key in _KEYS) and any(key in settings for key in _COUNTS)


def read(data: bytes, limits: ReadLimits) -> Reading:
    """The job's layers, in millimetres; a layer that cannot be read is taken to be as the one below it.

    Raises DamagedError where the size of pixels or the height of layers is not told, nothing is exposed, or
    settings and pictures do not fit; LimitError on too many layers or pixels.
    """
    package = Package(Archive(data, limits), limits)
    job = Settings(package.read(_JOB), "config.ini")
    if _PRINTER not in package:
        raise DamagedError(
            "the job holds no prusaslicer.ini, which says how large its pixels are, so nothing in it has a "
            "size: have it sliced again, or screen the model"
        )
    printer = Settings(package.read(_PRINTER), "prusaslicer.ini")
    panel = panel_of(printer)
    first_height, height = heights_of(job, printer)
    chosen = _layers_of(package, job)
    _check_amount(len(chosen), panel.pixels[0] * panel.pixels[1], limits)
    stack, unread = Stack(panel), list(package.reasons)
    unread += _reasons(doubts(job, printer, panel)) + _reasons(_gaps(chosen, job))
    unread += list(_stacked(package, chosen, stack, panel.picture_size))
    unread += list(_beside(package, {layer.name for layer in chosen}, panel.picture_size))
    layers = stack.layers(first_height, height)
    return Reading("sl1", Medium.LAYERS, Unit.MILLIMETRE, (), _few(unread), layers=(layers,))


@dataclass(frozen=True)
class _Layer:
    """A member that is a layer of the job, and its number."""

    name: str
    number: int


def _layers_of(package: Package, job: Settings) -> list[_Layer]:
    """In their order. Raises DamagedError where there are none under the job's name."""
    prefix = canonical(job.text("jobDir"))
    found = []
    for name in package.names:
        match = _LAYER.fullmatch(name)
        # Digits may belong to the job's name.
        if match and name.startswith(prefix) and (number := name[len(prefix) : -len(".png")]).isdecimal():
            found.append(_Layer(name, int(number)))
    if not found:
        raise DamagedError(
            f"config.ini calls the job {job.text('jobDir')[:40]!r}, and no layer is called so: {_AGAIN}"
        )
    return sorted(found, key=lambda layer: (layer.number, layer.name))


def _check_amount(layers: int, pixels: int, limits: ReadLimits) -> None:
    if layers > limits.max_triangles:
        raise LimitError(
            f"the job has {layers:,} layers, more than the limit of {limits.max_triangles:,}: raise it "
            "(--max-triangles), or slice the model in layers that a printer makes"
        )
    if layers * pixels > _MOST_PIXELS:
        raise LimitError(
            f"its {layers:,} layers have {pixels:,} pixels each, in all more than the limit of "
            f"{_MOST_PIXELS:,}: slice the model in layers that a printer makes"
        )


def _gaps(layers: list[_Layer], job: Settings) -> Iterator[str]:
    """Where numbers are not one after the other, or not as many as the job says."""
    numbers = [layer.number for layer in layers]
    if twice := len(numbers) - len(set(numbers)):
        yield f"{twice:,} numbers of layers stand for more than one picture each: {_AGAIN}"
    if missing := numbers[-1] + 1 - numbers[0] - len(set(numbers)):
        yield f"{missing:,} layers between the first and the last are missing: {_AGAIN}"
    told = sum(int(job.number(key, 0, _MOST_LAYERS)) for key in _COUNTS if key in job)
    if told != len(numbers):
        yield f"config.ini counts {told:,} layers, and {len(numbers):,} are there: {_AGAIN}"


def _stacked(package: Package, layers: list[_Layer], stack: Stack, size: tuple[int, int]) -> Iterator[Reason]:
    """Takes up all layers; a reason for each that could not be read."""
    before: bytes | None = None
    for layer in layers:
        try:
            content = package.read(layer.name)
            if content == before:
                # Upright walls: unpacking is what takes the time.
                stack.repeat()
                continue
            stack.add(pictures.decoded(content, size))
            before = content
        except (LimitError, MissingExtraError):
            raise
        except UnreadableError as error:
            # What is taken for it is the picture of `before`, and so it stays.
            stack.repeat()
            yield Reason(
                code=error.code, message=f"{layer.name}: {error}; it was taken to be as the one below"
            )


def _beside(package: Package, layers: set[str], size: tuple[int, int]) -> Iterator[Reason]:
    """Reasons for what is no layer and might be printed all the same."""
    for name in package.names:
        if name in layers:
            continue
        try:
            head = package.head(name)
        except UnreadableError as error:
            yield Reason(code=error.code, message=str(error))
            continue
        if pictures.size_of(head) == size:
            message = f"{name} is as large as a layer and has no layer's name, so it was not read: {_AGAIN}"
            yield Reason(code=DamagedError.code, message=message)
        elif gcode.recognises(head, len(head)):
            message = f"the job also holds {name}, which looks like G-code: screen it as a file of its own"
            yield Reason(code=UnsupportedError.code, message=message)
        elif reason := unread_shape(name, head):
            yield reason


def _reasons(messages: Iterator[str] | list[str]) -> list[Reason]:
    return [Reason(code=DamagedError.code, message=message) for message in messages]


def _few(reasons: list[Reason]) -> tuple[Reason, ...]:
    reasons = list(dict.fromkeys(reasons))
    left = len(reasons) - _MOST_REASONS
    if left <= 0:
        return tuple(reasons)
    more = Reason(code=reasons[-1].code, message=f"{left:,} more of the job went unread: {_AGAIN}")
    return (*reasons[:_MOST_REASONS], more)


FORMAT = Format("sl1", recognises, read, examples)
