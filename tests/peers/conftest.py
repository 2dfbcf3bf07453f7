"""Run with an environment of its own, without the rest of the suite's (`make case-peers`): the folder above,
with the samples, is put on the path here as well."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
