"""Resin print jobs of parts, by PrusaSlicer for the SL1S.

`python -m benchmarks.resin --corpus DIR` counts how many parts of a corpus are found in theirs. With
`--keep DIR` it leaves the jobs there, each beside a JSON file that names its part, as
`partwatch calibrate --print-jobs` wants them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.parts import stl_of
from benchmarks.slicing import SlicingError
from partwatch.curation.corpus import CorpusFile, listed_parts, read_corpus
from partwatch.formats import read
from partwatch.geometry.bodies import split_bodies
from partwatch.model.document import Finding
from partwatch.model.errors import UnreadableError
from partwatch.model.mesh import MM_PER_UNIT, Mesh, Unit

PROGRAM = "prusa-slicer"
TIMEOUT_S = 600
# Of parts that are sliced: what the vat takes with its pad, and what is worth printing.
MOST_MM, LEAST_MM, MOST_HIGH_MM = (110.0, 70.0), 3.0, 60.0
MOST_TRIANGLES = 60_000
LISTED, SLICED = 40, 14
# The SL1S in PrusaResearch.ini, which is not installed everywhere.
_PRINTER = """
bed_shape = 0.5x0.5,127.5x0.5,127.5x80.5,0.5x80.5
display_height = 81
display_pixels_x = 2560
display_pixels_y = 1620
display_width = 128
elefant_foot_compensation = 0.2
max_print_height = 150
printer_model = SL1S
support_head_front_diameter = 0.4
support_head_penetration = 0.4
support_head_width = 3
support_pillar_diameter = 1
"""


@dataclass(frozen=True)
class Setting:
    """portrait, mirrored: how pictures lie on the panel. supports: pillars, and a pad beneath them."""

    layer_mm: float = 0.1
    supports: bool = True
    portrait: bool = True
    mirrored: tuple[bool, bool] = (True, False)
    hollow: bool = False

    @property
    def name(self) -> str:
        """In a word."""
        told = f"{self.layer_mm:g} mm, {'supports and pad' if self.supports else 'bare'}"
        told += ", hollow" if self.hollow else ""
        return (
            told
            + f", {'portrait' if self.portrait else 'landscape'} {self.mirrored[0]:d}{self.mirrored[1]:d}"
        )


SETTINGS = (Setting(supports=False), Setting())


def installed() -> bool:
    """Whether the slicer can be run here."""
    return shutil.which(PROGRAM) is not None


def sliced(part: Path, setting: Setting, out: Path) -> Path:
    """The job of a part (STL, in mm) as a file. Raises SlicingError where the slicer makes none."""
    printer = out.with_suffix(".ini")
    x, y = setting.mirrored
    printer.write_text(
        f"{_PRINTER}display_mirror_x = {x:d}\ndisplay_mirror_y = {y:d}\n"
        f"display_orientation = {'portrait' if setting.portrait else 'landscape'}\n"
        f"layer_height = {setting.layer_mm:g}\ninitial_layer_height = {setting.layer_mm:g}\n"
        f"supports_enable = {setting.supports:d}\npad_enable = {setting.supports:d}\n"
        f"hollowing_enable = {setting.hollow:d}\n"
    )
    command = [PROGRAM, "--export-sla", "--printer-technology", "SLA", "--load", str(printer)]
    try:
        done = subprocess.run(
            [*command, "--output", str(out), str(part)], capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SlicingError(f"{PROGRAM}: {error}") from None
    if done.returncode or not out.exists() or not out.stat().st_size:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise SlicingError(f"{PROGRAM}: {said[-1] if said else f'exit status {done.returncode}'}")
    return out


def suitable(files: Sequence[CorpusFile], most: int) -> Iterator[tuple[CorpusFile, Mesh]]:
    """Parts of one body that fit the vat, in mm, from as many projects as there are: one of each in turn."""
    by_project: dict[str, list[CorpusFile]] = {}
    for file in listed_parts(list(files)):
        if file.path.suffix.lower() == ".stl":
            by_project.setdefault(file.project, []).append(file)
    count = 0
    while count < most and any(by_project.values()):
        for project in sorted(by_project):
            found = _next_suitable(by_project[project])
            if found is not None and count < most:
                yield found
                count += 1


def _next_suitable(files: list[CorpusFile]) -> tuple[CorpusFile, Mesh] | None:
    while files:
        # Not the first ones of a folder, which are often of one kind.
        file = files.pop(len(files) // 2)
        mesh = _single(file.path)
        if mesh is not None:
            return file, mesh
    return None


def _single(path: Path) -> Mesh | None:
    """The file's one body, if it is one that a vat takes."""
    try:
        reading = read(path.read_bytes())
    except (OSError, UnreadableError):
        return None
    if len(reading.shapes) != 1 or len(reading.shapes[0].mesh.triangles) > MOST_TRIANGLES:
        return None
    bodies = split_bodies(reading.shapes[0].mesh, None)
    if len(bodies) != 1 or MM_PER_UNIT[reading.unit or Unit.MILLIMETRE] != 1:
        return None
    mesh = bodies[0].mesh
    x, y, z = mesh.extents
    fits = x <= MOST_MM[0] and y <= MOST_MM[1] and z <= MOST_HIGH_MM
    return mesh if fits and min(x, y, z) >= LEAST_MM else None


def measured(
    corpus: Path, folder: Path, listed: int, count: int, keep: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Lists parts, slices some of them in every setting, screens each job: a row for each. keep: where the
    jobs stay, each beside what it is of."""
    found = list(suitable(read_corpus(corpus), listed))
    parts = [(f"part-{number:02d}", mesh) for number, (_, mesh) in enumerate(found)]
    lines = ['name = "corpus"', 'authority = "Benchmarks"', 'reason = "made to be measured against"']
    lines.append("expires = 2199-12-31")
    for name, mesh in parts:
        (folder / f"{name}.stl").write_bytes(stl_of(mesh))
        lines += ["[[parts]]", f'name = "{name}"', f'file = "{name}.stl"']
    (folder / "list.toml").write_text("\n".join(lines))
    _partwatch(folder, "watchlist", "add", "--allow-generic", "measured", str(folder / "list.toml"))
    for (name, _), (file, _) in zip(parts[:count], found, strict=False):
        for number, setting in enumerate(SETTINGS):
            job = folder / f"{name}-{number}.sl1s"
            try:
                sliced(folder / f"{name}.stl", setting, job)
            except SlicingError as error:
                print(f"{name}: {error}", file=sys.stderr)
                continue
            yield _row(_screened(folder, job), name, setting)
            if keep is not None:
                _keep(job, keep, file, setting)
            job.unlink()


def _keep(job: Path, folder: Path, file: CorpusFile, setting: Setting) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(job, folder / job.name)
    about = {"part": f"{file.project}/{file.shown}", "settings": asdict(setting)}
    (folder / job.name).with_suffix(".json").write_text(json.dumps(about) + "\n", encoding="utf-8")


def _screened(folder: Path, path: Path) -> dict[str, Any]:
    """The one item of a file."""
    said = _partwatch(folder, "screen", str(path), "--json", "--timeout", "600", "--jobs", "1")
    item: dict[str, Any]
    (item,) = json.loads(said)["items"]
    return item


def _best(item: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The match that names the part best."""
    own = [match for body in item["bodies"] for match in body["matches"] if match["part"] == name]
    return max(own, key=lambda match: (match["finding"] == "match", match["coverage_part"]), default=None)


def _row(item: dict[str, Any], name: str, setting: Setting) -> dict[str, Any]:
    every = [match for body in item["bodies"] for match in body["matches"]]
    others = {match["part"] for match in every if match["part"] != name and match["finding"] != "candidate"}
    row = {"part": name, "setting": setting.name, "supports": setting.supports, "item": item["finding"]}
    row |= {"complete": item["complete"], "bodies": len(item["bodies"]), "others": sorted(others)}
    best = _best(item, name)
    if best is not None:
        row |= {key: best[key] for key in ("finding", "relation", "coverage_part", "coverage_body")}
        row |= {"p95_mm": best["deviation_mm"]["p95"], "median_mm": best["deviation_mm"]["median"]}
        row |= {"mirrored": best["mirrored"]}
    return row


def _partwatch(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "partwatch", "--home", str(folder / "home"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 2 or not done.stdout:
        raise SystemExit(done.stderr)
    return done.stdout


def main() -> None:
    """Prints a row of JSON for each job, and the counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resin")
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="holds MANIFEST.csv")
    parser.add_argument("--listed", type=int, default=LISTED)
    parser.add_argument("--sliced", type=int, default=SLICED)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the jobs stay")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in measured(options.corpus, Path(folder), options.listed, options.sliced, options.keep):
            rows.append(row)
            print(json.dumps(row), flush=True)
    for supports in (False, True):
        some = [row for row in rows if row["supports"] is supports]
        found = [sum(row.get("finding") in kinds for row in some) for kinds in _KINDS]
        print(f"{'with' if supports else 'without'} supports: {len(some)} jobs, {found[0]} at match, "
              f"{found[1]} at review or above")  # fmt: skip


_KINDS = ((Finding.MATCH,), (Finding.MATCH, Finding.REVIEW))


if __name__ == "__main__":
    main()
