"""Assemblies."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/assemblies", tags=["assemblies"])
