"""The process of one run of `families`: reads the files that it was told of, compares them, draws them.

`python -m partwatch.service.families_job FOLDER`. It holds the run's lock, which it was given open, until it
ends; files are read by workers of its own, within the settings' limits.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from partwatch.curation.families_of_folder import Means, find_families
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits, default_jobs
from partwatch.model.errors import PartwatchError
from partwatch.model.mesh import Mesh
from partwatch.report.families_pictures import pictures
from partwatch.screening.walk import Source, shown
from partwatch.service.families import ASKED, FAILED, FOUND, Of
from partwatch.watchlist.store import Watchlist

MOST_PICTURES: Final = 200
MOST_PARTS: Final = 2_000
_UNEXPECTED: Final = "something went wrong that should not have; the run's said.txt says what"


def main(folder: Path) -> int:
    """Work one run off; 0 where something was found."""
    try:
        told = json.loads((folder / ASKED).read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory(prefix="partwatch-families-") as kept:
            _work(folder, told, Path(kept))
    except PartwatchError as error:
        _put(folder / FAILED, str(error).encode("utf-8", "backslashreplace"))
        return 1
    except BaseException:
        _put(folder / FAILED, _UNEXPECTED.encode())
        raise
    return 0


def _work(folder: Path, told: dict[str, Any], kept: Path) -> None:
    limits = told["limits"]
    means = Means(
        limits["jobs"] or default_jobs(),
        Limits(timeout_s=limits["timeout_s"], memory_mb=limits["memory_mb"]),
        ReadLimits(max_file_bytes=limits["file_mb"] << 20),
    )
    sources = [Source(path, shown(name)) for path, name in told["files"]]
    if told["of"] == Of.LIST:
        # HOME/service/families/ID
        sources = list(_listed(folder.parents[2], kept))
    specimens = kept / "specimens"
    specimens.mkdir()
    catalogue, found = find_families(sources, specimens, means, lambda stage, count: None)
    drawn = pictures(catalogue, found, MOST_PICTURES, means.jobs, means.worker, lambda count: None)
    for shape, png in drawn.items():
        _put(folder / f"{shape}.png", png)
    _put(folder / FOUND, found.document.model_dump_json().encode())


def _listed(home: Path, kept: Path) -> Iterator[Source]:
    """The parts of the list that have a shape, as files for the workers; named by their design."""
    parts = ((design, part) for design in Watchlist.open(home).entries() for part in design.parts)
    for number, (design, part) in enumerate(parts):
        if part.mesh is not None and number < MOST_PARTS:
            path = kept / f"{number}.stl"
            path.write_bytes(_stl(part.mesh))
            yield Source(str(path), shown(f"{design.name}/{part.name}"))


def _stl(mesh: Mesh) -> bytes:
    """A mesh as binary STL; normals are left for the reader to work out."""
    rows = np.zeros(
        len(mesh.triangles), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("", "<u2")]
    )
    rows["corners"] = mesh.vertices[mesh.triangles]
    return b"\0" * 80 + len(rows).to_bytes(4, "little") + rows.tobytes()


def _put(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
