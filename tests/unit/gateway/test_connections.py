"""Connections that ask nothing make room; those that wait for something are left alone."""

from __future__ import annotations

from appliance.web.connections import FIRST_REQUEST_S, MOST_OF_ADDRESS, Connections
from tests.support.fake_clock import FakeClock


def test_who_asks_nothing_in_time_is_ended_and_who_has_asked_is_not() -> None:
    clock = FakeClock()
    connections = Connections(clock.monotonic)
    there = {"silent": "a", "asked": "a", "asking": "b"}
    assert not connections.to_end(there)
    connections.begins("asked")
    connections.ends("asked")
    connections.begins("asking")
    clock.advance(FIRST_REQUEST_S)
    there |= {"new": "a"}
    assert list(connections.to_end(there)) == ["silent"]
    clock.advance(FIRST_REQUEST_S)
    assert list(connections.to_end({k: v for k, v in there.items() if k != "silent"})) == ["new"]


def test_an_address_with_too_many_loses_its_newest_that_wait_for_nothing() -> None:
    clock = FakeClock()
    connections = Connections(clock.monotonic)
    many = {f"m{n}": "one" for n in range(MOST_OF_ADDRESS + 3)}
    connections.begins(f"m{MOST_OF_ADDRESS + 2}")  # the newest of all, under way
    ended = connections.to_end(many | {"other": "two"})
    assert list(ended) == [f"m{n}" for n in range(MOST_OF_ADDRESS - 1, MOST_OF_ADDRESS + 2)]
