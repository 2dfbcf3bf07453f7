"""Run with an environment of its own, without the rest of the suite's (`make case-peers`): the folder above,
with the samples, is put on the path here as well."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection

from partwatch.case import store
from partwatch.case.notary import Notary

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


class Unsigned(Notary):
    """Notes without signing: that environment has no cryptography, and needs none to read exports."""

    @classmethod
    def create(cls, location: str, name: str, keys: Path | None) -> Notary:
        return cls("partwatch.case/unsigned/0", Path(location) / "no.key")

    @contextmanager
    def sealing(self, writing: AbstractContextManager[Connection]) -> Iterator[Connection]:
        with writing as connection:
            yield connection


if importlib.util.find_spec("cryptography") is None:
    store.Notary = Unsigned  # type: ignore[misc]  # nothing else of a case is needed to write one
