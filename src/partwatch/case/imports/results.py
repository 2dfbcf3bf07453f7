"""A saved result of `partwatch screen`, `--ndjson` or `--json`, item by item.

Both forms have an item a line, and are read so; a document that was laid out anew is read whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from partwatch.case.imports import saved
from partwatch.case.imports.base import Importer, Reading, RowError, Told
from partwatch.case.imports.items import ItemTeller
from partwatch.case.imports.plans_said import PlanTexts
from partwatch.case.imports.results_examples import examples
from partwatch.model.document import READABLE_VERSIONS, Header, Item, ResultDocument, Summary
from partwatch.model.errors import UsageError

NAME: Final = "results"
_AGAIN: Final = "it is damaged or edited, so screen again"
_ONE: Final = "give one result a file"
_CUT: Final = "it ends without its summary: the run was cut short"
# Where a record stands, and the record.
Placed = tuple[str, Any]


def looks(path: Path) -> bool:
    """Whether a file begins as `partwatch screen` writes it."""
    head = saved.head_of(path)
    begins = b"".join(head.split())
    return (
        begins.startswith((b'{"type":"header"', b'{"header":{"type":"header"'))
        and b'"fingerprint_version"' in begins
    )


def noted(path: Path) -> dict[str, Any]:
    """What the ledger is to hold of a result beside its digest: with what, and against what, it was
    screened. Raises UsageError where its header cannot be read."""
    with saved.opened(path, 1 << 62) as stream:
        _, header = next(_records(path, saved.lines_of(stream), stream))
    return told_of(header)


def told_of(header: Header) -> dict[str, Any]:
    """A header as the ledger holds it."""
    return {
        "program": header.program_version,
        "schema_version": header.schema_version,
        "fingerprint": header.fingerprint_version,
        "watchlist": header.watchlist.version,
        "designs": header.watchlist.designs,
        "parts": header.watchlist.parts,
        "calibration": header.calibration,
        "policy": header.policy.name,
        "thresholds": header.policy.thresholds,
        "baseline": header.baseline,
        "as_of": header.as_of,
    }


def read(reading: Reading, plans: PlanTexts | None = None) -> Iterator[Told]:
    """Statements item by item. plans: of the operator's list, told where that very version was searched.
    Raises UsageError where there is no header that this version reads."""
    with saved.opened(reading.path, reading.limits.file_bytes) as stream:
        records = _records(reading.path, saved.lines_of(stream), stream)
        _, header = next(records)
        version = header.watchlist.version
        teller = ItemTeller(reading.sha256, version, plans.of(version) if plans else {})
        count = bad = 0
        summary: Summary | None = None
        for place, record in records:
            if isinstance(record, RowError):
                # What stands behind the summary is not counted by it.
                bad += summary is None
                yield record
            elif isinstance(record, Summary):
                summary = record
            elif count >= reading.limits.rows:
                yield RowError(place, f"more than {reading.limits.rows:,} items", "split the result")
                return
            else:
                count += 1
                yield from _item(teller, record, place)
        yield from _ending(summary, count, bad)


def _item(teller: ItemTeller, item: Item, place: str) -> Iterator[Told]:
    try:
        yield from teller.tell(item, place)
    except ValueError as error:
        yield RowError(place, str(error), _AGAIN)


def _ending(summary: Summary | None, count: int, bad: int) -> Iterator[RowError]:
    if summary is None:
        yield RowError("the end", _CUT, "screen again: what did not come is not known to be clear")
    elif summary.items != count + bad:
        problem = f"its summary counts {summary.items:,} items and it holds {count + bad:,}"
        yield RowError("the end", problem, _AGAIN)


def _records(path: Path, lines: Iterator[tuple[int, bytes | None]], stream: Any) -> Iterator[Any]:
    """The header with its place, then items, errors and the summary with theirs."""
    first = next(lines, None)
    if first is None:
        raise UsageError(f"{path}: it is empty; screen again with --ndjson")
    line = first[1] or b""
    if line.startswith(b'{"header":') and line.endswith(b"},"):
        yield from _laid_out(path, line, lines)
        return
    try:
        value = saved.parsed(line)
    except saved.NotSoError:
        value = None
    if isinstance(value, dict) and "type" in value:
        yield "line 1", _header(path, value)
        yield from _ndjson(lines)
    else:
        stream.seek(0)
        yield from _whole(path, stream)


def _ndjson(lines: Iterator[tuple[int, bytes | None]]) -> Iterator[Placed]:
    ended = False
    for number, line in lines:
        place = f"line {number}"
        record = _record(place, line)
        if ended:
            yield place, RowError(place, "more behind the summary, which was not read", _ONE)
            return
        if isinstance(record, Header):
            record = RowError(place, "a second header", _ONE)
        ended = ended or isinstance(record, Summary)
        yield place, record


def _record(place: str, line: bytes | None) -> Header | Item | Summary | RowError:
    kinds: dict[Any, type[Header | Item | Summary]] = {"header": Header, "item": Item, "summary": Summary}
    if line is None:
        return RowError(place, f"longer than {saved.MOST_LINE_BYTES:,} bytes", "screen without --views")
    try:
        value = saved.parsed(line)
        kind = kinds.get(value.get("type")) if isinstance(value, dict) else None
        if kind is None:
            raise saved.NotSoError("no item")
        return saved.validated(kind, value)
    except (saved.NotSoError, TypeError) as error:
        return RowError(place, str(error), _AGAIN)


def _laid_out(path: Path, first: bytes, lines: Iterator[tuple[int, bytes | None]]) -> Iterator[Any]:
    """`{"header":…,` then `"items":[`, items a line, `],` and the summary."""
    try:
        value = saved.parsed(first[:-1] + b"}")["header"]
    except (saved.NotSoError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: line 1: no header ({error}); {_AGAIN}") from error
    yield "line 1", _header(path, value)
    count = 0
    for number, line in lines:
        if line in (b'"items":[', b"],"):
            continue
        if line is not None and line.startswith(b'"summary":'):
            yield f"line {number}", _record(f"line {number}", line.removeprefix(b'"summary":')[:-1])
            continue
        count += 1
        place = f"item {count}"
        yield place, _record(place, None if line is None else line.removesuffix(b","))


def _whole(path: Path, stream: Any) -> Iterator[Any]:
    data = stream.read(saved.MOST_WHOLE_BYTES + 1)
    if len(data) > saved.MOST_WHOLE_BYTES:
        raise UsageError(
            f"{path}: laid out anew, and too long to be read whole; give the file that was written first"
        )
    try:
        value = saved.parsed(data.removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(value, dict) or not isinstance(value.get("header"), dict):
            raise saved.NotSoError("no header in it")
        header = _header(path, value["header"])
        document = saved.validated(ResultDocument, value)
    except saved.NotSoError as error:
        raise UsageError(f"{path}: no result of `partwatch screen`: {error}; {_AGAIN}") from error
    yield "line 1", header
    for number, item in enumerate(document.items, start=1):
        yield f"item {number}", item
    yield "the end", document.summary


def _header(path: Path, value: Any) -> Header:
    version = value.get("schema_version") if isinstance(value, dict) else None
    if version not in READABLE_VERSIONS:
        raise UsageError(
            f"{path}: a result of schema version {str(version)[:40]!r}, and this program reads "
            f"{', '.join(READABLE_VERSIONS)}; screen again"
        )
    try:
        return saved.validated(Header, value)
    except saved.NotSoError as error:
        raise UsageError(f"{path}: line 1: no header of a result: {error}; {_AGAIN}") from error


def importer(plans: PlanTexts | None = None) -> Importer:
    """The importer. plans: as of `read`."""
    return Importer(
        NAME,
        "1",
        "a saved result of `partwatch screen` (--ndjson or --json)",
        looks,
        lambda reading: read(reading, plans),
        examples,
    )


IMPORTER: Final = importer()
