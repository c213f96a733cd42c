"""The first boot's screens over a scripted `hallvakt`: every step, what is refused, what is passed
over, and the second factor that is shown once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyotp
import pytest
import segno
from blockbuster import BlockBuster
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input

from appliance.core.errors import Unreachable
from tests.tui.conftest import drawn, until
from tests.tui.steady_pilot import SteadyPilot
from tests.tui.three_sizes import SIZES, in_three_sizes, same_pictures
from tui.first_boot.app import FirstBootApp
from tui.first_boot.notebook import Notebook
from tui.first_boot.qr import half_blocks
from tui.first_boot.wizard import Wizard

URI = "otpauth://totp/Hallvakt:ingrid?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Hallvakt"
OTHER = "otpauth://totp/Hallvakt:bo?secret=KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU&issuer=Hallvakt"
_MACHINE = [
    ("disk", "ok", "200.0 GB of 240.0 GB free", ""),
    ("disk writes", "ok", "ext4, a write is safe after 0.30 ms (median)", ""),
    ("memory", "ok", "15.1 GB of 16.0 GB available", ""),
    ("tpm", "warn", "there is none, or it is switched off", "Switch it on in the firmware."),
    ("clock", "ok", "synchronised (chrony)", ""),
    ("network", "ok", "eth0 up 1000 Mbit/s", ""),
    ("cloud", "warn", "none is configured: everything stays on this box", "Keep a second copy."),
]
_CHECKS = {
    "checks": [
        {"name": name, "status": status, "detail": detail, "advice": advice}
        for name, status, detail, advice in _MACHINE
    ]
}


class ScriptedCommand:
    """Leaves on the disk what the real one would, as far as the wizard looks."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.asked: list[tuple[str, ...]] = []
        self.secrets: list[Sequence[str]] = []
        self.unreachable = ""

    async def __call__(
        self, *words: str, secrets: Sequence[str] = (), accept: Collection[int] = ()
    ) -> Any:
        self.asked.append(words)
        self.secrets.append(secrets)
        if self.unreachable and words[0] == self.unreachable:
            raise Unreachable("It does not run: start it.")
        match words[:3]:
            case ("doctor", *_):
                return _CHECKS
            case ("init", "--check", *_):
                return {}
            case ("init", *_):
                self._leave("box.toml", "tls/box.pem")
                people = [{"name": "ingrid", "totp_uri": URI}]
                if "bo=technician" in words:
                    people.append({"name": "bo", "totp_uri": OTHER})
                return {"lead": "ingrid", "url": "https://10.20.0.5:8443", "people": people}
            case ("certificate", "show", _):
                return {"names": ["10.20.0.5"], "ends_at": "2027-12-27T", "ca_fingerprint": "AA:BB"}
            case ("keys", "recipients", "install"):
                self._leave("keys/recipients.json")
                reviewer = {"kind": "reviewer", "label": "rut", "fingerprint": "1111 2222"}
                return {"root_fingerprint": "3a69 7322", "recipients": [reviewer]}
            case ("rehearse", *_):
                return {"candidates": 30, "minutes": 5.0, "lost": 0, "verdict": "good: 30, none"}
        return {}

    def _leave(self, *names: str) -> None:
        for name in names:
            (self.state / name).parent.mkdir(parents=True, exist_ok=True)
            (self.state / name).touch()


@pytest.fixture(autouse=True)
def the_script_writes_files(blocking_fails: BlockBuster) -> None:
    for function in blocking_fails.functions.values():
        function.can_block_in("tests/tui/test_first_boot.py", {"_leave"})


@pytest.fixture
def command(tmp_path: Path) -> ScriptedCommand:
    return ScriptedCommand(tmp_path / "box")


@asynccontextmanager
async def running(
    command: ScriptedCommand, size: tuple[int, int] = (100, 40)
) -> AsyncIterator[Pilot[None]]:
    app = FirstBootApp(Wizard(Notebook.of(command.state, None), command))
    async with app.run_test(size=size):
        pilot = SteadyPilot(app)
        await pilot.settled()
        yield pilot


async def shows(pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: words in re.sub(r"\s+", " ", drawn(pilot)))


async def fill(pilot: Pilot[None], **values: str) -> None:
    """Write into the fields, and enter in the last one."""
    for name, value in values.items():
        pilot.app.screen.query_one(f"#ask-{name}", Input).value = value
    fields = [f for f in pilot.app.screen.query(Input) if str(f.id).startswith("ask-")]
    fields[-1].focus()
    await pilot.press("enter")


async def go_on(pilot: Pilot[None]) -> None:
    """To the next step, when this one is done: its words may have stood there before."""
    await until(pilot, lambda: bool(pilot.app.screen.check_action("go_on", ())))
    await pilot.press("enter")


async def to_people(pilot: Pilot[None]) -> None:
    await shows(pilot, "memory: good")
    await go_on(pilot)
    await shows(pilot, "step 2 of 9")
    await fill(pilot, name="Alua", certificate_names="box.school.example, 10.20.0.5")
    await shows(pilot, "eth0 up")
    await pilot.press("ctrl+r")  # the name was wrong
    await fill(pilot, name="Aula")
    await shows(pilot, "Name of the box: Aula")
    await go_on(pilot)
    await shows(pilot, "clock: good")
    await go_on(pilot)
    await shows(pilot, "step 4 of 9")


async def make_the_box(pilot: Pilot[None]) -> None:
    await name_people(pilot, ingrid="lead_invigilator")
    await shows(pilot, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")


async def name_people(pilot: Pilot[None], **roles: str) -> None:
    """Each with a passphrase of three words, and then nobody else."""
    for name, role in roles.items():
        said = f"{name}s långa fras"
        await fill(pilot, person=name, role=role, passphrase=said, passphrase2=said)
        await shows(pilot, f"{name} (")
    await pilot.press("enter")


async def type_code(pilot: Pilot[None], uri: str) -> None:
    code = pilot.app.screen.query_one("#boot-code", Input)
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    code.value = totp.now()
    await pilot.press("enter")


async def test_from_an_empty_machine_to_the_report(
    command: ScriptedCommand, tmp_path: Path
) -> None:
    async with running(command) as pilot:
        await to_people(pilot)
        await fill(pilot, person="ingrid", passphrase="en lång fras", passphrase2="en annan fras")
        await shows(pilot, "The two passphrases differ")
        await fill(pilot, role="caretaker", passphrase2="en lång fras")
        await shows(pilot, "caretaker is none of the roles")
        await fill(pilot, role="tech")
        await shows(pilot, "must be a lead invigilator")
        await name_people(pilot, ingrid="lead", bo="tech")
        await shows(pilot, "ingrid: scan this")
        assert half_blocks(URI).split("\n")[3].strip() in drawn(pilot)
        made = next(words for words in command.asked if words[:2] == ("init", "--lead"))
        assert made[made.index("--name") + 1] == "Aula"
        assert made.count("--certificate-name") == 2
        assert made.count("--person") == 1
        assert ("ingrids långa fras", "bos långa fras") in [tuple(s) for s in command.secrets]
        code = pilot.app.screen.query_one("#boot-code", Input)
        code.value = "1"
        await pilot.press("enter")
        await until(pilot, lambda: code.value == "")
        await type_code(pilot, URI)
        await shows(pilot, "bo: scan this")
        await until(pilot, lambda: half_blocks(OTHER).split("\n")[3].strip() in drawn(pilot))
        await type_code(pilot, URI)  # somebody else's
        await shows(pilot, "That is not the code of now")
        assert "Address" not in drawn(pilot)
        await type_code(pilot, OTHER)
        await shows(pilot, "Others: bo, technician, one-time codes")
        await shows(pilot, "Address: https://10.20.0.5:8443")
        assert "JBSWY3DP" not in drawn(pilot)
        assert "KRSXG5CT" not in drawn(pilot)
        await go_on(pilot)
        await shows(pilot, "step 5 of 9")
        await fill(pilot, export=str(tmp_path / "trust"))
        await shows(pilot, "SHA-256 fingerprint: AA:BB")
        await go_on(pilot)
        await shows(pilot, "step 6 of 9")
        keys = {"root": "rotens fras", "root2": "rotens fras"}
        keys |= {"reviewer": "rutens fras", "reviewer2": "rutens fras"}
        await fill(pilot, directory=str(command.state / "keys"), **keys)
        await shows(pilot, "must not lie on the box")
        await fill(pilot, directory=str(tmp_path / "stick"), **keys)
        await shows(pilot, "Carry it away now")
        await go_on(pilot)
        await shows(pilot, "step 7 of 9")
        await fill(pilot)
        await shows(pilot, "everything stays on this box")
        await go_on(pilot)
        await shows(pilot, "step 8 of 9")
        command.unreachable = "rehearse"
        await fill(pilot, passphrase="en lång fras", code="123456")
        await shows(pilot, "It does not run: start it.")
        await pilot.press("f8")
        await shows(pilot, "Skipped: by the person at the box")
        await go_on(pilot)
        await shows(pilot, "step 9 of 9")
        await fill(pilot, file=str(tmp_path / "report.md"))
        await shows(pilot, "Report:")
        await go_on(pilot)
        await until(pilot, lambda: not pilot.app.is_running)
    report = (tmp_path / "report.md").read_text()
    assert "Fit for an exam, with warnings." in report
    assert "AA:BB" in report
    notes = (tmp_path / "box-first-boot.json").read_text()
    for secret in ("fras", "JBSWY3DP", "KRSXG5CT"):
        assert secret not in report + notes + str(command.asked)
    assert ("en lång fras", "123456") in command.secrets


async def test_the_second_factor_fits_the_smallest_terminal(command: ScriptedCommand) -> None:
    async with running(command, (80, 24)) as pilot:
        await to_people(pilot)
        await name_people(pilot, ingrid="lead")
        await until(pilot, lambda: "▀▀" in drawn(pilot))
        code = half_blocks(URI).split("\n")
        screen = drawn(pilot).split("\n")
        assert [line for line in code if not any(line in row for row in screen)] == []
        assert any("The code it shows now" in row for row in screen)


async def test_it_goes_on_where_it_was_left(command: ScriptedCommand) -> None:
    async with running(command) as pilot:
        await to_people(pilot)
        await pilot.press("ctrl+q")
    async with running(command) as pilot:
        await shows(pilot, "step 4 of 9")
        await make_the_box(pilot)
        await pilot.press("ctrl+q")  # and the secret was not taken down
    async with running(command) as pilot:
        await until(pilot, lambda: not pilot.app.is_running)
    assert pilot.app.return_code == 4


async def test_a_machine_that_cannot_be_looked_at_is_looked_at_again(
    command: ScriptedCommand,
) -> None:
    command.unreachable = "doctor"
    async with running(command) as pilot:
        await shows(pilot, "It does not run: start it.")
        await pilot.press("enter")
        assert "step 1 of 9" in drawn(pilot)
        command.unreachable = ""
        await pilot.press("ctrl+r")
        await shows(pilot, "tpm: warning")


def test_a_code_on_the_screen_is_the_code() -> None:
    """Cell by cell against the modules that segno makes."""
    lines = half_blocks(URI).split("\n")
    assert len({len(line) for line in lines}) == 1
    modules = list(segno.make(URI, error="l", micro=False, boost_error=False).matrix_iter(border=2))
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            assert (lines[y // 2][x] in ("█", "▀▄"[y % 2])) == bool(dark)


async def test_screens(
    command: ScriptedCommand, snapshot: SnapshotAssertion, swedish: None
) -> None:
    async with running(command, SIZES[0]) as pilot:
        await shows(pilot, "Switch it on")
        taken = await in_three_sizes(pilot, "machine")
        await go_on(pilot)
        await shows(pilot, "steg 2 av 9")
        taken |= await in_three_sizes(pilot, "network")
        await fill(pilot, name="Aula", certificate_names="box.school.example")
        await shows(pilot, "eth0 up")
        await go_on(pilot)
        await shows(pilot, "chrony")
        await go_on(pilot)
        await make_the_box(pilot)
        taken |= await in_three_sizes(pilot, "people")
    same_pictures(taken, snapshot)
