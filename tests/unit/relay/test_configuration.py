"""What the rendered coturn configuration says, and how plans are shared between exams."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.adapters.relay.configuration import RelayPlan, render, slot
from appliance.core.errors import WrongConfiguration

PLAN = RelayPlan(relay_address="198.18.77.1", listen="10.77.0.1")
TLS = replace(PLAN, tls_port=5349, certificate=Path("/c.pem"), private_key=Path("/k.pem"))


def _lines(plan: RelayPlan, number: int = 0) -> list[str]:
    text = render(plan, slot(plan, number), secret="s" * 64, directory=Path("/run/relay"))
    return text.splitlines()


def test_everything_is_denied_and_one_address_allowed() -> None:
    lines = _lines(PLAN)
    assert [line for line in lines if line.startswith("denied-peer-ip=")] == [
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ]
    assert [line for line in lines if line.startswith("allowed-peer-ip=")] == [
        "allowed-peer-ip=198.18.77.1"
    ]
    assert [line for line in lines if line.startswith("relay-ip=")] == ["relay-ip=198.18.77.1"]
    assert {"no-tcp-relay", "no-multicast-peers", "no-cli", "use-auth-secret"} <= set(lines)
    assert "allow-loopback-peers" not in lines


def test_limits_hold_what_views_ask_and_no_more_than_the_ports_there_are() -> None:
    def limits(plan: RelayPlan) -> dict[str, str]:
        found = (line.partition("=") for line in _lines(plan))
        return {key: value for key, _, value in found if "quota" in key or "bps" in key}

    assert limits(PLAN) == {
        "user-quota": "8",
        "total-quota": "64",
        "max-bps": "250000",
        "bps-capacity": "16000000",  # or the last of the 64 would be refused by this
    }
    assert limits(replace(PLAN, last_media_port=50_159))["total-quota"] == "40"


def test_nothing_is_logged_and_that_is_said_before_anything_can_be_complained_about() -> None:
    assert _lines(PLAN)[:2] == ["log-file=/dev/null", "simple-log"]  # without: a name with a date


def test_loopback_peers_only_for_a_relay_on_loopback() -> None:
    lines = _lines(replace(PLAN, relay_address="127.77.0.1"))
    assert "allow-loopback-peers" in lines
    assert "denied-peer-ip=0.0.0.0-255.255.255.255" in lines


def test_on_all_addresses_each_that_is_there_has_a_socket_of_its_own() -> None:
    own = ["10.77.0.1", "10.78.0.1", "198.18.77.2"]  # the last is for the second exam's relay

    def listening(plan: RelayPlan) -> list[str]:
        text = render(
            plan, slot(plan, 0), secret="s", directory=Path("/run/relay"), own_addresses=own
        )
        found = [line.partition("=") for line in text.splitlines()]
        return [value for key, _, value in found if key == "listening-ip"]

    assert listening(replace(PLAN, listen="0.0.0.0")) == ["0.0.0.0", *own[:2]]
    assert listening(PLAN) == ["10.77.0.1"]


def test_tls_needs_a_certificate() -> None:
    assert {"no-tls", "no-dtls"} <= set(_lines(replace(PLAN, tls_port=5349)))
    lines = _lines(TLS)
    assert {"tls-listening-port=5349", "cert=/c.pem", "pkey=/k.pem"} <= set(lines)
    assert {"no-tlsv1", "no-tlsv1_1", "no-dtls"} <= set(lines)


def test_exams_share_nothing() -> None:
    slots = [slot(TLS, number) for number in range(TLS.exams_at_once)]
    assert len({s.relay_address for s in slots}) == len({s.port for s in slots}) == len(slots)
    assert len({s.tls_port for s in slots}) == len(slots)
    for before, after in pairwise(slots):
        assert before.last_media_port < after.first_media_port
    assert slots[-1].last_media_port <= TLS.last_media_port


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, relay_address="fd00::1"),  # an IPv6 relay address is the CVE's way in
        replace(PLAN, relay_address="relay.example"),
        replace(PLAN, first_media_port=50_000, last_media_port=50_050),
    ],
)
def test_a_plan_that_cannot_work_is_refused(plan: RelayPlan) -> None:
    with pytest.raises(WrongConfiguration):
        slot(plan, 0)
