"""A real browser for the tests in this folder; they are skipped, saying why, where there is none."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# The documents and shapes that the report's own tests are made of.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless chromium with WebGL in software, driven by playwright; nothing is downloaded."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the driver: pip install playwright")
    path = os.environ.get("PARTWATCH_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("needs a browser: apt-get install chromium, or PARTWATCH_BROWSER=path")
    # Root has no sandbox to start in; what is opened here is only what these tests wrote.
    flags = ["--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--no-sandbox"]
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()
