"""One target under atheris, in this process.

Its folder: `corpus` grows what was found to reach new code; `crashes` takes each input that broke a promise,
once for each place in the code; `slow` what took long; `counts.json` tells the runner how many there were.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from fuzz.targets import Target

_MOST_BYTES = 1 << 14
_SLOW_S = 5.0
_MOST_CRASHES = 50


class Counted:
    """A target that counts, and that goes on after what broke it."""

    def __init__(self, target: Target, folder: Path) -> None:
        self.executions = 0
        self.crashes: dict[str, str] = {}
        self._target = target
        self._folder = folder
        self._told = time.monotonic()

    def __call__(self, data: bytes) -> None:
        """Run one input."""
        self.executions += 1
        start = time.monotonic()
        try:
            self._target.check(data)
        except Exception as error:
            self._keep(data, error)
        if time.monotonic() - start > _SLOW_S:
            self._write("slow", data)
        if start - self._told > 1:
            self._told = start
            self.tell()

    def _keep(self, data: bytes, error: Exception) -> None:
        data = getattr(error, "data", data)
        first = error.__cause__ or error
        frames = [
            frame for frame in traceback.extract_tb(first.__traceback__) if "atheris" not in frame.filename
        ]
        place = f"{type(first).__name__} {frames[-1].filename}:{frames[-1].lineno} {str(error)[:60]}"
        if place not in self.crashes and len(self.crashes) < _MOST_CRASHES:
            path = self._write("crashes", data)
            self.crashes[place] = "".join(traceback.format_exception(first))
            path.with_suffix(".txt").write_text(self.crashes[place])
            self.tell()

    def _write(self, kind: str, data: bytes) -> Path:
        path = self._folder / kind / (hashlib.sha256(data).hexdigest()[:16] + ".bin")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    def tell(self) -> None:
        """Leave the counts where the runner finds them, however this process ends."""
        counts = {"executions": self.executions, "crashes": sorted(self.crashes)}
        (self._folder / "counts.json").write_text(json.dumps(counts))


def fuzz(target: Target, folder: Path, seconds: int) -> None:
    """Fuzz for that long; libFuzzer then ends this process, which should be a fork."""
    # What a test makes an error is one here.
    warnings.simplefilter("error")
    work, corpus = folder / "work", folder / "corpus"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    # libFuzzer ends the process without any clearing up: it is done here, next time.
    tempfile.tempdir = str(work)
    corpus.mkdir(exist_ok=True)
    for seed, data in target.seeds().items():
        (corpus / f"seed-{seed.replace('/', '-')}").write_bytes(data)
    counted = Counted(target, folder)

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        def also(part: bytes, rng: Random) -> bytes:
            return bytes(atheris.Mutate(part, most)) if part else part

        changed = (
            target.mutate(data, Random(seed), also) if target.mutate else bytes(atheris.Mutate(data, most))
        )
        return changed[:most]

    # Making the list that is compared with takes seconds, and is not to look like a slow input.
    target.check(next(iter(target.seeds().values())))
    counted.tell()
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_MOST_BYTES}",
        f"-artifact_prefix={folder}/native-",
        "-timeout=30",
        "-rss_limit_mb=3072",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], counted, custom_mutator=mutator)
    atheris.Fuzz()
