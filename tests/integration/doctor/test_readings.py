"""What the doctor reads off a machine, from files as the kernel writes them."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.adapters.host import firewall_seen, machine, storage
from appliance.core.checkup import CheckStatus
from appliance.processes.checkup_machine import tpm_check
from appliance.processes.checkup_network import network_cards_check
from appliance.processes.checkup_parts import clock_check

_UNSYNC, _CLOCKERR = 0x0040, 0x1000  # adjtimex(2)


def test_a_security_chip_is_there_where_the_kernel_gives_it_out(tmp_path: Path) -> None:
    """By its resource manager (Linux, drivers/char/tpm): a chip of version 1.2 has none."""
    (tmp_path / "tpm0").touch()
    assert tpm_check(tmp_path)[0].status is CheckStatus.WARN
    (tmp_path / "tpmrm0").touch()
    assert tpm_check(tmp_path)[0].status is CheckStatus.OK


def test_memory_and_swap_are_told_in_bytes(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(
        "MemTotal:        8000000 kB\nMemFree:  1000000 kB\nMemAvailable:    6000000 kB\n"
        "SwapTotal:       2000000 kB\nHugePages_Total:       0\n"
    )
    read = machine.memory(meminfo)
    assert (read.total, read.available, read.swap) == (8192000000, 6144000000, 2048000000)


def test_cards_without_the_loopback_device(tmp_path: Path) -> None:
    for name, state, speed in (("eth0", "up", "1000"), ("wlan0", "down", "-1"), ("lo", "up", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "operstate").write_text(state + "\n")
        (tmp_path / name / "speed").write_text(speed)
    cards = [(card.name, card.state, card.speed) for card in machine.network_cards(tmp_path)]
    assert cards == [("eth0", "up", 1000), ("wlan0", "down", None)]


def test_a_running_time_service_is_named(tmp_path: Path) -> None:
    assert machine.time_source(tmp_path).service == ""
    (tmp_path / "chrony").mkdir()
    (tmp_path / "chrony" / "chronyd.pid").write_text("1")
    assert machine.time_source(tmp_path).service == "chrony"


_TIME_ERROR, _NTPTIMEVAL_BYTES = 5, 128  # ntp_gettime(3); larger than the struct is


def test_the_kernel_s_word_on_its_clock_is_what_the_c_library_says() -> None:
    status, libc = machine.clock_status(), ctypes.CDLL(None)
    in_error = libc.ntp_gettime(ctypes.create_string_buffer(_NTPTIMEVAL_BYTES)) == _TIME_ERROR
    assert bool(status & (_UNSYNC | _CLOCKERR)) == in_error


def _refused() -> int:
    raise PermissionError(1, "Operation not permitted")  # as ProtectClock has it


@pytest.mark.parametrize(
    ("status", "service", "wanted", "said"),
    [
        (lambda: 0x2001, "chrony", CheckStatus.OK, "synchronised (chrony)"),
        (lambda: 0x2001, "", CheckStatus.OK, "synchronised (by the kernel)"),
        # A service that runs and has not reached its server: the kernel's word counts.
        (lambda: 0x2001 | _UNSYNC, "chrony", CheckStatus.WARN, "not synchronised (chrony)"),
        (lambda: _UNSYNC, "", CheckStatus.WARN, "not synchronised (no time service runs)"),
        (_refused, "chrony", CheckStatus.OK, "synchronised (chrony)"),
        (_refused, "", CheckStatus.WARN, "not synchronised (no time service runs)"),
    ],
)
def test_a_clock_is_good_when_the_kernel_says_that_it_is_kept(
    status: Callable[[], int], service: str, wanted: CheckStatus, said: str, tmp_path: Path
) -> None:
    if service:
        (tmp_path / "chrony").mkdir()
        (tmp_path / "chrony" / "chronyd.pid").touch()
    (check,) = clock_check(tmp_path, status)
    assert check.status is wanted
    assert check.detail.startswith(said)


@pytest.mark.parametrize(
    ("speeds", "uplink", "wanted", "said"),
    [
        ({"lan0": "1000"}, "", CheckStatus.OK, "lan0 up 1000 Mbit/s"),
        ({"lan0": "100"}, "", CheckStatus.WARN, "about 300 candidates"),
        ({"lan0": "10"}, "", CheckStatus.WARN, "about 30 candidates"),
        ({"lan0": "1000", "lan1": "10"}, "", CheckStatus.WARN, "about 30 candidates"),
        ({"lan0": "1000", "up0": "100"}, "up0", CheckStatus.OK, "up0 up 100 Mbit/s"),
        ({"lan0": "-1"}, "", CheckStatus.OK, "lan0 up"),  # as many virtual cards
    ],
)
def test_a_slow_card_of_the_candidates_is_told_with_how_many_it_holds(
    speeds: dict[str, str], uplink: str, wanted: CheckStatus, said: str, tmp_path: Path
) -> None:
    for card, speed in speeds.items():
        (tmp_path / card).mkdir()
        (tmp_path / card / "operstate").write_text("up\n")
        (tmp_path / card / "speed").write_text(speed + "\n")
    check = network_cards_check(uplink=uplink, devices=tmp_path)
    assert check.status is wanted
    assert said in f"{check.detail} {check.advice}"


def test_a_name_that_nobody_knows_has_no_address() -> None:
    found = machine.addresses_of(("localhost", "no-such-name.invalid"))
    assert found["localhost"]
    assert found["no-such-name.invalid"] == ()


def test_the_disk_is_written_for_real_and_left_clean(tmp_path: Path) -> None:
    assert storage.fsync_ms(tmp_path) > 0
    assert list(tmp_path.iterdir()) == []
    room = storage.room(tmp_path)
    assert 0 < room.free <= room.total
    assert storage.file_system(Path("/proc")) == "proc"


_ROUTES = """Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 0000A8C0 00000000 0001 0 0 0 00FFFFFF 0 0 0
eth0 00000000 0100A8C0 0003 0 0 600 00000000 0 0 0
eth1 00000000 0100010A 0003 0 0 100 00000000 0 0 0
"""


def test_the_way_out_is_the_default_route_of_least_metric(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    routes.write_text(_ROUTES)
    assert machine.card_to_the_internet(routes) == "eth1"
    routes.write_text("\n".join(_ROUTES.splitlines()[:2]))
    assert machine.card_to_the_internet(routes) == ""


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (b'{"smart_status": {"passed": true, "nvme": {"value": 0}}}', True),
        (b'{"smart_status": {"passed": false}}', False),
        (b'{"smartctl": {"exit_status": 2}, "device": {"type": "scsi"}}', None),  # a virtual disk
        (b'{"smart_status": {}}', None),
        (b'{"smart_status": {"passed": "yes"}}', None),
        (b'{"smart_status": null}', None),
        (b"[]", None),
        (b"smartctl: command not understood", None),
        (b"", None),
    ],
)
def test_smart_s_verdict_is_taken_only_where_it_is_one(said: bytes, verdict: bool | None) -> None:
    assert storage.verdict(said) is verdict


def test_only_physical_disks_are_asked(tmp_path: Path) -> None:
    for name in ("no-such-disk-b", "no-such-disk-a", "loop0"):
        (tmp_path / name).mkdir()
    for name in ("no-such-disk-b", "no-such-disk-a"):
        (tmp_path / name / "device").mkdir()
    assert storage.health(tmp_path) == [("no-such-disk-a", None), ("no-such-disk-b", None)]


_TABLE = """table inet hallvakt {
\tchain input {
\t\ttype filter hook input priority filter; policy accept;
\t\tiifname != "lo" ip daddr 198.18.77.1-198.18.77.4 counter packets 0 bytes 0 drop
\t\tiifname "eth1" meta l4proto { tcp, udp } th dport { 80, 443 } counter packets 7 bytes 9 drop
\t\tiifname "eth2" tcp dport 22 accept
\t}
}
"""


def test_a_closed_card_is_read_off_the_firewall() -> None:
    assert firewall_seen.named_in(_TABLE) == {"eth1"}
    assert firewall_seen.named_in("") == set()


def test_a_vlan_is_told_from_the_cable_that_carries_it(tmp_path: Path) -> None:
    (tmp_path / "eth0" / "upper_hall20").mkdir(parents=True)
    (tmp_path / "hall20" / "lower_eth0").mkdir(parents=True)
    assert [machine.cable_of(card, tmp_path) for card in ("eth0", "hall20")] == ["", "eth0"]


@pytest.mark.parametrize(
    ("host", "uplink", "wanted"),
    [
        ("0.0.0.0", "eth2", 100),  # of both that candidates reach it by, the slower
        ("10.1.0.5", "eth2", 1000),
        ("10.2.0.5", "", 100),
        ("0.0.0.0", "", 100),
        ("203.0.113.7", "", 10_000),
        ("127.0.0.1", "", None),
        ("10.3.0.5", "", None),  # a card that tells none
    ],
)
def test_the_network_s_speed_is_that_of_the_candidates_card(
    host: str, uplink: str, wanted: int | None, tmp_path: Path
) -> None:
    for card, speed in (("eth0", "1000"), ("eth1", "100"), ("eth2", "10000"), ("wlan0", "-1")):
        (tmp_path / card).mkdir()
        (tmp_path / card / "speed").write_text(speed)
    addresses = [
        ("lo", "127.0.0.1"), ("eth0", "10.1.0.5"), ("eth1", "10.2.0.5"), ("eth2", "203.0.113.7"),
        ("wlan0", "10.3.0.5"),
    ]  # fmt: skip
    found = machine.lan_bit_s(host=host, uplink=uplink, devices=tmp_path, addresses=addresses)
    assert found == (None if wanted is None else wanted * 1_000_000)


def test_how_long_a_write_takes_is_told_until_it_is_on_the_disk(tmp_path: Path) -> None:
    """A disk that needs 20 ms for it, whatever its cache says before."""
    asked = f"from pathlib import Path; from {storage.__name__} import fsync_ms; "
    asked += f"print(fsync_ms(Path({str(tmp_path)!r})))"
    slow = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:delay_enter=20000"]
    done = subprocess.run(
        [*slow, sys.executable, "-c", asked], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) >= 20.0
