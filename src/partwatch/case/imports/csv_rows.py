"""Rows of CSV and TSV, streamed: a bad row costs itself, an open quotation mark too."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from partwatch.case.imports.base import Limits, RowError
from partwatch.case.imports.textual import SAMPLE_BYTES, encoding_of, head_of, is_broken
from partwatch.model.errors import UsageError

Row = tuple[int, list[str]]
_DELIMITERS = (",", ";", "\t", "|")
_MOST_LINES_A_ROW: Final = 200
_MOST_CELLS: Final = 16_384


@dataclass(frozen=True)
class Dialect:
    """What a file of text was taken for."""

    encoding: str
    delimiter: str

    def __str__(self) -> str:
        names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
        return f"read as {self.encoding}, columns parted by {names.get(self.delimiter, repr(self.delimiter))}"


def dialect_of(
    path: Path, encoding: str | None = None, delimiter: str | None = None, header: int = 1
) -> Dialect:
    """As stated, else as its first megabyte looks, from the row of the header on."""
    sample = head_of(path)
    encoding = encoding or encoding_of(sample)
    text = sample.decode(encoding, "replace")
    return Dialect(encoding, delimiter or _delimiter(text.splitlines()[header - 1 :][:50]))


def _delimiter(lines: list[str]) -> str:
    """The one by which most rows have as many cells as the first, and that has most cells."""
    best, chosen = (0.0, 0), ","
    for one in _DELIMITERS:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=one) if row]
        except csv.Error:
            continue
        if counts and counts[0] > 1:
            score = (round(sum(count == counts[0] for count in counts) / len(counts), 1), counts[0])
            if score > best:
                best, chosen = score, one
    return chosen


class _OpenQuoteError(Exception):
    """A row goes on and on."""


class _LineFeed:
    """Lines for csv.reader, those of the row at hand kept, so that they can be read again."""

    def __init__(self, file: IO[str], limits: Limits) -> None:
        self._file, self._limits = file, limits
        self._again: deque[str] = deque()
        self.current: list[str] = []
        self._chars = 0
        self.too_long = False

    def __iter__(self) -> _LineFeed:
        return self

    def __next__(self) -> str:
        if self.current and (
            len(self.current) >= _MOST_LINES_A_ROW or self._chars > self._limits.field_chars
        ):
            raise _OpenQuoteError
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.current.append(line)
        self._chars += len(line)
        return line

    def _read(self) -> str:
        line = self._file.readline(self._limits.field_chars + 1)
        if len(line) > self._limits.field_chars and not line.endswith("\n"):
            self.too_long = True
            while (rest := self._file.readline(self._limits.field_chars)) and not rest.endswith("\n"):
                pass
            return "\n"
        return line

    def next_row(self) -> None:
        self.current, self._chars, self.too_long = [], 0, False

    def back_to_second_line(self) -> None:
        """Give the row's first line up, and read the others again."""
        self._again.extendleft(reversed(self.current[1:]))
        self.next_row()


def rows(path: Path, dialect: Dialect, limits: Limits) -> Iterator[Row | RowError]:
    """Each row that is not empty with its number (a header is row 1), and errors between them. Raises
    UsageError where the file cannot be opened."""
    # The limit is the process's; ours is held by _LineFeed.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * limits.field_chars + 2))
    try:
        with path.open(encoding=dialect.encoding, errors="surrogateescape", newline="") as file:
            yield from _rows(file, dialect, limits)
    except OSError as error:
        raise UsageError(f"{path.name}: cannot be read ({error.strerror or error}): check the path") from None


def _rows(file: IO[str], dialect: Dialect, limits: Limits) -> Iterator[Row | RowError]:
    feed, number = _LineFeed(file, limits), 0
    # Strict: behind a closing quotation mark comes a delimiter, or the row is not what it seems.
    reader = csv.reader(feed, delimiter=dialect.delimiter, strict=True)
    while True:
        feed.next_row()
        number += 1
        if number > limits.rows:
            yield RowError(f"row {number}", f"more than {limits.rows:,} rows", "split the table")
            return
        try:
            row = next(reader)
        except StopIteration:
            return
        except UnicodeError as error:
            why = f"the file is not {dialect.encoding} from here on ({error})"
            yield RowError(f"row {number}", why, "save it as UTF-8")
            return
        except (_OpenQuoteError, csv.Error) as error:
            is_open = isinstance(error, _OpenQuoteError) or "unexpected end" in str(error)
            why = "a quotation mark is not closed" if is_open else f"it cannot be read ({error})"
            yield RowError(f"row {number}", why, "correct the row")
            feed.back_to_second_line()
            reader = csv.reader(feed, delimiter=dialect.delimiter, strict=True)
            continue
        yield from _judged(number, row, feed.too_long, dialect, limits)


def _judged(
    number: int, row: list[str], too_long: bool, dialect: Dialect, limits: Limits
) -> Iterator[Row | RowError]:
    if too_long:
        yield RowError(
            f"row {number}", f"has a line of more than {limits.field_chars:,} characters", "correct the row"
        )
    elif len(row) > _MOST_CELLS:
        yield RowError(
            f"row {number}", f"has {len(row):,} cells, more than {_MOST_CELLS:,}", "check the delimiter"
        )
    elif any(is_broken(cell) for cell in row):
        yield RowError(
            f"row {number}",
            f"has bytes that are not {dialect.encoding}",
            "state the `encoding` in the mapping",
        )
    elif row and any(row):
        yield number, row


def sample_header(path: Path) -> list[str]:
    """The first row as it looks, for recognising a table."""
    dialect = dialect_of(path)
    text = head_of(path, 1 << 16).decode(dialect.encoding, "replace")
    try:
        return next(csv.reader(text.splitlines()[:1], delimiter=dialect.delimiter), [])
    except csv.Error:
        return []


__all__ = ["SAMPLE_BYTES", "Dialect", "Row", "dialect_of", "rows", "sample_header"]
