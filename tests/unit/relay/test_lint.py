"""A coturn configuration that somebody loosened is not used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.relay.configuration import RelayPlan, render, slot
from appliance.adapters.relay.lint import checked, lint
from appliance.core.errors import WrongConfiguration

PLAN = RelayPlan(relay_address="198.18.77.1", listen="10.77.0.1")
TLS = replace(PLAN, tls_port=5349, certificate=Path("/c.pem"), private_key=Path("/k.pem"))
LOOPBACK = replace(PLAN, relay_address="127.77.0.1")
SECRET = "s" * 64


def _text(plan: RelayPlan = TLS) -> str:
    return render(plan, slot(plan, 0), secret=SECRET, directory=Path("/run/relay"))


@pytest.mark.parametrize("plan", [PLAN, TLS, LOOPBACK])
def test_what_is_rendered_is_tight(plan: RelayPlan) -> None:
    assert lint(_text(plan)) == []
    assert checked(_text(plan)) == _text(plan)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("denied-peer-ip=0.0.0.0-255.255.255.255", "not all of IPv4 is denied"),
        ("denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not all of IPv6"),
        ("allowed-peer-ip=198.18.77.1", "allowed-peer-ip must stand there once"),
        ("relay-ip=198.18.77.1", "relay-ip must"),
        (f"static-auth-secret={SECRET}", "static-auth-secret must"),
        ("listening-ip=10.77.0.1", "listening-ip must be one address"),
        ("use-auth-secret", "use-auth-secret is missing"),
        ("no-multicast-peers", "no-multicast-peers is missing"),
        ("no-tcp-relay", "no-tcp-relay is missing"),
        ("no-cli", "no-cli is missing"),
        ("no-rfc5780", "no-rfc5780 is missing"),
        ("no-dynamic-ip-list", "no-dynamic-ip-list is missing"),
        ("no-dynamic-realms", "no-dynamic-realms is missing"),
        ("user-quota=8", "user-quota must be a limit"),
        ("total-quota=64", "total-quota must be a limit"),
        ("max-bps=250000", "max-bps must be a limit"),
        ("no-tlsv1", "no-tlsv1 is missing"),
    ],
)
def test_a_line_that_is_taken_away_or_commented_out_is_missed(line: str, says: str) -> None:
    text = _text()
    assert text.count(f"{line}\n") == 1
    for changed in (text.replace(f"{line}\n", ""), text.replace(f"{line}\n", f"#{line}\n")):
        assert any(fault.startswith(says) for fault in lint(changed)), lint(changed)
        with pytest.raises(WrongConfiguration, match="not used"):
            checked(changed)


@pytest.mark.parametrize(
    "line",
    [
        "allow-loopback-peers",
        "allowed-peer-ip=10.77.0.1",
        "allowed-peer-ip=0.0.0.0-255.255.255.255",
        "relay-ip=fd00::1",
        "relay-ip=10.77.0.1",
        "listening-ip=10.78.0.1",
        "static-auth-secret=known",
        "no-auth",
        "server-relay",
        "cli-password=x",
        "user=a:b",
        "external-ip=10.77.0.1",
    ],
)
def test_a_line_that_is_put_in_is_noticed(line: str) -> None:
    assert lint(f"{_text()}{line}\n")
    assert not any(SECRET in fault for fault in lint(f"{_text()}{line}\n"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("198.18.77.1", "127.0.0.1"),  # others listen there
        ("198.18.77.1", "10.77.0.1"),  # the box's own address on the LAN
        ("relay-ip=198.18.77.1", "relay-ip=fd00::1"),
        ("allowed-peer-ip=198.18.77.1", "allowed-peer-ip=198.18.77.1-198.18.77.255"),
        ("0.0.0.0-255.255.255.255", "10.0.0.0-10.255.255.255"),
        ("user-quota=8", "user-quota=0"),
        ("max-bps=250000", "max-bps="),
    ],
)
def test_a_value_that_is_changed_is_noticed(old: str, new: str) -> None:
    assert old in _text()
    assert lint(_text().replace(old, new))


def test_a_value_of_box_toml_brings_no_line_of_its_own() -> None:
    plan = replace(PLAN, listen="10.77.0.1\nallowed-peer-ip=10.77.0.1")
    with pytest.raises(WrongConfiguration, match="not used"):
        checked(_text(plan))
