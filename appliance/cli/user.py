"""`hallvakt user`: people with a login on the box."""

from __future__ import annotations

import io
from typing import Annotated
from urllib.parse import quote

import segno
from cyclopts import App, Parameter

from appliance.cli.box_client import logged_in
from appliance.cli.options import Caller, Json
from appliance.cli.output import answer, table
from appliance.cli.passphrase import read_passphrase
from appliance.core.errors import NotFound
from appliance.core.roles import Role

app = App(name="user", help="People with a login on the box.")

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
        people = (await box.call("GET", "/users"))["users"]
        found = [person["user_id"] for person in people if person["name"] == name]
        if not found:
            raise NotFound(f"Nobody is called {name} here: `hallvakt user list` shows all.")
        await box.call("DELETE", f"/users/{found[0]}")
    answer({"removed": name, "user_id": found[0]}, f"{name} has no login any more.", as_json=json)


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
