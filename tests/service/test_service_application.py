"""The application as a whole: it stands, and everything in it is named."""

from __future__ import annotations

from pathlib import Path

import httpx
from service_running import running

from partwatch.service.settings import Settings


def test_it_answers_over_http_and_serves_its_own_styles(tmp_path: Path) -> None:
    with running(tmp_path, Settings()) as address:
        assert httpx.get(f"{address}/status/live").json() == {"status": "ok"}
        style = httpx.get(f"{address}/static/service.css")
        assert style.headers["content-type"] == "text/css; charset=utf-8"
        assert ".service" in style.text
        assert httpx.get(f"{address}/static/..%2f__init__.py").status_code == 404
        assert "Partwatch" in httpx.get(f"{address}/v1/openapi.json").json()["info"]["title"]
