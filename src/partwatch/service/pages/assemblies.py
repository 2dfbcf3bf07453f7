"""Parts that belong together, over time."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
