"""Listings as they were saved: a WARC (ISO 28500) of pages that say in schema.org's words what they offer."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from html import escape

from benchmarks.cases.sources import MARKET_URL
from benchmarks.cases.tables import Row, value_of

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, MARKET_URL)


def warc(rows: list[Row]) -> bytes:
    """An archive of rows as `sources.LISTINGS` has them."""
    return b"".join(_record(row) for row in rows)


def _record(row: Row) -> bytes:
    page = _page(row).encode()
    answer = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n\r\n"
    ).encode() + page
    url = value_of(row, "url")
    at = datetime.fromisoformat(value_of(row, "saved")).astimezone(UTC)
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid5(_NAMESPACE, url)}>\r\n"
        f"WARC-Date: {at.strftime('%Y-%m-%dT%H:%M:%SZ')}\r\nWARC-Target-URI: {url}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    ).encode()
    return head + answer + b"\r\n\r\n"


def _page(row: Row) -> str:
    username = value_of(row, "username")
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": value_of(row, "title"),
        "description": value_of(row, "text"),
        "productID": value_of(row, "id"),
        "url": value_of(row, "url"),
        "datePublished": value_of(row, "published"),
        "offers": {
            "@type": "Offer",
            "price": value_of(row, "price"),
            "priceCurrency": "EUR",
            "seller": {"@type": "Person", "name": username, "url": f"{MARKET_URL}/user/{username}"},
        },
    }
    told = json.dumps(product, ensure_ascii=False).replace("</", "<\\/")
    title = escape(value_of(row, "title"))
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title>'
        f'<script type="application/ld+json">{told}</script></head>'
        f"<body><h1>{title}</h1><p>{escape(value_of(row, 'text'))}</p></body></html>\n"
    )
