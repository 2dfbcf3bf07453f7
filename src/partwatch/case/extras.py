"""The libraries that a case needs beyond the base install."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final

from partwatch.model.errors import UsageError


@dataclass(frozen=True)
class Extra:
    """A set of optional packages by the name that installs it."""

    name: str

    def module(self, dotted: str, what: str) -> Any:
        """A module of the extra; raises UsageError that says what needs it and how to get it."""
        try:
            return importlib.import_module(dotted)
        except ImportError as error:
            raise UsageError(
                f"{what} needs an optional library ({error}): install it with "
                f"`pip install 'partwatch[{self.name}]'`"
            ) from None


CASE: Final = Extra("case")
