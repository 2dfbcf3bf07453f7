"""The importers, and the choice among them by content: names and extensions are never asked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from partwatch.case.imports import (
    case_uco,
    ftm,
    links_document,
    mail,
    marks_document,
    results,
    table,
    telegram,
    web,
)
from partwatch.case.imports.base import Importer
from partwatch.model.errors import UsageError

# In the order in which they are asked: the most particular first, a table last.
IMPORTERS: Final[Mapping[str, Importer]] = MappingProxyType(
    {
        one.name: one
        for one in (
            results.IMPORTER,
            marks_document.IMPORTER,
            links_document.IMPORTER,
            case_uco.IMPORTER,
            ftm.IMPORTER,
            telegram.IMPORTER,
            web.IMPORTER,
            mail.IMPORTER,
            table.IMPORTER,
        )
    }
)


def importer_named(name: str) -> Importer:
    """The importer of that name. Raises UsageError."""
    found = IMPORTERS.get(name)
    if found is None:
        near = difflib.get_close_matches(name, IMPORTERS, 1)
        meant = f'; did you mean "{near[0]}"?' if near else ""
        raise UsageError(f'no importer is named "{name}"{meant} (there are: {", ".join(IMPORTERS)})')
    return found


def importer_of(path: Path) -> Importer:
    """The importer that knows a path by its content. Raises UsageError."""
    if not path.exists():
        raise UsageError(f"{path}: is not there: check the path")
    for one in IMPORTERS.values():
        if one.looks(path):
            return one
    raise UsageError(
        f"{path}: is of no kind that can be taken in ({', '.join(IMPORTERS)}): say which by --as"
    )
