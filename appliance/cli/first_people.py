"""Those who have a login from a box's first moment: its first lead invigilator, and others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyotp

from appliance.adapters.crypto.passphrases import PassphraseHashes
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.store.stores import Stores
from appliance.cli.passphrase import read_passphrase
from appliance.core.errors import BadInput
from appliance.core.ids import BoxId, UserId
from appliance.core.people import User
from appliance.core.roles import Role
from appliance.services.people import check_passphrase, checked_name


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPerson:
    """`totp_secret`: of the second factor; None for a passphrase alone."""

    name: str
    role: Role
    totp_secret: str | None = field(repr=False)
    passphrase: str = field(default="", repr=False)


def named(lead: str, others: Sequence[str], alone: Sequence[str]) -> list[FirstPerson]:
    """`others` as NAME=ROLE, `alone` the names of those with a passphrase alone; the lead comes
    first. Raises BadInput."""
    roles = {checked_name(lead): Role.LEAD_INVIGILATOR}
    for written in others:
        name, equals, role = written.rpartition("=")
        name = checked_name(name if equals else written)
        if name.casefold() in {known.casefold() for known in roles}:
            raise BadInput(f"{name} is named twice: every person has a name of their own.")
        if not equals or role not in set(Role):
            raise BadInput(
                f"--person {written} should be NAME=ROLE, with a role of {', '.join(Role)}."
            )
        roles[name] = Role(role)
    if strangers := set(alone) - set(roles):
        raise BadInput(
            f"--passphrase-alone names {', '.join(sorted(strangers))}, whom neither --lead nor "
            "--person names."
        )
    return [
        FirstPerson(name=n, role=r, totp_secret=None if n in alone else pyotp.random_base32())
        for n, r in roles.items()
    ]


def with_passphrases(people: Sequence[FirstPerson], fd: int | None) -> list[FirstPerson]:
    """One line of the descriptor for each, in their order, or what each types."""
    given = []
    for person in people:
        passphrase = read_passphrase(fd, f"New passphrase for {person.name}", confirm=True)
        try:
            check_passphrase(passphrase)
        except BadInput as error:  # several are read, and only one of them may be wrong
            raise BadInput(f"{person.name}: {error.message}", code=error.code) from None
        given.append(
            FirstPerson(
                name=person.name,
                role=person.role,
                totp_secret=person.totp_secret,
                passphrase=passphrase,
            )
        )
    return given


async def add(stores: Stores, box: BoxId, people: Sequence[FirstPerson]) -> None:
    """Each is for every exam, as nobody else is there yet who could say for which."""
    for person in people:
        user = User(
            user_id=UserId(SystemRandomness().new_id()),
            name=person.name,
            role=person.role,
            passphrase_hash=await asyncio.to_thread(PassphraseHashes().hash, person.passphrase),
            totp_secret=person.totp_secret,
            all_exams=True,
            created_ms=time.time_ns() // 1_000_000,
        )
        await stores.audit.append(box, "user-add", person.role.value, user.user_id)
        await stores.users.add(user)
