"""Optional dependencies: imported when something asks for them, named with their command where they lack."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from partwatch.model.errors import MissingExtraError, PartwatchError


@dataclass(frozen=True)
class Extra:
    """A set of optional packages by the name that installs it. error: what is raised where one lacks; then:
    what to do once it is there."""

    name: str
    error: type[PartwatchError] = MissingExtraError
    then: str = " and screen the file again"

    def module(self, dotted: str, what: str) -> Any:
        """A module of the extra; raises `error` that says what needs it and how to get it."""
        try:
            return importlib.import_module(dotted)
        except ImportError as error:
            raise self.error(
                f"{what} needs an optional library ({error}): install it with "
                f"`pip install 'partwatch[{self.name}]'`{self.then}"
            ) from None


ARCHIVES = Extra("archives")
