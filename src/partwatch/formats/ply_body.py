"""The rows behind a PLY header: text or binary, scalars and lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from partwatch.model.errors import DamagedError

MAX_LIST = 1 << 20


@dataclass(frozen=True)
class Property:
    """A column. kind: numpy type without byte order; count_kind: the same for a list's length, else None."""

    name: str
    kind: str
    count_kind: str | None = None


@dataclass
class Element:
    """A table that the header announces."""

    name: str
    count: int
    properties: list[Property] = field(default_factory=list)

    @property
    def scalars_only(self) -> bool:
        """Whether every row is as long as the next."""
        return all(column.count_kind is None for column in self.properties)


@dataclass
class Table:
    """The rows that were there. lists: lengths and all values, one list after the other."""

    scalars: dict[str, np.ndarray]
    lists: dict[str, tuple[np.ndarray, np.ndarray]]
    missing: int


class Body(Protocol):
    """Reads element after element; `place` says where it stands."""

    def read(self, element: Element) -> Table: ...

    @property
    def place(self) -> str: ...

    @property
    def left_over(self) -> int:
        """Bytes, lines or words behind what was read, padding apart."""
        ...


class BinaryBody:
    """Rows of one byte order, from an offset on."""

    def __init__(self, data: bytes, start: int, order: str) -> None:
        self._data = data
        self._at = start
        self._order = order

    @property
    def place(self) -> str:
        return f"byte {len(self._data):,}"

    @property
    def left_over(self) -> int:
        # Padding hides nothing.
        return len(self._data[self._at :].strip(b"\0 \t\r\n"))

    def read(self, element: Element) -> Table:
        """The element's rows. Raises DamagedError on a list of absurd or negative length."""
        if not element.properties:
            return Table({}, {}, 0)
        table = self._regular(element, self._first_lengths(element))
        return self._row_by_row(element) if table is None else table

    def _first_lengths(self, element: Element) -> list[int]:
        """The list lengths of the first row, which most often are those of all rows."""
        lengths = []
        at = self._at
        for column in element.properties:
            length: int | None = 1
            if column.count_kind is not None:
                length = self._count(column, at, 0, element) if element.count else 0
                at += np.dtype(column.count_kind).itemsize
                lengths.append(length or 0)
            at += (length or 0) * np.dtype(column.kind).itemsize
        return lengths

    def _regular(self, element: Element, lengths: list[int]) -> Table | None:
        """All rows at once, where all have the first row's lengths; otherwise None."""
        fields: list[tuple[str, str] | tuple[str, str, tuple[int, ...]]] = []
        remaining = iter(lengths)
        expected = {}
        for place, column in enumerate(element.properties):
            if column.count_kind is not None:
                expected[place] = next(remaining)
                fields.append((f"n{place}", self._order + column.count_kind))
                fields.append((f"p{place}", self._order + column.kind, (expected[place],)))
            else:
                fields.append((f"p{place}", self._order + column.kind))
        dtype = np.dtype(fields)
        there = min(element.count, (len(self._data) - self._at) // dtype.itemsize)
        if there < element.count and not element.scalars_only:
            return None
        rows = np.frombuffer(self._data, dtype, there, self._at)
        if any((rows[f"n{place}"] != length).any() for place, length in expected.items()):
            return None
        self._at += there * dtype.itemsize
        columns = list(enumerate(element.properties))
        return Table(
            {column.name: rows[f"p{place}"] for place, column in columns if column.count_kind is None},
            {
                column.name: (np.full(there, expected[place]), rows[f"p{place}"].reshape(-1))
                for place, column in columns
                if column.count_kind is not None
            },
            element.count - there,
        )

    def _row_by_row(self, element: Element) -> Table:
        lengths: dict[str, list[int]] = {
            column.name: [] for column in element.properties if column.count_kind
        }
        values: dict[str, list[np.ndarray]] = {name: [] for name in lengths}
        done = 0
        while done < element.count:
            row = self._row(element, done)
            if row is None:
                break
            for name, value in row.items():
                lengths[name].append(len(value))
                values[name].append(value)
            done += 1
        lists = {
            name: (np.array(lengths[name], np.int64), np.concatenate([*values[name], np.empty(0)]))
            for name in lengths
        }
        return Table({}, lists, element.count - done)

    def _row(self, element: Element, row: int) -> dict[str, np.ndarray] | None:
        """The lists of one row, or None where the data end before it does."""
        at = self._at
        found = {}
        for column in element.properties:
            size = np.dtype(column.kind).itemsize
            length = 1
            if column.count_kind is not None:
                counted = self._count(column, at, row, element)
                if counted is None:
                    return None
                length = counted
                at += np.dtype(column.count_kind).itemsize
            if at + length * size > len(self._data):
                return None
            if column.count_kind is not None:
                found[column.name] = np.frombuffer(self._data, self._order + column.kind, length, at)
            at += length * size
        self._at = at
        return found

    def _count(self, column: Property, at: int, row: int, element: Element) -> int | None:
        kind = np.dtype(f"{self._order}{column.count_kind}")
        if at + kind.itemsize > len(self._data):
            return None
        return _sane(float(np.frombuffer(self._data, kind, 1, at)[0]), element, row)


class TextBody:
    """Rows as text, one to a line, what is left of a line passed over.

    Where there are fewer lines than rows (the file is cut, or wraps its rows) the words alone count.
    """

    def __init__(self, data: bytes, start: int, rows: int) -> None:
        rest = data[start:]
        if b"_" in rest or b"\0" in rest:  # Python's float allows 1_000, PLY does not.
            raise DamagedError("the PLY file's rows hold characters that are not of numbers; export it again")
        lines = [words for line in rest.splitlines() if (words := line.split())]
        if len(lines) < rows:
            lines = [[word for words in lines for word in words]]
        self._wrapped = len(lines) < rows
        self._lines = lines
        self._at = 0

    @property
    def place(self) -> str:
        return f"row {self._at:,} after the header"

    @property
    def left_over(self) -> int:
        return len(self._lines[0]) if self._wrapped else len(self._lines) - self._at

    def read(self, element: Element) -> Table:
        """The element's rows. Raises DamagedError on a word that is not a number, or a row too short."""
        if not element.properties:
            return Table({}, {}, 0)
        if element.scalars_only and not self._wrapped:
            return self._scalars(element)
        return self._row_by_row(element)

    def _scalars(self, element: Element) -> Table:
        width = len(element.properties)
        lines = self._lines[self._at : self._at + element.count]
        self._at += len(lines)
        short = next((row for row, words in enumerate(lines) if len(words) < width), None)
        if short is not None:
            raise _too_short(element, short)
        rows = _numbers([word for words in lines for word in words[:width]], element).reshape(-1, width)
        columns = {column.name: rows[:, place] for place, column in enumerate(element.properties)}
        return Table(columns, {}, element.count - len(lines))

    def _row_by_row(self, element: Element) -> Table:
        scalars: dict[str, list[bytes]] = {
            column.name: [] for column in element.properties if not column.count_kind
        }
        lengths: dict[str, list[int]] = {
            column.name: [] for column in element.properties if column.count_kind
        }
        values: dict[str, list[bytes]] = {name: [] for name in lengths}
        done = 0
        at = 0
        while done < element.count:
            words = self._lines[0] if self._wrapped else self._lines[self._at]
            row, end = _cut_row(words, at, element, done)
            if end > len(words):
                if self._wrapped or self._at == len(self._lines) - 1:
                    break
                raise _too_short(element, done)
            for name, cells in row:
                if name in lengths:
                    lengths[name].append(len(cells))
                    values[name] += cells
                else:
                    scalars[name] += cells
            done += 1
            self._at += 1
            at = end if self._wrapped else 0
        if self._wrapped:
            del self._lines[0][:at]
        lists = {
            name: (np.array(lengths[name], np.int64), _numbers(values[name], element)) for name in lengths
        }
        return Table(
            {name: _numbers(words, element) for name, words in scalars.items()}, lists, element.count - done
        )


def _cut_row(
    words: list[bytes], at: int, element: Element, row: int
) -> tuple[list[tuple[str, list[bytes]]], int]:
    """A row's cells by property, and where it ends: beyond the words where it is not whole."""
    cells = []
    for column in element.properties:
        length = 1
        if column.count_kind is not None:
            if at >= len(words):
                return [], len(words) + 1
            length = _sane(float(_numbers(words[at : at + 1], element)[0]), element, row)
            at += 1
        cells.append((column.name, words[at : at + length]))
        at += length
    return cells, at


def _numbers(words: list[bytes], element: Element) -> np.ndarray:
    try:
        return np.fromiter(map(float, words), np.float64, len(words))
    except ValueError as error:
        raise DamagedError(
            f"a row of {element.name!r} is not numbers ({error}); export the PLY again"
        ) from None


def _too_short(element: Element, row: int) -> DamagedError:
    return DamagedError(f"row {row} of {element.name!r} has too few numbers; export the PLY again")


def _sane(length: float, element: Element, row: int) -> int:
    if not 0 <= length <= MAX_LIST or length != int(length):
        raise DamagedError(
            f"row {row} of {element.name!r} announces a list of {length:g} numbers; export it again"
        )
    return int(length)
