"""One offline page of what the goodware gate found: each part's rate, and pictures of its look-alikes.

Only benign bodies are drawn, from files that the curator has at hand; never a listed part.
"""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from partwatch import formats
from partwatch.formats import ReadLimits
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool
from partwatch.geometry.bodies import Solid, split_bodies
from partwatch.model.errors import DamagedError
from partwatch.model.view import DecodedView
from partwatch.report.escape import visible
from partwatch.report.page import written_whole
from partwatch.report.picture import HEIGHT, WIDTH, render
from partwatch.watchlist.gating import rate_text
from partwatch.watchlist.types import GateReport, LookAlike

TASK: Final = "partwatch.report.look_alikes:draw"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
# `project: path [body N]`, as a population names its bodies.
_NAME: Final = re.compile(r"(?P<project>.+?): (?P<path>.+?)(?: \[body (?P<body>\d{1,9})\])?", re.DOTALL)
_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #8888; padding: 0.5rem 0 1rem; }
.bodies { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; width: 360px; overflow-wrap: anywhere; }
figure img, figure .none { width: 360px; height: 280px; background: #8881; }
figure .none { display: flex; align-items: center; justify-content: center; text-align: center; }
.above { color: #d0421e; font-weight: 600; }
.muted { opacity: 0.7; }
"""


@dataclass(frozen=True)
class Gated:
    """A part and what the gate found of it. generic: whether it is above the rate."""

    design: str
    part: str
    report: GateReport
    generic: bool


Pictures = Mapping[str, bytes | str]


def pictures(names: Iterable[str], folder: Path, jobs: int) -> dict[str, bytes | str]:
    """A PNG of each body of those names, or in words why not. folder: with the background's files."""
    drawn: dict[str, bytes | str] = {}
    tasks = []
    for name in dict.fromkeys(names):
        found = locate(folder, name)
        if found is None:
            drawn[name] = "no file of that name was at hand"
        else:
            tasks.append(Task(TASK, {"path": str(found[0]), "body": found[1]}, name))
    with WorkerPool[str](jobs=jobs, limits=Limits()) as pool:
        for task, outcome in pool.run(tasks):
            if isinstance(outcome, Failure):
                drawn[task.tag] = f"its file cannot be read: {outcome.message}"
            elif outcome.startswith(_PNG):
                drawn[task.tag] = outcome
            else:
                drawn[task.tag] = "its reader answered nonsense; report this file"
    return drawn


def locate(folder: Path, name: str) -> tuple[Path, int] | None:
    """The file of a look-alike under the folder, and which of its bodies; None where it is not there.

    Names may come with a list from anywhere: nothing outside the folder is found, whatever they say.
    """
    said = _NAME.fullmatch(name)
    if said is None or "\0" in name:
        return None
    project, path = said["project"], said["path"]
    root = folder.resolve()
    try:
        for place in (path, f"{project.replace('/', '+')}/{path}", f"{project}/{path}"):
            file = (root / place).resolve()
            if file.is_relative_to(root) and file.is_file():
                return file, int(said["body"] or 0)
    except (OSError, ValueError):
        # Too long, or no name that this system has.
        return None
    return None


def draw(path: str, body: int) -> bytes:
    """In the worker: a PNG of one body of a file; bodies as a population counts them, the largest first."""
    reading = formats.read(Path(path).read_bytes(), ReadLimits())
    if reading.unread:
        # With bodies missing, another one may bear the number.
        raise DamagedError(f"not all of it can be read: {reading.unread[0].message}")
    solids = [solid for shape in reading.shapes for solid in split_bodies(shape.mesh, shape.name)]
    solids = [solid for solid in sorted(solids, key=_smallness) if len(solid.mesh.triangles)]
    if body >= len(solids):
        raise DamagedError(f"it has {len(solids)} bodies and none of that number; it is another file by now")
    mesh = solids[body].mesh
    # In one colour: nothing is compared here.
    view = DecodedView(mesh.vertices.astype(np.float32), mesh.triangles, np.zeros(len(mesh.vertices)))
    return render(view, tolerance_mm=1.0)


def _smallness(solid: Solid) -> float:
    return -float(np.linalg.norm(solid.mesh.extents))


def write(path: Path, parts: Sequence[Gated], drawn: Pictures) -> None:
    """Write the page, whole or not at all. OSError where it cannot be written."""
    with written_whole(path) as stream:
        stream.writelines(_page(parts, drawn))


def _page(parts: Sequence[Gated], drawn: Pictures) -> Iterator[str]:
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Goodware gate</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Goodware gate</h1>\n"
        "<p>How many of 10,000 benign bodies each part would flag, an estimate, and the benign bodies that "
        "look most like it (2 is the same fingerprint). Listed parts are not drawn.</p>\n"
    )
    for part in sorted(parts, key=lambda one: -one.report.rate):
        yield from _section(part, drawn)
    yield "</body>\n</html>\n"


def _section(part: Gated, drawn: Pictures) -> Iterator[str]:
    report = part.report
    rate = f"flags {rate_text(report.rate)} of 10,000 benign bodies"
    yield f"<section>\n<h2>{_said(part.design)}, {_said(part.part)}</h2>\n"
    yield f'<p class="above">{rate}, above the rate</p>\n' if part.generic else f"<p>{rate}</p>\n"
    if report.allowed is not None:
        yield f"<p>Listed all the same: {_said(report.allowed)}</p>\n"
    yield '<div class="bodies">\n'
    for one in report.look_alikes:
        yield _figure(one, drawn.get(one.name, "no pictures were asked for (--background DIR)"))
    versions = f"population {report.population}, calibration {report.calibration}, {report.made.isoformat()}"
    yield f'</div>\n<p class="muted">{_said(versions)}</p>\n</section>\n'


def _figure(one: LookAlike, picture: bytes | str) -> str:
    name = _said(one.name)
    if isinstance(picture, str):
        shown = f'<div class="none muted">{_said(picture)}</div>'
    else:
        source = f"data:image/png;base64,{b64encode(picture).decode('ascii')}"
        shown = f'<img width="{WIDTH}" height="{HEIGHT}" alt="{name}" src="{source}">'
    return f"<figure>{shown}<figcaption>{name}<br>{one.similarity:.2f} of 2</figcaption></figure>\n"


def _said(text: str) -> str:
    return html.escape(visible(text))
