"""A Dask cluster as a desk uses it: tasks go in, their outcomes come out of a queue; all else is in here.

One thread of its own runs the event loop that Dask's client lives in. A task is one coroutine: it asks a
worker, sends it what that lacks, asks again. Where the scheduler is lost the cluster is over, and says so.
"""

from __future__ import annotations

import asyncio
import queue
import secrets
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from partwatch.formats.worker import Failure, FailureKind, Outcome, Task
from partwatch.model.errors import ChangedError, InaccessibleError, WorkerSetupError
from partwatch.screening.expansion import Node
from partwatch.screening.files import inaccessible
from partwatch.service.desk import dask_worker
from partwatch.service.desk.dask_wire import (
    Answered,
    Asked,
    Blob,
    Terms,
    Unfit,
    Wanted,
    answer_from_wire,
)
from partwatch.service.desk.kit import Kit, blob_of
from partwatch.service.extras import DASK

# So large a file goes with its task; a larger one only to a worker that lacks it, in such pieces.
PIECE_BYTES: Final = 4 << 20
_LOOK_S: Final = 1.0
_CONNECT_S: Final = 10.0
# A worker that cannot do tasks is asked again after that.
_UNFIT_S: Final = 60.0
_MOST_ROUNDS: Final = 24
_PUT_PRIORITY: Final = 1 << 40

Ended = tuple[Task[Node], Outcome]


class SchedulerLostError(WorkerSetupError):
    """The scheduler cannot be reached, or no longer: nothing more comes from there."""


class Cluster:
    """Opened by `start`; `ended` then gives outcomes, or the error that ended it all."""

    def __init__(self, address: str, security: Any, terms: Terms, kit: Kit) -> None:
        self.ended: queue.SimpleQueue[Ended | BaseException] = queue.SimpleQueue()
        self._address = address
        self._security = security
        self._terms = terms
        self._kit = {blob.sha256: (blob, path) for blob, path in kit.files}
        self._threads: Mapping[str, int] = {}
        self._unfit: dict[str, tuple[float, str]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._sending: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._sender = secrets.token_hex(8)
        self._digests: deque[tuple[tuple[Any, ...], Blob]] = deque(maxlen=64)
        self._loop = asyncio.new_event_loop()
        self._over: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="partwatch-dask", daemon=True)
        self._started: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._client: Any = None

    # Called by the desk's thread.

    def start(self) -> None:
        """Connect. Raises SchedulerLostError."""
        self._thread.start()
        if (error := self._started.get()) is not None:
            raise error

    def begin(self, task: Task[Node], priority: int) -> None:
        """Have a task done; one of a higher priority goes first."""
        try:
            self._loop.call_soon_threadsafe(self._spawn, task, priority)
        except RuntimeError:
            self.ended.put(self._lost())

    def threads(self) -> int:
        """How many tasks all workers that can do at once."""
        return sum(number for worker, number in self._threads.items() if worker not in self._unfit)

    def stop(self) -> None:
        """End it; what was not finished is dropped, there too."""
        over = self._over
        if over is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(over.set)
        self._thread.join()

    # Within the loop.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._main())
        except BaseException as error:
            # Whoever waits, for the start or for an outcome, is told.
            self._started.put(error)
            self.ended.put(error)
        finally:
            self._loop.close()

    async def _main(self) -> None:
        distributed = DASK.module("distributed", "screening.scheduler")
        self._over = asyncio.Event()
        client = distributed.Client(
            self._address, asynchronous=True, security=self._security, set_as_default=False,
            timeout=_CONNECT_S, name="partwatch-desk",
            # Results are bytes: nothing that has to be unpickled is taken for one.
            serializers=["dask", "msgpack", "pickle"], deserializers=["dask", "msgpack"],
        )  # fmt: skip
        try:
            self._client = await client
            await self._look()
        except Exception as error:
            await client.close(timeout=1)
            raise self._lost(error) from error
        self._started.put(None)
        try:
            await self._watch()
        finally:
            for one in (*self._working, *self._sending.values()):
                one.cancel()
            await client.close(timeout=1)

    async def _watch(self) -> None:
        assert self._over is not None
        while not self._over.is_set():
            try:
                await asyncio.wait_for(self._over.wait(), _LOOK_S)
            except TimeoutError:
                try:
                    await self._look()
                except Exception as error:
                    raise self._lost(error) from error

    async def _look(self) -> None:
        """Who is there."""
        if self._client.status != "running":
            raise OSError("its connection ended")
        threads = await asyncio.wait_for(self._client.scheduler.ncores(), _CONNECT_S)
        self._threads = {str(worker): int(number) for worker, number in threads.items()}
        now = self._loop.time()
        self._unfit = {
            worker: (until, why)
            for worker, (until, why) in self._unfit.items()
            if worker in self._threads and now < until
        }

    def _lost(self, error: BaseException | None = None) -> SchedulerLostError:
        why = f" ({type(error).__name__}: {error})" if error is not None else ""
        return SchedulerLostError(
            f"{self._address}: the Dask scheduler cannot be reached{why}; start it, or check "
            "screening.scheduler and the certificates. What was claimed waits in the queue"
        )

    def _spawn(self, task: Task[Node], priority: int) -> None:
        self._working.add(made := self._loop.create_task(self._follow(task, priority)))
        made.add_done_callback(self._working.discard)

    async def _follow(self, task: Task[Node], priority: int) -> None:
        try:
            self.ended.put((task, await self._outcome(task, priority)))
        except Exception as error:
            known = isinstance(error, WorkerSetupError) or self._client.status == "running"
            self.ended.put(error if known else self._lost(error))

    async def _outcome(self, task: Task[Node], priority: int) -> Outcome:
        try:
            return await self._screened(task, priority)
        except InaccessibleError as error:
            return Failure(FailureKind.UNREADABLE, str(error), error.code)
        except _KilledError as error:
            return Failure(FailureKind.CRASHED, f"Dask's workers died over it ({error})")

    async def _screened(self, task: Task[Node], priority: int) -> Outcome:
        path = Path(str(task.args["path"]))
        file = await self._read(self._blob, path)
        asked = Asked(self._terms, file, task.function, {k: v for k, v in task.args.items() if k != "path"})
        told, content, near = asked.encoded(), b"", None
        if file.size <= PIECE_BYTES and not task.args.get("chain"):
            content = await self._read(path.read_bytes)
        for _ in range(_MOST_ROUNDS):
            answered = await self._ask(told, content, priority, near)
            if isinstance(answered, Wanted):
                near = answered.worker
                await self._send(near, answered.missing, (file, path))
            elif isinstance(answered, Unfit):
                self._leave_out(answered)
                near = None
            elif isinstance(answered, bytes | Failure):
                return answered
        changed = ChangedError("the file changed while it was sent to a worker: hand it in again")
        return Failure(FailureKind.UNREADABLE, str(changed), changed.code)

    async def _ask(self, told: bytes, content: bytes, priority: int, near: str | None) -> Answered:
        """What a worker answers: the near one where it can be, else any that is fit."""
        killed = DASK.module("distributed", "screening.scheduler").KilledWorker
        workers: list[str] | None = [near] if near is not None else None
        if near is None and self._unfit:
            workers = [worker for worker in self._threads if worker not in self._unfit]
        future = self._client.submit(
            dask_worker.screen, told, content, workers=workers, allow_other_workers=workers is not None,
            pure=False, priority=priority,
        )  # fmt: skip
        try:
            return answer_from_wire(await future)
        except killed as error:
            raise _KilledError(str(error)) from error
        except WorkerSetupError:
            raise
        except Exception as error:
            if future.cancelled() or self._client.status != "running":
                raise self._lost(error) from error
            raise WorkerSetupError(
                f"a Dask worker cannot do its tasks ({type(error).__name__}: {error}); is the same partwatch "
                "installed there, and was it started with the preload?"
            ) from error

    def _leave_out(self, unfit: Unfit) -> None:
        """A worker that can do nothing; the others go on, and where there are none the desk cannot."""
        self._unfit[unfit.worker] = (self._loop.time() + _UNFIT_S, unfit.message)
        if all(worker in self._unfit for worker in self._threads):
            raise WorkerSetupError(f"Dask worker {unfit.worker}: {unfit.message}")

    # Sending.

    async def _send(self, worker: str, missing: tuple[str, ...], file: tuple[Blob, Path]) -> None:
        """Give a worker what it lacks; what another task sends it already is waited for."""
        known = self._kit | {file[0].sha256: file}
        if strange := [one for one in missing if one not in known]:
            raise WorkerSetupError(f"Dask worker {worker} asks for {strange[0][:80]!a}, which is not its own")
        sending = []
        for sha256 in missing:
            key = (worker, sha256)
            if key not in self._sending:
                self._sending[key] = self._loop.create_task(self._put(worker, *known[sha256]))
            sending.append(self._sending[key])
        try:
            await asyncio.gather(*sending)
        finally:
            self._sending = {key: made for key, made in self._sending.items() if not made.done()}

    async def _put(self, worker: str, blob: Blob, path: Path) -> None:
        for offset in range(0, max(blob.size, 1), PIECE_BYTES):
            piece = await self._read(_piece, path, offset, min(PIECE_BYTES, blob.size - offset))
            future = self._client.submit(
                dask_worker.put, blob.sha256, self._sender, offset, blob.size, piece,
                workers=[worker], pure=False, priority=_PUT_PRIORITY,
            )  # fmt: skip
            answered = await self._while_there(worker, future)
            if answered is None:
                return
            if isinstance(answered, Unfit):
                self._leave_out(answered)
                return

    async def _while_there(self, worker: str, future: Any) -> Any:
        """An answer that only that worker can give; None where it is gone."""
        got = asyncio.ensure_future(_result_of(future))
        while not (await asyncio.wait({got}, timeout=_LOOK_S))[0]:
            if worker not in self._threads:
                got.cancel()
                return None
        try:
            return answer_from_wire(got.result())
        except WorkerSetupError:
            raise
        except Exception as error:
            if self._client.status != "running":
                raise self._lost(error) from error
            return None

    # Files of this machine.

    def _blob(self, path: Path) -> Blob:
        """A file by its digest; those looked at lately are not read again."""
        status = path.stat()
        key = (str(path), status.st_ino, status.st_size, status.st_mtime_ns)
        for known, blob in list(self._digests):
            if known == key:
                return blob
        blob = blob_of(path, path.name)
        self._digests.append((key, blob))
        return blob

    async def _read(self, how: Callable[..., Any], *args: Any) -> Any:
        try:
            return await asyncio.to_thread(how, *args)
        except OSError as error:
            raise inaccessible(error) from error


class _KilledError(Exception):
    """Too many workers died over one task."""


async def _result_of(future: Awaitable[Any]) -> Any:
    return await future


def _piece(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as content:
        content.seek(offset)
        return content.read(size)
