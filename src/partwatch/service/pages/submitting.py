"""Handing in, and what becomes of it: the pages of whoever submits."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
