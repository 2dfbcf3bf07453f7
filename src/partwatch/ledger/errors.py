"""What goes wrong with a ledger, and the libraries that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from partwatch.model.errors import MissingExtraError, PartwatchError

EXTRA: Final = "case"


class LedgerError(PartwatchError):
    """A ledger, key or bundle cannot be used as it is; says what is wrong, where, and the mend."""


class DamagedLedgerError(LedgerError):
    """It is there, but it is not what a ledger writes: a line, a file or a row that was changed or cut."""


@contextmanager
def extra(what: str) -> Iterator[None]:
    """Imports of optional libraries within become MissingExtraError with the command that installs them."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            f"{what} needs an optional library ({error}): install it with `pip install 'partwatch[{EXTRA}]'`"
        ) from None
