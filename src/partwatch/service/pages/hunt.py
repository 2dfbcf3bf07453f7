"""One new part against everything ever seen."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
