"""The libraries that the service needs beyond the base install."""

from __future__ import annotations

from typing import Final

from partwatch.formats.extras import Extra
from partwatch.model.errors import UsageError

SERVICE: Final = Extra("service", UsageError, "")
DASK: Final = Extra("dask", UsageError, "")
