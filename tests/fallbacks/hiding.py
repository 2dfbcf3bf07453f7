"""Runs partwatch as on a machine that lacks some modules; its workers lack them too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# Python runs this at its start, in workers as well. None is what import finds for a module that is not there.
SITE = """
import os, sys
for name in os.environ["HIDDEN_MODULES"].split():
    sys.modules[name] = None
"""


def partwatch(
    folder: Path, hidden: str, *arguments: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The program with these modules hidden."""
    return python(folder, hidden, ["-m", "partwatch", *map(str, arguments)], env)


def python(
    folder: Path, hidden: str, arguments: list[str], env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Python with these modules hidden, names parted by blanks. folder: for the file that hides them."""
    site = folder / "hiding"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE)
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path, "HIDDEN_MODULES": hidden, **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
