"""Who made a stripped job, and by which settings: jobs of random profiles by the slicers that are installed.

    python -m benchmarks.attribution --corpus DIR --folder DIR [--each 110] [--write]

Slices parts of the corpus (what is in the folder already is kept), takes the habits of the jobs without
their comments, fits the table of `partwatch.provenance.slicers` in folds by part, and prints how jobs that
were held back are told; then real jobs of the corpus, by what their banners say. --write replaces the table.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.profiles import sliced_somehow
from benchmarks.progress import say
from benchmarks.slicing import SlicingError, installed, stripped
from partwatch import formats
from partwatch.formats import ReadLimits
from partwatch.model.errors import PartwatchError
from partwatch.provenance.habits import LEAST_MOVES, habits_of
from partwatch.provenance.manner import order_of_walls
from partwatch.provenance.slicer_fit import Job, Told, fit
from partwatch.provenance.slicers import Habits, Table, attributions, named
from partwatch.toolpath.runs import runs_of
from partwatch.toolpath.settings import settings_of

FAMILIES = {"slic3r": ("prusa-slicer", "slic3r"), "cura": ("cura-engine",)}
PARTS = 80
# Sides of parts, in mm, and their box, in mm³: what is sliced in seconds.
SIDES, ROOM = (8.0, 110.0), 150_000.0
_BANNERS = {
    "slic3r": (
        rb"(?i)(?:generated|sliced) by (?:prusaslicer|slic3r|superslicer|orcaslicer)|; bambustudio \d"
    ),
    "cura": rb"Cura_SteamEngine|CURA_PROFILE_STRING",
}
_TABLE = Path("src/partwatch/provenance/data/slicers.json")
# What a profile calls a setting that is measured, and by how much a measurement may be off.
_SETTINGS: Mapping[str, tuple[tuple[str, ...], float]] = {
    "layer height": (("layer-height", "layer_height"), 0.011),
    "retraction": (("retract-length", "retraction_amount"), 0.06),
    "retraction speed": (("retract-speed", "retraction_speed"), 0.6),
    "travel speed": (("travel-speed", "speed_travel"), 0.6),
    "wall width": (("extrusion-width", "line_width"), 0.061),
}
# Seams of a part's own choice may be at its rear, and one point for all may be anywhere.
_SEAMS = {"rear": "placed", "back": "placed", "aligned": "placed", "random": "random"}
_OUTER = ("external-perimeters-first", "outer_inset_first")


def main(argv: list[str] | None = None) -> int:
    """Slice, fit, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attribution", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where jobs are kept")
    parser.add_argument("--each", type=int, default=110, help="jobs of each slicer")
    parser.add_argument("--write", action="store_true", help=f"replace {_TABLE}")
    asked = parser.parse_args(argv)
    asked.folder.mkdir(parents=True, exist_ok=True)
    parts = parts_of(asked.corpus)
    wanted = [(slicer, seed) for seed in range(asked.each) for slicer in installed()]
    found = []
    for k, (slicer, seed) in enumerate(wanted):
        if k % 30 == 0:
            say(f"{k} of {len(wanted)} jobs")
        job = _job(slicer, seed, parts[(seed * 7 + len(slicer)) % len(parts)], asked.folder)
        found += [] if job is None else [job]
    table, told = fit([job for job, _ in found], FAMILIES)
    _print(table, told, Counter(word for _, words in found for word in words))
    for line in _real(asked.corpus, table):
        print(line)
    if asked.write:
        _TABLE.parent.mkdir(exist_ok=True)
        _TABLE.write_text(table.model_dump_json() + "\n", encoding="utf-8")
    return 0


def parts_of(corpus: Path, room: float = ROOM) -> list[tuple[str, Path]]:
    """Closed parts of a size that is printed in an hour or two, the same ones each time. room: of a box, in
    mm³."""
    with (corpus / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["role"] == "part"
            and row["ext"].lower() == "stl"
            and row["watertight"].lower() == "true"
            and 50 < int(row["triangles"] or 0) < 30_000
            and not row["same_geometry_as"]
        ]
    order = np.random.default_rng(7).permutation(len(rows))
    found: list[tuple[str, Path]] = []
    for row in (rows[k] for k in order):
        path = corpus / row["repo"].replace("/", "+") / row["path"]
        extents = formats.read(path.read_bytes(), ReadLimits()).shapes[0].mesh.extents
        if extents.min() > SIDES[0] and extents.max() < SIDES[1] and extents.prod() < room:
            found.append((f"{row['repo']}/{row['path']}", path))
        if len(found) == PARTS:
            break
    return found


def _job(slicer: str, seed: int, part: tuple[str, Path], folder: Path) -> tuple[Job, list[str]] | None:
    """The habits of one job, and how well its settings were measured; None where the slicer makes none."""
    out = folder / f"{slicer}-{seed:03d}.gcode"
    kept = out.with_suffix(".json")
    if not kept.exists():
        try:
            drawn = sliced_somehow(slicer, part[1], seed, out)
        except SlicingError as error:
            print(error, file=sys.stderr)
            return None
        kept.write_text(json.dumps({"part": part[0], "settings": drawn}), encoding="utf-8")
    told = json.loads(kept.read_text(encoding="utf-8"))
    text = stripped(out.read_text(encoding="utf-8", errors="replace")).encode()
    path = formats.read(text, ReadLimits()).toolpaths[0]
    runs = runs_of(path)
    measured = {each.name: each.value for each in settings_of(path, runs)}
    measured["order of walls"] = order_of_walls(runs)
    return Job(slicer, told["part"], habits_of(text, path)), _compared(measured, told["settings"])


def _compared(measured: Mapping[str, str], drawn: Mapping[str, object]) -> list[str]:
    """`NAME right` or `NAME wrong` for each setting that was measured and is in the profile."""
    words = []
    for name, (names, slack) in _SETTINGS.items():
        true = next((drawn[each] for each in names if each in drawn), None)
        if name in measured and true is not None:
            close = abs(float(measured[name]) - float(str(true))) <= slack
            words.append(f"{name}: {'right' if close else 'wrong'}")
    seam = _SEAMS.get(str(drawn.get("seam-position", drawn.get("z_seam_type"))))
    if seam is not None and measured.get("seam", "mixed") != "mixed":
        right = (measured["seam"] == "random") == (seam == "random")
        words.append(f"seam, random or not: {'right' if right else 'wrong'}")
    outer = any(str(drawn.get(name)).lower() == "true" for name in _OUTER)
    if measured["order of walls"] in ("inner first", "outer first"):
        right = (measured["order of walls"] == "outer first") == outer
        words.append(f"order of walls: {'right' if right else 'wrong'}")
    return words


def _real(corpus: Path, table: Table) -> Iterator[str]:
    """The corpus's own jobs, by what their banners say before it is taken away."""
    right: Counter[str] = Counter()
    for path in sorted(corpus.rglob("*.gcode")):
        data = path.read_bytes()
        habits = _habits(stripped(data.decode("utf-8", errors="replace")).encode())
        if habits is None:
            continue
        said = next((f for f, banner in _BANNERS.items() if re.search(banner, data)), "none")
        answer = named(attributions(habits, table)) or "none"
        right[f"{said} told as {answer}"] += 1
    for words, count in sorted(right.items()):
        yield f"real jobs, {words}: {count}"


def _habits(text: bytes) -> Habits | None:
    """None where the job is too short to have any."""
    try:
        path = formats.read(text, ReadLimits()).toolpaths[0]
    except (PartwatchError, IndexError):
        return None
    return habits_of(text, path) if len(path.line) >= LEAST_MOVES else None


def _print(table: Table, told: Told, settings: Mapping[str, int]) -> None:
    jobs = dict(zip(table.programs, table.jobs, strict=True))
    print(f"table {table.version}: {jobs}, bound {table.bound:.1f} bits")
    print(f"family named: {told.right:.1%} of {told.jobs}; by the manner alone {told.right_manner:.1%}")
    print(f"made-up programs answered with none of these: {told.none:.1%}")
    for family in table.families:
        print(f"{family}: Cllr {told.cllr[family]}, against made-up ones too {told.cllr_made[family]}")
    print(f"member of its family: {told.right_member:.1%}, Cllr {told.cllr_members:.3f}")
    for name in sorted({word.partition(":")[0] for word in settings}):
        right, wrong = settings.get(f"{name}: right", 0), settings.get(f"{name}: wrong", 0)
        print(f"{name}: {right} of {right + wrong} ({right / (right + wrong):.0%})")


if __name__ == "__main__":
    sys.exit(main())
