"""How the certificate that the box serves is judged. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from math import floor

from appliance.core.checkup import Check, fail, ok, warn

WARN_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCertificate:
    """Days are counted from now. `authority_days`: how long the box's own authority still lasts,
    None where an outside one made the certificate. `starts_in`: days until certificate and
    authority are valid, 0 or less where they are. `alone`: of an outside authority, and without
    the certificates between it and a root."""

    days_left: float
    authority_days: float | None = None
    starts_in: float = 0.0
    alone: bool = False


def whole_days(days: float) -> int:
    """Of a certificate: those that are whole, so that none is promised that is not there."""
    return floor(days)


def not_carried(names: Sequence[str], carried: Sequence[bool], *, own: bool) -> list[str]:
    """Of the box's `names` those that its certificate has to carry and does not. One from outside
    cannot carry what never leaves the machine: no public authority certifies `localhost`."""
    return [
        name
        for name, is_there in zip(names, carried, strict=True)
        if not is_there and (own or not _stays_here(name))
    ]


def _stays_here(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"


def certificate(
    seen: ServedCertificate,
    names: Sequence[str],
    missing: Sequence[str],
    *,
    warned_at: str = "",
    called_public: bool = False,
) -> Check:
    """`missing` (`not_carried`) of the box's `names`, of which the first stands on slips.
    `warned_at`: the box's name on the LAN, where the certificate does not carry it.
    `called_public`: box.toml says that every browser trusts it."""
    own = seen.authority_days is not None
    by = "the box's own authority" if own else "an outside authority"
    said = f"from {by}, {whole_days(seen.days_left)} days left"
    again = (
        "Start the box: it makes a new one."
        if own
        else "Renew it and put the new files in their place; the box takes them up by itself."
    )
    if seen.authority_days is not None and seen.authority_days < WARN_DAYS:
        return _authority_ends(seen.authority_days)
    if seen.days_left <= 0:
        return fail(
            "certificate", f"from {by}, ended {whole_days(-seen.days_left)} days ago", again
        )
    if seen.starts_in > 0:
        return _not_yet(seen.starts_in, own=own)
    if own and missing:
        return fail(
            "certificate",
            f"{said}; does not carry {', '.join(missing)}",
            "Correct web.names in box.toml, or get a certificate with these names.",
        )
    if names[0] in missing:
        return fail(
            "certificate",
            f"{said}; does not carry {names[0]}, which stands on the slips",
            "In box.toml, write a name that it carries first in web.names.",
        )
    if seen.days_left < WARN_DAYS and not own:
        return warn("certificate", said, again)
    if seen.alone:
        return warn(
            "certificate",
            f"{said}; public.pem holds it without its chain",
            "Put the authority's own certificates after it in public.pem (where the authority "
            "gives it, the file called fullchain): else some browsers warn.",
        )
    if own and called_public:
        return warn(
            "certificate",
            f"{said}; box.toml says that every browser trusts it, which is not so",
            "Put the outside authority's files below tls as public.pem and public.key, or say "
            "public_certificate = false below [web].",
        )
    if not own and (warned := [*missing, *([warned_at] if warned_at else [])]):
        return warn(
            "certificate",
            f"{said}; browsers warn whoever goes to {', '.join(dict.fromkeys(warned))}",
            f"Let everybody go to {names[0]}, and take the other names out of box.toml (web.names, "
            "web.lan_name).",
        )
    if warned_at:
        return warn(
            "certificate",
            f"{said}; browsers warn whoever goes to {warned_at}",
            "Add that name to web.names in box.toml; where the box then says that its authority "
            "may not certify it, take it out again and web.lan_name too, or make the box anew.",
        )
    return ok("certificate", said)


def _not_yet(days: float, *, own: bool) -> Check:
    days = whole_days(days) + 1
    if own:
        return fail(
            "certificate",
            f"from the box's own authority, not valid for another {days} days",
            "Look at the clock (timedatectl), then start the box. If this stays, the clock was "
            "wrong when the box was made: make it anew.",
        )
    return fail(
        "certificate",
        f"from an outside authority, not valid for another {days} days",
        "Look at the clock (timedatectl). If it is right, put the certificate before it back.",
    )


def _authority_ends(days: float) -> Check:
    """It cannot be renewed: computers trust this one and no other."""
    advice = (
        "Get a certificate from an outside authority (public.pem and public.key), or make the box "
        "anew and install its new authority on the school's computers."
    )
    own = "the box's own authority"
    if days <= 0:
        return fail("certificate", f"{own} ended {whole_days(-days)} days ago", advice)
    return warn("certificate", f"{own} ends in {whole_days(days)} days", advice)
