"""Print jobs: moves a second beside a Python reader, and screening beside the slicing that made the job."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import lists, parts
from benchmarks.cache import made
from benchmarks.progress import say
from benchmarks.report import Section, Table
from benchmarks.settings import Settings
from benchmarks.slicing import Setting, SlicingError, installed, slicing_command
from partwatch.formats import ReadLimits, read
from partwatch.model.mesh import Mesh

LAYER_MM = 0.1
# Sides of the part on the bed, in mm: the first by which the job is as large as asked for is taken.
SIDES_MM = (60, 90, 120, 150, 180, 210)
GOAL, GOAL_MB, PEER = 0.1, 1500.0, "gcodeparser"
# Runs a command and tells what all its processes used.
_WATCHED = (
    "import json, resource, subprocess, sys;"
    "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode;"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
    "print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code]))"
)
_PARSED = (
    "import json, sys, time; from gcodeparser import GcodeParser; text = open(sys.argv[1]).read();"
    "begin = time.process_time(); lines = GcodeParser(text).lines;"
    "print(json.dumps([time.process_time() - begin, len(lines)]))"
)


@dataclass(frozen=True)
class Run:
    """One job. slicing_s, screening_s: processor time of all processes. peak_mb: of the largest of them."""

    slicer: str
    job_mb: float
    moves: int
    slicing_s: float
    screening_s: float
    peak_mb: float


@dataclass(frozen=True)
class Jobs:
    """peer_moves: a second, None where the peer is not installed."""

    triangles: int
    runs: tuple[Run, ...]
    moves: float
    peer_moves: float | None


def measure(settings: Settings) -> Jobs:
    """A detailed part, sliced by each slicer into a job of that size, and screened."""
    sizes = settings.sizes
    home = lists.generated(settings.cache, sizes.list_parts, sizes.bases, sizes.fine_triangles)
    recipe = f"{sizes.fine_triangles} {sizes.job_mb}"
    folder = made(settings.cache, "jobs", recipe, lambda to: _slice(to, sizes.fine_triangles, sizes.job_mb))
    runs = []
    for told in sorted(folder.glob("*.json")):
        say(f"b7: {told.stem}")
        slicing_s = float(json.loads(told.read_text("utf-8")))
        path = told.with_suffix(".gcode")
        command = [sys.executable, "-m", "partwatch", "--home", str(home), "screen", str(path), "--ndjson"]
        # The limits on time hold for a machine that does nothing else.
        command += ["--timeout", "600", "--as-of", settings.as_of.isoformat()]
        cpu, peak, code = _watched(command)
        if code not in (0, 1):
            raise RuntimeError(f"{path.name}: screening ended with {code}")
        moves = len(read(path.read_bytes(), ReadLimits()).toolpaths[0].line)
        runs.append(Run(told.stem, path.stat().st_size / 1e6, moves, slicing_s, cpu, peak))
    mine, peer = _moves_a_second(folder, settings.peers_python)
    return Jobs(sizes.fine_triangles, tuple(runs), mine, peer)


def section(result: Jobs) -> Section:
    """As it is reported."""
    if not result.runs:
        return Section("7. Print jobs", ("No slicer is installed: `make slicers`.",), (), ())
    worst = max(run.screening_s / run.slicing_s for run in result.runs)
    peak = max(run.peak_mb for run in result.runs)
    beside = (
        f"{result.moves / result.peer_moves:,.0f} times as many moves a second as {PEER}: "
        f"{result.moves:,.0f} against {result.peer_moves:,.0f}."
        if result.peer_moves
        else f"{result.moves:,.0f} moves a second; {PEER} is not installed."
    )
    rows = tuple(
        (
            run.slicer, f"{run.job_mb:.0f}", f"{run.moves:,}", f"{run.slicing_s:.1f}",
            f"{run.screening_s:.1f}", f"{run.screening_s / run.slicing_s:.2f}", f"{run.peak_mb:,.0f}",
        )
        for run in result.runs
    )  # fmt: skip
    head = ("slicer", "job, MB", "moves", "slicing, CPU s", "screening, CPU s", "ratio", "peak, MB")
    return Section(
        "7. Print jobs",
        (
            f"Screening takes up to {worst:.2f} times the processor time that slicing took; goal {GOAL}.",
            f"Peak {peak:,.0f} MB; goal {GOAL_MB:,.0f}.",
            beside,
        ),
        (Table(head, rows),),
        (
            f"A generated body of {result.triangles:,} triangles, {LAYER_MM} mm layers, 15 % infill, as "
            "large as it takes for the job to reach the size. Screened by a fresh `partwatch screen`, its "
            "start and its workers included, against the list of section 1.",
            f"Moves a second: reading only, the first job, in this process; {PEER} parses the same text.",
        ),
    )


def _slice(folder: Path, triangles: int, job_mb: float) -> None:
    body = parts.fine_body(lists.FINE_UNLISTED, triangles)
    for slicer in installed():
        for side in SIDES_MM:
            scale = side / float(np.max(body.extents[:2]))
            part, out = folder / "part.stl", folder / f"{slicer}.gcode"
            part.write_bytes(parts.stl_of(Mesh(body.vertices * scale, body.triangles)))
            command, environment = slicing_command(slicer, part, Setting(LAYER_MM, 15, False, 1, False), out)
            variables = [f"{name}={value}" for name, value in environment.items()]
            say(f"b7: {slicer}, {side} mm")
            cpu, _, code = _watched(["env", *variables, *command])
            if code:
                raise SlicingError(f"{slicer}: exit status {code}")
            if out.stat().st_size >= job_mb * 1e6:
                break
        out.with_suffix(".json").write_text(json.dumps(cpu), encoding="utf-8")


def _watched(command: Sequence[str]) -> tuple[float, float, int]:
    """Processor seconds of a command and all that it started, the peak of the largest, its exit status."""
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, *command], capture_output=True, text=True, check=True
    )
    cpu, peak, code = json.loads(done.stdout)
    return float(cpu), float(peak), int(code)


def _moves_a_second(folder: Path, peers_python: str) -> tuple[float, float | None]:
    jobs = sorted(folder.glob("*.gcode"))
    if not jobs:
        return 0.0, None
    data = jobs[0].read_bytes()
    begin = time.process_time()
    moves = len(read(data, ReadLimits()).toolpaths[0].line)
    mine = moves / (time.process_time() - begin)
    done = subprocess.run(
        [peers_python, "-c", _PARSED, str(jobs[0])], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return mine, None
    seconds, _ = json.loads(done.stdout)
    return mine, moves / float(seconds)
