"""`hallvakt user`: people with a login on the box."""

from __future__ import annotations

import io
from typing import Annotated, Any
from urllib.parse import quote

import segno
from cyclopts import App, Parameter

from appliance.cli.box_client import connected, logged_in
from appliance.cli.options import Caller, Json
from appliance.cli.output import answer, table
from appliance.cli.passphrase import read_one_time_code, read_passphrase
from appliance.core.errors import NotFound
from appliance.core.roles import Role

app = App(name="user", help="People with a login on the box.")
app.command(
    "appliance.cli.user_rescue:rescue",
    name="rescue",
    help="Give a lead invigilator a new passphrase and second factor, with the school's root key.",
)

_COLUMNS = ("name", "role", "all_exams", "exams", "halls", "second_factor", "user_id")


@app.command
async def add(
    name: str,
    role: Role,
    /,
    *,
    who: Caller,
    exam: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    all_exams: Annotated[bool, Parameter(negative=())] = False,
    hall: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    no_second_factor: Annotated[bool, Parameter(negative=())] = False,
    new_passphrase_fd: int | None = None,
    json: Json = False,
) -> None:
    """Give a person a login.

    Parameters
    ----------
    exam
        Id of an exam the person is assigned to; may be given several times.
    all_exams
        Assign the person to every exam, also future ones.
    hall
        Only this hall; may be given several times. Without it, all halls.
    no_second_factor
        Passphrase alone. Otherwise the secret for one-time codes is shown once.
    new_passphrase_fd
        Read the new person's passphrase from this file descriptor.
    """
    async with logged_in(who) as box:
        new = read_passphrase(new_passphrase_fd, f"New passphrase for {name}", confirm=True)
        added = await box.call(
            "POST",
            "/users",
            json={
                "name": name,
                "role": role.value,
                "passphrase": new,
                "exams": list(exam),
                "all_exams": all_exams,
                "halls": list(hall) or None,
                "second_factor": not no_second_factor,
            },
        )
    lines = [f"{added['name']} is {added['role']}."]
    if added.get("totp_secret"):
        lines.append(second_factor_text(name, added["totp_secret"]))
    answer(added, lines, as_json=json)


@app.command(name="list")
async def list_(
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """List the people with a login."""
    async with logged_in(who) as box:
        listed = await box.call("GET", "/users")
    answer(listed, table(listed["users"], _COLUMNS), as_json=json)


@app.command
async def remove(
    name: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Take a person's login away; what they have open ends."""
    async with logged_in(who) as box:
        user_id = _user_id(await box.call("GET", "/users"), name)
        await box.call("DELETE", f"/users/{user_id}")
    answer({"removed": name, "user_id": user_id}, f"{name} has no login any more.", as_json=json)


@app.command(name="reset-second-factor")
async def reset_second_factor(
    name: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Give a person a new second factor in place of a lost one; what they have open ends."""
    async with logged_in(who) as box:
        user_id = _user_id(await box.call("GET", "/users"), name)
        reset = await box.call("POST", f"/users/{user_id}/second-factor")
    document = {**reset, "totp_uri": second_factor_uri(name, reset["totp_secret"])}
    answer(document, second_factor_text(name, reset["totp_secret"]), as_json=json)


@app.command
async def passphrase(
    *,
    who: Caller,
    new_passphrase_fd: int | None = None,
    json: Json = False,
) -> None:
    """Change your own passphrase; every other login of yours ends.

    Parameters
    ----------
    new_passphrase_fd
        Read the new passphrase from this file descriptor.
    """
    old = read_passphrase(who.passphrase_fd, f"Passphrase of {who.user}")
    code = read_one_time_code(who.passphrase_fd)
    new = read_passphrase(new_passphrase_fd, "New passphrase", confirm=True)
    async with connected(who.state) as box:
        await box.login(who.user, old, code)
        try:
            await box.change_passphrase(old, new)
        finally:
            await box.logout()
    answer({"changed": True}, "Your passphrase is changed.", as_json=json)


def _user_id(listed: dict[str, Any], name: str) -> str:
    """Raise NotFound."""
    for person in listed["users"]:
        if person["name"] == name:
            return str(person["user_id"])
    raise NotFound(f"Nobody is called {name} here: `hallvakt user list` shows all.")


def second_factor_uri(name: str, secret: str) -> str:
    """What authenticator programs read (the otpauth key URI format): SHA-1, 6 digits, 30 s."""
    return f"otpauth://totp/Hallvakt:{quote(name)}?secret={secret}&issuer=Hallvakt"


def second_factor_text(name: str, secret: str) -> str:
    """The secret to scan or type; it is shown this once."""
    code = io.StringIO()
    segno.make(second_factor_uri(name, secret), micro=False).terminal(code, compact=True, border=2)
    return (
        f"Scan this with an authenticator program; it is shown this once.\n{code.getvalue()}"
        f"Or type: {secret}"
    )
