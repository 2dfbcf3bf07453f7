"""Bodies that an OpenAPI document says are right: the least that a schema lets pass."""

from __future__ import annotations

from typing import Any


def example(document: dict[str, Any], path: str, method: str) -> Any:
    """A JSON body for an operation, None where it takes none."""
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return None if schema is None else _of(document, schema)


def _of(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _of(document, document["components"]["schemas"][name])
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return _of(document, schema[word][0])
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", [])
        return {
            name: _of(document, one) for name, one in schema.get("properties", {}).items() if name in wanted
        }
    if kind == "array":
        return [_of(document, schema["items"])] * schema.get("minItems", 0)
    if kind == "string":
        return "https://hook.example/" if schema.get("format") == "uri" else "x" * schema.get("minLength", 1)
    return {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": True}.get(str(kind))
