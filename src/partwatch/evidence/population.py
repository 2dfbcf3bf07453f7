"""A population of benign bodies as numbers, which matches are weighed against; it holds no file."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import DESCRIPTOR_SIZE, FINGERPRINT_VERSION
from partwatch.model.errors import UsageError

FORMAT: Final = "partwatch-population-1"
_MOST_BYTES: Final = 1 << 30
_ARRAYS: Final = ("about", "descriptors", "families", "projects", "radius_mm")


@dataclass(frozen=True, eq=False)
class Population:
    """Fingerprints of n benign bodies.

    descriptors: (n, DESCRIPTOR_SIZE) float32. families: (n,) int32; near-duplicates share one. projects:
    (n,) int32 into project_names. radius_mm: (n,) float32, root mean square radius. names: n, `file [body]`.
    sources: of each project what is owed to it: a licence, an address.
    """

    name: str
    descriptors: npt.NDArray[np.float32]
    families: npt.NDArray[np.int32]
    projects: npt.NDArray[np.int32]
    radius_mm: npt.NDArray[np.float32]
    names: tuple[str, ...]
    project_names: tuple[str, ...]
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.families)

    @property
    def family_count(self) -> int:
        """Families in it."""
        return len(np.unique(self.families))

    @property
    def project_count(self) -> int:
        """Projects in it."""
        return len(np.unique(self.projects))

    @cached_property
    def weights(self) -> npt.NDArray[np.float64]:
        """(n,), summing to 1: every family counts the same, however many near-duplicates it has."""
        _, family, count = np.unique(self.families, return_inverse=True, return_counts=True)
        return np.asarray(1.0 / (count[family] * len(count)))

    @cached_property
    def version(self) -> str:
        """Of its content: twelve hex digits."""
        said = json.dumps([FORMAT, FINGERPRINT_VERSION, self.name, self.names, self.project_names])
        content = hashlib.sha256(said.encode())
        for array in (
            self.descriptors.astype("<f2"),
            self.families.astype("<i4"),
            self.radius_mm.astype("<f4"),
        ):
            content.update(np.ascontiguousarray(array).tobytes())
        return content.hexdigest()[:12]

    def similarity(self, descriptor: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(n,): of one (DESCRIPTOR_SIZE,) descriptor to each body; 2 for the same."""
        return np.asarray(self.descriptors @ descriptor)

    def look_alikes(self, similarity: npt.NDArray[np.float32], count: int) -> list[int]:
        """The most similar bodies, one a family, best first."""
        best: list[int] = []
        seen: set[int] = set()
        for k in np.argsort(-similarity, kind="stable"):
            family = int(self.families[k])
            if family not in seen:
                seen.add(family)
                best.append(int(k))
                if len(best) == count:
                    break
        return best

    def full_name(self, body: int) -> str:
        """Project and name of a body."""
        return f"{self.project_names[int(self.projects[body])]}: {self.names[body]}"

    def chosen(self, keep: npt.NDArray[np.bool_]) -> Population:
        """Only some of its bodies."""
        rows = np.flatnonzero(keep)
        return Population(
            self.name, self.descriptors[rows], self.families[rows], self.projects[rows],
            self.radius_mm[rows], tuple(self.names[k] for k in rows), self.project_names, self.sources,
        )  # fmt: skip


def joined(populations: Sequence[Population]) -> Population:
    """Several as one; their families and projects stay apart."""
    if len(populations) == 1:
        return populations[0]
    families, projects = [], []
    family_base = project_base = 0
    for each in populations:
        _, family = np.unique(each.families, return_inverse=True)
        families.append(family + family_base)
        projects.append(each.projects + project_base)
        family_base += each.family_count
        project_base += len(each.project_names)
    return Population(
        name=" and ".join(each.name for each in populations),
        descriptors=np.concatenate([each.descriptors for each in populations]),
        families=np.concatenate(families).astype(np.int32),
        projects=np.concatenate(projects).astype(np.int32),
        radius_mm=np.concatenate([each.radius_mm for each in populations]),
        names=tuple(name for each in populations for name in each.names),
        project_names=tuple(name for each in populations for name in each.project_names),
        sources=tuple(source for each in populations for source in each.sources),
    )


def write_population(population: Population, path: Path) -> None:
    """To a file, whole or not at all; the same population gives the same bytes."""
    about = {
        "format": FORMAT,
        "fingerprint_version": FINGERPRINT_VERSION,
        "name": population.name,
        "names": population.names,
        "project_names": population.project_names,
        "sources": population.sources,
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype="u1"),
        "descriptors": population.descriptors.astype("<f2"),
        "families": population.families.astype("<i4"),
        "projects": population.projects.astype("<i4"),
        "radius_mm": population.radius_mm.astype("<f4"),
    }
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name, array in arrays.items():
                    content = io.BytesIO()
                    np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
                    # Of no time: the same population gives the same bytes.
                    member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                    archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_population(path: Path) -> Population:
    """From a file. UsageError where it is none, is damaged, or was made by another fingerprint."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
                raise UsageError(f"{path}: it unfolds to more than a gibibyte, which no population does")
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
        about = json.loads(arrays["about"].tobytes())
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']!r}, not {FORMAT!r}")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such population") from error
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"{path}: this is no population, or it is damaged ({error}); make it anew"
        ) from error
    if about["fingerprint_version"] != FINGERPRINT_VERSION:
        raise UsageError(
            f"{path}: made with fingerprint version {about['fingerprint_version']}, and this program has "
            f"{FINGERPRINT_VERSION}; make it anew"
        )
    return _checked(path, arrays, about)


def _checked(path: Path, arrays: dict[str, npt.NDArray[Any]], about: dict[str, Any]) -> Population:
    n = len(about["names"])
    shapes = {"descriptors": (n, DESCRIPTOR_SIZE), "families": (n,), "projects": (n,), "radius_mm": (n,)}
    for name, shape in shapes.items():
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise UsageError(f"{path}: its {name} are not {shape} numbers; it is damaged, make it anew")
    projects = arrays["projects"]
    if n == 0 or projects.min() < 0 or projects.max() >= len(about["project_names"]):
        raise UsageError(f"{path}: it is empty or names a project that it has not; make it anew")
    return Population(
        name=str(about["name"]),
        descriptors=arrays["descriptors"].astype(np.float32),
        families=arrays["families"].astype(np.int32),
        projects=projects.astype(np.int32),
        radius_mm=arrays["radius_mm"].astype(np.float32),
        names=tuple(map(str, about["names"])),
        project_names=tuple(map(str, about["project_names"])),
        sources=tuple(map(str, about["sources"])),
    )


@lru_cache(maxsize=1)
def shipped_population() -> Population:
    """The one that comes with the program: open parts and generated stand-ins."""
    with resources.as_file(resources.files("partwatch.evidence") / "data" / "population.npz") as path:
        return read_population(path)


def own_folder(home: Path) -> Path:
    """Where an operator's own benign stock lies."""
    return home / "background"


def own_stock(home: Path) -> list[Path]:
    """The operator's own populations, by name."""
    # Of a folder that is not there glob finds nothing.
    return sorted(own_folder(home).glob("*.npz"))


def population_of(home: Path, base: Population | None = None) -> Population:
    """The shipped one, or another as `base`, joined by the operator's own stock."""
    return joined([base or shipped_population(), *(read_population(path) for path in own_stock(home))])
