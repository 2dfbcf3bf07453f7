"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from partwatch import __version__
from partwatch.formats.worker import default_jobs
from partwatch.watchlist.store import program_layout

PACKAGES = ("numpy", "scipy", "trimesh", "manifold3d", "fast_simplification", "sqlalchemy", "pydantic")


def facts(as_of: date, command: Sequence[str]) -> list[str]:
    """Lines for the head of the page."""
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    used = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return [
        f"- As of {as_of.isoformat()}, Partwatch {__version__}, fingerprint {program_layout().version}.",
        f"- {_processor()}, {default_jobs()} processors, {_memory_gb():.0f} GB; {platform.system()} "
        f"{platform.release()}; load before the start: {load}.",
        f"- Python {platform.python_version()}, {used}.",
        f"- To rerun: `{' '.join(command)}`",
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
