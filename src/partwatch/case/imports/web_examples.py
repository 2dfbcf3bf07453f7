"""Tiny saved pages, for the contract test."""

from __future__ import annotations

from collections.abc import Iterable

from partwatch.case.imports.base import Example

_LD = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Shop</title><script type="application/ld+json">'
    '{"@context": "https://schema.org", "@graph": [{"@type": "Product", "name": "Clock kit", "sku": "A-17", '
    '"description": "42 wheels", "offers": {"@type": "Offer", "price": "12.50", "priceCurrency": "EUR", '
    '"url": "https://shop.example.org/items/a-17", "seller": {"@type": "Person", "name": "Gear Shop", '
    '"url": "https://www.printables.com/@gear_shop"}}, "datePublished": "2024-03-05"}]}</script></head>'
    "<body><h1>Clock kit</h1><p>Ask café@example.org or +33 6 12 34 56 78</p></body></html>"
)
_MICRO = (
    b'<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'
    b'<link rel="canonical" href="https://market.example.org/x/99"></head><body>'
    b'<div itemscope itemtype="http://schema.org/Product"><span itemprop="name">Pi\xe8ce</span>'
    b'<div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><meta itemprop="price" content="3">'
    b'<meta itemprop="priceCurrency" content="EUR"></div></div></body></html>'
)
_PLAIN = b"<!doctype html><html><head><title>About</title></head><body>write to a@example.org</body></html>"


def _record(kind: str, url: str, content: bytes) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-03-06T08:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


def _answer(html: bytes, kind: str = "text/html") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(html)}\r\n\r\n".encode() + html


def examples() -> Iterable[Example]:
    """Pages with JSON-LD, microdata and neither; a WARC of them."""
    listing = (
        ("Listing", "title", "Clock kit"),
        ("Listing", "amount", "12.5"),
        ("Listing", "currency", "EUR"),
        ("Listing", "listingId", "A-17"),
        ("Listing", "platform", "shop.example.org"),
        ("Listing", "publishedAt", "2024-03-05"),
        ("Listing", "sourceUrl", "https://shop.example.org/items/a-17"),
        ("Listing", "phoneMentioned", "+33612345678"),
        ("UserAccount", "service", "printables"),
        ("UserAccount", "username", "gear_shop"),
    )
    yield Example("json-ld", {"a.html": _LD.encode()}, "a.html", listing)
    yield Example(
        "microdata",
        {"a.html": _MICRO},
        "a.html",
        (("Listing", "title", "Pièce"), ("Listing", "amount", "3"), ("Listing", "listingId", "x/99")),
    )
    yield Example(
        "plain",
        {"a.html": _PLAIN},
        "a.html",
        (("Document", "title", "About"), ("Document", "emailMentioned", "a@example.org")),
    )
    warc = (
        _record(
            "response",
            "https://shop.example.org/items/a-17",
            _answer(_LD.encode(), "text/html; charset=utf-8"),
        )
        + _record("response", "https://shop.example.org/x.stl", _answer(b"solid", "model/stl"))
        + _record("response", "https://shop.example.org/about", _answer(_PLAIN))
    )
    yield Example(
        "warc",
        {"a.warc": warc},
        "a.warc",
        (*listing, ("Listing", "retrievedAt", "2024-03-06T08:00:00+00:00"), ("Document", "title", "About")),
    )
