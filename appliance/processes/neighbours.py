"""Where the gateway finds the processes it speaks with, when systemd runs them as units."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """`relay_socket`: where systemd starts a relay as a unit of its own; without it a relay is a
    child of the gateway. `workers_below`: where each media worker, there another user than the
    gateway, has a directory of its own; without it their sockets lie in the state directory.
    `doors_below`: a directory of the gateway's that its group may enter, where the console on the
    box's screen and the hall microphone, other users too, find a socket each."""

    relay_socket: Path | None = None
    workers_below: Path | None = None
    doors_below: Path | None = None

    @property
    def console_door(self) -> Path | None:
        return self.doors_below and self.doors_below / "console.sock"

    @property
    def hall_sound_door(self) -> Path | None:
        return self.doors_below and self.doors_below / "hall-sound.sock"

    def worker_sockets(self, state: Path, count: int) -> list[Path]:
        names = ((n, f"media-worker-{n}.sock") for n in range(count))
        if self.workers_below is None:
            return [state / "run" / name for _, name in names]
        return [self.workers_below / str(n) / name for n, name in names]
