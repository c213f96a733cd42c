"""What counts as in the EU or EEA."""

from __future__ import annotations

import pytest

from appliance.adapters.cloud.residency import Member, check_location, check_members
from appliance.core.errors import Refused


@pytest.mark.parametrize(
    "location", ["EU", "EUR4", "EUROPE-NORTH1", "europe-west12", "eu-north-1", "on site"]
)
def test_inside(location: str) -> None:
    assert check_location(location) == location


@pytest.mark.parametrize(
    "location",
    [
        "",
        "US",
        "US-EAST1",
        "ASIA",
        "EUROPE-WEST2",  # London
        "EUROPE-WEST6",  # Zurich
        "EUR5",  # a dual region with London in it
        "EUROPE",
        "ON SITE",  # a store's own words are never a directory's
        "EUROPE-NORTH1 ",
    ],
)
def test_outside_or_unsaid(location: str) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        check_location(location)


def _member(host: str = "db.example", **tags: str) -> Member:
    return Member(host=host, loopback=host == "127.0.0.1", tags=tags)


def test_members_tell_by_tag() -> None:
    members = [_member(country="SE"), _member(region="EUROPE_NORTH_1"), _member(country="no")]
    assert check_members(members) == "EUROPE_NORTH_1, NO, SE"


def test_this_machine_is_on_site() -> None:
    assert check_members([_member("127.0.0.1")]) == "on site"


def test_a_listed_host_may_be_silent() -> None:
    assert check_members([_member()], trusted=("db.example",)) == "db.example"


@pytest.mark.parametrize(
    "members",
    [
        [],
        [_member()],
        [_member(country="US")],
        [_member(country="GB")],
        [_member(region="US_EAST_1")],
        [_member(country="SE", region="US_EAST_1")],  # says two things
        [_member(country="SE"), _member("other.example")],  # one of two is silent
        [_member("127.0.0.1", country="US")],  # what is said counts, also here
    ],
)
def test_one_wrong_member_is_enough(members: list[Member]) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        check_members(members, trusted=())


def test_a_listed_host_that_says_it_is_elsewhere_is_refused() -> None:
    with pytest.raises(Refused):
        check_members([_member(country="US")], trusted=("db.example",))
