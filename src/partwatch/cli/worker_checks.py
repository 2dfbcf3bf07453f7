"""What `partwatch doctor` has a worker do."""

from __future__ import annotations


def setup() -> None:
    """What a reader's worker imports too: its memory counts before the first file."""
    from partwatch.screening import job

    _ = job


def kernel() -> bytes:
    """The compiled part's name, as the worker loads it."""
    from partwatch import _kernel

    return _kernel.__name__.encode()


def eat(size_bytes: int) -> bytes:
    """Ask for that much memory; what the kernel does not hold back is let go of at once."""
    return str(len(bytearray(size_bytes))).encode()
