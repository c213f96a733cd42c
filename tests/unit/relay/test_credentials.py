"""Ephemeral credentials against a value computed with another tool."""

from __future__ import annotations

from appliance.adapters.relay.credentials import ephemeral
from appliance.core.ids import ViewId


def test_the_value_openssl_computes() -> None:
    # printf '1800000060:%s' $(printf 'a%.0s' {1..32}) | openssl dgst -sha1 -hmac secret -binary
    # | base64
    server = ephemeral("secret", ViewId("a" * 32), urls=(), now_ms=1_800_000_000_999, life_s=60)
    assert server.username == "1800000060:" + "a" * 32
    assert server.credential == "gxEpPkMJcFVhl3aTAbw90YYj97c="
    assert server.expires_ms == 1_800_000_060_000


def test_never_longer_than_two_minutes() -> None:
    server = ephemeral("secret", ViewId("a" * 32), urls=(), now_ms=0, life_s=3600)
    assert server.expires_ms == 120_000
