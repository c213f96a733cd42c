"""People with a login on the box, and their tokens."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from appliance.adapters.store.database import Database
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import UserId
from appliance.core.people import Login, User

_USER = msgspec.json.Decoder(User)
_LOGIN = msgspec.json.Decoder(Login)


class Users:
    """Implements `core.ports.UserStore`. Names differ in more than the case of ASCII letters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: User) -> None:
        def insert(connection: apsw.Connection) -> None:
            try:
                connection.execute(
                    "INSERT INTO users VALUES (?, ?, ?)",
                    (user.user_id, user.name, msgspec.json.encode(user)),
                )
            except apsw.ConstraintError as error:
                raise _taken() from error

        await self._database.run(insert)

    async def by_name(self, name: str) -> User | None:
        return await self._database.read(
            lambda connection: _user(
                connection.execute("SELECT body FROM users WHERE name = ?", (name,)).get
            )
        )

    async def all(self) -> Sequence[User]:
        """By name."""
        return await self._database.read(
            lambda connection: [
                _USER.decode(body)
                for (body,) in connection.execute("SELECT body FROM users ORDER BY name")
            ]
        )

    async def replace(self, user: User) -> None:
        """Raises NotFound, and Conflict when the new name is taken."""

        def update(connection: apsw.Connection) -> None:
            try:
                connection.execute(
                    "UPDATE users SET name = ?, body = ? WHERE user_id = ?",
                    (user.name, msgspec.json.encode(user), user.user_id),
                )
            except apsw.ConstraintError as error:
                raise _taken() from error
            if connection.changes() == 0:
                raise NotFound("There is no such user: list the users to see who there is.")

        await self._database.run(update)

    async def remove(self, user: UserId) -> None:
        """Idempotent; the user's logins end with it."""

        def delete(connection: apsw.Connection) -> None:
            connection.execute("DELETE FROM logins WHERE user_id = ?", (user,))
            connection.execute("DELETE FROM users WHERE user_id = ?", (user,))

        await self._database.run(delete)

    async def add_login(self, login: Login) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO logins VALUES (?, ?, ?)",
                (login.token_hash, login.person.user_id, msgspec.json.encode(login)),
            )
        )

    async def login(self, token_hash: str) -> Login | None:
        def find(connection: apsw.Connection) -> Login | None:
            body = connection.execute(
                "SELECT body FROM logins WHERE token_hash = ?", (token_hash,)
            ).get
            return None if body is None else _LOGIN.decode(body)

        return await self._database.read(find)

    async def end_logins(
        self, *, user: UserId | None = None, token_hash: str | None = None
    ) -> None:
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM logins WHERE (:user IS NULL OR user_id = :user) "
                "AND (:token IS NULL OR token_hash = :token)",
                {"user": user, "token": token_hash},
            )
        )


def _user(body: bytes | None) -> User | None:
    return None if body is None else _USER.decode(body)


def _taken() -> Conflict:
    return Conflict("Another user has this name: choose another name.")
