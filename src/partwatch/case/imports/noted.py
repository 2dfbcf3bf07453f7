"""What the ledger holds of a saved document beside its digest: with what it was made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from partwatch.case.imports import links_document, marks_document, results
from partwatch.case.imports.base import Importer

_NOTED: Final = MappingProxyType(
    {one.IMPORTER.name: one.noted for one in (results, marks_document, links_document)}
)


def noted(importer: Importer, path: Path) -> Mapping[str, Any]:
    """Of a source of that kind; nothing where it says nothing of itself. Raises UsageError."""
    said = _NOTED.get(importer.name)
    return {} if said is None else said(path)
