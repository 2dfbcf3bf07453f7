"""Watch-lists to measure against: of any size from generated parts, of given meshes, or of the corpus.

A large list is made cheaply but is a real one: it goes through the store, and each part has a mesh, a cloud
and a descriptor that belong together. The first parts are generated bodies, printed as the program prints
them; the others are these, stretched along two axes. A stretched part's descriptor is not computed from its
surface (that would take an hour for 100,000) but by how the base's changes with either stretch.

Generated lists have no local features: what is measured against them is the main job, the search for whole
bodies. `of_meshes` and `variants` make lists that regions are searched in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import parts
from benchmarks.cache import made
from benchmarks.progress import say
from partwatch.curation.corpus import CorpusFile, listed_parts
from partwatch.fingerprint import describe, enrol_part, sample_surface
from partwatch.fingerprint.descriptor import COARSE_SIZE
from partwatch.fingerprint.local import Features, facing_of, features_of_part
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
# A variant with features is stretched by so much at most, either way, and its codes are so far off.
SLIGHT_STRETCH = 0.05
CODE_JITTER = 3
# Seeds of the fine bodies: listed as they are screened, listed in another tessellation, not listed.
FINE_LISTED, FINE_RETESSELLATED, FINE_UNLISTED = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Base:
    """A part from which others are made. slopes: (2, D), the descriptor's change with log stretch in y, z."""

    entry: PartEntry
    slopes: npt.NDArray[np.float64]


def generated(cache: Path, size: int, bases: int, fine_triangles: int) -> Path:
    """A home whose list has `size` parts, the fine bodies of b1 among them."""

    def make(home: Path) -> None:
        say(f"making a list of {size:,} parts")
        fill(home, _designs(size, bases, fine_triangles))

    return made(cache, f"list-{size}", f"{size} {bases} {fine_triangles}", make)


def of_meshes(cache: Path, name: str, meshes: dict[str, Mesh], features: bool = False) -> Path:
    """A home whose list has these parts, each in a design of its own; both go by the key."""
    recipe = hashlib.sha256(b"".join(mesh.vertices.tobytes() for mesh in meshes.values())).hexdigest()

    def make(home: Path) -> None:
        say(f"making the list {name} of {len(meshes):,} parts")
        fill(home, (design(key, [entry_of(key, mesh, features)]) for key, mesh in meshes.items()))

    return made(cache, f"list-{name}", f"{recipe} {features}", make)


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


def variants(cache: Path, name: str, of: Path, size: int) -> Path:
    """A home with the list at `of`, whose parts have features, and variants of them up to `size` parts.

    A part's variants join its design.
    """

    def make(home: Path) -> None:
        say(f"making a list of {size:,} parts with features")
        fill(home, _with_variants(Watchlist.open(of), size))

    return made(cache, f"list-{name}", f"{of.name} {size}", make)


def fill(home: Path, designs: Iterator[DesignEntry]) -> None:
    """A new list of these, and its index."""
    watchlist = Watchlist.open(home, create=True)
    watchlist.add(designs)
    watchlist.snapshot().close()


def design(name: str, entries: Sequence[PartEntry]) -> DesignEntry:
    """A design of these parts that does not expire."""
    return DesignEntry(name, AUTHORITY, REASON, EXPIRES, None, tuple(entries))


def entry_of(name: str, mesh: Mesh, features: bool = False) -> PartEntry:
    """A mesh in millimetres as a part. features: also those by which pieces of it are found."""
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
        features=features_of_part(whole) if features else None,
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
    return _base_of(entry_of(f"part {seed:06d}", parts.part(seed)))


def _base_of(entry: PartEntry) -> Base:
    own = entry.prints[0].descriptor.astype(np.float64)
    mesh = _mesh_of(entry)
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
    return _stretched_entry(base, f"part {seed:06d} variant {number}", stretched_by(seed, number))


def _with_variants(of: Watchlist, size: int) -> Iterator[DesignEntry]:
    counts = of.counts()
    each, more = divmod(size - counts.parts, counts.parts)
    made_of = 0
    for listed in of.entries():
        entries: list[PartEntry] = []
        for entry in listed.parts:
            entries.append(entry)
            count = each + (made_of < more)
            if count > 0:
                base = _base_of(entry)
                entries += [_slight_variant(base, made_of, number) for number in range(1, count + 1)]
            made_of += 1
        yield replace(listed, parts=tuple(entries))


def _slight_variant(base: Base, seed: int, number: int) -> PartEntry:
    rng = np.random.default_rng([seed, number, 7])
    factors = np.concatenate([[1.0], np.exp(rng.uniform(-SLIGHT_STRETCH, SLIGHT_STRETCH, 2))])
    entry = _stretched_entry(base, f"{base.entry.name} variant {number}", factors)
    features = base.entry.features
    return entry if features is None else replace(entry, features=_stretched_features(features, factors, rng))


def _stretched_entry(base: Base, name: str, factors: FloatArray) -> PartEntry:
    mesh = _mesh_of(base.entry)
    x, y, z = (float(e) for e in mesh.extents * factors)
    return replace(
        base.entry,
        name=name,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        extents_mm=(x, y, z),
        # Single precision, as most files have it: it is stored in half the room.
        mesh=Mesh((mesh.vertices * factors).astype(np.float32).astype(np.float64), mesh.triangles),
        prints=tuple(_stretched(one, base.slopes, factors) for one in base.entry.prints),
    )


def _mesh_of(entry: PartEntry) -> Mesh:
    assert entry.mesh is not None  # every list here is made with geometry
    return entry.mesh


def _stretched_features(features: Features, factors: FloatArray, rng: np.random.Generator) -> Features:
    """As the stretched part's own would be, but for noise: described anew they would take an hour."""
    changed = features.copy()
    jitter = rng.integers(-CODE_JITTER, CODE_JITTER + 1, features["code"].shape)
    changed["code"] = np.clip(features["code"] + jitter, -127, 127)
    changed["place"] = features["place"] * factors
    changed["facing"] = np.rint(127 * _stretched_normals(facing_of(features), factors))
    return changed


def _stretched_normals(normals: npt.NDArray[Any], factors: FloatArray) -> npt.NDArray[Any]:
    turned = normals / factors
    return np.asarray(turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12))


def _stretched(one: PartPrint, slopes: npt.NDArray[np.float64], factors: FloatArray) -> PartPrint:
    descriptor = np.maximum(one.descriptor + np.log(factors[1:]) @ slopes, 0)
    blocks = [descriptor[:COARSE_SIZE], descriptor[COARSE_SIZE:]]
    cloud = one.cloud
    assert cloud is not None  # entry_of always keeps it
    normals = _stretched_normals(cloud[:, 3:], factors)
    return PartPrint(
        np.concatenate([block / np.linalg.norm(block) for block in blocks]).astype(np.float32),
        np.concatenate([cloud[:, :3] * factors, normals], axis=1).astype(np.float32),
        one.shell,
    )


def _one_part(number: int, path: Path) -> Design:
    part = DesignPart("part", path)
    return Design(f"corpus {number:04d}", AUTHORITY, REASON, EXPIRES, None, (part,), path)
