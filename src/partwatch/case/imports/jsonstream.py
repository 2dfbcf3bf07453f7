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
_MOST_PREFIX: Final = 8
_BEGIN: Final = frozenset(("start_map", "start_array"))
_END: Final = frozenset(("end_map", "end_array"))
Event = tuple[str, Any]


class BrokenJsonError(Exception):
    """The text is no JSON from here on; the message says why."""


class TooLargeError(Exception):
    """One object is beyond its bounds; what follows can be read."""


def events(path: Path) -> Iterator[Event]:
    """ijson's (event, value) of a file, without its prefixes: those of a text nested a hundred thousand deep
    fill any memory. Raises BrokenJsonError where the text stops being JSON, UsageError where the file cannot
    be opened."""
    ijson = CASE.module("ijson", "a JSON export")
    try:
        with path.open("rb") as file:
            if file.read(3) != b"\xef\xbb\xbf":
                file.seek(0)
            yield from ijson.basic_parse(file, use_float=True, buf_size=_BUFFER)
    except OSError as error:
        raise UsageError(f"{path.name}: cannot be read ({error.strerror or error})") from None
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise BrokenJsonError(" ".join(str(error).split())[:200]) from None


def each(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
    """Every value whose prefix ("chats.list.item") is wanted, with that prefix; of one that is beyond its
    bounds, a TooLargeError."""
    stream = events(path)
    # Of each open container: its prefix with the dot behind it, and whether it is a list; the key that comes.
    open_: list[tuple[str, bool]] = []
    key, deeper = "", 0
    for event, value in stream:
        if deeper:
            deeper += (event in _BEGIN) - (event in _END)
            continue
        if event == "map_key":
            key = value
            continue
        if event in _END:
            open_.pop()
            continue
        head, is_list = open_[-1] if open_ else ("", False)
        prefix = (f"{head}item" if is_list else f"{head}{key}") if open_ else ""
        if prefix and wanted(prefix):
            try:
                yield prefix, built(stream, event, value)
            except TooLargeError as error:
                yield prefix, error
        elif event in _BEGIN and len(open_) >= _MOST_PREFIX:
            deeper = 1
        elif event in _BEGIN:
            open_.append((f"{prefix}." if prefix else "", event == "start_array"))


def built(stream: Iterator[Event], event: str, value: Any) -> Any:
    """The value that begins with an event; the stream is then behind it. Raises TooLargeError (behind it as
    well) where it is nested too deeply or has too many parts."""
    if event not in _BEGIN:
        return value
    root: Any = {} if event == "start_map" else []
    stack, keys = [root], [""]
    depth, good = 1, True
    for count, (event, value) in enumerate(stream, start=1):
        good = good and count <= _MOST_EVENTS and depth <= _MOST_DEPTH
        if event in _END:
            depth -= 1
            if good:
                stack.pop()
                keys.pop()
            if depth == 0:
                break
        elif event == "map_key":
            keys[-1] = value
        else:
            nested = event in _BEGIN
            depth += nested
            if good:
                new: Any = ({} if event == "start_map" else []) if nested else value
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
