"""What the doctor reads off a machine, from files as the kernel writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.adapters.host import firewall_seen, machine, storage


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
