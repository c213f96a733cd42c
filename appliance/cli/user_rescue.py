"""`hallvakt user rescue`: for the only lead invigilator, who lost passphrase or second factor.

Who may is shown by the school's root key, which lies in the safe: a box's user alone may read and
write its files, and shall still not become a person on it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pyotp
from cyclopts import Parameter

from appliance.adapters.crypto.passphrases import PassphraseHashes
from appliance.adapters.crypto.private_keys import read_private_key
from appliance.adapters.crypto.public_keys import read_public_key
from appliance.adapters.crypto.signed_lists import ROOT
from appliance.adapters.store.stores import Stores, open_stores
from appliance.cli.options import DEFAULT_STATE, Json, PassphraseFd, State
from appliance.cli.output import answer
from appliance.cli.passphrase import read_passphrase
from appliance.cli.user import second_factor_text, second_factor_uri
from appliance.config import box
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.people import User
from appliance.core.roles import Role
from appliance.processes.repair import while_stopped
from appliance.services.people import check_passphrase


async def rescue(
    name: str,
    /,
    *,
    root: Annotated[Path, Parameter(help="The school root's private key file, from the safe.")],
    passphrase_fd: PassphraseFd = None,
    new_passphrase_fd: int | None = None,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Give a lead invigilator a new passphrase and a new second factor, where nobody is left who
    can log in and do it. The box must be stopped; the audit log has it.

    Parameters
    ----------
    new_passphrase_fd
        Read the new passphrase from this file descriptor.
    """
    config = await asyncio.to_thread(box.load, state)
    await asyncio.to_thread(_prove, state, root, passphrase_fd)
    async with while_stopped(state):
        stores = await asyncio.to_thread(open_stores, state)
        try:
            lead = await _lead(stores, name)
            new = await asyncio.to_thread(_new_passphrase, new_passphrase_fd, lead.name)
            secret = pyotp.random_base32()
            fresh = replace(
                lead,
                passphrase_hash=await asyncio.to_thread(PassphraseHashes().hash, new),
                totp_secret=secret,
                totp_last_step=0,
            )
            for what in ("user-rescue", "user-reset-second-factor"):
                await stores.audit.append(config.box_id, what, "user", lead.user_id)
            await stores.users.end_logins(user=lead.user_id)
            await stores.users.replace(fresh)
        finally:
            await stores.close()
    document = {
        "name": lead.name,
        "user_id": lead.user_id,
        "totp_secret": secret,
        "totp_uri": second_factor_uri(lead.name, secret),
    }
    answer(document, second_factor_text(lead.name, secret), as_json=json)


def _prove(state: Path, root: Path, passphrase_fd: int | None) -> None:
    """Raise NotAllowed for another key than the one this box trusts."""
    trusted = state / "keys" / ROOT
    if not trusted.exists():
        raise NotAllowed(
            "No school root is known to this box yet, so there is nothing on it to keep: make it "
            "anew with `hallvakt factory-reset` and `hallvakt first-boot`."
        )
    key = read_private_key(root, read_passphrase(passphrase_fd, f"Passphrase of {root}"))
    if key.for_signing().public_bytes != read_public_key(trusted).raw:
        raise NotAllowed("That is the key of another school root than the one this box trusts.")


def _new_passphrase(fd: int | None, name: str) -> str:
    new = read_passphrase(fd, f"New passphrase for {name}", confirm=True)
    check_passphrase(new)
    return new


async def _lead(stores: Stores, name: str) -> User:
    """Raise NotFound naming the leads there are."""
    leads = [one for one in await stores.users.all() if one.role is Role.LEAD_INVIGILATOR]
    for one in leads:
        if one.name.casefold() == name.casefold():
            return one
    raise NotFound(
        f"No lead invigilator is called {name} here, but {', '.join(one.name for one in leads)}."
    )
