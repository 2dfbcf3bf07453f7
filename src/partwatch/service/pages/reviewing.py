"""The queue of what is held for a person, and one held submission with all that was found."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
