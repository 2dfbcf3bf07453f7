"""HTML as text, by selectolax (lexbor): what a reader sees, without scripts and styles."""

from __future__ import annotations

from typing import Any, Final

from partwatch.case.extras import CASE

MOST_HTML_CHARS: Final = 8 << 20
_UNSEEN = ("script", "style", "noscript", "template", "svg", "head")


def parsed(html: str) -> Any:
    """selectolax's tree of a page."""
    return CASE.module("selectolax.lexbor", "a web page").LexborHTMLParser(html[:MOST_HTML_CHARS])


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
