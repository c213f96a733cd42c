"""Each reading is judged at its threshold, and every finding says what to do."""

from __future__ import annotations

import pytest

from appliance.cli.init import check_clock, check_uplink
from appliance.core import checkup, checkup_network
from appliance.core.checkup import Check, CheckStatus
from appliance.core.checkup_cloud import cloud_logins
from appliance.core.checkup_credentials import cloud_keys_refused, pepper_refused
from appliance.core.checkup_erased import held_back, left_to_delete
from appliance.core.checkup_microphone import microphone, microphone_now
from appliance.core.errors import BadInput
from appliance.core.feed import HallMicrophoneState as Heard
from appliance.processes.checkup_outside import microphones

OK, WARN, FAIL = CheckStatus.OK, CheckStatus.WARN, CheckStatus.FAIL
GB = 1_000_000_000

_JUDGED: list[tuple[Check, CheckStatus]] = [
    (pepper_refused(), FAIL),
    (cloud_keys_refused(), FAIL),
    (checkup.disk_room(9 * GB, 500 * GB), OK),
    (checkup.disk_room(7 * GB, 500 * GB), WARN),
    (checkup.disk_room(1 * GB, 500 * GB), FAIL),
    (checkup.disk_writes("ext4", 4.0), OK),
    (checkup.disk_writes("ext4", 200.0), WARN),
    (checkup.disk_writes("ext4", 2000.0), FAIL),
    (checkup.disk_writes("ext4", 0.001), WARN),  # a cache that lies
    (checkup.disk_writes("tmpfs", 0.001), FAIL),
    (checkup.disk_health([("sda", True)]), OK),
    (checkup.disk_health([("sda", True), ("sdb", None)]), WARN),
    (checkup.disk_health([]), WARN),
    (checkup.disk_health([("sda", None), ("sdb", False)]), FAIL),
    (checkup.disk_health([("sda", None)], may_ask=False), WARN),
    (checkup.disk_health([("sda", True)], may_ask=False), OK),
    (checkup.memory(8 * GB, 6 * GB, 0), OK),
    (checkup.memory(8 * GB, 6 * GB, 2 * GB), WARN),
    (checkup.memory(2 * GB, 1 * GB, 0), WARN),
    (checkup.memory(1 * GB, 1 * GB, 0), FAIL),
    (checkup.memory(8 * GB, GB // 2, 0), OK),
    (checkup.memory(8 * GB, GB // 3, 0), WARN),  # something else has taken it
    (checkup.versions("Hallvakt 2", [], []), OK),
    (checkup.versions("Hallvakt 2", ["1", "2"], []), FAIL),
    (checkup.versions("Hallvakt 2", [], ["1", "2", "2"]), OK),
    (checkup.versions("Hallvakt 1", [], ["1", "2", "1"]), WARN),
    (checkup.clock(2e9, True, "chrony", 1.9e9), OK),
    (checkup.clock(2e9, False, "", 1.9e9), WARN),
    (checkup.clock(0.0, True, "chrony", 1.9e9), FAIL),  # the battery is empty: 1970
    (checkup_network.cards([]), FAIL),
    (checkup_network.names({"box": ["127.0.1.1"]}, ["10.0.0.5"]), OK),  # Debian's own host name
    (checkup_network.names({"box": ["2001:db8::5"]}, ["10.0.0.5"]), OK),
    (checkup_network.names({"box": ["10.0.0.6", "10.0.0.5"]}, ["10.0.0.5"]), OK),
    (checkup_network.names({"box": ["10.0.0.6"]}, []), WARN),
    (checkup_network.names({"box": []}, ["10.0.0.5"]), WARN),
    (checkup_network.lan_name("a.local", [], "https://a.local"), OK),
    (checkup_network.lan_name("a.local", ["10.0.0.7"], "https://10.0.0.5"), WARN),
    (checkup_network.lan_name("a.local", ["10.0.0.7"], "https://a.local:8443"), FAIL),
    (
        checkup_network.lan_name("a.local", ["10.0.0.7"], "https://a.local", "https://10.0.0.5"),
        FAIL,
    ),
    (checkup_network.halls_on_a_cable(["hall20", "hall21"], "eth0", ""), OK),
    (checkup_network.halls_on_a_cable(["hall20", "net99"], "eth0", "net99"), WARN),
    (checkup_network.lan_not_asked("a.local", "No such device"), WARN),
    (checkup.uplink("eth1", ["eth0", "eth1"], "", None), OK),  # the gateway cannot see
    (checkup.uplink("eth1", ["eth0", "eth1"], "eth1", {"eth0"}), FAIL),
    (microphone("", None), OK),
    (microphone("USB", ["HD USB Audio: - (hw:1,0)"]), OK),
    (microphone("USB", ["default"]), WARN),
    (microphone("USB", None), WARN),
    (microphone_now("", ()), OK),
    (microphone_now("USB", ()), OK),
    (microphone_now("USB", {Heard.OFF, Heard.HEARD}), OK),
    (microphone_now("USB", {Heard.STARTING}), OK),
    (microphone_now("USB", {Heard.HEARD, Heard.NOT_HEARD}), WARN),
    (checkup.relay_version((4, 10, 0)), OK),
    (checkup.relay_version((4, 6, 1)), WARN),
    (checkup.relay_version(None), FAIL),
    (checkup.sqlite_version((3, 51, 3)), OK),
    (checkup.sqlite_version((3, 40, 1)), FAIL),
    (checkup.backlog(0, None), OK),
    (checkup.backlog(5 * GB, 1.0), OK),
    (checkup.backlog(5 * GB, 4.0), WARN),
    (left_to_delete(1)[0], WARN),
    (held_back("48 h 0 min forward")[0], WARN),
    (cloud_logins(verifier=True, eraser=True), OK),
    (cloud_logins(verifier=False, eraser=True), WARN),
    (cloud_logins(verifier=True, eraser=False), WARN),
]


@pytest.mark.parametrize(("check", "status"), _JUDGED, ids=lambda value: str(value)[:60])
def test_a_reading_is_judged(check: Check, status: CheckStatus) -> None:
    assert check.status is status
    assert check.detail
    assert bool(check.advice) == (status is not OK)


def test_the_worst_finding_decides() -> None:
    good = checkup.ok("a", "fine")
    assert checkup.worst([]) is OK
    assert checkup.worst([good, checkup.warn("b", "hm", "look")]) is WARN
    assert checkup.worst([checkup.fail("c", "no", "mend"), good]) is FAIL


@pytest.mark.parametrize(
    ("named", "cards", "leads_out", "status"),
    [
        ("", ["eth0"], "eth0", CheckStatus.OK),
        ("", ["eth0", "eth1"], "eth1", CheckStatus.WARN),
        ("eth1", ["eth0", "eth1"], "eth1", CheckStatus.OK),
        ("eth1", ["eth0", "eth1"], "", CheckStatus.OK),
        ("eth1", ["eth0", "eth1"], "eth0", CheckStatus.WARN),
        ("eth1", ["eth0"], "eth0", CheckStatus.WARN),
    ],
)
def test_a_card_towards_the_internet_is_named_and_there(
    named: str, cards: list[str], leads_out: str, status: CheckStatus
) -> None:
    found = checkup.uplink(named, cards, leads_out, {named})
    assert found.status is status
    assert bool(found.advice) == (status is not CheckStatus.OK)


def test_a_misspelt_card_is_told_from_a_firewall_that_does_not_run() -> None:
    found = checkup.uplink("eht1", ["eth0"], "eth1", set(), ["eth0", "eth1"])
    assert (found.status, found.detail) == (FAIL, "this machine has no card eht1 but eth0, eth1")
    assert "web.uplink" in found.advice
    # A card that was taken out is closed by its name still, and no exam needs it.
    assert checkup.uplink("eth1", ["eth0"], "", {"eth1"}, ["eth0"]).status is WARN
    # One without a cable is there.
    down = checkup.uplink("eth1", ["eth0"], "", set(), ["eth0", "eth1"])
    assert "firewall" in down.detail


def test_a_box_is_not_made_with_a_misspelt_card_towards_the_internet() -> None:
    check_uplink("", [])
    check_uplink("eth1", ["eth0", "eth1"])
    with pytest.raises(BadInput, match="no network card eht1, but eth0, eth1"):
        check_uplink("eht1", ["eth0", "eth1"])


def test_a_disk_that_may_not_be_asked_sends_to_root_and_not_to_a_package() -> None:
    assert "as root" in checkup.disk_health([("sda", None)], may_ask=False).advice
    assert "smartmontools" in checkup.disk_health([("sda", None)]).advice


def test_no_box_is_made_by_a_clock_that_is_before_its_own_program() -> None:
    """Its certificates would have ended before anybody could use them."""
    check_clock(1.9e9, 1.9e9)
    check_clock(1.9e9 - 3600, 1.9e9)  # a time zone wrong
    with pytest.raises(BadInput, match="timedatectl"):
        check_clock(0.0, 1.9e9)


def test_what_only_plays_is_no_microphone() -> None:
    devices = [
        {"name": "HDMI", "max_input_channels": 0, "max_output_channels": 8},
        {"name": "USB", "max_input_channels": 1, "max_output_channels": 0},
        {"name": "headset", "max_input_channels": 1, "max_output_channels": 2},
    ]
    assert microphones(devices) == ["USB", "headset"]
