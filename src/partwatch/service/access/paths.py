"""Which paths are special: open to all, for monitoring, for programs, for large bodies."""

from __future__ import annotations

from typing import Final

# Without a login: what a browser needs in order to log in, and whether the process answers.
_OPEN: Final = frozenset({"/login", "/status/live", "/favicon.ico"})
_OPEN_BELOW: Final = ("/static/", "/setup/")
# To programs on this machine and to those who administer.
MONITORED: Final = frozenset({"/metrics", "/status"})
_PROGRAMS: Final = ("/v1/", "/status/")
# Where files come in: these routes stream, and hold what they read to limits of their own.
_UPLOADS: Final = frozenset(
    {
        *("/v1/submissions", "/submissions/new", "/v1/hunt/file", "/hunt/file"),
        *("/v1/watchlist/designs", "/watchlist/new"),
    }
)
_SUBMITTING: Final = frozenset({"/v1/submissions", "/submissions/new"})
_FILE_TYPES: Final = ("multipart/form-data", "application/octet-stream")


def is_open(path: str) -> bool:
    """Whether nobody needs to log in for it."""
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def is_counted(path: str) -> bool:
    """Whether requests for it count towards a limit: not what every page brings along."""
    return not path.startswith("/static/") and path != "/status/live"


def is_for_programs(path: str) -> bool:
    """Whether errors are told as problem details, not as pages."""
    return path == "/v1" or path in MONITORED or path.startswith(_PROGRAMS)


def is_submitting(method: str, path: str) -> bool:
    """Whether something is handed in."""
    return method == "POST" and path in _SUBMITTING


def takes_files(path: str, content_type: str) -> bool:
    """Whether the body of a request may be as large as what is handed in."""
    return path in _UPLOADS and content_type.startswith(_FILE_TYPES)
