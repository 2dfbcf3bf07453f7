"""Templates to answers. All that is put in is escaped; what is not defined is an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from partwatch import __version__
from partwatch.service.principals import Principal
from partwatch.service.states import Role

# Where the pages begin, and who is shown the way there.
PLACES: Final[tuple[tuple[str, str, frozenset[Role]], ...]] = (
    ("/submissions", "Submissions", frozenset({Role.SUBMIT})),
    ("/review", "Review", frozenset({Role.REVIEW})),
    ("/watchlist", "Watch-list", frozenset({Role.CURATE, Role.REVIEW})),
    ("/hunt", "Hunt", frozenset({Role.INVESTIGATE})),
    ("/assemblies", "Assemblies", frozenset({Role.INVESTIGATE})),
    ("/families", "Families", frozenset({Role.INVESTIGATE, Role.CURATE})),
    ("/cases", "Cases", frozenset({Role.INVESTIGATE})),
    ("/figures", "Figures", frozenset({Role.REVIEW, Role.ADMINISTER})),
    ("/administration", "Administration", frozenset({Role.ADMINISTER})),
)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("partwatch.service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["version"] = __version__
    return made


def page(request: Request, template: str, told: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """A page from a template that extends `layout.html`, with what it is told.

    Every template also knows `principal`, `csrf` (for the hidden field of its forms), `places` and `path`.
    """
    principal: Principal = request.state.principal
    common = {
        "principal": principal,
        "csrf": request.state.csrf,
        "places": [(path, name) for path, name, roles in PLACES if roles & principal.roles],
        "path": request.url.path,
    }
    text = _templates().get_template(template).render(common | dict(told))
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})
