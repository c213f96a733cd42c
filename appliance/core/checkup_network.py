"""What the doctor says of cards, names and the name on the LAN. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network, ip_network

from appliance.core.checkup import Check, fail, ok, warn

Networks = Sequence[IPv4Network | IPv6Network]

_EVERYWHERE = "0.0.0.0"
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


def addresses(
    host: str, here: Sequence[str], halls: Collection[str], let_in: Sequence[Networks | None]
) -> Check:
    """By which candidates reach the box: it listens on `host`, 0.0.0.0 for all of `here`, this
    machine's IPv4 addresses on the LAN. `halls`: networks (CIDR) of the halls of box.toml;
    `let_in`: of each unit that they speak to the networks it lets in, None where those are all."""
    if host == _EVERYWHERE and not here:
        return fail(
            "addresses",
            "this machine has no IPv4 address on the candidates' network: nobody reaches the box",
            "See whether its DHCP server answers, or give the card a fixed address. The box is "
            "reached by IPv4 alone.",
        )
    if host != _EVERYWHERE and host not in here and _is_of_a_card(host):
        return fail(
            "addresses",
            f"the box listens on {host}, which no card of this machine has",
            "Correct web.host and relay.listen_host in box.toml (0.0.0.0 for every address), or "
            "give the card that address.",
        )
    asked = [*(here if host == _EVERYWHERE else [host]), *halls]
    if shut := [found for found in asked if not all(_is_let_in(found, each) for each in let_in)]:
        return fail(
            "addresses",
            f"systemd lets nobody in from {', '.join(shut)}, which is no private network",
            "Write `[Service]` and below it `IPAddressAllow=` with the school's networks into "
            "school.conf in /etc/systemd/system/hallvakt-gateway.service.d and in "
            "/etc/systemd/system/hallvakt-coturn@.service.d; then run `systemctl daemon-reload` "
            "and `systemctl restart hallvakt-gateway`.",
        )
    return ok("addresses", ", ".join(asked))


def _is_let_in(found: str, networks: Networks | None) -> bool:
    try:
        wanted = ip_network(found, strict=False)
    except ValueError:  # a name, of which nothing is known here
        return True
    return networks is None or any(
        wanted.subnet_of(each)  # type: ignore[arg-type]  # of one version, which is looked at
        for each in networks
        if each.version == wanted.version
    )


def relay_limits(in_force: bool | None, meant: bool) -> list[Check]:
    """`in_force`: whether the firewall's rules around the relay are there, None where who looks may
    not read them; `meant`: systemd has put them there, and nothing but that is known of it."""
    if in_force is None or not meant:
        return []
    if in_force:
        return [ok("relay limits", "in force: the relay sends to nobody but its own and who came")]
    return [
        fail(
            "relay limits",
            "the firewall's rules around the relay are gone: something took them away",
            "Run `systemctl restart hallvakt-firewall`, and after each reload of the machine's own "
            "firewall too: mostly that empties the list (flush ruleset). A restart of "
            "nftables.service is followed by itself.",
        )
    ]


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


def _is_of_a_card(host: str) -> bool:
    try:
        return not IPv4Address(host).is_loopback
    except AddressValueError:
        return False


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
