"""Reads back a saved result, `--json` or `--ndjson`: the way in for `partwatch render`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from partwatch.model.document import READABLE_VERSIONS, AnyRecord, Header, Item, ResultDocument, Summary
from partwatch.model.errors import DocumentError

_RECORD: TypeAdapter[AnyRecord] = TypeAdapter(AnyRecord)


def load(path: Path) -> ResultDocument:
    """The document saved at `path`; raises DocumentError naming the line or place and the mend."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{path}: byte {error.start} is not UTF-8; give the file that --json or --ndjson wrote"
        ) from error
    return loads(text, str(path))


def loads(text: str, source: str = "the result") -> ResultDocument:
    """The document in `text`, in either form; `source` is what errors call it."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise DocumentError(f"{source}: it is empty; screen again with --json or --ndjson")
    document = _ndjson(lines, source) if _starts_with_record(lines[0][1]) else _document(text, source)
    if document.summary.items != len(document.items):
        raise DocumentError(
            f"{source}: its summary counts {document.summary.items} items and it holds "
            f"{len(document.items)}; it was cut or edited, so screen again"
        )
    return document


def _starts_with_record(line: str) -> bool:
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return False
    return isinstance(value, dict) and "type" in value


def _document(text: str, source: str) -> ResultDocument:
    value = _parse(text, source, 1)
    header = value.get("header") if isinstance(value, dict) else None
    if not isinstance(header, dict):
        raise DocumentError(f"{source}: no header in it; give the file that --json or --ndjson wrote")
    _check_version(header, source)
    return _validated(value, source)


def _ndjson(lines: list[tuple[int, str]], source: str) -> ResultDocument:
    records = [_record(line, f"{source}: line {number}", number) for number, line in lines]
    header, summary = records[0], records[-1]
    if not isinstance(header, Header):
        raise DocumentError(f"{source}: line {lines[0][0]}: the header is missing; give the whole file")
    if not isinstance(summary, Summary):
        raise DocumentError(
            f"{source}: line {lines[-1][0]}: it ends without a summary, the run was cut short; screen again"
        )
    items = []
    for (number, _), record in zip(lines[1:-1], records[1:-1], strict=True):
        if not isinstance(record, Item):
            raise DocumentError(f"{source}: line {number}: a second {record.type}; give one result a file")
        items.append(record)
    return ResultDocument(header=header, items=tuple(items), summary=summary)


def _record(line: str, where: str, number: int) -> AnyRecord:
    value = _parse(line, where, number)
    if isinstance(value, dict) and value.get("type") == "header":
        _check_version(value, where)
    try:
        return _RECORD.validate_python(value)
    except ValidationError as error:
        raise _invalid(error, where) from error


def _parse(text: str, source: str, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise DocumentError(
            f"{source}: line {line}, column {error.colno}: not JSON ({error.msg}); "
            "it is damaged or cut short, so save the result again"
        ) from error
    except RecursionError as error:
        raise DocumentError(f"{source}: nested too deeply to be a result; give another file") from error


def _check_version(header: dict[str, Any], source: str) -> None:
    version = header.get("schema_version")
    if version not in READABLE_VERSIONS:
        readable = " and ".join(map(repr, READABLE_VERSIONS))
        raise DocumentError(
            f"{source}: schema version {version!r}, and this program reads {readable}; "
            "render it with the version that wrote it, or screen again"
        )


def _validated(value: Any, where: str) -> ResultDocument:
    try:
        return ResultDocument.model_validate(value)
    except ValidationError as error:
        raise _invalid(error, where) from error


def _invalid(error: ValidationError, where: str) -> DocumentError:
    first = error.errors(include_url=False, include_input=False)[0]
    spot = ".".join(str(step) for step in first["loc"]) or "the record"
    others = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return DocumentError(f"{where}: {spot}: {first['msg']}{others}; it is damaged or edited, so screen again")
