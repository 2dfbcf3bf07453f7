"""One request to an address that somebody outside gave: where it may lead, and how far it is followed.

The name is resolved here, every address that it has is checked, and the connection goes to a checked address
(the name only says whom the certificate is for): a name that answers otherwise the second time leads nowhere
else. No redirect is followed, no proxy of the environment is asked, and of the answer only its status counts.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from typing import Final

import httpx

from partwatch.model.errors import UsageError
from partwatch.service.submissions import check_text

MOST_URL_CHARS: Final = 2000
# What a public receiver listens on. In the operator's own network any port may be meant.
PORTS: Final = frozenset({80, 443, 8080, 8443})
MOST_ANSWER_BYTES: Final = 16 << 10
_MOST_TRIED: Final = 3
# They carry an IPv4 address that is not looked at otherwise: NAT64, 6to4, Teredo.
_CARRIERS: Final = tuple(
    ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedError(Exception):
    """An address that hooks may not lead to; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of a request. said: in words, never the receiver's. is_gone: it wants no more of them."""

    is_ok: bool
    said: str
    is_gone: bool = False


def check_url(url: str, private: bool) -> None:
    """Raise UsageError for what is no http(s) URL that hooks may have. Its address is checked when it is
    sent to. private: whether the operator's own network is allowed."""
    check_text("a hook's URL", url, MOST_URL_CHARS)
    try:
        parts = httpx.URL(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except (httpx.InvalidURL, ValueError) as error:
        raise UsageError(f"a hook's URL: is none ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.raw_host:
        raise UsageError("a hook's URL: begins with https://, or http:// and a host")
    if parts.userinfo or parts.fragment:
        raise UsageError("a hook's URL: holds a name, a password or a fragment; take it out")
    if not private and port not in PORTS:
        raise UsageError(
            f"a hook's URL: port {port} is none that hooks may lead to: {', '.join(map(str, sorted(PORTS)))}"
        )


def address_problem(text: str, private: bool) -> str | None:
    """Why hooks may not lead to an address; None where they may.

    Link-local ones never: cloud machines hand out their credentials there.
    """
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in network for network in _CARRIERS):
            return "leads to another address through a relay"
    if address.is_unspecified or address.is_multicast or address.is_link_local:
        return "is of no machine that could be meant"
    if address.is_global or (private and (address.is_loopback or not address.is_reserved)):
        return None
    return "is not public; hooks into one's own network need webhooks.private_addresses"


async def addresses_of(host: str, port: int, private: bool, threads: Executor) -> list[str]:
    """The checked addresses of a host. Raises RefusedError where any may not be led to; OSError."""
    found = await asyncio.get_running_loop().run_in_executor(
        threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        if (problem := address_problem(address, private)) is not None:
            raise RefusedError(f"{host}: an address of it {problem}")
    return addresses


async def post(
    url: str, body: bytes, headers: Mapping[str, str], timeout_s: float, private: bool, threads: Executor
) -> Outcome:
    """Send one body; done within the time, whatever the receiver does. threads: where names are resolved."""
    try:
        async with asyncio.timeout(timeout_s):
            check_url(url, private)
            return await _posted(httpx.URL(url), body, headers, timeout_s, private, threads)
    except (RefusedError, UsageError) as error:
        return Outcome(False, str(error)[:200])
    except TimeoutError:
        return Outcome(False, f"no answer within {timeout_s:g} s")
    except socket.gaierror:
        return Outcome(False, "its host's name is not known")
    except httpx.ConnectError as error:
        return Outcome(
            False, "its certificate is not valid" if "CERTIFICATE" in str(error) else "no connection"
        )
    except (httpx.HTTPError, OSError, UnicodeError) as error:
        return Outcome(False, f"the connection failed ({type(error).__name__})")


async def _posted(
    url: httpx.URL,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    private: bool,
    threads: Executor,
) -> Outcome:
    port = url.port or (443 if url.scheme == "https" else 80)
    host = url.raw_host.decode("ascii")
    addresses = (await addresses_of(host, port, private, threads))[:_MOST_TRIED]
    timeout = httpx.Timeout(timeout_s, connect=timeout_s / len(addresses))
    # A client of its own: a pool knows connections by their address, and not by whom they were checked for.
    # Without what the environment says of proxies and credentials.
    async with httpx.AsyncClient(
        verify=_authorities(), trust_env=False, timeout=timeout, follow_redirects=False
    ) as client:
        for last, address in zip(_lasts(addresses), addresses, strict=True):
            try:
                return await _sent(client, url, host, address, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if last:
                    raise
    raise AssertionError("a host has at least one address")


@cache
def _authorities() -> ssl.SSLContext:
    """Whose certificates count; read once."""
    return httpx.create_ssl_context(trust_env=False)


def _lasts(addresses: Sequence[str]) -> list[bool]:
    return [place == len(addresses) - 1 for place in range(len(addresses))]


async def _sent(
    client: httpx.AsyncClient,
    url: httpx.URL,
    host: str,
    address: str,
    body: bytes,
    headers: Mapping[str, str],
) -> Outcome:
    request = client.build_request(
        "POST",
        url.copy_with(host=address),
        content=body,
        headers={**headers, "Host": url.netloc.decode("ascii"), "Content-Type": "application/json"},
        # Whom the certificate must be for.
        extensions={"sni_hostname": host},
    )
    answer = await client.send(request, stream=True)
    try:
        size = 0
        async for chunk in answer.aiter_raw():
            size += len(chunk)
            if size > MOST_ANSWER_BYTES:
                break
    finally:
        await answer.aclose()
    if 200 <= answer.status_code < 300:
        return Outcome(True, f"answered {answer.status_code}")
    if 300 <= answer.status_code < 400:
        return Outcome(False, f"answered {answer.status_code}: redirects are not followed; give its last URL")
    return Outcome(False, f"answered {answer.status_code}", is_gone=answer.status_code == 410)
