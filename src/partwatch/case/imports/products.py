"""What a page says of the product that it offers: schema.org (JSON-LD, microdata) and OpenGraph."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

_PRODUCTS: Final = frozenset(
    ("product", "individualproduct", "productmodel", "vehicle", "offer", "aggregateoffer",
     "3dmodel", "productgroup",
     "someproducts", "car")
)  # fmt: skip
_MOST_JSON: Final = 1 << 20
_MOST_NODES: Final = 5000
_MOST_DEPTH: Final = 256
_MOST_CHARS: Final = 20_000


@dataclass(frozen=True)
class Product:
    """What was found; "" where the page does not say. number: the platform's own for the listing."""

    title: str = ""
    description: str = ""
    price: str = ""
    currency: str = ""
    number: str = ""
    url: str = ""
    published: str = ""
    seller: str = ""
    seller_url: str = ""
    page_title: str = ""
    is_listing: bool = False


def products_of(tree: Any) -> list[Product]:
    """What the page offers, one at least: of a page with a single product, all that the page says of it in
    JSON-LD, microdata and OpenGraph, in this order; of a page of many, each by what is said of it."""
    linked, marked = list(_json_ld(tree)), list(_microdata(tree))
    title = _page_title(tree)
    if max(len(linked), len(marked)) > 1:
        return [replace(one, page_title=title) for one in (linked if len(linked) >= len(marked) else marked)]
    told = Product()
    for other in (*linked, *marked, _open_graph(tree)):
        told = _filled(told, other)
    return [replace(told, page_title=title)]


def _filled(told: Product, other: Product) -> Product:
    changes = {
        name: value for name, value in vars(other).items() if not getattr(told, name) and name != "is_listing"
    }
    return replace(told, **changes, is_listing=told.is_listing or other.is_listing)


def _page_title(tree: Any) -> str:
    title = tree.css_first("title")
    return " ".join(title.text().split())[:_MOST_CHARS] if title is not None else ""


def _json_ld(tree: Any) -> Iterator[Product]:
    for script in tree.css('script[type="application/ld+json"]')[:50]:
        text = script.text() or ""
        if len(text) > _MOST_JSON:
            continue
        try:
            told = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, (dict, list)):
            yield from (_of_node(node) for node in _offered(told))


def _offered(told: Any) -> Iterator[dict[str, Any]]:
    """Products and offers from the outside in, breadth first; nothing within them (their offers, and what is
    like them)."""
    queue: list[Any] = [told]
    for count, one in enumerate(queue):
        if count > _MOST_NODES:
            return
        if isinstance(one, dict) and _types(one) & _PRODUCTS:
            yield one
        else:
            inner = one.values() if isinstance(one, dict) else one
            queue.extend(value for value in inner if isinstance(value, (dict, list)))


def _types(node: dict[str, Any]) -> set[str]:
    told = node.get("@type")
    return {
        re.sub(r"^(?:https?://schema\.org/|schema:)", "", one).lower()
        for one in (told if isinstance(told, list) else [told])
        if isinstance(one, str)
    }


def _of_node(node: dict[str, Any]) -> Product:
    offer = _first(node.get("offers")) if isinstance(node.get("offers"), (dict, list)) else node
    offer = offer if isinstance(offer, dict) else {}
    item = _first(node.get("itemOffered"))
    item = item if isinstance(item, dict) else {}
    price = _first(offer.get("priceSpecification"))
    price = price if isinstance(price, dict) else offer
    seller = next(
        (
            one
            for one in (offer.get("seller"), node.get("seller"), node.get("author"), node.get("creator"))
            if one
        ),
        None,
    )
    seller = _first(seller)
    name, url = (
        (_text(seller.get("name")), _text(seller.get("url") or seller.get("@id")))
        if isinstance(seller, dict)
        else (_text(seller), "")
    )
    return Product(
        title=_text(node.get("name") or item.get("name")),
        description=_text(node.get("description") or item.get("description")),
        price=_text(price.get("price", offer.get("price", offer.get("lowPrice")))),
        currency=_text(price.get("priceCurrency") or offer.get("priceCurrency")),
        number=_text(node.get("productID") or node.get("sku") or offer.get("sku")
                     or _identifier(node.get("identifier"))),
        url=_text(node.get("url") or offer.get("url")),
        published=_text(
            node.get("datePublished") or node.get("datePosted") or node.get("releaseDate")
            or offer.get("validFrom")
            or offer.get("availabilityStarts")
        ),
        seller=name,
        seller_url=url if url.startswith("http") else "",
        is_listing=True,
    )  # fmt: skip


def _identifier(told: Any) -> Any:
    one = _first(told)
    return one.get("value") if isinstance(one, dict) else one


def _first(told: Any) -> Any:
    return (told[0] if told else None) if isinstance(told, list) else told


def _text(told: Any) -> str:
    told = _first(told)
    if isinstance(told, dict):
        told = told.get("@value") or told.get("name") or told.get("url") or told.get("@id")
    if isinstance(told, bool) or not isinstance(told, (str, int, float)):
        return ""
    return " ".join(str(told)[:_MOST_CHARS].split())


def _microdata(tree: Any) -> Iterator[Product]:
    for scope in tree.css("[itemscope][itemtype]")[:500]:
        kind = (scope.attributes.get("itemtype") or "").rstrip("/").rpartition("/")[2].lower()
        if kind not in _PRODUCTS or _is_within_another(scope):
            continue
        told: dict[str, str] = {}
        for one in scope.css("[itemprop]")[:500]:
            for name in (one.attributes.get("itemprop") or "").split():
                told.setdefault(name, _microdata_value(one))
        seller = scope.css_first('[itemprop="seller"], [itemprop="author"], [itemprop="brand"][itemscope]')
        named = seller.css_first('[itemprop="name"]') if seller is not None else None
        link = seller.css_first("[itemprop=url], a[href]") if seller is not None else None
        yield Product(
            title=told.get("name", ""),
            description=told.get("description", ""),
            price=told.get("price", ""),
            currency=told.get("priceCurrency", ""),
            number=told.get("productID") or told.get("sku") or "",
            url=told.get("url", ""),
            published=told.get("datePublished") or told.get("datePosted") or told.get("releaseDate") or "",
            seller=_microdata_value(named)
            if named is not None
            else told.get("seller") or told.get("author") or "",
            seller_url=((link.attributes.get("href") or "") if link is not None else ""),
            is_listing=True,
        )


def _is_within_another(scope: Any) -> bool:
    outer = scope.parent
    for _ in range(_MOST_DEPTH):
        if outer is None or outer.tag in ("html", "-undef"):
            return False
        kind = (outer.attributes.get("itemtype") or "").rstrip("/").rpartition("/")[2].lower()
        if kind in _PRODUCTS:
            return True
        outer = outer.parent
    return False


def _microdata_value(node: Any) -> str:
    attributes = node.attributes
    for name in ("content", "datetime", "href", "value"):
        if attributes.get(name):
            return " ".join(str(attributes[name])[:_MOST_CHARS].split())
    return " ".join((node.text(separator=" ") or "")[:_MOST_CHARS].split())


def _open_graph(tree: Any) -> Product:
    told: dict[str, str] = {}
    for one in tree.css("meta[property], meta[name]")[:500]:
        name = (one.attributes.get("property") or one.attributes.get("name") or "").lower()
        told.setdefault(name, " ".join((one.attributes.get("content") or "")[:_MOST_CHARS].split()))
    canonical = tree.css_first('link[rel="canonical"]')
    price = told.get("product:price:amount") or told.get("og:price:amount") or ""
    return Product(
        title=told.get("og:title", ""),
        description=told.get("og:description") or told.get("description") or "",
        price=price,
        currency=told.get("product:price:currency") or told.get("og:price:currency") or "",
        number=told.get("product:retailer_item_id", ""),
        url=told.get("og:url") or ((canonical.attributes.get("href") or "") if canonical is not None else ""),
        published=told.get("article:published_time") or told.get("og:published_time") or "",
        seller=told.get("product:seller") or told.get("author") or "",
        is_listing=bool(price)
        or told.get("og:type", "").lower() in ("product", "product.item", "og:product"),
    )
