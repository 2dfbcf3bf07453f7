"""HTML as text, by selectolax (lexbor): what a reader sees, without scripts and styles."""

from __future__ import annotations

import re
from typing import Any, Final

from partwatch.case.extras import CASE

MOST_HTML_CHARS: Final = 8 << 20
_MOST_DEPTH: Final = 4000
_TAGS = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]{0,30})")
_SELF_CLOSING_TAGS = (
    "p li td th tr dt dd option optgroup thead tbody tfoot colgroup rp rt br img input meta link hr "
    "col source wbr area base embed track param"
)
_SELF_CLOSING = frozenset(_SELF_CLOSING_TAGS.split())
_UNSEEN = ("script", "style", "noscript", "template", "svg", "head")


def parsed(html: str) -> Any:
    """selectolax's tree of a page. Raises ValueError where its elements nest as no page does: the parser's
    time grows with the square of their depth."""
    html = html[:MOST_HTML_CHARS]
    if _depth(html) > _MOST_DEPTH:
        raise ValueError(f"elements nest deeper than {_MOST_DEPTH:,}")
    return CASE.module("selectolax.lexbor", "a web page").LexborHTMLParser(html)


def _depth(html: str) -> int:
    """How deep elements may nest that are not closed by what comes next; at most one too few for each
    closing tag that closes nothing."""
    depth = deepest = 0
    for tag in _TAGS.finditer(html):
        if tag[2].lower() in _SELF_CLOSING:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def text_of_html(html: str) -> str:
    """The text of a page or letter."""
    return text_of(parsed(html))


def text_of(tree: Any) -> str:
    """The text of a tree; what is not shown is taken out of it."""
    body = tree.body
    if body is None:
        return ""
    tree.strip_tags(list(_UNSEEN))
    lines = (" ".join(line.split()) for line in body.text(separator=" ").splitlines())
    return "\n".join(line for line in lines if line)
