"""JSON too large for the memory: one object of it at a time, by ijson, with bounds on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from partwatch.case.extras import CASE
from partwatch.model.errors import UsageError

_MOST_EVENTS: Final = 200_000
_MOST_DEPTH: Final = 64
_BUFFER = 1 << 18
Event = tuple[str, str, Any]


class BrokenJsonError(Exception):
    """The text is no JSON from here on; the message says why."""


class TooLargeError(Exception):
    """One object is beyond its bounds; what follows can be read."""


def events(path: Path) -> Iterator[Event]:
    """ijson's (prefix, event, value) of a file. Raises BrokenJsonError where the text stops being JSON,
    UsageError where the file cannot be opened."""
    ijson = CASE.module("ijson", "a JSON export")
    try:
        with path.open("rb") as file:
            if file.read(3) != b"\xef\xbb\xbf":
                file.seek(0)
            yield from ijson.parse(file, use_float=True, buf_size=_BUFFER)
    except OSError as error:
        raise UsageError(f"{path.name}: cannot be read ({error.strerror or error})") from None
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise BrokenJsonError(" ".join(str(error).split())[:200]) from None


def built(stream: Iterator[Event], first: Event) -> Any:
    """The value that begins with an event; the stream is then behind it. Raises TooLargeError (behind it as
    well) where it is nested too deeply or has too many parts."""
    _, event, value = first
    if event not in ("start_map", "start_array"):
        return value
    root: Any = {} if event == "start_map" else []
    stack, keys = [root], [""]
    depth, count, good = 1, 0, True
    for _, event, value in stream:
        count += 1
        good = good and count <= _MOST_EVENTS and depth <= _MOST_DEPTH
        if event in ("end_map", "end_array"):
            depth -= 1
            if good:
                stack.pop()
                keys.pop()
            if depth == 0:
                break
            continue
        if event == "map_key":
            if good:
                keys[-1] = value
            continue
        new: Any = {} if event == "start_map" else [] if event == "start_array" else value
        nested = event in ("start_map", "start_array")
        depth += nested
        if good:
            holder = stack[-1]
            if isinstance(holder, dict):
                holder[keys[-1]] = new
            else:
                holder.append(new)
            if nested:
                stack.append(new)
                keys.append("")
    if not good:
        raise TooLargeError(f"has more than {_MOST_EVENTS:,} parts, or nests deeper than {_MOST_DEPTH}")
    return root


def each(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
    """Every value whose prefix is wanted, with that prefix; of one that is TooLargeError, that error."""
    stream = events(path)
    for event in stream:
        if event[1] not in ("end_map", "end_array", "map_key") and wanted(event[0]):
            try:
                yield event[0], built(stream, event)
            except TooLargeError as error:
                yield event[0], error
