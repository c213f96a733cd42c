"""The systemd units: what systemd itself finds in them, and how exposed they are. That it
starts them is tested in tests/machine."""

from __future__ import annotations

import functools
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from appliance.adapters.host.credentials import PEPPER, PEPPER_WITHOUT_TPM, machine_pepper
from appliance.adapters.host.credentials_refused import EXIT_CREDENTIALS
from appliance.core.keys import PepperKeeping
from appliance.processes.analysis import request_limits
from appliance.processes.neighbours import Neighbours

UNITS = Path(__file__).resolve().parents[2] / "systemd"
UNIT_FILES = sorted(p.name for p in UNITS.iterdir() if p.is_file())
SYSTEMDS_OWN = Path("/usr/lib/systemd/system")
SERVICES = [name for name in UNIT_FILES if name.endswith(".service")]

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyse(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words], cwd=UNITS, capture_output=True, text=True, timeout=60
    )


# Of ten (systemd-analyze(1)): what each may at most be exposed, times ten.
_MOST_EXPOSED = {
    "hallvakt-gateway": 10,
    "hallvakt-media-worker@": 3,
    "hallvakt-console@": 14,  # has a terminal for a device
    "hallvakt-update": 13,  # is root: it puts units where systemd reads them
}
_MOST_EXPOSED_OTHERS = 12


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_little_exposed(unit: str) -> None:
    most = _MOST_EXPOSED.get(unit.removesuffix(".service"), _MOST_EXPOSED_OTHERS)
    done = analyse("security", "--offline=true", f"--threshold={most}", f"./{unit}")
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root with systemd's own units, ours and the programs that ours name."""
    programs = tmp_path / "opt/hallvakt/current/.venv/bin"
    programs.mkdir(parents=True)
    for name in ("hallvakt", "python"):
        (programs / name).touch(0o755)
    scripts = tmp_path / "opt/hallvakt/current/firmware_scripts"
    scripts.mkdir()
    (scripts / "update.sh").touch(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").touch(0o755)
    shutil.copytree(
        UNITS, tmp_path / "etc/systemd/system", ignore=shutil.ignore_patterns("network")
    )
    shutil.copytree(SYSTEMDS_OWN, tmp_path / "usr/lib/systemd/system", symlinks=True)
    return tmp_path


def verified(root: Path) -> tuple[int, str]:
    """What `systemd-analyze verify` answers and says of all of ours, and of what they need."""
    units = [f"etc/systemd/system/{name}" for name in UNIT_FILES]
    done = analyse(f"--root={root}", "--man=no", "verify", *(str(root / unit) for unit in units))
    return done.returncode, done.stderr


def test_systemd_has_nothing_to_say_against_the_units(installed: Path) -> None:
    assert verified(installed) == (0, "")


@pytest.mark.parametrize(
    ("unit", "said", "instead", "complaint"),
    [
        ("gateway", "WatchdogSec=30", "WatchdogSecs=30", "Unknown key"),
        ("syncer", "Type=oneshot", "Type=onceshot", "Failed to parse"),
        ("janitor", "/bin/hallvakt janitor", "/bin/halvakt janitor", "is not executable"),
        ("coturn@", "Requires=hallvakt-firewall", "Requires=hallvakt-fire", "not found"),
    ],
)
def test_it_would_say_it(
    installed: Path, unit: str, said: str, instead: str, complaint: str
) -> None:
    file = installed / f"etc/systemd/system/hallvakt-{unit}.service"
    assert said in file.read_text()
    file.write_text(file.read_text().replace(said, instead))
    code, words = verified(installed)
    assert complaint in words, (code, words)


_TIMED = ("syncer", "janitor", "drill", "certificate")


def test_the_box_wants_the_gateway_what_comes_before_and_four_timers_that_start_what_is_there() -> (
    None
):
    (wanted,) = re.findall(r"^Wants=(.*)$", (UNITS / "hallvakt.target").read_text(), re.MULTILINE)
    timers = {f"hallvakt-{name}.timer" for name in _TIMED}
    units = {"hallvakt-gateway.service", "hallvakt-update.service"}
    assert set(wanted.split()) == units | timers
    assert timers == {name for name in UNIT_FILES if name.endswith(".timer")}
    for name in timers:
        text = (UNITS / name).read_text()
        assert "\nOnCalendar=" in text
        assert "\nUnit=" not in text  # so it starts the service of its own name
        assert "\nPersistent=yes\n" in text  # what a box that was off missed is made up for
        service = (UNITS / name).with_suffix(".service").read_text()
        assert "\nType=oneshot\n" in service


_UNITS_OF_SIZE = {"K": 2**10, "M": 2**20, "G": 2**30}


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_may_take_only_so_much_of_the_machine(unit: str) -> None:
    """What runs wild ends by itself, long before a box of 4 GB swaps or forks itself to death."""
    given = dict(re.findall(r"^(\w+)=(.*)$", (UNITS / unit).read_text(), re.MULTILINE))
    number, suffix = re.fullmatch(r"(\d+)([KMG])", given["MemoryMax"]).groups()  # type: ignore[union-attr]
    assert 200 * 2**20 <= int(number) * _UNITS_OF_SIZE[suffix] <= 2 * 2**30
    assert 32 <= int(given["TasksMax"]) <= 256
    assert given["MemorySwapMax"] == "0"  # keys and pictures reach no disk
    assert given["LimitCORE"] == "0"


def said(unit: str, key: str) -> list[str]:
    """What the lines `key=` of a unit say, in order."""
    text = (UNITS / f"hallvakt-{unit}.service").read_text()
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


_OF_ITS_OWN = {
    "media-worker@": "hallvakt-worker-%i",
    "hall-audio": "hallvakt-hall-audio",
    "console@": "hallvakt-console",
    "firewall": "hallvakt-firewall",
    "certificate": "hallvakt-certificate",
}
_WRITING = ("syncer", "fleet", "janitor", "drill")
# Files are theirs, so the installer makes them; the relay's user stands in the firewall's rules.
_NOT_MADE_UP = {
    "gateway": "hallvakt",
    **{name: f"hallvakt-{name}" for name in _WRITING},
    "rights": "hallvakt",  # it changes what is the gateway's
    "coturn@": "hallvakt-relay",
}
_ROOT = "update"


@pytest.mark.parametrize("unit", [name.removeprefix("hallvakt-") for name in SERVICES])
def test_whoever_writes_nothing_of_the_box_is_a_user_of_its_own_and_sees_none_of_it(
    unit: str,
) -> None:
    unit = unit.removesuffix(".service")
    assert said(unit, "User") == ([] if unit == _ROOT else [(_OF_ITS_OWN | _NOT_MADE_UP)[unit]])
    assert said(unit, "DynamicUser") == (["yes"] if unit in _OF_ITS_OWN else [])
    if unit in _OF_ITS_OWN:
        (hidden,) = said(unit, "InaccessiblePaths")
        assert {"-/var/lib/hallvakt", "-/etc/hallvakt"} <= set(hidden.split())
        assert "/var/lib/hallvakt/" not in "".join(said(unit, "ExecStart"))
        # What it is handed, it is handed by systemd: the configuration, certificates, no key.
        for credential in said(unit, "LoadCredential"):
            assert credential.endswith((".pem", "/box.toml"))
        assert said(unit, "ReadWritePaths") == []


def test_whoever_writes_the_box_s_data_shares_a_group_that_nobody_else_has() -> None:
    sharing = {*_WRITING, "gateway", "rights"}
    for unit in (name.removeprefix("hallvakt-").removesuffix(".service") for name in SERVICES):
        groups = said(unit, "Group") + " ".join(said(unit, "SupplementaryGroups")).split()
        assert ("hallvakt-data" in groups) == (unit in sharing), unit
        assert ("hallvakt" in groups) == (
            unit in {"gateway", "media-worker@", "hall-audio", "console@"}
        )
        if unit in sharing - {"rights"}:
            assert "hallvakt-rights.service" in " ".join(said(unit, "Wants")).split()
            assert "hallvakt-rights.service" in " ".join(said(unit, "After")).split()
            assert f"hallvakt-{unit}.service" in " ".join(said("rights", "Before")).split()
            assert said(unit, "StateDirectory") == []  # systemd would give all of it to one user
    assert said("rights", "StartLimitIntervalSec") == ["0"]  # each start of the five starts it
    for unit in ("syncer", "janitor"):
        written = " ".join(said(unit, "ReadWritePaths")).split()
        assert "/var/lib/hallvakt" not in written
        assert {"-/mnt", "-/media", "-/srv"} <= set(written)  # an archive on a disk or share


def test_what_ends_an_update_is_root_with_two_rights_and_stands_in_nobody_s_way() -> None:
    assert said("update", "CapabilityBoundingSet") == ["CAP_SETUID CAP_SETGID"]
    assert said("update", "PrivateNetwork") == ["yes"]
    assert said("update", "Restart") == []  # once at each start of the machine
    assert said("update", "ConditionPathExists") == ["/opt/hallvakt/unfinished"]
    before = " ".join(said("update", "Before")).split()
    for path in (UNITS / name for name in UNIT_FILES):
        # Nothing waits for its success; what opens the databases at the start waits for its start.
        assert not re.search(r"(?m)^(Requires|BindsTo|Requisite)=.*-update", path.read_text())
        if path.suffix == ".timer" or path.name == "hallvakt-gateway.service":
            assert path.name in before


def test_screen_and_microphone_have_a_door_of_the_gateway_each_and_no_worker_has() -> None:
    (below,) = said("gateway", "RuntimeDirectory")
    assert said("gateway", "RuntimeDirectoryMode") == ["0750"]  # its group's, and nobody else's
    assert f" --doors-below /run/{below}" in "".join(said("gateway", "ExecStart"))
    doors = Neighbours(doors_below=Path(f"/run/{below}"))
    assert f" --socket {doors.console_door}" in "".join(said("console@", "ExecStart"))
    assert f" --gateway {doors.hall_sound_door} " in "".join(said("hall-audio", "ExecStart"))
    for unit, other in (
        ("media-worker@", f"/run/{below}"),
        ("console@", "/run/hallvakt-media-worker"),
        ("hall-audio", "/run/hallvakt-media-worker"),
    ):
        assert said(unit, "Group") == ["hallvakt"]
        assert f"-{other}" in said(unit, "InaccessiblePaths")[0].split()


def test_what_hears_the_hall_has_no_network_no_keys_and_writes_no_byte() -> None:
    text = (UNITS / "hallvakt-hall-audio.service").read_text()
    for word in ("PrivateNetwork=yes", "LimitFSIZE=0", "DeviceAllow=char-alsa rw"):
        assert word in text


def test_the_media_worker_is_nobody_has_no_network_and_sees_nothing_of_the_box() -> None:
    text = (UNITS / "hallvakt-media-worker@.service").read_text()
    assert "\nPrivateNetwork=yes\n" in text
    # The gateway, of the same group, finds it where systemd makes it a directory.
    (below,) = re.findall(r"^RuntimeDirectory=(.*)/%i$", text, re.MULTILINE)
    assert f"--workers-below /run/{below} " in (UNITS / "hallvakt-gateway.service").read_text()
    (found,) = Neighbours(workers_below=Path(f"/run/{below}")).worker_sockets(UNITS, 1)
    assert f"--socket {str(found).replace('0', '%i')} " in text


@pytest.mark.parametrize("unit", ["gateway", "media-worker@", "hall-audio"])
def test_what_runs_for_long_has_a_watchdog(unit: str) -> None:
    """That real work feeds it: test_units_run.py and integration/hearing."""
    text = (UNITS / f"hallvakt-{unit}.service").read_text()
    assert "\nType=notify\n" in text
    (seconds,) = re.findall(r"^WatchdogSec=(\d+)$", text, re.MULTILINE)
    assert int(seconds) / 2 > request_limits.WALL_S  # the longest piece of work is no hang


def test_the_relay_is_a_user_of_its_own_that_only_the_gateway_starts() -> None:
    service = (UNITS / "hallvakt-coturn@.service").read_text()
    for word in (
        "User=hallvakt-relay",
        "StandardInput=socket",
        "Requires=hallvakt-firewall.service",
    ):
        assert f"\n{word}\n" in service
    assert re.search(r"InaccessiblePaths=.*/var/lib/hallvakt", service)
    listening = (UNITS / "hallvakt-coturn.socket").read_text()
    for word in ("SocketUser=hallvakt", "SocketMode=0600", "Accept=yes"):
        assert f"\n{word}\n" in listening
    (path,) = re.findall(r"^ListenStream=(.*)$", listening, re.MULTILINE)
    assert f"--relay-socket {path} " in (UNITS / "hallvakt-gateway.service").read_text()


def test_the_gateway_gets_its_pepper_from_the_machine_when_there_is_one() -> None:
    """By name only, so that systemd starts the gateway without it too (systemd.exec(5))."""
    text = (UNITS / "hallvakt-gateway.service").read_text()
    loaded = re.findall(r"^LoadCredentialEncrypted=(.*)$", text, re.MULTILINE)
    assert loaded == [PEPPER, PEPPER_WITHOUT_TPM]


@pytest.mark.skipif(shutil.which("systemd-creds") is None, reason="systemd-creds is not installed")
def test_a_gateway_whose_credentials_do_not_open_is_not_started_again_and_again() -> None:
    """Each start would begin the media workers anew; the doctor and the screen ask for this end."""
    (given,) = re.findall(
        r"(?m)^RestartPreventExitStatus=(.*)$", (UNITS / "hallvakt-gateway.service").read_text()
    )
    assert EXIT_CREDENTIALS in given.split()


def test_the_credential_that_is_made_is_one_the_gateway_reads(tmp_path: Path) -> None:
    """With systemd's own tool; this machine has no TPM, or the name would be the other one."""
    script = UNITS.parent / "firmware_scripts" / "make_pepper.sh"
    store, given = tmp_path / "store", tmp_path / "given"
    environment = os.environ | {"SYSTEMD_CREDENTIAL_SECRET": str(tmp_path / "host.secret")}
    call = functools.partial(
        subprocess.run, capture_output=True, text=True, env=environment, timeout=60
    )
    tpm = call(["systemd-creds", "has-tpm2"]).returncode == 0
    made = call([str(script), "--store", str(store)])
    assert made.returncode == 0, made.stderr
    name = PEPPER if tpm else PEPPER_WITHOUT_TPM
    assert [path.name for path in store.iterdir()] == [name]
    assert ("no TPM" in made.stderr) == (not tpm)
    assert stat.S_IMODE((store / name).stat().st_mode) == 0o600

    given.mkdir()  # what systemd does for the unit
    call(["systemd-creds", "decrypt", f"--name={name}", store / name, given / name], check=True)
    pepper = machine_pepper({"CREDENTIALS_DIRECTORY": str(given)})
    assert pepper is not None
    assert len(pepper.secret) == 32
    assert pepper.keeping is (PepperKeeping.TPM if tpm else PepperKeeping.HOST)
    assert pepper.secret not in (store / name).read_bytes()
    # Under the other name it is refused by systemd, so the label cannot be changed by renaming.
    other = PEPPER_WITHOUT_TPM if tpm else PEPPER
    renamed = call(["systemd-creds", "decrypt", f"--name={other}", store / name, given / other])
    assert renamed.returncode != 0

    again = call([str(script), "--store", str(store)])
    assert again.returncode == 4
    assert "stays" in again.stderr
