"""Promise 2: deny by default; no way in without a declared action; the full product enumerated.

The product of roles, actions, states and assignments is `tests/unit/test_roles.py`, run here too.
This module holds the ways in, every HTTP route and every command, against lists written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, get_type_hints

import pytest
from cyclopts import App

from appliance.cli.main import app
from appliance.cli.options import Caller
from appliance.core.exam import ExamState
from appliance.core.ids import ExamId, UserId
from appliance.core.roles import Action, Object, Person, Role
from appliance.web.application import declared_routes
from appliance.web.routes import Open, Route, Routes
from tests.unit.test_roles import may
from tests.unit.test_roles import test_the_whole_product as test_the_whole_product

MINE = ExamId("1" * 32)

# Ways in that ask for no role, all of them. Anything else must declare an Action.
WITHOUT_ROLE: dict[Open, set[str]] = {
    Open.PUBLIC: {
        "GET /", "GET /health", "GET /static/{name:.+}", "POST /api/v1/join/challenge",
        "POST /api/v1/join", "POST /api/v1/login",
    },
    Open.LOGGED_IN: {"POST /api/v1/logout", "POST /api/v1/passphrase"},
    Open.BOX_PROCESS: {
        "POST /box/v1/sign", "POST /box/v1/hall-sound", "GET /box/v1/metrics",
    },
}  # fmt: skip
# What shows a person, by the end of its path, and the one action that may let it be seen.
SHOWS = {
    "/thumbnail": Action.THUMBNAIL_SEE,
    "/portrait": Action.PORTRAIT_SEE,
    "/film-strip": Action.SNIPPET_OPEN,
    "/live": Action.LIVE_VIEW_OPEN,
    "/feed": Action.HALL_WATCH,
    "/attempts/{attempt}": Action.HALL_WATCH,
    "/slips": Action.SLIPS_PRINT,
    "/roster": Action.ROSTER_IMPORT,
    "/decision": Action.INCIDENT_DECIDE,
    "/acts": Action.ATTEMPT_ACT,
    "/accommodation": Action.ACCOMMODATE,
}
# Commands without a login, and why none is needed: who can run them has the files already, they
# ask for a key of their own, or they show nothing of anybody.
OPENS = "opens with a private key that is not on the box"
ROOT = "asks for the school's root key, with the box stopped and its state directory in hand"
WITHOUT_LOGIN = {
    "makes or runs the box": {"init", "first-boot", "serve", "demo"},
    "logs in by itself": {"console"},
    "the box's own process, ciphertext and pseudonyms": {
        "sync plan", "sync run", "sync status", "sync verify", "sync prepare", "janitor", "repair",
    },
    "the box as a whole, with the state directory in hand; sealed to the recovery key": {
        "backup create", "backup restore", "backup adopt", "backup drill",
    },
    "reads a settings file": {"exam settings", "exam notice"},
    "the officer's, with the state directory in hand; pseudonyms only": {
        "audit show", "audit verify", "record processing", "record dpia", "record technical-file",
        "record page",
    },
    OPENS: {
        "review open", "review list", "review extract", "review export", "review receipts",
        "attempt names",
    },
    "takes a file of the school's over into box.toml": {"sync configure"},
    "figures and verdicts about the machine, of nobody": {
        "doctor", "metrics", "support-bundle", "certificate show", "certificate export",
        "certificate renew", "certificate check", "relay config", "relay firewall",
    },
    "logs in over TLS as whom it is told": {"rehearse"},
    "files to files, for an update": {
        "snapshot quiet", "snapshot make", "snapshot try", "snapshot restore",
    },
    "figures of the boxes themselves, of nobody": {"fleet report", "fleet status"},
    ROOT: {
        "user rescue",
    },
    "destroys everything, with the state directory in hand": {"factory-reset"},
    "public model files": {
        "models bench", "models bundle", "models evaluate", "models install", "models list",
        "models verify",
    },
}  # fmt: skip


# --- routes --------------------------------------------------------------------------------------


def problems(routes: list[Route]) -> list[str]:
    """What is wrong with these routes, by name; empty when each is declared as agreed."""
    found = []
    for route in routes:
        name, declared = f"{route.method} {route.path}", route.declared
        if isinstance(declared, tuple):
            if not declared or not all(isinstance(action, Action) for action in declared):
                found.append(f"{name} declares no action")
        elif declared is Open.CANDIDATE:
            if "/attempts/me" not in route.path:
                found.append(f"{name} is not about the candidate's own attempt")
        elif name not in WITHOUT_ROLE[declared]:
            found.append(f"{name} asks for no role")
        for end, action in SHOWS.items():
            about_an_exam = route.path.startswith("/api/v1/exams/{exam}")
            if about_an_exam and route.path.endswith(end) and declared != (action,):
                found.append(f"{name} shows something for another action")
    return found


def test_every_route_declares_what_it_needs() -> None:
    routes = declared_routes()
    assert problems(routes) == []
    known = {f"{r.method} {r.path}" for r in routes}
    assert set().union(*WITHOUT_ROLE.values()) <= known
    assert {end for end in SHOWS if not any(name.endswith(end) for name in known)} == set()


async def _nobody(*_: Any) -> Any:
    raise AssertionError


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("/api/v1/exams/{exam}/attempts/{attempt}/thumbnail", Open.PUBLIC),
        ("/api/v1/exams/{exam}/attempts/{attempt}/thumbnail", (Action.EXAM_LIST,)),
        ("/api/v1/exams/{exam}/attempts/{attempt}/portrait", Open.CANDIDATE),
        ("/api/v1/exams/{exam}/names", Open.LOGGED_IN),
        ("/api/v1/exams/{exam}/names", ()),
    ],
)
def test_a_route_that_forgets_would_be_found(path: str, declared: Any) -> None:
    route = Route(method="GET", path=path, declared=declared, handler=_nobody)
    assert len(problems([route])) >= 1


def test_a_console_route_cannot_even_be_written_without_an_action() -> None:
    with pytest.raises(AssertionError, match="declares no action"):
        Routes().console("GET", "/x")


# --- commands ------------------------------------------------------------------------------------


def commands(within: App, *path: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in within:
        if name.startswith("-"):
            continue
        below = within[name]
        if any(not inner.startswith("-") for inner in below):
            yield from commands(below, *path, name)
        else:
            assert below.default_command is not None
            yield " ".join((*path, name)), below.default_command


def asks_as_somebody(command: Callable[..., Any]) -> bool:
    """Through the gateway, with a login: the gateway's route has the action."""
    return any(
        Caller in (hint, *getattr(hint, "__args__", ()))
        for hint in get_type_hints(command).values()
    )


def test_every_command_asks_as_somebody_or_is_known_to_need_nobody() -> None:
    alone = set().union(*WITHOUT_LOGIN.values())
    all_of_them = dict(commands(app))
    assert len(all_of_them) > 30
    undeclared = {
        name
        for name, command in all_of_them.items()
        if not asks_as_somebody(command) and name not in alone and not _is_a_key_ceremony(name)
    }
    assert undeclared == set()
    assert alone <= set(all_of_them)
    assert {name for name in alone if asks_as_somebody(all_of_them[name])} == set()


def _is_a_key_ceremony(name: str) -> bool:
    """On an offline machine, with the school's own keys; no box is asked."""
    return name.startswith("keys ")


def test_what_touches_a_person_asks_as_somebody() -> None:
    of_exams = r"exam (create|import|slips|ready|open|start|close|status|list)"
    with_a_key = WITHOUT_LOGIN[OPENS] | WITHOUT_LOGIN[ROOT]
    touching = [
        command
        for name, command in commands(app)
        if re.match(rf"{of_exams}|user |attempt ", name) and name not in with_a_key
    ]
    assert len(touching) > 12
    assert [command for command in touching if not asks_as_somebody(command)] == []


# --- roles in words ------------------------------------------------------------------------------


def allowed(
    role: Role, state: ExamState, exams: frozenset[ExamId] = frozenset({MINE})
) -> set[Action]:
    person = Person(user_id=UserId("u" * 32), role=role, exams=exams)
    about = Object(exam_id=MINE, exam_state=state)
    return {action for action in Action if may(person, action, about)}


SEES = {Action.NAMES_SEE, Action.THUMBNAIL_SEE, Action.PORTRAIT_SEE, Action.SNIPPET_OPEN,
        Action.LIVE_VIEW_OPEN, Action.HALL_WATCH}  # fmt: skip


def test_nobody_sees_anything_of_an_exam_that_is_not_in_session_or_not_theirs() -> None:
    for role, state in product(Role, ExamState):
        if state not in (ExamState.OPEN, ExamState.LIVE):
            assert not allowed(role, state) & SEES
        assert not allowed(role, state, frozenset()) & SEES


def test_technicians_officers_and_reviewers_see_no_media_and_no_names_on_the_box() -> None:
    for role in (Role.TECHNICIAN, Role.DATA_PROTECTION_OFFICER, Role.REVIEWER):
        for state in ExamState:
            assert not allowed(role, state) & SEES


def test_who_watches_neither_erases_nor_exports() -> None:
    for role, state in product(
        (Role.INVIGILATOR, Role.LEAD_INVIGILATOR, Role.TECHNICIAN), ExamState
    ):
        assert not allowed(role, state) & {
            Action.ATTEMPT_ERASE, Action.ATTEMPT_EXPORT, Action.AUDIT_SHOW,
        }  # fmt: skip
