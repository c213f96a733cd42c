"""From `application/problem+json` to the error tree of the core, so screens show one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping

from appliance.core.errors import (
    BadInput,
    BadMedia,
    Conflict,
    HallvaktError,
    IntegrityFailure,
    Locked,
    NoRoom,
    NotAllowed,
    NotFound,
    TooLarge,
    Unreachable,
    WrongState,
)
from tui.language import tr
from tui.told import told


class LoginEnded(NotAllowed):
    """The box no longer knows this login: locked, expired, or the exam has ended."""

    code = "no-login"


_BY_CODE: Mapping[str, type[HallvaktError]] = {
    error.code: error
    for error in (
        BadInput,
        BadMedia,
        Conflict,
        IntegrityFailure,
        Locked,
        NoRoom,
        NotAllowed,
        NotFound,
        TooLarge,
        Unreachable,
        WrongState,
    )
}
_BY_STATUS: Mapping[int, type[HallvaktError]] = {
    400: BadInput,
    401: LoginEnded,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: BadMedia,
    422: BadMedia,
    423: Locked,
    503: Unreachable,
    507: NoRoom,
}


def error_of(status: int, body: bytes) -> HallvaktError:
    """The error that a refused request means. Never raises, whatever the box wrote."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    code = problem.get("code")
    code = code if isinstance(code, str) else None
    text = problem.get("detail") or problem.get("title")
    if not isinstance(text, str) or not text:
        text = tr("The box answered {status} without saying why; try again.", status=status)
    text = told(text)
    if status == 401:
        return LoginEnded(text, code=code)
    kind = _BY_CODE.get(code or "") or _BY_STATUS.get(status, Unreachable)
    return kind(text, code=code)
