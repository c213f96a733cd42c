"""A box's life on a machine of its own, from the bundle to an update and back: in this order, each
test goes on where the one before stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from zeroconf.asyncio import AsyncZeroconf

from tests.machine.apart import check_apart
from tests.machine.booted import Machine
from tests.machine.bundles import NEXT_VERSION, Bundles
from tests.machine.hall import LEAD, LIVE, PASSPHRASE, STATE, Hall
from tests.machine.lan import Lan
from tests.machine.networks import BEYOND, BOX, CANDIDATE, UPLINK, Networks
from tests.support.network_namespaces import run

pytestmark = [pytest.mark.machine, pytest.mark.timeout(1800)]

INSTALLER = "/hallvakt/firmware_scripts/install.sh"
BUNDLE = ("--bundle", "/hallvakt/box.bundle", "--key", "/hallvakt/release.pub")
# Path, mode, owner, target and content of all that was installed.
SEEN = (
    "find /opt/hallvakt /usr/local/bin /etc/hallvakt /etc/systemd/system /etc/sysctl.d"
    r" -printf '%p %M %U:%G %l\n' -type f -exec sha256sum {} + | sort"
)
# /proc/sys is read-only in systemd-nspawn, so what cannot be set is seen to be said.
NOT_SET = "net.ipv4.ip_unprivileged_port_start could not be set to"
WORKERS = tuple(f"hallvakt-media-worker@{core}.service" for core in range(os.cpu_count() or 1))
UNITS = ("hallvakt-gateway.service", "hallvakt-media-worker@0.service", "hallvakt-firewall.service")
TIMERS = ("syncer", "janitor", "drill", "certificate")
ANSWERS = f"""
[network]
name = "Aula"
certificate_names = ["exambox.school.example", "{BOX}", "127.0.0.1"]
port = 443
http_port = 80
lan_name = "exambox"
uplink = "up0"
[people]
lead = "{LEAD}"
passphrase = {{ file = "passphrase.txt" }}
second_factor = false
[certificate]
export = "trust"
[keys]
directory = "stick"
root_passphrase = {{ file = "passphrase.txt" }}
reviewer_passphrase = {{ file = "passphrase.txt" }}
[rehearsal]
candidates = 4
minutes = 1
[report]
file = "report.md"
"""
CLOUD = """
[cloud]
objects = "gcs"
bucket = "archive"
credentials_file = "keys/gcs.json"
records_uri_file = "keys/records.uri"

[[night.window]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
from = "00:00"
to = "23:59"
"""


def owner(machine: Machine, unit: str) -> str:
    """The number of the user whose process a unit is."""
    return machine.says("stat", "-c", "%u", f"/proc/{machine.shown(unit, 'MainPID')}")


def failed(machine: Machine) -> str:
    return machine.says(
        "systemctl", "list-units", "--failed", "--plain", "--no-legend", "hallvakt*"
    )


def test_it_is_installed_without_a_network_and_waits_for_a_box(machine: Machine) -> None:
    said = machine.says("bash", INSTALLER, *BUNDLE)
    assert "Checking the bundle's signature" in said
    assert f"{NOT_SET} 80" in said
    setting = "net.ipv4.ip_unprivileged_port_start=80"
    run("ip", "netns", "exec", machine.networks.box, "sysctl", "-qw", setting)  # from outside
    before = machine.says("sh", "-c", SEEN)
    machine.says("bash", INSTALLER, *BUNDLE)  # again: nothing changes
    assert machine.says("sh", "-c", SEEN) == before
    assert "/etc/sysctl.d/60-hallvakt.conf" in before
    machine.reboot()
    assert failed(machine) == ""
    assert machine.says("systemctl", "is-active", "hallvakt.target") == "active"
    for unit in UNITS:
        assert machine.shown(unit, "ActiveState") == "inactive"
        assert machine.shown(unit, "NRestarts") in {"0", ""}


def test_the_first_boot_makes_a_box_and_rehearses_on_it(machine: Machine) -> None:
    setup = machine.root / "srv" / "setup"
    setup.mkdir(exist_ok=True)
    (setup / "answers.toml").write_text(ANSWERS)
    (setup / "passphrase.txt").write_text(f"{PASSPHRASE}\n")
    (setup / "passphrase.txt").chmod(0o600)
    machine.run("chown", "-R", "hallvakt:", "/srv/setup")
    first_boot = ("runuser", "-u", "hallvakt", "--", "hallvakt", "first-boot", "--answers",
                  "/srv/setup/answers.toml", "--progress", "/var/tmp/first-boot.json")  # fmt: skip
    assert "systemctl start hallvakt.target" in machine.run(*first_boot, accept=(5,)).stderr
    machine.run("systemctl", "start", "hallvakt.target")  # the target is active already
    machine.until("hallvakt", "metrics")
    done = machine.run(*first_boot, accept=(0, 6))
    if done.returncode:  # on a busy machine a rehearsal may be found not good: then it says so
        assert "The rehearsal was not good" in done.stderr
        skipped = re.sub(r"candidates = 4\nminutes = 1", 'skip = "busy"', ANSWERS)
        (setup / "answers.toml").write_text(skipped)
        machine.run(*first_boot)
    else:
        assert "4 candidates, nothing lost" in done.stdout
    report = (setup / "report.md").read_text()
    assert "Fit for an exam" in report
    assert PASSPHRASE not in report
    assert (setup / "report.pdf").read_bytes().startswith(b"%PDF")


def test_every_unit_is_what_it_says(machine: Machine) -> None:
    machine.until("systemctl", "is-active", "hallvakt-media-worker@0.service")
    assert failed(machine) == ""
    for unit in UNITS:
        assert machine.shown(unit, "ActiveState") == "active"
    gateway = UNITS[0]
    assert machine.shown(gateway, "Type") == "notify"
    assert machine.shown(gateway, "WatchdogUSec") == "30s"
    listed = machine.says("systemctl", "list-timers", "--plain", "--no-legend")
    assert all(f"hallvakt-{name}.timer" in listed for name in TIMERS)
    rules = machine.says("nft", "list", "table", "inet", "hallvakt")
    assert 'iifname "up0"' in rules
    assert "skuid" in rules
    relays, firewall = "hallvakt-coturn@.service", UNITS[2]
    assert "User=hallvakt-relay" in machine.says("systemctl", "cat", relays)
    assert machine.shown(firewall, "UID") not in {"0", machine.says("id", "-u", "hallvakt")}
    users = {unit: owner(machine, unit) for unit in (gateway, *WORKERS)}
    assert users[gateway] == machine.says("id", "-u", "hallvakt")
    assert len(set(users.values())) == 1 + len(WORKERS)  # each worker is another user
    count = machine.says("sh", "-c", "hallvakt metrics | grep '^hallvakt_media_workers '")
    assert float(count.split()[-1]) == len(WORKERS)  # and the gateway has them all
    log = machine.journal("hallvakt-media-worker@0.service")
    assert re.search(r"landlock=[1-9]\d* seccomp=on", log), log
    for unit, most in ((gateway, 1.0), ("hallvakt-media-worker@0.service", 0.3)):
        said = machine.says("systemd-analyze", "security", "--no-pager", unit)
        (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", said)
        assert float(exposure) <= most, said


def test_its_doctor_finds_nothing_that_fails(machine: Machine) -> None:
    said = machine.says("hallvakt", "doctor")
    assert "FAIL" not in said
    # A virtual disk, no time service, a name of nowhere, Debian's coturn, no TPM, no cloud; and
    # nothing else.
    warned = set(re.findall(r"(?m)^warn  (\w+(?: \w+)?)", said))
    assert warned == {"disk health", "clock", "names", "relay", "pepper", "cloud"}, said
    assert not re.search(r"plain\s+file", said)  # the gateway has it, and is asked


def test_what_hangs_is_started_again(machine: Machine) -> None:
    """A gateway; and a worker, of which only the process that decodes hangs."""
    gateway, worker = UNITS[0], WORKERS[0]
    for unit in (worker, gateway):
        before = machine.shown(unit, "MainPID")
        hangs = before if unit == gateway else machine.says("pgrep", "-P", before)
        machine.run("kill", "-STOP", hangs)
        deadline = time.monotonic() + 180  # their watchdogs say 30 and 45 s
        while machine.shown(unit, "MainPID") in {before, "0"}:
            assert time.monotonic() < deadline, machine.journal(unit)
            time.sleep(1)
        machine.until("systemctl", "is-active", unit)
        assert "Watchdog timeout" in machine.journal(unit)


@pytest.mark.parametrize("unit", ["syncer", "fleet", "janitor", "drill", "certificate"])
def test_what_a_timer_starts_ends_well(machine: Machine, unit: str) -> None:
    machine.run("systemctl", "start", f"hallvakt-{unit}.service")
    assert machine.shown(f"hallvakt-{unit}.service", "Result") == "success"


def test_whoever_writes_the_box_s_data_is_a_user_of_its_own(machine: Machine) -> None:
    check_apart(machine)


def test_an_exam_outlives_every_restart(machine: Machine, hall: Hall) -> None:
    machine.until("hallvakt", "metrics")
    hall.begin(LIVE)
    hall.record()
    relays = machine.says("systemctl", "list-units", "--plain", "--no-legend", "hallvakt-coturn@*")
    assert "running" in relays
    assert machine.run("pgrep", "-u", "hallvakt-relay", "turnserver").stdout
    for unit in (*UNITS, "hallvakt-coturn.socket", "hallvakt.target"):
        machine.run("systemctl", "restart", unit)
        hall.record()
    hall.check()
    assert failed(machine) == ""


def test_an_exam_outlives_a_reboot_and_a_power_cut(
    machine: Machine, hall: Hall, networks: Networks
) -> None:
    machine.reboot()
    hall.record()
    hall.check()
    machine.cut_the_power()
    machine.boot()
    hall.record()
    hall.check()
    networks.unplug(networks.up)  # a day without the internet
    machine.reboot()
    networks.plug_in(networks.up)
    hall.record()
    hall.check()
    assert failed(machine) == ""


def test_it_is_there_for_the_lan_and_for_nobody_on_the_uplink(
    machine: Machine, lan: Lan, networks: Networks
) -> None:
    with networks.gives_addresses(networks.up, UPLINK, BEYOND):
        networks.unplug(networks.up)
        networks.plug_in(networks.up)  # the school's line has come up, and somebody gives addresses
        has = f"ip route | grep 'default via {BEYOND} dev up0' && ip address | grep {UPLINK}/24"
        machine.until("sh", "-c", has)
    assert lan.do(answers(BOX, 443))
    outside = Lan(networks.up)
    try:
        assert not outside.do(answers(UPLINK, 443))
        assert not outside.do(answers(UPLINK, 80))
        assert not outside.do(answers(UPLINK, 3478))
    finally:
        outside.close()
    # Its name leads to the LAN's address, and to none of the uplink.
    assert lan.do(told_by_name("exambox", CANDIDATE)) == [BOX]
    networks.unplug(networks.up)
    machine.until("sh", "-c", "! ip route | grep default")
    networks.plug_in(networks.up)  # and nobody is there any more


def rsa_key() -> str:
    """A service account that nobody knows."""
    private = generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "box@project.iam.gserviceaccount.com",
            "private_key": pem,
            "private_key_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
    )


async def answers(address: str, port: int) -> bool:
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def told_by_name(name: str, asked_from: str) -> list[str]:
    asking = AsyncZeroconf(interfaces=[asked_from])
    try:
        service = "_https._tcp.local."
        found = await asking.async_get_service_info(service, f"{name}.{service}", timeout=60_000)
        return found.parsed_addresses() if found else []
    finally:
        await asking.async_close()


def a_night_without_a_line(machine: Machine) -> None:
    told = ("systemctl", "show", "hallvakt-fleet.service", "-PInactiveEnterTimestampMonotonic")
    before = machine.says(*told)
    machine.run("systemctl", "start", "hallvakt-syncer.service", accept=(1,))
    said = machine.journal("hallvakt-syncer.service", 10)
    assert "cannot be reached: check the line; sync goes on later" in said
    machine.until("sh", "-c", f"test $({' '.join(told)}) != {before}")  # after a failed night too


def test_a_night_without_a_line_says_so_and_the_box_stays_fit(machine: Machine) -> None:
    box = machine.root / STATE[1:] / "box.toml"
    before = box.read_text()
    box.write_text(re.sub(r"(?m)^\[cloud\]\n(?:[a-z_]+ = .*\n)*", "", before) + CLOUD)
    keys = machine.root / STATE[1:] / "keys"
    key = rsa_key()
    (keys / "gcs.json").write_text(key)
    (keys / "records.uri").write_text("mongodb://box:none@records.example/?tls=true\n")
    machine.run("sh", "-c", f"chown hallvakt: {STATE}/keys/*; chmod 600 {STATE}/keys/*")
    a_night_without_a_line(machine)
    assert "No exam needs it" in machine.says("hallvakt", "doctor")
    # The same by keys that systemd alone has, and hands to the night.
    scripts = "/opt/hallvakt/current/firmware_scripts"
    machine.run(f"{scripts}/seal_cloud_keys.py")
    assert {file.name for file in keys.iterdir()}.isdisjoint({"gcs.json", "records.uri"})
    assert "credential:hallvakt-cloud-records-uri" in box.read_text()
    a_night_without_a_line(machine)
    assert "hands to the night alone" in " ".join(machine.says("hallvakt", "doctor").split())
    with_keys = f"{scripts}/with_cloud_keys.sh"
    assert "No exam needs it" in machine.says(with_keys, "hallvakt", "doctor")
    verified = ("hallvakt", "sync", "verify")
    unhanded = machine.run("runuser", "-u", "hallvakt", "--", *verified, accept=(5,)).stderr
    assert with_keys in unhanded
    assert "check the line" in machine.run(with_keys, *verified, accept=(5,)).stderr
    machine.run("sh", "-c", "rm /etc/credstore.encrypted/hallvakt-cloud-*")
    box.write_text(before)
    machine.run("systemctl", "reset-failed")


def test_no_update_in_mid_exam_then_forward_and_back(
    machine: Machine, hall: Hall, bundles: Bundles
) -> None:
    installed = machine.says("readlink", "/opt/hallvakt/current").removeprefix("versions/")
    made = bundles.next()
    made.rename(machine.root / "hallvakt" / "next.bundle")
    update = ("bash", "/opt/hallvakt/current/firmware_scripts/update.sh")
    forward = (*update, "--bundle", "/hallvakt/next.bundle")
    machine.run(*forward, accept=(4,))
    hall.move("closed")
    until_gone = "! systemctl list-units --plain --no-legend 'hallvakt-coturn@*' | grep -q running"
    machine.until("sh", "-c", until_gone)
    assert f"version {NEXT_VERSION} runs" in machine.says(*forward)
    assert machine.says("readlink", "/opt/hallvakt/current") == f"versions/{NEXT_VERSION}"
    hall.check()
    check_apart(machine)
    assert f"version {installed} runs" in machine.says(*update, "--rollback")
    hall.check()
    assert failed(machine) == ""
