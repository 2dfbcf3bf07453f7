"""What a request says of itself: to which host, from which page and address. Pure functions."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from partwatch.service.settings import LOOPBACK, Settings

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_NEXT_CHARS: Final = 2000
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True)
class Site:
    """Under which names the service may be asked. url: its public one, without a path; '' where none is set.
    any_host: whether a request may name whatever host it likes."""

    url: str
    host: str
    any_host: bool

    @classmethod
    def of(cls, settings: Settings) -> Site:
        """That of settings."""
        parts = urlsplit(settings.serving.public_url)
        url = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        return cls(url.lower(), (parts.hostname or "").lower(), not settings.is_local and not parts.hostname)

    @property
    def is_https(self) -> bool:
        """Whether browsers come to it over TLS."""
        return self.url.startswith("https://")


def host_problem(headers: Headers, site: Site) -> str | None:
    """What is wrong with the Host header. A page elsewhere can have its own name lead to this machine (DNS
    rebinding); it then asks under that name."""
    given = headers.getlist("host")
    # Addresses are put together from it: see `starlette.requests.Request.url`.
    if len(given) != 1 or not _HOST.fullmatch(given[0]):
        return "a request names one host"
    if site.any_host:
        return None
    name = _host_name(given[0])
    if name in LOOPBACK or (site.host and name == site.host):
        return None
    return "this service is not reached under that host; use the address that it was set up with"


def _host_name(netloc: str) -> str:
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def proxy_problem(headers: Headers) -> str | None:
    """What is wrong where a proxy passes others' requests on to a service that knows nobody."""
    if any(name in headers for name in _FORWARDED):
        return "without a login only this machine is served, by no proxy; set access.login"
    return None


def origin_problem(method: str, headers: Headers, site: Site) -> str | None:
    """What is wrong with the page that a request comes from: only this service's own may change anything.

    Programs name none. Browsers do, and pages cannot change what they say.
    """
    fetch_site = headers.get("sec-fetch-site")
    if method in SAFE_METHODS:
        # Not even as a picture of another page: a look at a finding is noted as somebody's.
        is_visit = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        foreign = fetch_site in ("cross-site", "same-site") and not is_visit
        return "pages of other sites get nothing of this service" if foreign else None
    if fetch_site not in (None, "same-origin", "none"):
        return "pages of other sites change nothing here; use this service's own"
    origin = headers.get("origin")
    if origin is not None and not _is_own(origin, headers, site):
        return "pages of other sites change nothing here; use this service's own"
    return None


def is_from_own_page(headers: Headers, site: Site) -> bool:
    """Whether a browser says that one of this service's pages sent it."""
    origin = headers.get("origin")
    return headers.get("sec-fetch-site") == "same-origin" or (
        origin is not None and _is_own(origin, headers, site)
    )


def _is_own(origin: str, headers: Headers, site: Site) -> bool:
    origin = origin.lower()
    if site.url and origin == site.url:
        return True
    scheme, found, netloc = origin.partition("://")
    return bool(found) and scheme in ("http", "https") and netloc == headers.get("host", "").lower()


def address_of(client: str, headers: Headers, trusted: Collection[str]) -> str:
    """The caller's address: what trusted proxies say of it, else who connected."""
    address = client
    if client in trusted:
        told = [one.strip() for line in headers.getlist("x-forwarded-for") for one in line.split(",")]
        for one in reversed(told):
            address = one
            if one not in trusted:
                break
    return _bucketed(address)


def _bucketed(address: str) -> str:
    """An IPv6 network for an IPv6 address: whoever has one address has 2^64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        if not found.is_loopback:
            return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def is_on_this_machine(client: str, headers: Headers) -> bool:
    """Whether a program on this machine asks, and no proxy on behalf of somebody else."""
    try:
        loopback = ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False
    passed_on = any(name in headers for name in _FORWARDED)
    return loopback and not passed_on and _host_name(headers.get("host", "")) in LOOPBACK


def safe_next(path: str) -> str:
    """Where to go after a login: a path of this service, or its beginning."""
    if not 0 < len(path) <= MOST_NEXT_CHARS or any(one <= " " or one == "\x7f" for one in path):
        return "/"
    parts = urlsplit(path) if path.startswith("/") else None
    if parts is None or path.startswith("//") or "\\" in path or parts.scheme or parts.netloc:
        return "/"
    return "/" if parts.path in ("/login", "/logout") else path
