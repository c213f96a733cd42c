"""Which places lie in the EU or the EEA. Pure.

Sources: Google Cloud Storage bucket locations and AWS region list (July 2026), ISO 3166-1 for
countries. London (europe-west2, eu-west-2) and Zurich (europe-west6, eu-central-2) are in Europe
but not in the EEA, so they are not here; nor is any dual region that includes them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.core.errors import Refused

ON_SITE = "on site"

_GCS = {
    "EU": "EU, several countries",
    "EUR4": "Finland and the Netherlands",
    "EUROPE-CENTRAL2": "Warsaw",
    "EUROPE-NORTH1": "Hamina",
    "EUROPE-NORTH2": "Stockholm",
    "EUROPE-SOUTHWEST1": "Madrid",
    "EUROPE-WEST1": "St. Ghislain",
    "EUROPE-WEST3": "Frankfurt",
    "EUROPE-WEST4": "Eemshaven",
    "EUROPE-WEST8": "Milan",
    "EUROPE-WEST9": "Paris",
    "EUROPE-WEST10": "Berlin",
    "EUROPE-WEST12": "Turin",
}
_AWS = ("EU-NORTH-1", "EU-WEST-1", "EU-WEST-3", "EU-CENTRAL-1", "EU-SOUTH-1", "EU-SOUTH-2")
_EU = (
    *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE"),
    *("IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"),
)
_COUNTRIES = frozenset((*_EU, "IS", "LI", "NO"))  # the EEA is the EU and these


def _plain(place: str) -> str:
    """Providers write one region as `europe-north1`, `EUROPE_NORTH_1` or `EUROPE-NORTH1`."""
    return place.upper().replace("-", "").replace("_", "")


_REGIONS = frozenset(_plain(place) for place in (*_GCS, *_AWS))


def check_location(location: str, trusted: Collection[str] = ()) -> str:
    """Return where the bucket lies; raise Refused when that is not in the EU/EEA, or not said.

    `trusted` are hosts of stores that the school has listed, where no region says it.
    """
    if location == ON_SITE or _plain(location) in _REGIONS or location in trusted:
        return location
    if not location:
        raise Refused(
            "The object store does not say where it keeps its data, so nothing was sent: use a "
            "bucket in an EU or EEA location.",
            code="residency",
        )
    raise Refused(
        f"The bucket lies in {location}, which is not in the EU or EEA, so nothing was sent: use "
        "a bucket in an EU or EEA location.",
        code="residency",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One database server as it describes itself. `tags` are its replica-set member tags."""

    host: str
    loopback: bool
    tags: Mapping[str, str] = field(default_factory=dict)


def check_members(members: Sequence[Member], trusted: Collection[str] = ()) -> str:
    """Return where the servers are, e.g. `FI, SE`; raise Refused when one is elsewhere or unsaid.

    A member says it by the tag `country` (two letters) or `region` (the provider's name); one on
    this machine is on site; `trusted` are hosts the school has listed that tell nothing.
    """
    if not members:
        raise Refused("No database server answered where it is, so nothing was sent.")
    return ", ".join(sorted({_place(member, trusted) for member in members}))


def _place(member: Member, trusted: Collection[str]) -> str:
    country, region = member.tags.get("country", ""), member.tags.get("region", "")
    if country and country.upper() not in _COUNTRIES:
        raise _elsewhere(member, country)
    if region and _plain(region) not in _REGIONS:
        raise _elsewhere(member, region)
    if country or region:
        return country.upper() or region
    if member.loopback:
        return ON_SITE
    if member.host in trusted:
        return member.host
    raise Refused(
        f"The database server {member.host} does not say where it is, so nothing was sent: give "
        "it the member tag country, for example SE.",
        code="residency",
    )


def _elsewhere(member: Member, place: str) -> Refused:
    return Refused(
        f"The database server {member.host} is in {place}, which is not in the EU or EEA, so "
        "nothing was sent: use servers in the EU or EEA.",
        code="residency",
    )
