"""How a program on the box's own machine reaches the door that candidates use."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence

from appliance.adapters.host.tls import TlsFiles, read_certificate
from appliance.core.errors import Unreachable


def reachable_name(files: TlsFiles, known: Mapping[str, Sequence[str]]) -> str:
    """The first name that this machine looks up and that the served certificate is for.

    `known`: the box's names with the addresses each is looked up to. Raises Unreachable when no
    name is both, WrongConfiguration when the certificate cannot be read.
    """
    seen = read_certificate(files.served_certificate)
    covered = [name for name in known if seen.covers(name)]
    if not covered:
        raise Unreachable(
            f"The box's certificate is for none of its names ({', '.join(known)}): put the name it "
            f"is for ({', '.join(seen.names)}) first in web.names in box.toml.",
            code="box-unreachable",
        )
    found = next((name for name in covered if known[name]), None)
    if found is None:
        # Nobody certifies a loopback address publicly.
        else_ = "a line in /etc/hosts" if files.is_public else "127.0.0.1 in web.names of box.toml"
        raise Unreachable(
            f"This machine looks up none of the box's names ({', '.join(covered)}): give the name "
            f"server an entry, or have {else_}.",
            code="box-unreachable",
        )
    return found


def trusting(files: TlsFiles) -> ssl.SSLContext:
    """Trusts what this box serves, or may serve while the school's certificate is exchanged.

    The box's own authority has not made a public certificate, and its maker may be one that this
    machine does not know (a school's own): so the certificate itself is trusted, as it stands.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(files.authority)
    if files.is_public:
        context.load_verify_locations(files.public_certificate)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # no authority above it is needed
        context.load_default_certs()  # its successor, when it is exchanged meanwhile
    return context
