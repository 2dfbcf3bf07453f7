"""The demo: lists a harmless pump, screens samples against it, adds up parcels, says where the reports are.

`python -m examples.demo [DIR]`, or `make demo`. The commands that it prints are the ones to type.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.make_samples import write_samples
from examples.parcels import write_parcels
from examples.pump import PARTS, write_pump

FOLDER = Path("demo")
MARKER = ".made-by-the-demo"
FINDINGS = 1
"""`screen` ends with this when something was found, which is what the demo is there to show."""

REMARKS = 1
"""`lint` ends with this when it has something to say: the pump holds two plain parts on purpose."""


ALLOW_PLAIN = ("--allow-generic", "plain on purpose, to show what that leads to")
"""Why `add` lists all the same what the goodware gate would hold back."""


class DemoError(Exception):
    """A step of the demo ended otherwise than it should."""


def main(arguments: Sequence[str]) -> int:
    """0 if every step worked, findings and all; 1 otherwise."""
    folder = Path(arguments[0]) if arguments else FOLDER
    try:
        report, assemblies = run_demo(folder)
    except DemoError as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    sys.stdout.write(f"\nThe report, with the samples to turn around in 3D: {report}\n")
    sys.stdout.write(f"What the parcels hold together: {assemblies}\n")
    return 0


def run_demo(folder: Path) -> tuple[Path, Path]:
    """Writes design and samples, lists, screens, assembles; returns the paths of both reports."""
    _clear(folder)
    samples, home, report = folder / "samples", folder / "home", folder / "report.html"
    manifest = write_pump(folder / "design")
    paths = write_samples(samples)
    _say(f"{manifest} lists a pump in {len(PARTS)} parts; {samples} holds {len(paths)} samples.")
    _partwatch(home, ["watchlist", "add", str(manifest), *ALLOW_PLAIN], expected=0)
    _partwatch(home, ["watchlist", "lint"], expected=REMARKS)
    _partwatch(home, ["screen", str(samples), "--html", str(report)], expected=FINDINGS)
    assemblies, parcels = folder / "assemblies.html", folder / "parcels"
    table = write_parcels(samples, parcels)
    _say(f"\n{parcels} holds the same samples as they might come: in parcels, of three accounts.")
    _partwatch(
        home,
        ["assemble", str(parcels), "--groups", str(table), "--limit", "1", "--html", str(assemblies)],
        expected=FINDINGS,
    )
    for page in (report, assemblies):
        if not page.exists():
            raise DemoError(f"no report was written to {page}")
    return report, assemblies


def _clear(folder: Path) -> None:
    """Starts over, since an earlier run's list would confuse; never empties what is not the demo's."""
    marker = folder / MARKER
    if folder.exists() and any(folder.iterdir()):
        if not marker.exists():
            raise DemoError(f"{folder} was not made by the demo: name an empty folder or a new one")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()


def _partwatch(home: Path, arguments: list[str], expected: int) -> None:
    """Shows a command, runs it, and holds it to its exit code."""
    words = ["--home", str(home), *arguments]
    _say(f"\n$ {shlex.join(['partwatch', *words])}")
    code = subprocess.run([sys.executable, "-m", "partwatch", *words], check=False).returncode
    if code != expected:
        raise DemoError(
            f"`partwatch {' '.join(arguments)}` ended with exit code {code} instead of {expected}"
        )


def _say(line: str) -> None:
    # Flushed, so that it stands before what the command itself prints.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
