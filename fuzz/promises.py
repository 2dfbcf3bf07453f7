"""What every reader and container promises of any bytes at all; a broken promise is an AssertionError."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from partwatch import formats
from partwatch.formats import Reading, ReadLimits
from partwatch.formats.containers import Container, ContainerFormat
from partwatch.model.document import Finding, Item
from partwatch.model.errors import UnreadableError
from partwatch.model.mesh import FloatArray

T = TypeVar("T")
# Small, so that they are met: a limit that is never reached is never tested.
LIMITS = ReadLimits(
    max_file_bytes=1 << 20,
    max_triangles=2_000,
    max_bodies=50,
    max_members=12,
    max_member_bytes=1 << 20,
    max_expansion_ratio=200.0,
    max_depth=3,
)
_LEAST_WORDS = 20


@dataclass(frozen=True)
class Refusal:
    """Why some bytes were not read."""

    code: str
    message: str


def require(kept: bool, promise: str) -> None:
    """Raise AssertionError with the promise where it was not kept; `python -O` does not silence it."""
    if not kept:
        raise AssertionError(promise)


def tried(call: Callable[[], T]) -> T | Refusal:
    """What the call returns, or its refusal; any other exception goes through."""
    try:
        return call()
    except UnreadableError as error:
        require(len(str(error)) >= _LEAST_WORDS, f"a refusal says what is wrong, not {str(error)!r}")
        require(str(error).isprintable() or "\n" in str(error), f"a refusal is plain text: {str(error)!r}")
        return Refusal(error.code, str(error))
    except MemoryError:
        return Refusal("memory", "")


def read_file(data: bytes, limits: ReadLimits = LIMITS) -> Reading | Refusal:
    """The bytes read twice, as whatever they are: the same both times, sound, and within the limits."""
    first = tried(lambda: formats.read(data, limits))
    second = tried(lambda: formats.read(data, limits))
    require(digest(first) == digest(second), "the same bytes give the same reading")
    if isinstance(first, Reading):
        check_reading(first, limits)
    return first


def check_reading(reading: Reading, limits: ReadLimits) -> None:
    """What a reading promises of its arrays and its count."""
    total = 0
    for shape in reading.shapes:
        vertices, triangles = shape.mesh.vertices, shape.mesh.triangles
        require(
            vertices.dtype == np.float64 and vertices.ndim == 2 and vertices.shape[1] == 3, "(n, 3) float64"
        )
        require(
            triangles.dtype == np.int32 and triangles.ndim == 2 and triangles.shape[1] == 3, "(m, 3) int32"
        )
        require(vertices.flags.c_contiguous and triangles.flags.c_contiguous, "arrays are contiguous")
        require(bool(np.isfinite(vertices).all()), "coordinates are finite")
        if len(triangles):
            require(triangles.min() >= 0 and triangles.max() < len(vertices), "indices are in range")
        total += len(triangles)
    for path in reading.toolpaths:
        require(path.end.dtype == np.float64 and path.end.shape == (len(path.line), 3), "(n, 3) float64")
        require(bool(np.isfinite(path.end).all() and np.isfinite(path.filament).all()), "moves are finite")
        total += len(path.line)
    for layers in reading.layers:
        n = len(layers.share)
        require(layers.share.dtype == np.uint8 and layers.share.ndim == 3, "(n, rows, columns) uint8")
        require(layers.z.shape == (n + 1,) and bool((np.diff(layers.z) > 0).all()), "slices are in order")
        frame = np.array([*layers.z, *layers.low, *layers.cell])
        require(bool(np.isfinite(frame).all() and (layers.cell > 0).all()), "layers have a place and a size")
        require(0 < n <= layers.count, "a slice holds a layer or more")
        total += layers.count
    require(total <= limits.max_triangles, f"{total} triangles are within the limit")
    require(total > 0 or bool(reading.unread), "what holds no triangle is not complete")


def digest(outcome: Reading | Refusal) -> str:
    """A hash of all that an outcome says."""
    hashed = hashlib.sha256()
    if isinstance(outcome, Refusal):
        hashed.update(repr(outcome).encode())
        return hashed.hexdigest()
    hashed.update(repr((outcome.format, outcome.medium, outcome.unit, outcome.unread)).encode())
    for shape in outcome.shapes:
        hashed.update(repr((shape.name, shape.notes, shape.mesh.vertices.shape)).encode())
        hashed.update(shape.mesh.vertices.tobytes())
        hashed.update(shape.mesh.triangles.tobytes())
    for path in outcome.toolpaths:
        hashed.update(path.end.tobytes())
        hashed.update(path.filament.tobytes())
    for layers in outcome.layers:
        hashed.update(repr((layers.share.shape, layers.low, layers.cell, layers.count)).encode())
        hashed.update(layers.share.tobytes() + layers.z.tobytes())
    return hashed.hexdigest()


@dataclass(frozen=True)
class Opening:
    """All that a container gave. contents: what could be extracted; whole: whether nothing else was in it."""

    contents: tuple[bytes, ...]
    whole: bool
    said: str


def open_container(known: ContainerFormat, data: bytes, limits: ReadLimits = LIMITS) -> Opening | Refusal:
    """The bytes opened twice and every member extracted: the same both times, and within the limits."""
    if not known.recognises(data):
        return Refusal("unrecognised", "")
    first = _opened(known, data, limits)
    require(first == _opened(known, data, limits), "the same bytes give the same members")
    return first


def _opened(known: ContainerFormat, data: bytes, limits: ReadLimits) -> Opening | Refusal:
    container = tried(lambda: known.open(data, limits, "file"))
    return container if isinstance(container, Refusal) else _extracted(container, limits)


def _extracted(container: Container, limits: ReadLimits) -> Opening:
    labels = [member.path for member in container.members]
    require(len(labels) <= limits.max_members, f"{len(labels)} members are within the limit")
    require(len(set(labels)) == len(labels), "no two members have one label")
    contents = []
    said = [repr(container.unread), repr(container.remarks), repr(container.members)]
    whole = not container.unread
    for label in labels:
        label.encode("utf-8")
        content = tried(partial(container.extract, label))
        if isinstance(content, Refusal):
            whole = False
            said.append(repr(content))
        else:
            require(len(content) <= limits.max_member_bytes, "a member is within the limit")
            contents.append(content)
    return Opening(tuple(contents), whole, "\n".join(said))


def check_item(item: Item) -> None:
    """What a finding promises of the item that it is said of."""
    require(item.complete or item.finding is not Finding.CLEAR, "what was not read whole is not clear")
    require(item.complete or bool(item.reasons), "what was not read whole says why")
    require(item.finding is not Finding.UNSCREENABLE or not item.complete, "unscreenable is not complete")
    for body in item.bodies:
        for match in body.matches:
            numbers = [match.scale, match.coverage_part, match.coverage_body, match.score, match.tolerance_mm]
            numbers += [match.deviation_mm.median, match.deviation_mm.p95, match.deviation_mm.max]
            numbers += [number for row in match.T_part_body for number in row]
            require(
                bool(np.isfinite(np.array(numbers, dtype=np.float64)).all()), "a match is in finite numbers"
            )
            require(0 <= match.coverage_part <= 1 and 0 <= match.coverage_body <= 1, "coverage is a share")


def soup(reading: Reading) -> FloatArray:
    """Every triangle's corners, (n, 9), in an order that depends on them alone."""
    rows = [shape.mesh.vertices[shape.mesh.triangles].reshape(-1, 9) for shape in reading.shapes]
    every = np.concatenate(rows) if rows else np.zeros((0, 9))
    return every[np.lexsort(every.T)]
