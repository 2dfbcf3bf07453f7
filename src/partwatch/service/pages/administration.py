"""Customers, accounts, webhooks, the audit log and the health of the service."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
