"""Start, credentials, stop, and what is left when a gateway was killed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aioice import stun

from appliance.adapters.relay import child, probe, user_database
from appliance.adapters.relay.configuration import ALLOCATIONS_PER_VIEW, RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.core.errors import Unreachable, WrongConfiguration
from appliance.core.ids import ExamId, ViewId
from tests.integration.relay.conftest import RELAY_ADDRESS, Now, Random
from tests.support.stopwatch import Stopwatch
from tests.support.turn_client import allocation

VIEW = ViewId("a" * 32)


def _port(relay: Coturn, exam: ExamId) -> int:
    return int(relay.credential(exam, VIEW, host="127.0.0.1").urls[0].split(":")[2].split("?")[0])


def _pid(directory: Path) -> int:
    return int((directory / "coturn.pid").read_text())


async def _start_time(pid: int) -> str | None:
    return await asyncio.to_thread(child.start_time, pid)


def _left_in(directory: Path) -> list[Path]:
    return list(directory.iterdir())


def _readable(pid: int, directory: Path) -> dict[Path, bytes]:
    """What others could read of a process: its arguments, environment and files."""
    places = [Path(f"/proc/{pid}/cmdline"), Path(f"/proc/{pid}/environ")]
    places += [path for path in directory.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in places}


async def test_an_expired_credential_opens_nothing(relay: Coturn, exam: ExamId, clock: Now) -> None:
    await relay.start(exam)
    clock.shift_ms = -200_000  # a credential made 200 s ago, good for 120
    with pytest.raises(stun.TransactionFailed) as refused:
        async with allocation(relay.credential(exam, VIEW, host="127.0.0.1")):
            pass
    assert refused.value.response.attributes["ERROR-CODE"][0] == 401


async def test_a_credential_of_another_exam_opens_nothing(relay: Coturn, exam: ExamId) -> None:
    other = ExamId(secrets.token_hex(16))
    await relay.start(exam)
    await relay.start(other)
    ours = relay.credential(exam, VIEW, host="127.0.0.1")
    theirs = relay.credential(other, VIEW, host="127.0.0.1")
    assert ours.urls != theirs.urls
    async with allocation(theirs) as allocated:
        assert allocated.address[0] == "127.77.0.2"  # an address of its own
        assert await allocated.permission(RELAY_ADDRESS) == 403
    with pytest.raises(stun.TransactionFailed) as refused:
        async with allocation(
            type(ours)(
                urls=theirs.urls,
                username=ours.username,
                credential=ours.credential,
                expires_ms=ours.expires_ms,
            )
        ):
            pass
    assert refused.value.response.attributes["ERROR-CODE"][0] == 401


async def test_one_view_has_its_allocations_and_not_one_more(relay: Coturn, exam: ExamId) -> None:
    await relay.start(exam)
    server = relay.credential(exam, VIEW, host="127.0.0.1")
    async with AsyncExitStack() as held:
        for _ in range(ALLOCATIONS_PER_VIEW):
            await held.enter_async_context(allocation(server))
        with pytest.raises(stun.TransactionFailed) as refused:
            async with allocation(server):
                pass
    assert refused.value.response.attributes["ERROR-CODE"][0] == 486


async def test_stop_ends_it_and_leaves_nothing(relay: Coturn, exam: ExamId, tmp_path: Path) -> None:
    await relay.start(exam)
    port, pid = _port(relay, exam), _pid(tmp_path / f"relay-{exam}")
    async with allocation(relay.credential(exam, VIEW, host="127.0.0.1")) as allocated:
        with Stopwatch() as watch:
            await relay.stop(exam)
            assert watch.seconds < 2
        assert (await _start_time(pid)) is None
        assert not await probe.answers("127.0.0.1", port)
        allocated.abandon()
    assert not await relay.running(exam)
    assert _left_in(tmp_path) == []
    with pytest.raises(Unreachable):
        relay.credential(exam, VIEW, host="127.0.0.1")
    await relay.stop(exam)


async def test_start_twice_is_one_relay_and_after_a_stop_another_secret(
    relay: Coturn, exam: ExamId, tmp_path: Path
) -> None:
    await relay.start(exam)
    pid = _pid(tmp_path / f"relay-{exam}")
    await relay.start(exam)
    assert _pid(tmp_path / f"relay-{exam}") == pid
    before = relay.credential(exam, VIEW, host="127.0.0.1").credential
    await relay.stop(exam)
    await relay.start(exam)
    assert relay.credential(exam, VIEW, host="127.0.0.1").credential != before


async def test_a_relay_that_died_is_noticed_and_replaced(
    relay: Coturn, exam: ExamId, tmp_path: Path
) -> None:
    await relay.start(exam)
    os.kill(_pid(tmp_path / f"relay-{exam}"), signal.SIGKILL)
    async with asyncio.timeout(60):
        while await relay.running(exam):  # noqa: ASYNC110 - the kernel tells nobody else
            await asyncio.sleep(0.01)
    with pytest.raises(Unreachable):
        relay.credential(exam, VIEW, host="127.0.0.1")
    await relay.start(exam)
    async with allocation(relay.credential(exam, VIEW, host="127.0.0.1")):
        pass


async def test_a_relay_that_died_comes_back_by_itself(
    relay: Coturn, exam: ExamId, tmp_path: Path
) -> None:
    """Live views of an exam that goes on for hours do not wait for a restart of the box."""
    await relay.start(exam)
    os.kill(_pid(tmp_path / f"relay-{exam}"), signal.SIGKILL)
    async with asyncio.timeout(60):
        while await relay.running(exam):  # noqa: ASYNC110 - the kernel tells nobody else
            await asyncio.sleep(0.01)
        while not await relay.running(exam):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    async with allocation(relay.credential(exam, VIEW, host="127.0.0.1")):
        pass


async def test_a_relay_that_died_stays_away_after_stop(
    relay: Coturn, exam: ExamId, tmp_path: Path
) -> None:
    """The exam was closed between the death and the replacement."""
    await relay.start(exam)
    os.kill(_pid(tmp_path / f"relay-{exam}"), signal.SIGKILL)
    async with asyncio.timeout(60):
        while await relay.running(exam):  # noqa: ASYNC110 - the kernel tells nobody else
            await asyncio.sleep(0.01)
    await relay.stop(exam)
    await asyncio.sleep(1.5)  # longer than the pause before it is started again
    assert not await relay.running(exam)
    assert not _left_in(tmp_path)


async def test_the_secret_is_nowhere_to_be_read(
    plan: RelayPlan, exam: ExamId, tmp_path: Path, clock: Now
) -> None:
    known = secrets.token_bytes(32)

    class Known(Random):
        def secret(self, length: int) -> bytes:
            return known

    relay = Coturn(plan, run=tmp_path, clock=clock, randomness=Known())
    await relay.start(exam)
    try:
        server = relay.credential(exam, VIEW, host="127.0.0.1")
        expected = hmac.new(known.hex().encode(), server.username.encode(), hashlib.sha1)
        assert server.credential == base64.b64encode(expected.digest()).decode()
        async with allocation(server):
            pass
        pid = _pid(tmp_path / f"relay-{exam}")
        places = _readable(pid, tmp_path)
        assert any(path.name == "users.sqlite" for path in places)
        for path, content in places.items():
            assert known.hex().encode() not in content, path
            assert server.credential.encode() not in content, path
    finally:
        await relay.stop_all()


_GATEWAY = """
import asyncio, sys
from pathlib import Path
from appliance.adapters.relay.coturn import Coturn
from appliance.adapters.relay.configuration import ALLOCATIONS_PER_VIEW, RelayPlan
from tests.integration.relay.conftest import Now, Random

async def main():
    plan = RelayPlan(relay_address="127.77.0.1", listen="127.0.0.1", port=0)
    relay = Coturn(plan, run=Path(sys.argv[1]), clock=Now(), randomness=Random())
    await relay.start(sys.argv[2])
    print("started", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_gateway_leaves_no_relay(exam: ExamId, tmp_path: Path) -> None:
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _GATEWAY, str(tmp_path), exam, stdout=asyncio.subprocess.PIPE
    )
    assert gateway.stdout is not None
    while b"started" not in (line := await gateway.stdout.readline()):
        assert line, "the gateway ended early"
    pid = _pid(tmp_path / f"relay-{exam}")
    assert (await _start_time(pid)) is not None
    gateway.kill()
    await gateway.wait()
    async with asyncio.timeout(60):
        while (await _start_time(pid)) is not None:  # noqa: ASYNC110 - not our child
            await asyncio.sleep(0.01)


async def test_what_an_earlier_gateway_left_running_is_ended_by_id_and_start_time(
    relay: Coturn, exam: ExamId, tmp_path: Path
) -> None:
    directory = tmp_path / f"relay-{exam}"
    directory.mkdir()
    left = await asyncio.create_subprocess_exec("sleep", "60")
    same_id_but_younger = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        (directory / "process").write_text(f"{same_id_but_younger.pid} 1")
        await relay.stop(exam)
        assert same_id_but_younger.returncode is None
        directory.mkdir()
        (directory / "process").write_text(f"{left.pid} {await _start_time(left.pid)}")
        await relay.start(exam)
        assert await asyncio.wait_for(left.wait(), 60) == -signal.SIGKILL
    finally:
        same_id_but_younger.kill()
        await same_id_but_younger.wait()


async def test_a_taken_port_is_said(tmp_path: Path, exam: ExamId, clock: Now) -> None:
    first = Coturn(
        RelayPlan(relay_address=RELAY_ADDRESS, listen="127.0.0.1", port=0),
        run=tmp_path / "first",
        clock=clock,
        randomness=Random(),
    )
    await first.start(exam)
    try:
        plan = RelayPlan(relay_address=RELAY_ADDRESS, listen="127.0.0.1", port=_port(first, exam))
        second = Coturn(plan, run=tmp_path / "second", clock=clock, randomness=Random())
        with pytest.raises(Unreachable, match="in use"):
            await second.start(exam)
        assert not (tmp_path / "second").exists()
    finally:
        await first.stop_all()


async def test_more_exams_than_planned_are_refused(
    tmp_path: Path, exam: ExamId, clock: Now
) -> None:
    plan = RelayPlan(relay_address=RELAY_ADDRESS, listen="127.0.0.1", port=0, exams_at_once=1)
    relay = Coturn(plan, run=tmp_path, clock=clock, randomness=Random())
    await relay.start(exam)
    try:
        with pytest.raises(WrongConfiguration, match="close one first"):
            await relay.start(ExamId(secrets.token_hex(16)))
    finally:
        await relay.stop_all()


async def test_views_opened_together_at_the_start_are_all_let_in(
    relay: Coturn, exam: ExamId, tmp_path: Path
) -> None:
    """Each of coturn's threads reads its user database at its first view. None may find tables
    missing: it makes them then, and shuts the others out meanwhile."""
    await relay.start(exam)

    async def view(number: int) -> str:
        server = relay.credential(exam, ViewId(f"{number:032x}"), host="127.0.0.1")
        async with allocation(server) as allocated:
            return allocated.address[0]

    assert await asyncio.gather(*map(view, range(8))) == [RELAY_ADDRESS] * 8
    empty = await asyncio.to_thread(_empty_user_database, tmp_path)
    used = tmp_path / f"relay-{exam}" / user_database.NAME
    assert used.read_bytes() == empty


def _empty_user_database(directory: Path) -> bytes:
    user_database.make(directory)
    return (directory / user_database.NAME).read_bytes()
