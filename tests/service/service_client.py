"""The application without a server: requests that are answered in this thread. Cookies stay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx

from partwatch.service.app import create_app
from partwatch.service.settings import Settings
from partwatch.service.store import ServiceStore


class Client:
    """Of one home folder. `store` is the application's own."""

    def __init__(self, home: Path, settings: Settings, headers: dict[str, str] | None = None) -> None:
        self.app = create_app(home, settings)
        self.store: ServiceStore = self.app.state.service.store
        self._headers = headers or {}
        self._cookies = httpx.Cookies()

    def request(self, method: str, path: str, content: Any = None, **more: Any) -> httpx.Response:
        """One request; content may be an iterator."""
        if isinstance(content, Iterator):
            content = _each(content)
        return asyncio.run(self._request(method, path, content=content, **more))

    async def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=self._headers
        ) as made:
            made.cookies = self._cookies
            answer = await made.request(method, path, **more)
            self._cookies = made.cookies
            return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """POST."""
        return self.request("POST", path, **more)


async def _each(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
