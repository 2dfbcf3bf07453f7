"""An operator's own benign stock, added to the population that matches are weighed against."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from partwatch.curation.calibrate import thinned
from partwatch.curation.families import families_of
from partwatch.curation.observe import fingerprint, largest_solids
from partwatch.evidence.population import Population, own_folder, own_stock, read_population, write_population
from partwatch.fingerprint import sample_surface
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.model.errors import UsageError

TASK: Final = "partwatch.curation.background:fingerprints"
SOURCE: Final = "the operator's own stock"


@dataclass(frozen=True)
class Added:
    """What was added: bodies kept, families, files read, files that could not be."""

    name: str
    bodies: int
    families: int
    files: int
    unread: int


def add_stock(home: Path, folder: Path, name: str, jobs: int, progress: Callable[[str], None]) -> Added:
    """Fingerprints of all files under a folder to HOME/background; a stock of that name is replaced.

    UsageError where there is nothing to add.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: give a folder with benign files")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    tasks = [Task(TASK, {"path": str(path)}, path) for path in files]
    bodies: list[tuple[Path, int, dict[str, Any]]] = []
    unread = 0
    with WorkerPool[Path](jobs=jobs, limits=Limits()) as pool:
        for task, outcome in pool.run(tasks):
            progress("stock")
            if isinstance(outcome, Failure):
                unread += 1
                continue
            bodies += [(task.tag, k, body) for k, body in enumerate(json.loads(outcome))]
    if not bodies:
        raise UsageError(f"{folder}: no file in it has a body that can be read")
    bodies.sort(key=lambda entry: (str(entry[0]), entry[1]))
    population = _population(folder, name, bodies)
    place = own_folder(home)
    place.mkdir(parents=True, exist_ok=True)
    write_population(population, place / _file_name(name))
    return Added(name, len(population), population.family_count, len(files) - unread, unread)


def remove_stock(home: Path, name: str) -> None:
    """Take it out. UsageError where there is none of that name."""
    for path in own_stock(home):
        if read_population(path).name == name:
            path.unlink()
            return
    raise UsageError(f"there is no stock called {name}; `partwatch background ls` shows what there is")


def fingerprints(path: str) -> bytes:
    """In the worker: descriptor and radius of each body of a file; JSON."""
    unit, solids = largest_solids(path)
    return json.dumps([fingerprint(sample_surface(solid.mesh), unit) for solid in solids]).encode()


def _population(folder: Path, name: str, bodies: list[tuple[Path, int, dict[str, Any]]]) -> Population:
    descriptors = np.array([body["descriptor"] for _, _, body in bodies], dtype=np.float32)
    radius = np.array([body["radius_mm"] for _, _, body in bodies])
    projects = np.zeros(len(bodies), dtype=np.int32)
    names = [f"{path.relative_to(folder).as_posix()} [body {k}]" for path, k, _ in bodies]
    families = families_of(descriptors, radius, projects, names)
    keep = thinned(families, np.ones(len(bodies), dtype=bool))
    return Population(
        name, descriptors[keep], families[keep], projects[keep], radius[keep].astype(np.float32),
        tuple(names[k] for k in keep), (name,), (SOURCE,),
    )  # fmt: skip


def _file_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
    if not plain:
        raise UsageError(f"{name!r}: give the stock a name with a letter or a digit in it (--name)")
    return f"{plain}.npz"
