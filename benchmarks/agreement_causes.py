"""Why our readers and others' disagree on a file, found by looking into each; the first pattern counts."""

from __future__ import annotations

CAUSES: dict[str, str] = {}
