"""Logging in and out, and the tokens of an account."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
