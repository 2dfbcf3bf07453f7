"""An install where there is no compiler. Fetches the build's requirements, so only where it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    "PARTWATCH_BUILD_TEST" not in os.environ,
    reason="set PARTWATCH_BUILD_TEST=1 to build, which needs an index",
)


def wheel(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    pip = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-cache-dir"]
    build = ["-C", f"build-dir={folder / 'build'}", *options, "-w", str(folder)]
    return subprocess.run(
        [*pip, *build, str(ROOT)],
        env={**os.environ, "CXX": "/nowhere/c++", "PIP_CONSTRAINT": str(ROOT / "constraints.txt")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_it_installs_without_the_compiled_kernel_and_says_so(tmp_path: Path) -> None:
    done = wheel(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "without its compiled kernel" in " ".join((done.stdout + done.stderr).split())
    (made,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(made).namelist()
    assert "partwatch/kernel/numpy_tree.py" in names
    assert not [name for name in names if name.endswith(".so")]


def test_a_build_that_requires_the_kernel_fails_there(tmp_path: Path) -> None:
    done = wheel(tmp_path, "-C", "cmake.define.PARTWATCH_REQUIRE_KERNEL=ON")
    assert done.returncode != 0
    assert "no compiled kernel: no C++ compiler" in " ".join((done.stdout + done.stderr).split())
