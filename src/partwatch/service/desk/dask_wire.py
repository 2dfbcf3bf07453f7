"""What goes between a desk and a Dask worker: bytes and plain texts both ways, described once.

A desk asks with JSON that names files by their digests. The worker answers with bytes whose first one says
what they are: what the task gave, why it gave nothing, which files the worker lacks, or why no task can be
done there. Files are sent beside, by their digests; see `dask_worker`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from partwatch import __version__
from partwatch.formats.worker import Failure, FailureKind, Limits
from partwatch.model.errors import WorkerSetupError

_PAYLOAD: Final = b"P"
_FAILURE: Final = b"F"
_WANTED: Final = b"W"
_UNFIT: Final = b"U"


@dataclass(frozen=True)
class Blob:
    """A file by its content. name: what it is called where it is used, with slashes."""

    sha256: str
    size: int
    name: str


@dataclass(frozen=True)
class Terms:
    """With what tasks are done. kit: the files that make the home of the list and of all that goes with it;
    setup, setup_args: as of `WorkerPool`, where every home in them is the desk's and stands for the kit's."""

    kit: tuple[Blob, ...]
    setup: str
    setup_args: Mapping[str, Any]
    limits: Limits


@dataclass(frozen=True)
class Asked:
    """One task. file: takes the place of `path` in its arguments."""

    terms: Terms
    file: Blob
    function: str
    args: Mapping[str, Any]

    def encoded(self) -> bytes:
        """For the wire."""
        return json.dumps({"version": __version__, **asdict(self)}, sort_keys=True).encode()

    @classmethod
    def decoded(cls, told: bytes) -> Asked:
        """What `encoded` gave. WorkerSetupError where that was another version of this program."""
        said = json.loads(told)
        if said["version"] != __version__:
            raise WorkerSetupError(
                f"the worker runs partwatch {__version__}, the desk {said['version']}: install the same"
            )
        terms = said["terms"]
        kit = tuple(Blob(**one) for one in terms["kit"])
        return cls(
            Terms(kit, terms["setup"], terms["setup_args"], Limits(**terms["limits"])),
            Blob(**said["file"]),
            said["function"],
            said["args"],
        )


@dataclass(frozen=True)
class Wanted:
    """worker: that lacks these files, by their digests."""

    worker: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Unfit:
    """worker: that can do no task on these terms, and why."""

    worker: str
    message: str


Answered = bytes | Failure | Wanted | Unfit


def answer_to_wire(answered: Answered) -> bytes:
    """What a worker answers."""
    if isinstance(answered, bytes):
        return _PAYLOAD + answered
    tag = {Failure: _FAILURE, Wanted: _WANTED, Unfit: _UNFIT}[type(answered)]
    return tag + json.dumps(asdict(answered)).encode()


def answer_from_wire(told: object) -> Answered:
    """What a worker answered. Raises WorkerSetupError for what no worker of this program says."""
    if not isinstance(told, bytes | bytearray | memoryview):
        raise _strange()
    tag, body = bytes(told[:1]), bytes(told[1:])
    if tag == _PAYLOAD:
        return body
    try:
        said = json.loads(body)
        if tag == _FAILURE:
            return Failure(FailureKind(said["kind"]), str(said["message"]), str(said["code"]))
        if tag == _WANTED:
            return Wanted(str(said["worker"]), tuple(str(one) for one in said["missing"]))
        if tag == _UNFIT:
            return Unfit(str(said["worker"]), str(said["message"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _strange() from error
    raise _strange()


def _strange() -> WorkerSetupError:
    return WorkerSetupError(
        "a Dask worker answered what this version does not know: install the same partwatch everywhere"
    )
