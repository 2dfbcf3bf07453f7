"""The OpenAPI document: what every route may answer stands in each of them, as the problem that it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from partwatch.service.api.problems import MEDIA_TYPE, Problem, described

_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
# No login, not the role, asked too often, the store away, or a surprise.
_EVERYWHERE: Final = (401, 403, 422, 429, 500, 503)
_WITH_BODY: Final = (400, 413, 415)
_BEARER: Final[dict[str, Any]] = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token of an account, pw_…; where the service serves its own machine only, none.",
}


def describe(app: FastAPI) -> None:
    """Have the application describe itself so."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            app.openapi_schema = completed(made)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what every operation may answer, and with the schema of problems."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(made.pop("$defs", {}))
    schemas["Problem"] = made
    components.setdefault("securitySchemes", {})["token"] = _BEARER
    # Either will do: a service without login asks for none.
    document["security"] = [{"token": []}, {}]
    for operation in _operations(document):
        answers = operation.setdefault("responses", {})
        for status in (*_EVERYWHERE, *(_WITH_BODY if "requestBody" in operation else ())):
            if "HTTPValidationError" in str(answers.get(str(status), "HTTPValidationError")):
                answers[str(status)] = described(status)
        for status, answer in answers.items():
            if status[0] in "45" and not answer.get("content", {}).get(MEDIA_TYPE, {}).get("schema"):
                answer["content"] = described(int(status))["content"]
        operation["responses"] = dict(sorted(answers.items()))
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        for method, operation in path.items():
            if method in _METHODS:
                yield operation


def form_with_files(files: Mapping[str, Any], fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a route that reads a form itself, as `openapi_extra` has it. files: what is said of the
    field `files`; fields: schemas of the others; more: of the form's schema."""
    several = {"type": "array", "items": {"type": "string", "format": "binary"}, **files}
    schema = {
        "type": "object",
        "required": ["files"],
        "properties": {"files": several, **fields},
        "additionalProperties": False,
        **more,
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
