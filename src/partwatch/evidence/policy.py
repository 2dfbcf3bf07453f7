"""How many false alerts an operator is ready to look at: the policy that findings follow from."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from partwatch.model.errors import UsageError

_KEYS: Final = {"name", "match_per_10000", "review_per_10000"}


@dataclass(frozen=True)
class AlertPolicy:
    """Expected false alerts for 10,000 unrelated bodies, by the calibration's tail model, up to which a match
    counts as *match* or *review*, for the whole list."""

    name: str = "alerts-1"
    match_per_10000: float = 1.0
    review_per_10000: float = 10.0


def read_policy(path: Path) -> AlertPolicy:
    """From a TOML file with those three keys. UsageError that names the file and the key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a policy file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    if unknown := sorted(set(document) - _KEYS):
        raise UsageError(
            f"{path}: no policy has a key {unknown[0]!r}; the keys are {', '.join(sorted(_KEYS))}"
        )
    if missing := sorted(_KEYS - set(document)):
        raise UsageError(f"{path}: {missing[0]} is missing")
    if not isinstance(document["name"], str) or not document["name"].strip():
        raise UsageError(f"{path}: name must be a text: the result states it")
    match, review = (_rate(path, document, key) for key in ("match_per_10000", "review_per_10000"))
    if review < match:
        raise UsageError(f"{path}: review_per_10000 is below match_per_10000; a review is the weaker finding")
    return AlertPolicy(document["name"].strip(), match, review)


def _rate(path: Path, document: dict[str, object], key: str) -> float:
    value = document[key]
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or value <= 0
    ):
        raise UsageError(f"{path}: {key} must be a number above 0, of false alerts in 10,000 bodies")
    return float(value)
