"""Watch-lists to measure against: of any size from generated parts, of given meshes, or of the corpus.

A large list is made cheaply but is a real one: it goes through the store, and each part has a mesh, a cloud
and a descriptor that belong together. The first parts are generated bodies, printed as the program prints
them; the others are these, stretched along two axes. A stretched part's descriptor is not computed from its
surface (that would take an hour for 100,000) but by how the base's changes with either stretch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import parts
from benchmarks.cache import made
from benchmarks.progress import say
from partwatch.curation.corpus import CorpusFile, listed_parts
from partwatch.fingerprint import describe, enrol_part, sample_surface
from partwatch.fingerprint.descriptor import COARSE_SIZE
from partwatch.geometry.bodies import merge, split_bodies
from partwatch.model.document import Medium
from partwatch.model.mesh import FloatArray, Mesh
from partwatch.watchlist import enrol
from partwatch.watchlist.manifest import Design, DesignPart
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import DesignEntry, PartEntry, PartPrint

EXPIRES = date(2199, 12, 31)
AUTHORITY, REASON = "Benchmarks", "made to be measured against"
PARTS_A_DESIGN = 10
STRETCH = 0.1
# Seeds of the fine bodies: listed as they are screened, listed in another tessellation, not listed.
FINE_LISTED, FINE_RETESSELLATED, FINE_UNLISTED = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Base:
    """A generated part as it is listed. slopes: (2, D), the descriptor's change with log stretch in y, z."""

    entry: PartEntry
    slopes: npt.NDArray[np.float64]


def generated(cache: Path, size: int, bases: int, fine_triangles: int) -> Path:
    """A home whose list has `size` parts, the fine bodies of b1 among them."""

    def make(home: Path) -> None:
        say(f"making a list of {size:,} parts")
        fill(home, _designs(size, bases, fine_triangles))

    return made(cache, f"list-{size}", f"{size} {bases} {fine_triangles}", make)


def of_meshes(cache: Path, name: str, meshes: dict[str, Mesh]) -> Path:
    """A home whose list has these parts, each in a design of its own; both go by the key."""
    recipe = hashlib.sha256(b"".join(mesh.vertices.tobytes() for mesh in meshes.values())).hexdigest()

    def make(home: Path) -> None:
        say(f"making the list {name} of {len(meshes):,} parts")
        fill(home, (design(key, [entry_of(key, mesh)]) for key, mesh in meshes.items()))

    return made(cache, f"list-{name}", recipe, make)


def of_corpus(cache: Path, corpus: Sequence[CorpusFile], jobs: int = 2) -> Path:
    """A home whose list has the parts among these files, read as `watchlist add` reads them."""
    files = listed_parts(list(corpus))
    recipe = hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest()

    def make(home: Path) -> None:
        say(f"making a list of {len(files):,} corpus parts")
        designs = [_one_part(number, file.path) for number, file in enumerate(files)]
        skipped: list[str] = []
        fill(home, enrol.enrol(designs, jobs, skipped=skipped.append))
        say(f"{len(skipped):,} of them cannot be listed")

    return made(cache, "list-corpus", recipe, make)


def fill(home: Path, designs: Iterator[DesignEntry]) -> None:
    """A new list of these, and its index."""
    watchlist = Watchlist.open(home, create=True)
    watchlist.add(designs)
    watchlist.snapshot().close()


def design(name: str, entries: Sequence[PartEntry]) -> DesignEntry:
    """A design of these parts that does not expire."""
    return DesignEntry(name, AUTHORITY, REASON, EXPIRES, None, tuple(entries))


def entry_of(name: str, mesh: Mesh) -> PartEntry:
    """A mesh in millimetres as a part."""
    solids = split_bodies(mesh)
    whole = merge([solid.mesh for solid in solids])
    printed = enrol_part(whole, solids)
    x, y, z = (float(extent) for extent in whole.extents)
    return PartEntry(
        name=name,
        quantity=1,
        required=True,
        alternative_to=None,
        source_name=f"{name}.stl",
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        medium=Medium.MESH,
        distinctiveness=printed.distinctiveness,
        area_mm2=printed.area_mm2,
        extents_mm=(x, y, z),
        triangles=len(whole.triangles),
        mesh=whole,
        prints=tuple(PartPrint(*one) for one in printed.prints),
    )


def stretched_by(base: int, number: int) -> FloatArray:
    """Factors in x, y, z for one of the variants of a base; number 0 is the base itself."""
    if number == 0:
        return np.ones(3)
    rng = np.random.default_rng([base, number, 4])
    return np.asarray(np.concatenate([[1.0], np.exp(rng.uniform(-2.5 * STRETCH, 2.5 * STRETCH, 2))]))


def _designs(size: int, bases: int, fine_triangles: int) -> Iterator[DesignEntry]:
    fine = [
        entry_of("fine", parts.fine_body(FINE_LISTED, fine_triangles)),
        entry_of("retessellated", parts.fine_body(FINE_RETESSELLATED, fine_triangles * 2 // 5)),
    ]
    yield design("fine bodies", fine)
    entries: list[PartEntry] = []
    for k in range(size - len(fine)):
        entries.append(_variant(_base(k % bases), k % bases, k // bases))
        if len(entries) == PARTS_A_DESIGN:
            yield design(f"design {k:06d}", entries)
            entries = []
    if entries:
        yield design("last design", entries)


@lru_cache(maxsize=1024)
def _base(seed: int) -> Base:
    mesh = parts.part(seed)
    entry = entry_of(f"part {seed:06d}", mesh)
    own = entry.prints[0].descriptor.astype(np.float64)
    slopes = []
    for axis in (1, 2):
        factors = np.ones(3)
        factors[axis] = np.exp(STRETCH)
        there = describe(sample_surface(Mesh(mesh.vertices * factors, mesh.triangles)))
        slopes.append((there - own) / STRETCH)
    return Base(entry, np.array(slopes))


def _variant(base: Base, seed: int, number: int) -> PartEntry:
    if number == 0:
        return base.entry
    factors = stretched_by(seed, number)
    mesh = base.entry.mesh
    assert mesh is not None  # entry_of always keeps it
    x, y, z = (float(e) for e in mesh.extents * factors)
    name = f"part {seed:06d} variant {number}"
    return replace(
        base.entry,
        name=name,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        extents_mm=(x, y, z),
        # Single precision, as most files have it: it is stored in half the room.
        mesh=Mesh((mesh.vertices * factors).astype(np.float32).astype(np.float64), mesh.triangles),
        prints=tuple(_stretched(one, base.slopes, factors) for one in base.entry.prints),
    )


def _stretched(one: PartPrint, slopes: npt.NDArray[np.float64], factors: FloatArray) -> PartPrint:
    descriptor = np.maximum(one.descriptor + np.log(factors[1:]) @ slopes, 0)
    blocks = [descriptor[:COARSE_SIZE], descriptor[COARSE_SIZE:]]
    cloud = one.cloud
    assert cloud is not None  # entry_of always keeps it
    normals = cloud[:, 3:] / factors
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return PartPrint(
        np.concatenate([block / np.linalg.norm(block) for block in blocks]).astype(np.float32),
        np.concatenate([cloud[:, :3] * factors, normals], axis=1).astype(np.float32),
        one.shell,
    )


def _one_part(number: int, path: Path) -> Design:
    part = DesignPart("part", path)
    return Design(f"corpus {number:04d}", AUTHORITY, REASON, EXPIRES, None, (part,), path)
