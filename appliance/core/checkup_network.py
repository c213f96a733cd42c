"""What the doctor says of cards, names and the name on the LAN. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from ipaddress import IPv4Address

from appliance.core.checkup import Check, fail, ok, warn

_GOOD_MBIT_S = 1000
_CANDIDATES_A_MBIT_S = 3  # at 150 kbit/s each, with half of the line for a rush and live views


def cards(linked: Sequence[tuple[str, int | None]], *, uplink: str = "") -> Check:
    """`linked`: name and speed in Mbit/s, where it is known, of each card that has a link. The
    speed of the card `uplink` is no candidate's concern."""
    said = ", ".join(f"{name} up" + (f" {speed} Mbit/s" if speed else "") for name, speed in linked)
    if not linked:
        return fail(
            "network", "no network card has a link", "Plug in the cable to the candidates' network."
        )
    slow = {
        name: speed for name, speed in linked if speed and speed < _GOOD_MBIT_S and name != uplink
    }
    if slow:
        enough = _CANDIDATES_A_MBIT_S * min(slow.values())
        return warn(
            "network",
            f"{said}; {', '.join(slow)} is slower than 1 Gbit/s",
            f"Enough for about {enough} candidates; use a gigabit port, and a cable with all "
            "eight wires, where there is one.",
        )
    return ok("network", said)


def halls_on_a_cable(vlans: Sequence[str], cable: str, leads_out: str) -> Check:
    """VLANs that share one cable, of which none is named as uplink; `leads_out` the card of the
    default route, or empty: by day there may be none."""
    said = f"{', '.join(vlans)} serve candidates, on the one cable {cable}"
    if leads_out in vlans:
        return warn(
            "uplink",
            f"{said}; {leads_out} leads to the internet",
            f'If no candidates sit there, name it in box.toml: uplink = "{leads_out}" below [web].',
        )
    return ok("uplink", f"{said}; none of them leads to the internet now")


def names(leads_to: Mapping[str, Collection[str]], here: Collection[str]) -> Check:
    """`leads_to`: the addresses each of web.names stands for, none where nobody knows it; `here`:
    this machine's own IPv4 addresses. IPv6 and what stays on the machine are not judged."""
    if unknown := [name for name, addresses in leads_to.items() if not addresses]:
        return warn(
            "names",
            f"this machine cannot look up {', '.join(unknown)}",
            "Ask the school's name server for an entry, or take the name out of web.names.",
        )
    for name, addresses in leads_to.items():
        judged = [found for found in addresses if _may_be_elsewhere(found)]
        if judged and not set(judged) & set(here):
            return warn(
                "names",
                f"{name} leads to {', '.join(judged)}, and this machine has "
                f"{', '.join(here) or 'no address'}",
                "Give the box the address that its slips and certificate name (a fixed one, or a "
                "reservation of the school's DHCP server), or correct the name server's entry.",
            )
    return ok("names", ", ".join(leads_to))


def _may_be_elsewhere(address: str) -> bool:
    return ":" not in address and not IPv4Address(address).is_loopback


def lan_name(name: str, others: Collection[str], page: str, instead: str = "") -> Check:
    """`name` ends in .local; `others`: addresses of other machines that answer to it; `page`: what
    stands on slips; `instead`: the page by an address that is on the certificate, where one is."""
    if not others:
        return ok("LAN name", f"no other machine here answers to {name}")
    taken = f"another machine ({', '.join(others)}) answers to {name}"
    advice = "Choose another web.lan_name in box.toml, or another name for that machine."
    if f"//{name}" in page:
        way = f"Until then candidates type {instead}. " if instead else ""
        return fail("LAN name", f"{taken}, which stands on the slips", way + advice)
    return warn("LAN name", f"{taken}: the box goes by {page}", advice)


def lan_not_asked(name: str, why: str) -> Check:
    return warn(
        "LAN name",
        f"the network cannot be asked who has {name} ({why})",
        "Look at the cable of the candidates' network, and whether its card has an address.",
    )
