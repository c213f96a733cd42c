"""Who may do what, over real HTTP: roles, halls, assignment, tokens, and every route."""

from __future__ import annotations

import pytest
from openapi_spec_validator import validate as validate_document

from appliance.core.roles import Action
from appliance.rehearsal.page_key import PageKey
from appliance.web.application import declared_routes
from appliance.web.routes import Open
from tests.integration.gateway.contract import document
from tests.support.box import LEAD, RealBox
from tests.support.box_api import BoxApi, Prepared

PASSPHRASE = "en annan lång fras"


async def person(box: RealBox, lead: BoxApi, role: str, **more: object) -> BoxApi:
    """Somebody new in `role`, logged in."""
    name = f"{role}-{len((await lead.ok('GET', '/api/v1/users'))['users'])}"
    new = {"name": name, "role": role, "passphrase": PASSPHRASE, **more}
    await lead.ok("POST", "/api/v1/users", json=new)
    return await box.login(name, PASSPHRASE)


def test_the_contract_is_valid_and_names_exactly_the_routes_there_are() -> None:
    validate_document(document())
    declared = {
        (route.method.lower(), route.path.replace("{name:.+}", "{name}"))
        for route in declared_routes()
    }
    written = {
        (method, path)
        for path, item in document()["paths"].items()
        for method in item
        if method in {"get", "put", "post", "delete"}
    }
    assert declared == written


def test_every_route_says_who_may_use_it() -> None:
    public = {r.path for r in declared_routes() if r.declared is Open.PUBLIC}
    assert public == {
        "/health",
        "/",
        "/static/{name:.+}",
        "/api/v1/join/challenge",
        "/api/v1/join",
        "/api/v1/login",
    }
    for route in declared_routes():
        if route.path.startswith("/api/v1/attempts/me"):
            assert route.declared is Open.CANDIDATE
        elif isinstance(route.declared, tuple):
            assert route.declared
            assert all(isinstance(action, Action) for action in route.declared)


async def test_without_a_token_every_console_route_says_401(box: RealBox) -> None:
    nobody, ids = box.api(), "0" * 32
    for route in declared_routes():
        if isinstance(route.declared, tuple):
            path = route.path.format(exam=ids, attempt=ids, incident=ids, user=ids, sequence=1)
            assert (await nobody.ask(route.method, path)).status == 401, path


_CALLS = [
    ("GET", "/api/v1/exams", None),
    ("POST", "/api/v1/exams", {"settings_toml": ""}),
    ("GET", "/api/v1/exams/{exam}/slips", None),
    ("POST", "/api/v1/exams/{exam}/state", {"to": "closed"}),
    ("GET", "/api/v1/exams/{exam}/feed", None),
    ("GET", "/api/v1/exams/{exam}/attempts/{attempt}", None),
    ("GET", "/api/v1/exams/{exam}/attempts/{attempt}/thumbnail", None),
    ("GET", "/api/v1/exams/{exam}/attempts/{attempt}/portrait", None),
    ("GET", "/api/v1/exams/{exam}/attempts/{attempt}/snippets/1/film-strip", None),
    ("POST", "/api/v1/exams/{exam}/attempts/{attempt}/acts", {"act": "identity_checked"}),
    ("GET", "/api/v1/exams/{exam}/attempts/{attempt}/live", None),
    ("GET", "/api/v1/users", None),
    ("GET", "/api/v1/box", None),
    ("GET", "/api/v1/box/checkup", None),
]
_ALLOWED = {
    "technician": {"/api/v1/box", "/api/v1/box/checkup"},
    "reviewer": {"/api/v1/exams"},
    "data_protection_officer": {"/api/v1/exams"},
}


@pytest.mark.parametrize("role", sorted(_ALLOWED))
async def test_roles_outside_the_hall_get_nothing_of_it(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi, role: str
) -> None:
    attempt = (await candidate.ok("GET", "/api/v1/attempts/me"))["attempt"]
    who = await person(box, lead, role, all_exams=True)
    for method, pattern, body in _CALLS:
        path = pattern.format(exam=exam.exam, attempt=attempt)
        reply = await who.ask(method, path, json=body)
        allowed = method == "GET" and pattern in _ALLOWED[role]
        assert reply.status == (200 if allowed else 403), (role, method, path)


async def test_an_invigilator_sees_the_assigned_exam_and_hall_only(
    box: RealBox, lead: BoxApi, exam: Prepared
) -> None:
    other = await box.new_exam(lead)
    joined = await box.api().join(exam.code, exam.seats["B1"], PageKey())
    who = await person(box, lead, "invigilator", exams=[exam.exam], halls=["Aula"])

    listed = await who.ok("GET", "/api/v1/exams")
    assert [e["exam_id"] for e in listed["exams"]] == [exam.exam]
    assert (await who.ask("GET", f"/api/v1/exams/{other.exam}/feed")).status == 403
    annex = f"/api/v1/exams/{exam.exam}/attempts/{joined.json['attempt']}"
    assert (await who.ask("GET", annex)).status == 403
    # The attempt of one exam under the id of another is nobody's.
    crossed = f"/api/v1/exams/{other.exam}/attempts/{joined.json['attempt']}"
    assert (await lead.ask("GET", crossed)).status == 404
    assert (await who.ask("POST", "/api/v1/exams", json={"settings_toml": ""})).status == 403
    async with who.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
        snapshot = (await feed.receive_json(timeout=60))["data"]
    assert {seat["seat"] for seat in snapshot["seats"]} == {"A1", "A2"}
    assert {seat["name"] for seat in snapshot["seats"]} == {"Canary Testperson", "Zebra Testperson"}


async def test_a_removed_person_is_out_at_once(box: RealBox, lead: BoxApi) -> None:
    who = await person(box, lead, "technician")
    assert (await who.ask("GET", "/api/v1/box")).status == 200
    users = (await lead.ok("GET", "/api/v1/users"))["users"]
    newest = max((u for u in users if u["role"] == "technician"), key=lambda u: u["name"])
    assert (await lead.ask("DELETE", f"/api/v1/users/{newest['user_id']}")).status == 204
    assert (await who.ask("GET", "/api/v1/box")).status == 401


async def test_nobody_removes_oneself(lead: BoxApi) -> None:
    users = (await lead.ok("GET", "/api/v1/users"))["users"]
    me = next(u for u in users if u["name"] == "lena")
    assert (await lead.ask("DELETE", f"/api/v1/users/{me['user_id']}")).status == 403


async def test_signing_is_for_the_boxs_own_processes(box: RealBox, lead: BoxApi) -> None:
    body = {"purpose": "manifest", "payload": "AAAA"}
    over_tls = await lead.ask("POST", "/box/v1/sign", json=body)
    assert (over_tls.status, over_tls.code) == (403, "not-local")
    local = await box.local_api().ask("POST", "/box/v1/sign", json=body)
    assert local.status == 200
    assert set(local.json) == {"signature", "key_id", "public_key"}
    other = {"purpose": "recipients", "payload": "AAAA"}
    assert (await box.local_api().ask("POST", "/box/v1/sign", json=other)).status == 400
    assert box.socket.stat().st_mode & 0o777 == 0o600


async def test_every_answer_carries_the_security_headers(box: RealBox) -> None:
    for path in ("/", "/health", "/api/v1/exams", "/nowhere"):
        headers = (await box.api().http.get(box.origin + path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "max-age" in headers["Strict-Transport-Security"]
        assert "Server" not in headers


async def test_a_lead_gives_and_takes_no_rights_but_their_own(box: RealBox, lead: BoxApi) -> None:
    mine, other = await box.new_exam(lead, to="draft"), await box.new_exam(lead, to="draft")
    small = await person(box, lead, "lead_invigilator", exams=[mine.exam], halls=["Aula"])
    new = {"role": "invigilator", "passphrase": PASSPHRASE}
    for rights in (
        {"exams": [mine.exam, other.exam], "halls": ["Aula"]},
        {"all_exams": True, "halls": ["Aula"]},
        {"exams": [mine.exam], "halls": ["Aula", "Annex"]},
        {"exams": [mine.exam]},  # all halls
    ):
        refused = await small.ask("POST", "/api/v1/users", json=new | {"name": "x"} | rights)
        assert (refused.status, refused.code) == (403, "not-yours-to-give")
    people = (await lead.ok("GET", "/api/v1/users"))["users"]
    assert "x" not in {one["name"] for one in people}
    above = f"/api/v1/users/{next(p['user_id'] for p in people if p['name'] == LEAD)}"
    for method, path in (("DELETE", above), ("POST", f"{above}/second-factor")):
        refused = await small.ask(method, path)
        assert (refused.status, refused.code) == (403, "not-yours-to-give")
    within = new | {"name": "within", "exams": [mine.exam], "halls": ["Aula"]}
    made = await small.ok("POST", "/api/v1/users", json=within)
    await small.ok("POST", "/api/v1/users", json=new | {"name": "nothing yet"})
    await small.ok("DELETE", f"/api/v1/users/{made['user_id']}")
