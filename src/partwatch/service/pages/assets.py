"""Styles and scripts, all of them from the package."""

from __future__ import annotations

from importlib import resources
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from partwatch import __version__
from partwatch.report.page import asset

router = APIRouter()
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
# Of the report's: what its pages and these have in common.
_SHARED: Final = frozenset(
    {
        "report.css", "assembly.css", "families.css", "compare.css", "evaluation.css", "case.css", "dom.js",
        "case_state.js", "case_stage.js", "case_network.js", "case_time.js", "case_map.js", "case_panel.js",
        "case_tools.js", "transparency.css",
    }
)  # fmt: skip


@router.get("/static/{name}")
def static(name: str) -> Response:
    """A style or script of the package by its name."""
    return _answer(name, "static")


@router.get("/static/vendor/{name}")
def vendor(name: str) -> Response:
    """A script of somebody else's that comes with the package, its licence beside it."""
    return _answer(name, "static/vendor")


def _answer(name: str, folder: str) -> Response:
    ending = name.rpartition(".")[2]
    found = resources.files("partwatch.service.pages") / folder / name
    shared = folder == "static" and name in _SHARED
    if ending not in _TYPES or "/" in name or not (shared or found.is_file()):
        raise HTTPException(404)
    content = asset(name).encode() if shared else found.read_bytes()
    # Under a new version their addresses are new: see `rendering`.
    kept = {"Cache-Control": "public, max-age=86400", "ETag": f'"{__version__}-{len(content)}"'}
    return Response(content, media_type=f"{_TYPES[ending]}; charset=utf-8", headers=kept)
