"""One relay as a unit of its own: `python -m appliance.processes.relay_unit`, started by systemd
for each connection to `hallvakt-coturn.socket` (the dialogue: `adapters/relay/unit.py`).

Standard input is the connection to the gateway, `RUNTIME_DIRECTORY` a directory in memory that goes
with the unit. It starts coturn, shut away further by `relay_launcher`, and ends it when the gateway
closes the connection, dies, or systemd says so.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec

from appliance.adapters.host.core_dumps import leave_no_core_dump
from appliance.adapters.relay import child
from appliance.adapters.relay.unit import CERTIFICATE, LONGEST_LINE, PRIVATE_KEY, Order, Place
from appliance.core.errors import HallvaktError, Unreachable, WrongConfiguration
from appliance.processes.relay_launcher import launcher

_ASKED_WITHIN_S = 15.0


def main() -> int:
    leave_no_core_dump()
    os.umask(0o077)
    try:
        asyncio.run(_serve(socket.socket(fileno=os.dup(0)), _directory()))
    except HallvaktError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_code
    return 0


def _directory() -> Path:
    named = os.environ.get("RUNTIME_DIRECTORY", "")
    if not named:
        raise WrongConfiguration("This is started by systemd, as hallvakt-coturn@.service.")
    return Path(named)


async def _serve(connection: socket.socket, directory: Path) -> None:
    asked_to_end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_end.set)
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LONGEST_LINE)
    own = directory / "relay"
    writer.write(msgspec.json.encode(Place(str(own))) + b"\n")
    try:
        async with asyncio.timeout(_ASKED_WITHIN_S):
            order = msgspec.json.decode(await reader.readline(), type=Order)
    except (OSError, TimeoutError, msgspec.DecodeError) as error:
        raise Unreachable("The gateway gave this relay no configuration.") from error
    tls = await asyncio.to_thread(_write_tls, directory, order)
    process = await child.start(order.configuration, own, launcher(tls)(own))
    died = asyncio.create_task(process.wait())
    others = [asyncio.create_task(reader.read()), asyncio.create_task(asked_to_end.wait())]
    try:
        await asyncio.wait([died, *others], return_when=asyncio.FIRST_COMPLETED)
        if died.done():
            raise Unreachable(f"coturn ended by itself (exit code {process.returncode}).")
    finally:
        await child.end(process)
        await child.remove(own)
        for task in others:
            task.cancel()
        writer.close()  # last: the gateway takes it as the word that nothing of the relay is left


def _write_tls(directory: Path, order: Order) -> list[Path]:
    """Readable by this unit's user alone, in memory."""
    written = []
    for name, text in ((CERTIFICATE, order.certificate), (PRIVATE_KEY, order.private_key)):
        if text is not None:
            path = directory / name
            path.write_text(text)
            written.append(path)
    return written


if __name__ == "__main__":
    sys.exit(main())
