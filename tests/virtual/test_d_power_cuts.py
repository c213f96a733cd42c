"""Power cuts while a hall uploads, on a disk that forgets what it was not told to keep."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from tests.machine.hall import LIVE, Hall, origin
from tests.machine.test_b_what_units_hold import GATEWAY
from tests.support import clips
from tests.virtual.conftest import Machines
from tests.virtual.virtual import Virtual

pytestmark = [pytest.mark.virtual, pytest.mark.timeout(3600)]

CUTS = 3
_WITHIN_S = 300.0


class Uploading:
    """Snippet after snippet without a pause, until it is called off. What was acknowledged is in
    `hall.kept`; the one that was on its way then is sent again by whoever goes on."""

    def __init__(self, hall: Hall, machine: Virtual) -> None:
        self.acknowledged = 0
        self._hall = hall
        self._at = origin(machine)
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: hall.lan.do(self._upload()))

    def __enter__(self) -> Uploading:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def until(self, count: int) -> None:
        deadline = time.monotonic() + _WITHIN_S
        while self.acknowledged < count:
            assert self._thread.is_alive(), "uploading has ended by itself"
            assert time.monotonic() < deadline, f"{self.acknowledged} acknowledged"
            time.sleep(0.01)

    async def _upload(self) -> None:
        hall, api = self._hall, self._hall.lan.api(*self._at, self._hall.token)
        while not self._over.is_set():
            sequence = hall.sequence + 1
            media = await asyncio.to_thread(
                clips.snippet, "president", start_s=float(sequence), seconds=2.0
            )
            sending = asyncio.ensure_future(api.upload(sequence, media))
            while not sending.done() and not self._over.is_set():
                await asyncio.wait([sending], timeout=0.01)
            if not sending.done():
                sending.cancel()
                await asyncio.wait([sending])
                break
            reply = sending.result()
            if reply.status in {429, 503}:
                await asyncio.sleep(0.3)
                continue
            assert reply.status in {200, 201}, (reply.status, reply.body)
            hall.kept.promise(hall.attempt, sequence, media)
            hall.sequence = sequence
            self.acknowledged += 1
        await api.close()


def test_what_was_acknowledged_outlives_power_cuts_in_mid_upload(
    machines: Machines, new_hall: Callable[[Virtual], Hall]
) -> None:
    machine = machines()
    machine.boot()
    machine.until("hallvakt", "metrics")
    hall = new_hall(machine)
    hall.begin(LIVE)
    for cut in range(CUTS):
        with Uploading(hall, machine) as uploading:
            uploading.until(5 + cut)  # at once after an acknowledgement, with the next on its way
            machine.run("sh", "-c", "echo kept >/root/kept && sync && echo lost >/root/lost")
            machine.cut_the_power()
        machine.boot()
        assert machine.says("cat", "/root/kept") == "kept"  # and the cut was one:
        assert machine.run("cat", "/root/lost", accept=(0, 1)).stdout == ""
        machine.run("rm", "-f", "/root/kept", "/root/lost")
        hall.check()
        assert machine.shown(GATEWAY, "ActiveState") == "active"
    hall.record()
    hall.move("closed")
    hall.check()
    machine.off()
