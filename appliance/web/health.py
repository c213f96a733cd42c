"""`GET /health`: is the gateway answering. Says nothing about people or exams."""

from __future__ import annotations

from aiohttp import web

from appliance.web.bodies import json_response
from appliance.web.routes import Open, Routes

routes = Routes()


@routes.open("GET", "/health", Open.PUBLIC)
async def health(_request: web.Request) -> web.StreamResponse:
    return json_response({"status": "ok"})
