"""Logging in and out, and the people with a login."""

from __future__ import annotations

import msgspec
from aiohttp import web

from appliance.core.ids import ExamId, UserId, check_id
from appliance.core.roles import Action, Role
from appliance.services.people import NewUser, check_passphrase
from appliance.web.application_keys import GATEWAY, LIMITS
from appliance.web.bodies import json_response, read_json, read_nothing
from appliance.web.person_auth import caller_of, check_origin
from appliance.web.routes import Asked, Open, Routes

routes = Routes()


class LoginBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    user: str
    passphrase: str
    one_time_code: str | None = None


class PassphraseBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    passphrase: str
    new_passphrase: str


class NewUserBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    role: Role
    passphrase: str
    exams: list[str] = []
    all_exams: bool = False
    halls: list[str] | None = None
    second_factor: bool = False


@routes.open("POST", "/api/v1/login", Open.PUBLIC)
async def login(request: web.Request) -> web.StreamResponse:
    check_origin(request)
    body = await read_json(request, LoginBody, limit=4096)
    address, accounts = request.remote or "", request.app[GATEWAY].accounts
    if not accounts.comes_back(body.user, address):
        request.app[LIMITS].login_by_address.take(address)
    logged_in = await accounts.login(body.user, body.passphrase, body.one_time_code, address)
    return json_response(logged_in)


@routes.open("POST", "/api/v1/logout", Open.LOGGED_IN)
async def logout(request: web.Request) -> web.StreamResponse:
    caller = await caller_of(request)
    await read_nothing(request)
    gateway = request.app[GATEWAY]
    await gateway.accounts.logout(caller)
    return web.Response(status=204)


@routes.open("POST", "/api/v1/passphrase", Open.LOGGED_IN)
async def change_passphrase(request: web.Request) -> web.StreamResponse:
    caller = await caller_of(request)
    body = await read_json(request, PassphraseBody, limit=8192)
    check_passphrase(body.new_passphrase)
    gateway = request.app[GATEWAY]
    changed = await gateway.accounts.change_passphrase(caller, body.passphrase, body.new_passphrase)
    gateway.live_views.end_person(caller.person.user_id, "Your passphrase was changed.")
    return json_response(changed)


@routes.console("GET", "/api/v1/users", Action.USER_MANAGE)
async def users(_request: web.Request, asked: Asked) -> web.StreamResponse:
    return json_response({"users": await asked.gateway.people.all()})


@routes.console("POST", "/api/v1/users", Action.USER_MANAGE)
async def add_user(request: web.Request, asked: Asked) -> web.StreamResponse:
    body = await read_json(request, NewUserBody)
    added = await asked.gateway.people.add(
        asked.caller.person,
        NewUser(
            name=body.name,
            role=body.role,
            passphrase=body.passphrase,
            exams=tuple(ExamId(check_id(exam)) for exam in body.exams),
            all_exams=body.all_exams,
            halls=None if body.halls is None else tuple(body.halls),
            second_factor=body.second_factor,
        ),
    )
    return json_response(added, status=201)


@routes.console("DELETE", "/api/v1/users/{user}", Action.USER_MANAGE)
async def remove_user(request: web.Request, asked: Asked) -> web.StreamResponse:
    user = UserId(check_id(request.match_info["user"]))
    await asked.gateway.people.remove(asked.caller.person, user)
    asked.gateway.live_views.end_person(user, "This login was removed.")
    return web.Response(status=204)


@routes.console("POST", "/api/v1/users/{user}/second-factor", Action.USER_MANAGE)
async def reset_second_factor(request: web.Request, asked: Asked) -> web.StreamResponse:
    await read_nothing(request)
    user = UserId(check_id(request.match_info["user"]))
    reset = await asked.gateway.people.reset_second_factor(asked.caller.person, user)
    asked.gateway.live_views.end_person(user, "This login's second factor was reset.")
    return json_response(reset)
