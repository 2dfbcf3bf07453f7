"""The library that the history needs beyond the base install."""

from __future__ import annotations

from typing import Final

from partwatch.formats.extras import Extra
from partwatch.model.errors import UsageError

HISTORY: Final = Extra("history", UsageError, "")
