"""Optional dependencies: imported when a file asks for them, named with their command where they lack."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from partwatch.model.errors import MissingExtraError


@dataclass(frozen=True)
class Extra:
    """A set of optional packages by the name that installs it."""

    name: str

    def module(self, dotted: str, what: str) -> Any:
        """A module of the extra; raises MissingExtraError that says what needs it and how to get it."""
        try:
            return importlib.import_module(dotted)
        except ImportError as error:
            raise MissingExtraError(
                f"{what} needs an optional library ({error}): install it with "
                f"`pip install 'partwatch[{self.name}]'` and screen the file again"
            ) from None


ARCHIVES = Extra("archives")
