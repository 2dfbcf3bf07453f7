"""What a Dask worker does for a desk: keeps what it is sent for a while, and does tasks in a limited child.

Only these two functions are ever called there. They take and give bytes and plain texts, and raise nothing:
what goes wrong is an answer. Each thread of a worker has one child, that is set up once for a kit.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from partwatch.formats.worker import Outcome, Task, WorkerPool
from partwatch.model.errors import WorkerSetupError
from partwatch.service.desk.dask_wire import (
    Answered,
    Asked,
    Terms,
    Unfit,
    Wanted,
    answer_to_wire,
)
from partwatch.service.desk.spool import KEPT_S, Spool

_SWEEP_S = KEPT_S / 5
_lock = threading.Lock()
_spools: dict[Path, Spool] = {}
_children: dict[int, _Child] = {}


def put(sha256: str, sender: str, offset: int, size: int, chunk: bytes) -> bytes:
    """Some of a file, for the spool of the worker that does this; an answer without content, or Unfit."""
    try:
        _spool().write(sha256, sender, offset, size, chunk)
    except (OSError, ValueError) as error:
        return answer_to_wire(Unfit(_address(), f"it cannot keep what it is sent ({error})"))
    return answer_to_wire(b"")


def screen(told: bytes, content: bytes) -> bytes:
    """A task, as `Asked` tells it; content: of its file where that is small, else empty."""
    try:
        return answer_to_wire(_screened(Asked.decoded(told), content))
    except WorkerSetupError as error:
        return answer_to_wire(Unfit(_address(), str(error)))
    except (OSError, ValueError, KeyError, TypeError, MemoryError) as error:
        return answer_to_wire(Unfit(_address(), f"{type(error).__name__}: {error}"))


def _screened(asked: Asked, content: bytes) -> Answered:
    spool, file = _spool(), asked.file
    if content and spool.missing([file]):
        spool.write(file.sha256, f"{threading.get_ident():x}", 0, len(content), content)
    kit = [] if spool.home(asked.terms.kit).is_dir() else list(asked.terms.kit)
    if missing := spool.missing([*kit, file]):
        return Wanted(_address(), missing)
    child = _child(asked.terms, spool)
    with spool.using(file.sha256) as path:
        return child.done(asked, path)


@dataclass(eq=False)
class _Child:
    """The child of one thread. key: of the terms it is set up for."""

    key: str
    home: Path
    pool: WorkerPool[None]

    def done(self, asked: Asked, path: Path) -> Outcome:
        """What became of a task."""
        args = dict(asked.args) | {"path": str(path)}
        try:
            self.pool.submit(Task(asked.function, args, None))
            return self.pool.next_outcome()[1]
        except BaseException:
            # It is no longer known what it does.
            self.close()
            raise

    def close(self) -> None:
        """End it."""
        _children.pop(threading.get_ident(), None)
        self.pool.close()


def _child(terms: Terms, spool: Spool) -> _Child:
    key = hashlib.sha256(json.dumps(asdict(terms), sort_keys=True).encode()).hexdigest()
    mine = _children.get(threading.get_ident())
    if mine is not None and mine.key == key:
        return mine
    if mine is not None:
        mine.close()
    with _lock:
        home = spool.make_home(terms.kit, {other.home for other in list(_children.values())})
        pool = WorkerPool[None](
            jobs=1, limits=terms.limits, setup=terms.setup, setup_args=_at_home(terms.setup_args, home)
        )
        made = _children[threading.get_ident()] = _Child(key, home, pool.__enter__())
    return made


def _at_home(args: Any, home: Path) -> Any:
    """Arguments with this machine's folder wherever the desk's home stood."""
    if not isinstance(args, dict):
        return args
    return {name: str(home) if name == "home" else _at_home(value, home) for name, value in args.items()}


def _spool() -> Spool:
    """Of the worker that runs this thread; swept from time to time, also where no more is asked of it."""
    from distributed import get_worker

    folder = Path(get_worker().local_directory) / "partwatch"
    with _lock:
        if folder not in _spools:
            _spools[folder] = spool = Spool(folder)
            threading.Thread(target=_sweep_on, args=(spool,), name="partwatch-sweep", daemon=True).start()
        return _spools[folder]


def _sweep_on(spool: Spool) -> None:
    ended = threading.Event()
    while not ended.wait(_SWEEP_S):
        try:
            spool.sweep()
        except OSError:
            # The worker's folder is gone, and the worker with it.
            return


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
