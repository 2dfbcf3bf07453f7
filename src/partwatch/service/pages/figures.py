"""What the service does, in figures: the transparency report."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
