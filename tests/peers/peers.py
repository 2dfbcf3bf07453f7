"""The libraries of others, loaded where they are there."""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

import pytest


def peer(name: str) -> ModuleType:
    """A module of another library; skips the tests of the file, saying so, where it is missing. What it
    warns of while it loads is its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            pytest.skip(
                f"{name} is not installed; `make case-peers` runs these tests", allow_module_level=True
            )
