"""An importer in a process of its own: hostile material may kill that, and not the one that writes the case.

The child reads under limits that the kernel enforces and sends batches over a pipe, as JSON. The parent
bounds every length, checks every type, and never unpickles. The frames are described in `child_main`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from partwatch.case.imports.base import Importer, Note, Reading, RowError, Told
from partwatch.case.imports.child_main import BATCH, END, FAILED, HEAD, MOST_FRAME_BYTES
from partwatch.case.imports.mapping_types import MappingError, TableMapping
from partwatch.case.statements import Statement
from partwatch.model.errors import UsageError

# The path is handed over as it is here; -P keeps the current folder off it.
_BOOTSTRAP: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from partwatch.case.imports.child_main import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
_REAP_S = 10
_CHUNK = 1 << 18


@dataclass(frozen=True)
class ChildLimits:
    """memory_mb: address space, libraries included. progress_s: how long nothing may come. file_bytes: of
    what it spools in a temporary file."""

    memory_mb: int = 2048
    progress_s: float = 300
    file_bytes: int = 64 << 30


def read_in_child(
    importer: Importer, reading: Reading, limits: ChildLimits = ChildLimits()
) -> Iterator[Told]:
    """What importer.read says, read in a child process. The importer is one of the registry's. Raises what it
    raises, and UsageError where the child dies, is out of memory, or says nothing for progress_s."""
    with _Child(importer, reading, limits) as child:
        yield from child.told()


class _Child:
    """One child and the pipe from it."""

    def __init__(self, importer: Importer, reading: Reading, limits: ChildLimits) -> None:
        self._name, self._limits = reading.path.name or str(reading.path), limits
        ours, theirs = os.pipe()
        self._pipe = ours
        path = [str(Path(entry).absolute()) for entry in sys.path if entry]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOTSTRAP, json.dumps(path), str(theirs), str(os.getpid())],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[theirs],
                # A group of its own: a terminal's ^C is the parent's.
                start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(theirs)
        self._start(importer, reading)

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        os.close(self._pipe)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_S)

    def _start(self, importer: Importer, reading: Reading) -> None:
        mapping = reading.mapping
        told = {
            "importer": importer.name,
            "path": os.fsencode(reading.path.absolute()).hex(),
            "sha256": reading.sha256,
            "region": reading.region,
            "mapping": [mapping.text, mapping.name] if isinstance(mapping, TableMapping) else mapping,
            "limits": asdict(reading.limits),
            "child": asdict(self._limits),
        }
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(told).encode())
            self._process.stdin.close()

    def told(self) -> Iterator[Told]:
        """What comes, until the end is said."""
        while True:
            tag, body = self._frame()
            if tag == END:
                return
            if tag == BATCH:
                for row in self._json(body, list):
                    yield self._one(row)
            else:
                self._fail(self._json(body, dict))

    def _frame(self) -> tuple[bytes, bytes]:
        tag, length = HEAD.unpack(self._exactly(HEAD.size))
        if tag not in (BATCH, END, FAILED) or length > MOST_FRAME_BYTES:
            raise UsageError(
                f"{self._name}: the reading process sent what it may not: nothing of it is taken"
            )
        return tag, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            ready, _, _ = select.select([self._pipe], [], [], self._limits.progress_s)
            if not ready:
                raise UsageError(
                    f"{self._name}: reading it made no progress for {self._limits.progress_s:g} s: it is "
                    "made to be slow, or too large to be read as one"
                )
            part = os.read(self._pipe, min(_CHUNK, count - len(parts)))
            if not part:
                raise UsageError(f"{self._name}: {self._death()}: it is damaged, or made to do harm")
            parts += part
        return bytes(parts)

    def _death(self) -> str:
        try:
            status = self._process.wait(_REAP_S)
        except subprocess.TimeoutExpired:
            return "the reading process hung up"
        if status >= 0:
            return f"the reading process ended with status {status}"
        return f"the reading process died of signal {-status}"

    def _json(self, body: bytes, kind: type) -> Any:
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, kind):
            raise UsageError(
                f"{self._name}: the reading process sent what it may not: nothing of it is taken"
            )
        return told

    def _one(self, row: Any) -> Told:
        """A statement of eight fields, an error of three, a note of four."""
        if isinstance(row, list) and len(row) == 8:
            entity, schema, prop, value, place, original, said_at, bits = row
            texts = all(isinstance(one, str) for one in row[:5]) and _optional(said_at, str)
            if texts and _optional(original, str) and _optional(bits, (int, float)):
                return Statement(entity, schema, prop, value, place, original, said_at, bits)
        elif isinstance(row, list) and len(row) in (3, 4) and all(isinstance(one, str) for one in row[:3]):
            return (RowError if len(row) == 3 else Note)(*row[:3])
        raise UsageError(f"{self._name}: the reading process sent what it may not: nothing of it is taken")

    def _fail(self, told: dict[str, Any]) -> None:
        message = str(told.get("message", ""))
        problems = told.get("problems")
        if isinstance(problems, list) and problems:
            raise MappingError([str(one) for one in problems])
        if told.get("kind") == "memory":
            raise UsageError(
                f"{self._name}: takes more than the {self._limits.memory_mb} MB that reading may use: "
                "split it, or save it in a plainer format (CSV)"
            )
        if told.get("kind") == "usage":
            raise UsageError(message)
        raise UsageError(f"{self._name}: cannot be read ({message})")


def _optional(value: Any, kind: Any) -> bool:
    return value is None or isinstance(value, kind)
