"""Holds real requests and answers against openapi.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_schema_validator import OAS31Validator

import appliance.web
from tests.support.box_api import Asked, Reply

PATH = Path(appliance.web.__file__).parent / "openapi.yaml"


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return loaded


@cache
def contract() -> OpenAPI:
    problems: dict[str, Callable[[bytes], Any]] = {"application/problem+json": json.loads}
    return OpenAPI.from_dict(document(), Config(extra_media_type_deserializers=problems))


@cache
def _schema(name: str) -> OAS31Validator:
    return OAS31Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    )


def check_message(name: str, message: Any) -> None:
    """Raise unless a WebSocket message is what components/schemas/`name` says."""
    _schema(name).validate(message)


def _plain_type(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").split(";")[0]


def validate(asked: Asked, reply: Reply) -> None:
    """Every answer must be as the contract says; so must every request that was accepted."""
    request = MockRequest(
        host_url="https://localhost:8443",
        method=asked.method.lower(),
        path=asked.path,
        args=dict(asked.query),
        headers=dict(asked.headers),
        data=asked.body or None,
        content_type=_plain_type(asked.headers),
    )
    answer = MockResponse(
        data=reply.body,
        status_code=reply.status,
        headers=dict(reply.headers),
        content_type=_plain_type(reply.headers),
    )
    if reply.status < 400:
        contract().validate_request(request)
    contract().validate_response(request, answer)
