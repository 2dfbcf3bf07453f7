"""Waiting in a page whose policy lets nothing be evaluated: it is asked again and again from outside."""

from __future__ import annotations

from typing import Any

TRIES = 400
REST_MS = 50


def until(page: Any, expression: str, argument: Any = None) -> None:
    """Wait until an expression is true in the page; AssertionError after some twenty seconds."""
    for _ in range(TRIES):
        if page.evaluate(expression, argument):
            return
        page.wait_for_timeout(REST_MS)
    raise AssertionError(f"never true: {expression}")
