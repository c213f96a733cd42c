"""Where one exam's coturn runs: as a child of the gateway, or as a unit of its own.

The gateway renders the configuration for the place it is given and hands it over in memory; who
starts coturn there, as which user and with what around it, is the place's affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.adapters.relay import child


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayFiles:
    """As coturn sees them: the one `directory` it may write in, and its certificate where that is
    not where the plan says."""

    directory: Path
    certificate: Path | None = None
    private_key: Path | None = None


Render = Callable[[RelayFiles], str]
"""Makes the configuration text, which holds the exam's secret."""


Pair = Callable[[], tuple[Path, Path] | None]
"""Certificate and key that are served now, asked at each start: another may have come since the
gateway's own. None where the relay speaks no TLS. Reads the disk."""


class RelayProcess(Protocol):
    """A coturn that was started."""

    @property
    def ended(self) -> bool: ...

    async def wait(self) -> None:
        """Return when it is gone, whatever the reason."""

    async def end(self) -> None:
        """When it returns the process and all its allocations are gone. Idempotent."""


class RelayPlaces(Protocol):
    """Starts coturn for an exam. `directory` is the gateway's own note of that exam's relay."""

    async def start(self, directory: Path, render: Render) -> RelayProcess:
        """Raise Unreachable when coturn is missing or what should start it does not answer."""

    async def end_orphan(self, directory: Path) -> None:
        """End what an earlier gateway left behind for that exam."""

    async def remove(self, directory: Path) -> None:
        """Take the note away; nothing of that relay is left."""


class _Child:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    async def wait(self) -> None:
        await self._process.wait()

    async def end(self) -> None:
        await child.end(self._process)


class Children:
    """Where there is no systemd (demo, tests, `hallvakt serve`, the doctor): coturn is a child of
    the gateway, dies with it, and is shut away by `launcher`."""

    def __init__(
        self,
        launcher: Callable[[Path], Sequence[str]] = lambda _directory: child.PLAIN_LAUNCHER,
        pair: Pair = lambda: None,
    ) -> None:
        """`launcher`, given the one directory coturn may write in: the words it is started with,
        read off the disk. `pair`: in place of the plan's where there is one."""
        self._launcher = launcher
        self._tls = pair

    async def start(self, directory: Path, render: Render) -> RelayProcess:
        certificate, private_key = await asyncio.to_thread(self._tls) or (None, None)
        text = render(
            RelayFiles(directory=directory, certificate=certificate, private_key=private_key)
        )
        words = await asyncio.to_thread(self._launcher, directory)
        return _Child(await child.start(text, directory, words))

    async def end_orphan(self, directory: Path) -> None:
        await child.end_orphan(directory)

    async def remove(self, directory: Path) -> None:
        await child.remove(directory)
