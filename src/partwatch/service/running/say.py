"""What a service has to say of itself: lines on stderr, never with a file's name or a customer's."""

from __future__ import annotations

import sys
from contextlib import suppress

from partwatch.report.escape import visible


def say(message: str) -> None:
    """One message; each of its lines is one of its own, made safe to look at."""
    text = "".join(f"partwatch: {visible(line)}\n" for line in message.splitlines())
    # Nobody may be reading any more; that is no reason to end.
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()
