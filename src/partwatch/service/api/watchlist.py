"""Watchlist."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/watchlist", tags=["watchlist"])
