"""Signatures of webhooks as Standard Webhooks 1.0.0 has them: HMAC-SHA256 over id, time and body.

A hook's secret field holds the secret, and for a day after it was changed the one before as well, so that a
receiver may change it when it likes: ``NEW`` or ``NEW OLD UNTIL``, until in seconds since 1970.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "whsec_"
OVERLAP_S: Final = 24 * 3600
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A secret: 32 random bytes in base64, after `whsec_`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def rotated(field: str, fresh: str, moment: float) -> str:
    """A secret field with a fresh secret; the one before counts for another day."""
    return f"{fresh} {field.split()[0]} {int(moment + OVERLAP_S)}"


def secrets_in(field: str, moment: float) -> list[str]:
    """The secrets that count now, the newest first."""
    fresh, *before = field.split()
    return [fresh, before[0]] if before and moment < int(before[1]) else [fresh]


def signature(secret: str, message: str, at_s: int, body: bytes) -> str:
    """``v1,`` and the HMAC in base64. message: its id; at_s: seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(field: str, message: str, at_s: int, body: bytes) -> Mapping[str, str]:
    """The headers of one delivery, signed by every secret that counts."""
    told = [signature(secret, message, at_s, body) for secret in secrets_in(field, at_s)]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(told),
    }
