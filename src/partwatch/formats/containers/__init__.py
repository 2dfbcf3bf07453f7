"""Everything that holds other files, behind one protocol; what it is, is told by content alone.

Not here: 3MF and the like, which are packages of one item, and folders (`partwatch.screening.walk`).
"""

from __future__ import annotations

from partwatch.formats.containers import mail, packed, rar, sevenzip, tape, zipped
from partwatch.formats.containers.base import Container, ContainerFormat

CONTAINERS: tuple[ContainerFormat, ...] = (
    zipped.FORMAT,
    *packed.FORMATS,
    tape.FORMAT,
    sevenzip.FORMAT,
    rar.FORMAT,
    *mail.FORMATS,
)

__all__ = ["CONTAINERS", "Container", "ContainerFormat", "recognised"]


def recognised(data: bytes) -> list[ContainerFormat]:
    """Every container that these bytes open as; more than one where they were made to."""
    return [known for known in CONTAINERS if known.recognises(data)]
