"""Rows of a spreadsheet (XLSX), streamed by openpyxl's read-only mode, after a look at what it is asked to
unpack.

Formulas are not evaluated: the value that was stored with them is read. Why openpyxl: docs/decisions/0035.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from partwatch.case.extras import CASE
from partwatch.case.imports.base import Limits, RowError
from partwatch.case.imports.csv_rows import Row
from partwatch.model.errors import UsageError

_MOST_MEMBERS = 10_000
_MOST_ROWS: Final = 1_048_576
_MOST_CELLS: Final = 16_384
_CHUNK = 1 << 20
# Of shared strings and styles, which are held in memory.
_MOST_HELD_BYTES = 512 << 20
_HELD = ("xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")
# What the library raises on a sheet that is damaged, or made to do harm.
_BROKEN = (
    ParseError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, IndexError, AttributeError,
    OverflowError, EOFError, OSError,
)  # fmt: skip
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")


class IsoText(str):
    """A cell that is a date, already in ISO 8601: no format of a mapping applies."""

    __slots__ = ()


def is_xlsx(path: Path) -> bool:
    """Whether a file is a ZIP archive with a workbook in it."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                return False
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def rows(path: Path, sheet: str | None, limits: Limits) -> Iterator[Row | RowError]:
    """Each row that is not empty, by its number in the sheet; cells as text. Raises UsageError where the
    workbook cannot be read at all, or is more than its limits allow."""
    _check(path, limits)
    with path.open("rb") as file:
        # A file, not a path: the library would ask the name for its ending.
        book = _opened(file, path)
        try:
            yield from _sheet_rows(_chosen(book, sheet, path), limits)
        finally:
            book.close()


def _opened(file: IO[bytes], path: Path) -> Any:
    openpyxl = CASE.module("openpyxl", "a spreadsheet (XLSX)")
    with warnings.catch_warnings():
        # What it does not understand (validation, drawings) is no part of a cell's value.
        warnings.simplefilter("ignore")
        try:
            return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except MemoryError:
            raise
        except Exception as error:
            # Whatever a hostile workbook makes the library raise: it cannot be read.
            raise UsageError(
                f"{path.name}: is no workbook that can be read ({error}): save it again as XLSX"
            ) from None


def _chosen(book: Any, sheet: str | None, path: Path) -> Any:
    names = [one.title for one in book.worksheets]
    if not names:
        raise UsageError(f"{path.name}: has no sheet with cells")
    if sheet is not None and sheet not in names:
        raise UsageError(f'{path.name}: has no sheet "{sheet}"; there are {", ".join(names[:20])}')
    chosen = book[sheet or names[0]]
    # A stated extent is not believed: it may be empty, or the whole grid.
    chosen.reset_dimensions()
    return chosen


def _sheet_rows(sheet: Any, limits: Limits) -> Iterator[Row | RowError]:
    number, most = 0, min(limits.rows, _MOST_ROWS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = sheet.iter_rows(values_only=True)
        while True:
            number += 1
            try:
                cells = next(reader, None)
            except _BROKEN as error:
                yield RowError(
                    f"row {number}", f"the sheet cannot be read from here on ({error})", "save it again"
                )
                return
            if cells is None:
                return
            if number > most:
                yield RowError(f"row {number}", f"more than {most:,} rows", "split the table")
                return
            if len(cells) > _MOST_CELLS:
                yield RowError(f"row {number}", f"has {len(cells):,} cells, more than {_MOST_CELLS:,}")
                continue
            row = [_text(cell) for cell in cells]
            if any(row):
                yield number, row


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return IsoText(cell.date().isoformat() if midnight else cell.replace(microsecond=0).isoformat())
    if isinstance(cell, date):
        return IsoText(cell.isoformat())
    if isinstance(cell, (time, timedelta)):
        return str(cell)
    return str(cell)


def _check(path: Path, limits: Limits) -> None:
    """Raises UsageError on a ZIP bomb, and on XML that declares entities."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise UsageError(f"{path.name}: holds {len(members):,} members, more than {_MOST_MEMBERS:,}")
            total = sum(member.file_size for member in members)
            if total > limits.member_bytes:
                raise UsageError(
                    f"{path.name}: unpacks to {total:,} bytes, more than the limit of {limits.member_bytes:,}"
                    ": save it as CSV"
                )
            for member in members:
                if member.filename in _HELD and member.file_size > _MOST_HELD_BYTES:
                    raise UsageError(
                        f"{path.name}: {member.filename} has {member.file_size:,} bytes: save it as CSV"
                    )
                if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _check_member(archive, member, path)
    except (
        OSError,
        zipfile.BadZipFile,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        zlib.error,
    ) as error:
        raise UsageError(f"{path.name}: is no whole ZIP archive ({error}): save it again as XLSX") from None


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            seen = tail + chunk
            if any(one in seen for one in _FORBIDDEN) or b"\x00" in chunk:
                raise UsageError(
                    f"{path.name}: {member.filename} declares XML entities or is no UTF-8, as no spreadsheet "
                    "program writes it: save it again, or as CSV"
                )
            tail = seen[-16:]
