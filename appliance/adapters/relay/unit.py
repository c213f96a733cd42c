"""coturn as a unit of its own, `hallvakt-coturn@.service`: the gateway's end of it.

systemd listens on a socket that only the gateway's user may open and starts one instance of the
unit, under a user of its own, for each connection (systemd.socket(5), `Accept=yes`). So the
gateway starts a relay without a right to start anything, and the secret is in no file, no
argument and no environment:

    unit    -> {"directory": "/run/..."}       where coturn may write
    gateway -> {"configuration": "...", "certificate": "...", "private_key": "..."}

Each is one line of JSON. From then on the connection is the relay's life: coturn ends when the
gateway closes its side or dies, and the unit closes its own when coturn is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import msgspec

from appliance.adapters.relay.place import Pair, RelayFiles, RelayProcess, Render
from appliance.core.errors import Unreachable

CERTIFICATE, PRIVATE_KEY = "certificate.pem", "private_key.pem"
LONGEST_LINE = 1 << 20
_ANSWERS_S, _GONE_S = 30.0, 5.0
_LOOK = "look at `journalctl -u 'hallvakt-coturn@*'`."


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    directory: str


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Certificate and key are PEM text; both None where the relay speaks no TLS."""

    configuration: str
    certificate: str | None = None
    private_key: str | None = None


class Units:
    """`RelayPlaces` by socket activation."""

    def __init__(self, listening: Path, pair: Pair) -> None:
        self._listening = listening
        self._tls = pair

    async def start(self, directory: Path, render: Render) -> RelayProcess:
        try:
            reader, writer = await asyncio.open_unix_connection(self._listening, limit=LONGEST_LINE)
        except OSError as error:
            raise Unreachable(
                f"The relay's unit cannot be started ({error.strerror}): "
                "`systemctl start hallvakt-coturn.socket`."
            ) from error
        try:
            async with asyncio.timeout(_ANSWERS_S):
                where = Path(msgspec.json.decode(await reader.readline(), type=Place).directory)
            pair = await asyncio.to_thread(self._pair)
            files = RelayFiles(
                directory=where,
                certificate=where.parent / CERTIFICATE if pair else None,
                private_key=where.parent / PRIVATE_KEY if pair else None,
            )
            certificate, private_key = pair or (None, None)
            order = Order(render(files), certificate, private_key)
            writer.write(msgspec.json.encode(order) + b"\n")
            await writer.drain()
        except (OSError, msgspec.DecodeError, TimeoutError) as error:
            writer.close()
            raise Unreachable(f"The relay's unit does not start: {_LOOK}") from error
        return _Unit(reader, writer)

    def _pair(self) -> tuple[str, str] | None:
        pair = self._tls()
        if pair is None:
            return None
        certificate, private_key = pair
        return certificate.read_text(), private_key.read_text()

    async def end_orphan(self, directory: Path) -> None:
        """None is left: it ends with the connection of the gateway that asked for it."""

    async def remove(self, directory: Path) -> None:
        """systemd takes the unit's directory away when the unit ends."""


class _Unit:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._gone = asyncio.create_task(_until_closed(reader))

    @property
    def ended(self) -> bool:
        return self._gone.done()

    async def wait(self) -> None:
        await asyncio.shield(self._gone)

    async def end(self) -> None:
        """Raise Unreachable when the unit does not say in time that coturn is gone."""
        try:
            with contextlib.suppress(OSError):
                if self._writer.can_write_eof():
                    self._writer.write_eof()
            async with asyncio.timeout(_GONE_S):
                await asyncio.shield(self._gone)
        except TimeoutError:
            raise Unreachable(
                "The relay does not end: `systemctl stop 'hallvakt-coturn@*'`."
            ) from None
        finally:
            self._writer.close()


async def _until_closed(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
