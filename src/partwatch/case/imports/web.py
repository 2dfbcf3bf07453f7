"""Listings on the web, as they were saved: WARC, or one HTML page. What a page says of its product in
schema.org's words (JSON-LD, microdata) or OpenGraph's becomes a Listing; other pages are documents. Nothing
is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from partwatch.case.extras import CASE
from partwatch.case.identifiers.base import Hint, NotValidError
from partwatch.case.identifiers.dates import normalise as date_of
from partwatch.case.identifiers.handles import normalise as handle_of
from partwatch.case.identifiers.urls import normalise as url_of
from partwatch.case.imports.base import Importer, Reading, RowError, Told
from partwatch.case.imports.markup import MOST_HTML_CHARS, parsed, text_of
from partwatch.case.imports.products import Product, products_of
from partwatch.case.imports.telling import Telling, key_of
from partwatch.case.imports.textual import check_file, head_of
from partwatch.case.imports.values import clean
from partwatch.case.imports.web_examples import examples
from partwatch.model.errors import UsageError

_META_CHARSET = re.compile(rb"<meta[^>]{0,300}charset\s*=\s*[\"']?\s*([\w:-]{2,40})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w:-]{2,40})", re.IGNORECASE)
_TAG = re.compile(rb"<\x00?[A-Za-z!]")
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(\S{4,2000}) -->")
# Atomic: a comment ends where it first may, and is not tried in every other way.
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]{0,200}>\s*+)?(?>(?:<!--.*?-->)\s*+)*+"
    rb"<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_MOST_TEXT: Final = 1 << 18


@dataclass(frozen=True)
class Page:
    """A page as it was saved. url: where it stood, as far as known; at: when it was fetched, ISO 8601."""

    place: str
    html: bytes
    url: str | None
    at: str | None
    charset: str | None


def read(reading: Reading) -> Iterator[Told]:
    """Each page, in order. Raises UsageError where there is none."""
    check_file(reading)
    count = 0
    seen: set[tuple[str, ...]] = set()
    for page in _pages(reading):
        count += 1
        if isinstance(page, RowError):
            yield page
            continue
        if count > reading.limits.rows:
            yield RowError(page.place, f"more than {reading.limits.rows:,} pages", "split the archive")
            return
        telling = Telling(
            reading.sha256, page.place, page.at, Hint(reading.region), reading.limits, seen=seen
        )
        try:
            tell_page(page, telling)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            telling.error(f"the page cannot be read to its end ({type(error).__name__}: {error})"[:300])
        yield from telling.told
    if not count:
        raise UsageError(f"{reading.path.name}: holds no page in HTML")


def _pages(reading: Reading) -> Iterator[Page | RowError]:
    if _is_warc(reading.path):
        yield from _warc_pages(reading)
        return
    try:
        with reading.path.open("rb") as file:
            html = file.read(MOST_HTML_CHARS + 1)
    except OSError as error:
        raise UsageError(f"{reading.path.name}: cannot be read ({error.strerror or error})") from None
    if len(html) > MOST_HTML_CHARS:
        yield RowError("the page", f"has more than {MOST_HTML_CHARS:,} bytes: only its beginning is read")
    if html.startswith(b"\x1f\x8b"):
        raise UsageError(f"{reading.path.name}: is gzip, but no whole web archive (WARC): save it again")
    if _TAG.search(html):
        saved = _SAVED_FROM.search(html[:4096])
        yield Page(
            "the page",
            html[:MOST_HTML_CHARS],
            saved[1].decode("ascii", "replace") if saved else None,
            None,
            None,
        )


def _warc_pages(reading: Reading) -> Iterator[Page | RowError]:
    iterator = CASE.module("warcio.archiveiterator", "a web archive (WARC)")
    broken = CASE.module("warcio.exceptions", "a web archive (WARC)").ArchiveLoadFailed
    number = 0
    try:
        with reading.path.open("rb") as file:
            records = iterator.ArchiveIterator(file)
            while True:
                number += 1
                try:
                    record = next(records, None)
                    page = None if record is None else _page(record, number)
                except (
                    broken,
                    EOFError,
                    ValueError,
                    LookupError,
                    TypeError,
                    AttributeError,
                    OSError,
                ) as error:
                    yield RowError(
                        f"record {number}",
                        f"the archive cannot be read from here on ({' '.join(str(error).split())[:200]})",
                        "save it again",
                    )
                    return
                if record is None:
                    return
                if page is not None:
                    yield page
    except OSError as error:
        raise UsageError(f"{reading.path.name}: cannot be read ({error.strerror or error})") from None


def _page(record: Any, number: int) -> Page | RowError | None:
    """A record that is an answer or a resource in HTML; None of any other."""
    place = f"record {number}"
    if record.rec_type not in ("response", "resource"):
        return None
    http = record.http_headers
    kind = (http.get_header("Content-Type") if http else record.rec_headers.get_header("Content-Type")) or ""
    if "html" not in kind.lower():
        return None
    if http is not None and not str(http.get_statuscode() or "200").startswith("2"):
        return None
    html = record.content_stream().read(MOST_HTML_CHARS + 1)
    if len(html) > MOST_HTML_CHARS:
        return RowError(place, f"a page of more than {MOST_HTML_CHARS:,} bytes is left out")
    charset = _HEADER_CHARSET.search(kind)
    return Page(
        place,
        html,
        record.rec_headers.get_header("WARC-Target-URI"),
        _date(record.rec_headers.get_header("WARC-Date")),
        charset[1] if charset else None,
    )


def decoded(html: bytes, charset: str | None) -> str:
    """A page as text: by its mark, the header's charset, its own, UTF-8, else cp1252."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if html.startswith(mark):
            return html[len(mark) :].decode(name, "replace")
    own = _META_CHARSET.search(html[:4096])
    for one in (charset, own[1].decode("ascii") if own else None, "utf-8"):
        if one:
            # What pages call Latin-1 is cp1252 (WHATWG Encoding).
            name = "cp1252" if one.lower() in ("iso-8859-1", "latin1", "ascii", "us-ascii") else one
            try:
                return html.decode(name, "strict" if name == "utf-8" else "replace")
            except (LookupError, ValueError):
                continue
    return html.decode("cp1252", "replace")


def _date(text: str | None) -> str | None:
    try:
        return date_of(text, Hint()) if text else None
    except NotValidError:
        return None


def tell_page(page: Page, telling: Telling) -> None:
    """What a page says: a listing for each product that it offers, else a document. What is found in its text
    is said of its only listing, or of the page."""
    tree = parsed(decoded(page.html, page.charset))
    products = products_of(tree)
    text = text_of(tree)[:_MOST_TEXT]
    host = _host(page.url or products[0].url)
    if len(products) == 1 and products[0].is_listing and host:
        url = _first_url(products[0].url, page.url)
        key, schema = _listing(products[0], host, url, telling), "Listing"
    else:
        url = _first_url(page.url, products[0].url if len(products) == 1 else None)
        key, schema = _document(products[0], url, telling), "Document"
        for product in products if len(products) > 1 else ():
            own = _first_url(product.url)
            if host and (own or product.number):
                listing = _listing(product, host, own, telling)
                telling.put(listing, "Listing", "retrievedAt", page.at)
    telling.put(key, schema, "retrievedAt", page.at)
    telling.mentions(key, schema, text)


def _document(product: Product, url: str | None, telling: Telling) -> str:
    key = telling.record("Document", url or telling.place)
    telling.put(key, "Document", "title", product.title or product.page_title)
    telling.put(key, "Document", "mimeType", "text/html")
    telling.put(key, "Document", "publishedAt", _date(product.published))
    if url:
        telling.say(key, "Document", "sourceUrl", url)
    return key


def _listing(product: Product, host: str, url: str | None, telling: Telling) -> str:
    number = clean(product.number or urlsplit(url or "").path.strip("/"))[:500] or telling.place
    key, schema = key_of("Listing", host, number), "Listing"
    telling.say(key, schema, "platform", host)
    telling.put(key, schema, "listingId", number)
    telling.put(key, schema, "title", product.title)
    telling.put(key, schema, "description", product.description)
    if product.price:
        telling.put(key, schema, "amount", product.price)
    telling.put(key, schema, "currency", product.currency.upper())
    telling.put(key, schema, "publishedAt", _date(product.published))
    if url:
        telling.say(key, schema, "sourceUrl", url)
    seller = _seller(product, host, telling)
    if seller:
        telling.say(key, schema, "seller", seller)
    return key


def _seller(product: Product, host: str, telling: Telling) -> str | None:
    """The account that offers: by its profile's address where that is known, else by its name on the host."""
    name = product.seller or None
    try:
        service, _, username = handle_of(product.seller_url, Hint()).partition(":")
        return telling.account(service, username, name)
    except NotValidError:
        username = (
            urlsplit(product.seller_url).path.rstrip("/").rpartition("/")[2].lstrip("@")
            if product.seller_url
            else ""
        )
    username = username or product.seller
    return telling.account(host, username[:200].lower(), name) if username else None


def _first_url(*urls: str | None) -> str | None:
    for one in urls:
        if one:
            try:
                return url_of(one, Hint())
            except NotValidError:
                continue
    return None


def _host(url: str | None) -> str | None:
    try:
        host = urlsplit(url_of(url or "", Hint())).hostname
    except (NotValidError, ValueError):
        return None
    return re.sub(r"^(?:www|m|mobile)\.", "", host) if host else None


def _is_warc(path: Path) -> bool:
    import gzip
    import zlib

    head = head_of(path, 64)
    if head.startswith(b"WARC/"):
        return True
    if not head.startswith(b"\x1f\x8b"):
        return False
    try:
        with gzip.open(path) as file:
            return file.read(5) == b"WARC/"
    except (OSError, EOFError, zlib.error):
        return False


def looks(path: Path) -> bool:
    """A WARC file, gzipped or not; or a page in HTML."""
    return _is_warc(path) or _HTML.match(head_of(path, 1 << 13)) is not None


IMPORTER = Importer(
    name="web",
    version="1",
    title="saved web pages (WARC, HTML)",
    looks=looks,
    read=read,
    examples=examples,
)
