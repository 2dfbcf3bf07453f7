"""Adding designs to the watch-list from the service: what `partwatch watchlist add` does, in a process of its
own, so that reading hostile parts and the gate's background cost the server neither memory nor its life.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from partwatch.model.errors import UsageError
from partwatch.watchlist.manifest import MAX_MANIFEST_BYTES

# Of all parts of one call, read and held against the background.
TIMEOUT_S: Final = 900.0
_MOST_NAME_CHARS: Final = 200
_MOST_TOLD_CHARS: Final = 20_000
_MOST_ANSWER_BYTES: Final = 16 << 20


class EnrolmentFailed(Exception):  # noqa: N818  # what went wrong is ours or the machine's, not the caller's
    """The process that adds designs ended for no reason of theirs."""


@dataclass(frozen=True)
class Enrolled:
    """What came of it. told: as `watchlist add --json` writes it. problem: why nothing was added."""

    added: bool
    told: Mapping[str, Any]
    problem: str | None


def checked_names(names: list[str]) -> str:
    """The manifest among files that came with one; UsageError for names that are no plain names of files,
    or where there is not just one manifest."""
    for name in names:
        if not _is_plain(name):
            raise UsageError(f"{name!a}: a design's files have plain names, without folders; rename it")
    if len({name.casefold() for name in names}) < len(names):
        raise UsageError("two files have the same name; rename one of them")
    manifests = [name for name in names if name.lower().endswith(".toml")]
    if len(manifests) != 1:
        raise UsageError(f"there are {len(manifests)} manifests (.toml) among the files; send one")
    return manifests[0]


def check_manifest(path: Path, files: list[str]) -> None:
    """Raise UsageError where a manifest names files that did not come with it: nothing else of this machine
    is read. Whatever else is wrong with it is told when it is read."""
    content = path.read_bytes()
    if len(content) > MAX_MANIFEST_BYTES:
        raise UsageError(f"{path.name}: has more than {MAX_MANIFEST_BYTES:,} bytes")
    try:
        parts = tomllib.loads(content.decode("utf-8")).get("parts", [])
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path.name}: is no TOML ({error})") from error
    if not isinstance(parts, list):
        raise UsageError(f"{path.name}: parts: write each part under [[parts]]")
    for number, part in enumerate(parts, start=1):
        file = part.get("file") if isinstance(part, dict) else None
        if file not in files:
            raise UsageError(f"{path.name}: [[parts]] {number}: file: {file!a} did not come with it; send it")


def enrol_apart(home: Path, manifest: Path, allow: str | None, timeout_s: float = TIMEOUT_S) -> Enrolled:
    """Add the design of a manifest, whose files lie beside it. Raises UsageError with every problem of it,
    EnrolmentFailed."""
    command = [
        # Safe path: what was sent lies in no folder that modules are looked for in.
        sys.executable, "-P", "-m", "partwatch", "--home", str(home.absolute()),
        "watchlist", "add", str(manifest.absolute()), "--json",
    ]  # fmt: skip
    if allow is not None:
        command.append(f"--allow-generic={allow}")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        code = _run(command, out, err, timeout_s)
        answer, said = _head(out, _MOST_ANSWER_BYTES), _head(err, _MOST_TOLD_CHARS)
    lines = [line.removeprefix("partwatch: ") for line in said.splitlines() if line.startswith("partwatch: ")]
    folder = f"{manifest.absolute().parent}{os.sep}"
    problem = "\n".join(lines).replace(folder, "")
    try:
        told = json.loads(answer) if answer else None
    except ValueError:
        told = None
    if told is not None and code in (0, 2):
        return Enrolled(code == 0, told, None if code == 0 else problem)
    if code == 2 and problem:
        raise UsageError(problem)
    raise EnrolmentFailed(f"adding a design ended with {code}: {said[-2000:]}")


def _run(command: list[str], out: Any, err: Any, timeout_s: float) -> int:
    running = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
        env=os.environ | {"PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    try:
        return running.wait(timeout_s)
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"it was not done within {timeout_s:.0f} s; send a design with fewer parts"
        ) from None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(running.pid, signal.SIGKILL)
            else:
                running.kill()
        running.wait()


def _head(file: Any, most: int) -> str:
    file.seek(0)
    return str(file.read(most).decode("utf-8", "replace"))


def _is_plain(name: str) -> bool:
    return (
        0 < len(name) <= _MOST_NAME_CHARS
        and not name.startswith((".", "-"))
        and not any(one in '/\\:*?"<>|' or unicodedata.category(one)[0] == "C" for one in name)
        and name == name.strip(" .")
    )
