"""The watch-list with what the gate said of each part."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
