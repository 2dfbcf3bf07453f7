"""What `partwatch doctor` has a worker do."""

from __future__ import annotations


def setup() -> None:
    """What a reader's worker imports too: its memory counts before the first file."""
    from partwatch.screening import job

    _ = job


def kernel() -> bytes:
    """The kernel's name, as the worker loads it."""
    from partwatch import kernel

    return kernel.KERNEL.encode()


def eat(size_bytes: int) -> bytes:
    """Ask for that much memory; what the kernel does not hold back is let go of at once."""
    return str(len(bytearray(size_bytes))).encode()
