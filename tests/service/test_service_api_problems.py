"""Every error is a problem document that says what to do, and gives nothing away."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from fastapi import HTTPException
from service_client import Client

from partwatch.model.document import ResultDocument
from partwatch.model.errors import StoreError
from partwatch.service.settings import Settings


@pytest.fixture
def client(tmp_path: Path) -> Client:
    made = Client(tmp_path, Settings())

    @made.app.get("/v1/wrong")
    def wrong() -> None:
        raise ValueError("secret of /srv/place")

    @made.app.get("/v1/away")
    def away() -> None:
        raise StoreError("/srv/place/service.sqlite is locked")

    @made.app.get("/v1/teapot")
    def teapot() -> None:
        raise HTTPException(418, "short and stout", {"X-Spout": "yes"})

    return made


def test_what_nobody_foresaw_has_a_number_and_its_trace_stays_here(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "partwatch.service"):
        answer = client.get("/v1/wrong?name=customer-file.stl")
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert told["id"] in told["detail"]
    (record,) = caplog.records
    assert told["id"] in record.getMessage()
    assert "customer-file" not in record.getMessage()
    assert record.exc_info is not None


def test_a_store_that_is_away_is_told_without_its_place(client: Client) -> None:
    answer = client.get("/v1/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "/srv" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/submissions", 405),
        ("GET", "/v1/teapot", 418),
        ("GET", "/v1/submissions/a%2e%2e%20b", 422),
        ("GET", "/v1/submissions?limit=no", 422),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    told = answer.json()
    assert told["status"] == status
    assert told["detail"]
    assert answer.headers.get("allow" if status == 405 else "x-spout" if status == 418 else "content-type")


def test_an_address_names_all_of_its_methods(client: Client) -> None:
    for path, methods in (
        ("submissions", "GET, POST"), ("watchlist/design", "GET, DELETE"), ("submissions/x/result", "GET")
    ):  # fmt: skip
        assert client.request("PATCH", f"/v1/{path}").headers["allow"] == methods


def test_every_address_in_the_guide_is_there(client: Client) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\$SERVER(/v1/[a-z/$A-Z0-9]+)", guide))
    paths = client.get("/v1/openapi.json").json()["paths"].keys()
    known = {path.replace("{id}", "$ID").replace("{position}", "0") for path in paths}
    assert len(named) >= 8
    assert named <= known


def test_a_validation_error_names_its_places(client: Client) -> None:
    told = client.get("/v1/submissions?limit=0&state=x").json()
    assert {one["where"] for one in told["errors"]} == {"query.limit", "query.state.0"}


def test_the_description_has_the_result_document_and_every_operation_its_problems(client: Client) -> None:
    document = client.get("/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    theirs = ResultDocument.model_json_schema(mode="serialization")
    assert schemas["ResultDocument"]["properties"].keys() == theirs["properties"].keys()
    assert schemas["Item"]["required"] == theirs["$defs"]["Item"]["required"]
    assert "HTTPValidationError" not in schemas
    for path, item in document["paths"].items():
        for operation in item.values():
            for status in ("401", "403", "422", "429", "500", "503"):
                content = operation["responses"][status]["content"]
                assert "schema" in content["application/problem+json"], path
