"""Tasks that misbehave in every way a reader of hostile bytes can; run only inside workers."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import resource
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from partwatch.model.errors import EncryptedError, StoreError

_setup: dict[str, Any] = {"calls": 0}
_hoard: list[bytearray] = []


def setup(**kwargs: Any) -> None:
    _setup["calls"] += 1
    _setup.update(kwargs)


def warm() -> None:
    """Nothing: importing this module takes time that is not to count as a task's."""


def setup_refuses(message: str) -> None:
    raise StoreError(message)


def setup_dies() -> None:
    os.write(2, b"last words\n")
    os.abort()


def setup_hangs() -> None:
    time.sleep(3600)


def setup_dies_once(marker: str) -> None:
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)


def echo(text: str) -> bytes:
    return text.encode()


def what_setup_left() -> bytes:
    return repr(sorted(_setup.items())).encode()


def pid() -> bytes:
    return str(os.getpid()).encode()


def wait_for(path: str) -> bytes:
    while not Path(path).exists():
        time.sleep(0.01)
    return b"seen"


def tell_and_hang(path: str) -> bytes:
    """Writes its pid, then hangs in native code that never looks up."""
    Path(path + ".new").write_text(str(os.getpid()))
    Path(path + ".new").rename(path)
    ctypes.PyDLL(None).sleep(3600)  # PyDLL keeps the interpreter locked meanwhile
    return b""


def start_grandchild_and_hang(path: str) -> bytes:
    child = subprocess.Popen(["sleep", "3600"])
    Path(path + ".new").write_text(str(child.pid))
    Path(path + ".new").rename(path)
    time.sleep(3600)
    return b""


def abort() -> bytes:
    os.abort()


def segfault() -> bytes:
    ctypes.string_at(0)
    return b""


def leave() -> bytes:
    os._exit(7)


def recurse() -> bytes:
    return recurse()


def hang() -> bytes:
    time.sleep(3600)
    return b""


def spin() -> bytes:
    while True:
        pass


def burn(seconds: float) -> bytes:
    start = time.process_time()
    while time.process_time() - start < seconds:
        pass
    return b"burnt"


def spin_in_threads(count: int) -> bytes:
    """Native code that lets go of the interpreter: processor time runs faster than the clock."""
    block = bytes(8 << 20)
    threads = [
        threading.Thread(target=lambda: [hashlib.sha256(block) for _ in range(10_000)]) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return b""


def open_files(count: int) -> bytes:
    kept = []
    for _ in range(count):
        kept.append(os.open(os.devnull, os.O_RDONLY))
    return str(len(kept)).encode()


def no_new_privileges() -> bytes:
    return next(
        line.split()[1]
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("NoNewPrivs")
    ).encode()


def eat(megabytes: int) -> bytes:
    return str(len(bytearray(megabytes << 20))).encode()


def hoard(megabytes: int) -> bytes:
    _hoard.append(bytearray(megabytes << 20))
    return b"kept"


def eat_slowly() -> bytes:
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def write_file(megabytes: int) -> bytes:
    path = Path(os.environ["TMPDIR"]) / "big"
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(bytes(1 << 20))
    return b"written"


def chatter() -> bytes:
    print("from python", flush=True)
    os.write(1, b"from native code\n" * 100_000)
    os.write(2, b"a warning\n")
    return b"result"


def big(size: int) -> bytes:
    return bytes(size)


def not_bytes() -> Any:
    return "a string"


def unreadable() -> bytes:
    raise EncryptedError("the archive is encrypted; give its password")


def fail(message: str) -> bytes:
    raise ValueError(message)


def give_up() -> bytes:
    raise SystemExit(0)


def limits() -> bytes:
    which = (resource.RLIMIT_AS, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)
    return repr([resource.getrlimit(each) for each in which]).encode()


def environment(variable: str) -> bytes:
    return os.environ.get(variable, "unset").encode()


def temporary_folder() -> bytes:
    Path(os.environ["TMPDIR"], "left-behind").write_text("x")
    return os.environ["TMPDIR"].encode()


def speak_protocol(junk_hex: str) -> bytes:
    """Writes bytes of its own to whatever socket it finds: a worker taken over by what it read."""
    for fd in range(3, 64):
        try:
            os.write(fd, bytes.fromhex(junk_hex))
        except OSError:
            continue
    time.sleep(3600)
    return b""


def hang_up() -> bytes:
    os.closerange(3, 64)
    time.sleep(3600)
    return b""


def read_file(path: str) -> bytes:
    """The codes of what went unread, as JSON."""
    # Here, since it takes longer than some of the other tasks are given.
    from partwatch import formats

    reading = formats.read(Path(path).read_bytes())
    return json.dumps(sorted({reason.code for reason in reading.unread})).encode()
