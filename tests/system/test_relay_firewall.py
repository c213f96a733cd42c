"""The relay's limits in force: real nftables and real packets, in networks of the test's own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.adapters.host.firewall_seen import named_in
from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.firewall import TABLE, no_rules, rules
from appliance.config.box import BoxConfig, RelayConfig, write
from appliance.core.checkup import CheckStatus
from appliance.core.checkup_network import relay_limits
from appliance.core.errors import BadInput
from appliance.core.ids import BoxId
from tests.support.box import ROOT, clean_environment
from tests.support.network_namespaces import run
from tests.support.two_networks import BEYOND, BOX, LAN, TwoNetworks

RELAY_USER, SOMEBODY_ELSE = 64_998, 64_997
RELAY, SECOND_RELAY = "198.18.77.1", "198.18.77.2"
PLAN = RelayPlan(relay_address=RELAY, listen=BOX)
MEDIA_PORT = PLAN.first_media_port + 7

pytestmark = pytest.mark.skipif(
    shutil.which("nft") is None or os.geteuid() != 0,
    reason="needs nftables, and root for networks of its own",
)

# Listens in one network, speaks in the other, and prints whether a packet arrived. A `reply` goes
# from the listener's end to who spoke first.
_LISTEN = """
import socket, sys
address, port, answers = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "answers"
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
here.bind((address, port))
here.settimeout(90)
print("listening", flush=True)
while True:
    said, who = here.recvfrom(64)
    if said == b"end":
        break
    print(said.decode(), flush=True)
    if answers:
        here.sendto(b"reply", who)
"""
_SPEAK = """
import socket, sys
address, port = sys.argv[1], int(sys.argv[2])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.settimeout(float(sys.argv[3]))
try:
    out.sendto(b"hello", (address, port))
    print(out.recv(64).decode() if float(sys.argv[3]) else "sent")
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def networks() -> Iterator[TwoNetworks]:
    with TwoNetworks(RELAY, SECOND_RELAY) as networks:
        _nft(networks, rules(PLAN, str(RELAY_USER)))
        yield networks


def _nft(networks: TwoNetworks, text: str) -> None:
    run(*networks.inside("box"), "nft", "-f", "-", given=text)


def _as(user: int) -> tuple[str, ...]:
    """What runs as that user keeps reading this Python, wherever it lies: it has root's groups and
    the one capability for that; the packet still carries the user's number."""
    return (
        *("setpriv", f"--reuid={user}", "--keep-groups", "--inh-caps=+dac_read_search"),
        *("--ambient-caps=+dac_read_search", "--"),
    )


def _sent(words: tuple[str, ...], user: int, address: str, port: int) -> str:
    speak = [*words, *_as(user), sys.executable, "-c", _SPEAK, address, str(port), "0"]
    return subprocess.run(speak, capture_output=True, text=True, timeout=120).stdout.strip()


def _refused(networks: TwoNetworks) -> int:
    """Packets that met the last rule of each chain."""
    done = subprocess.run(
        [*networks.inside("box"), "nft", "--json", "list", "table", "inet", "hallvakt"],
        capture_output=True,
        text=True,
        check=True,
    )
    counters = [
        word["counter"]["packets"]
        for entry in json.loads(done.stdout)["nftables"]
        for word in entry.get("rule", {}).get("expr", [])
        if "counter" in word
    ]
    return sum(counters)


@pytest.mark.parametrize(
    ("address", "port"),
    [
        (LAN, 445),  # another machine of the school
        (LAN, MEDIA_PORT),
        (BEYOND, 443),  # beyond it
        (BOX, 8443),  # the box's own services
        ("127.0.0.1", 5432),
        (RELAY, 22),  # its own address, but no media port
        ("198.18.77.9", MEDIA_PORT),  # an address next to it
    ],
)
def test_the_relay_s_user_sends_to_nobody(networks: TwoNetworks, address: str, port: int) -> None:
    before = _refused(networks)
    assert _sent(networks.inside("box"), RELAY_USER, address, port) != "sent"
    assert _refused(networks) == before + 1
    assert _sent(networks.inside("box"), SOMEBODY_ELSE, address, port) == "sent"
    assert _refused(networks) == before + 1


@pytest.mark.parametrize("address", [RELAY, SECOND_RELAY])
def test_it_sends_from_one_view_s_end_to_the_other(networks: TwoNetworks, address: str) -> None:
    before = _refused(networks)
    assert _sent(networks.inside("box"), RELAY_USER, address, MEDIA_PORT) == "sent"
    assert _refused(networks) == before


def test_it_answers_who_came_from_the_lan(networks: TwoNetworks) -> None:
    listen = [*networks.inside("box"), *_as(RELAY_USER), sys.executable, "-c", _LISTEN]
    with subprocess.Popen(
        [*listen, BOX, "3478", "answers"], stdout=subprocess.PIPE, text=True
    ) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        speak = [*networks.inside("lan"), sys.executable, "-c", _SPEAK, BOX, "3478", "90"]
        heard = subprocess.run(speak, capture_output=True, text=True, timeout=120).stdout.strip()
        listener.kill()
    assert heard == "reply"


def test_the_relay_address_is_reached_from_no_cable(networks: TwoNetworks) -> None:
    before = _refused(networks)
    _sent(networks.inside("lan"), 0, RELAY, MEDIA_PORT)
    _sent(networks.inside("lan"), 0, SECOND_RELAY, 22)
    deadline = time.monotonic() + 90
    while _refused(networks) < before + 2:
        assert time.monotonic() < deadline, "the packets went somewhere else"
        time.sleep(0.05)
    assert _refused(networks) == before + 2


def _listed(networks: TwoNetworks) -> str:
    listing = [*networks.inside("box"), "nft", "list", "table", "inet", TABLE]
    return subprocess.run(listing, check=True, capture_output=True, text=True).stdout


def test_on_the_uplink_s_card_nobody_reaches_the_box(networks: TwoNetworks) -> None:
    """The cable of these networks is the uplink's for once; what the box asks there is answered."""
    apart = rules(PLAN, str(RELAY_USER), uplink="lan0", ports=[443, 80])
    _nft(networks, apart)
    try:
        assert named_in(_listed(networks)) == {"lan0"}  # as the doctor reads it
        for number, port in enumerate((443, 80, PLAN.port), start=1):
            before = _refused(networks)
            _sent(networks.inside("lan"), 0, BOX, port)
            deadline = time.monotonic() + 90
            while _refused(networks) == before:
                assert time.monotonic() < deadline, f"packet {number} was let in"
                time.sleep(0.05)
        before = _refused(networks)
        assert _sent(networks.inside("box"), SOMEBODY_ELSE, BEYOND, 443) == "sent"
        assert _refused(networks) == before
    finally:
        _nft(networks, rules(PLAN, str(RELAY_USER)))
    assert named_in(_listed(networks)) == set()


def test_loading_twice_is_loading_once_and_unloading_leaves_nothing(networks: TwoNetworks) -> None:
    listing = [*networks.inside("box"), "nft", "list", "ruleset"]
    before = subprocess.run(listing, capture_output=True, text=True).stdout.count("table inet")
    _nft(networks, rules(PLAN, str(RELAY_USER)))
    now = subprocess.run(listing, capture_output=True, text=True).stdout
    assert now.count("table inet") == before == 1
    assert now.count("chain relay") == 1
    _nft(networks, no_rules())
    _nft(networks, no_rules())
    assert subprocess.run(listing, capture_output=True, text=True).stdout == ""
    _nft(networks, rules(PLAN, str(RELAY_USER)))


def test_rules_that_another_firewall_swept_away_are_missed(networks: TwoNetworks) -> None:
    """As Debian's nftables.service does it when somebody restarts or reloads it."""
    code = (
        "from appliance.adapters.host.firewall_seen import is_in_force\n"
        f"print(is_in_force({TABLE!r}))\n"
    )
    look = [*networks.inside("box"), sys.executable, "-c", code]

    def found() -> str:
        done = subprocess.run(look, capture_output=True, text=True, cwd=ROOT, timeout=100)
        return done.stdout.strip() or done.stderr

    assert found() == "True"
    _nft(networks, "flush ruleset\n")
    try:
        assert found() == "False"
    finally:
        _nft(networks, rules(PLAN, str(RELAY_USER)))
    assert relay_limits(None, True) == relay_limits(False, False) == []  # not to be seen, not meant
    assert [check.status for check in relay_limits(True, True)] == [CheckStatus.OK]
    (gone,) = relay_limits(False, True)
    assert gone.status is CheckStatus.FAIL
    assert "systemctl restart hallvakt-firewall" in gone.advice


def test_the_unit_loads_them_from_box_toml_under_its_own_rules(
    networks: TwoNetworks, tmp_path: Path
) -> None:
    """With the one capability it has, and the system calls it is left."""
    relay = RelayConfig(relay_host="198.18.90.1", min_port=51_000, max_port=51_999)
    write(tmp_path, BoxConfig(box_id=BoxId("0" * 32), relay=relay))
    unit = str(ROOT / "systemd" / "hallvakt-firewall.service")
    sandbox = (sys.executable, "-m", "tests.support.unit_sandbox", unit)
    capable = ("setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all,+net_admin", "--")
    command = (sys.executable, "-m", "appliance.cli.main", "relay", "firewall")
    in_box = (*networks.inside("box"), *capable, *sandbox, *command)
    words = ("--load", "--user", str(RELAY_USER), "--state", str(tmp_path))
    run = functools.partial(
        subprocess.run, capture_output=True, text=True, cwd=ROOT, env=clean_environment()
    )
    done = run([*in_box, *words])
    assert done.returncode == 0, done.stderr
    assert _sent(networks.inside("box"), RELAY_USER, RELAY, MEDIA_PORT) != "sent"
    listing = [*networks.inside("box"), "nft", "list", "ruleset"]
    assert "198.18.90.1-198.18.90.4 udp dport 51000-51999 accept" in run(listing).stdout
    done = run([*in_box, "--unload"])
    assert done.returncode == 0, done.stderr
    assert run(listing).stdout == ""
    _nft(networks, rules(PLAN, str(RELAY_USER)))


def test_a_name_that_is_none_gets_into_no_rule() -> None:
    with pytest.raises(BadInput):
        rules(PLAN, 'x" accept; meta skuid "y')
