"""The box's own configuration, `STATE/box.toml`: frozen, strict, one slice per part.

No secret stands in it; where a part needs one, the configuration names the file that holds it.
Relative paths are relative to the state directory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from ipaddress import AddressValueError, IPv4Address, IPv4Network, ip_network
from pathlib import Path
from typing import Literal

from appliance.config import cloud_credentials, night, strict_toml
from appliance.config.night import NightConfig
from appliance.core.errors import WrongConfiguration
from appliance.core.ids import BoxId
from appliance.shared_data import is_shared
from appliance.whole_file import replace_whole

FILE_NAME = "box.toml"
_LAN_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_CARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}\Z")  # IFNAMSIZ, netdevice(7)
# A peer address that coturn allows is one that nothing else may answer on: no cable has these
# (RFC 1122, 3.2.1.3; RFC 2544, appendix C.2.2). Not 127.0.0.0/16, where services are: 127.0.0.1,
# 127.0.0.53 of systemd-resolved, 127.0.1.1 of Debian.
_RELAY_NETWORKS = (
    *IPv4Network("127.0.0.0/8").address_exclude(IPv4Network("127.0.0.0/16")),
    IPv4Network("198.18.0.0/15"),
)
_MOST_RELAYS = 16  # each live exam takes the next address
_HEX_ID = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """Where candidates and consoles reach the box. `names` are the DNS names and addresses that
    stand on its certificate; the first one stands on slips. `http_port`: where a page without TLS
    explains certificate warnings, 0 for none. `lan_name`: `exambox` answers to exambox.local by
    multicast DNS; empty for a school with a name server. `public_certificate`: every browser
    trusts the certificate of that first name without the box's authority being installed. `uplink`:
    the network card towards the internet, on a box that has one of its own for that: nobody reaches
    the box there (`hallvakt relay firewall`), only the night goes out by it."""

    host: str = "0.0.0.0"
    port: int = 8443
    http_port: int = 0
    lan_name: str = ""
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    public_certificate: bool = False
    uplink: str = ""

    @property
    def lan_host(self) -> str:
        """`exambox.local`; empty without `lan_name`."""
        return f"{self.lan_name}.local" if self.lan_name else ""

    @property
    def tls_alone(self) -> bool:
        """Whether browsers may be told to come by TLS alone. They then ask for TLS where the page
        without it is, or at 443 for 80 (RFC 6797, 8.3): at other ports they find neither."""
        return self.http_port == 0 or (self.http_port, self.port) == (80, 443)

    @property
    def page_url(self) -> str:
        """The candidate's page, without a slash at its end."""
        host = f"[{self.names[0]}]" if ":" in self.names[0] else self.names[0]
        return f"https://{host}" if self.port == 443 else f"https://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayConfig:
    """coturn. `listen_host` and `port` (UDP, TCP) and `tls_port` are what browsers reach;
    relayed packets travel between ports `min_port..max_port` of `relay_host` and the addresses
    after it, one per live exam: they exist on the box's loopback interface only, so that the LAN
    cannot reach those ports and the relay cannot reach services bound to other addresses of the
    box."""

    listen_host: str = "0.0.0.0"
    relay_host: str = "127.77.0.1"
    port: int = 3478
    tls_port: int = 5349
    min_port: int = 49152
    max_port: int = 49999


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersConfig:
    """How many media worker processes look at snippets; one keeps one core busy."""

    count: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class HallMicrophoneConfig:
    """`device`: a microphone's name, or the part of it that no other has, as PortAudio lists it;
    empty on a box without one. `hall`: the hall it stands in, as the roster writes it."""

    device: str = ""
    hall: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """Where ciphertext goes at night. `endpoint` is for stores other than Google's
    and Amazon's own; `region` and a key in `credentials_file` belong to `s3`;
    `records_uri_file` holds the MongoDB URI with its password; `trusted_locations` are stores
    that tell no location but that the school has listed as in the EU/EEA. `eraser_*` is the
    identity that may delete (erasure, end of retention), `verifier_*` one that may only read and
    proves what was sent; without them the writer's is tried. A file may be `credential:NAME`, one
    of this machine's (cloud_credentials.py)."""

    objects: Literal["none", "gcs", "s3", "directory"] = "none"
    endpoint: str = ""
    region: str = ""
    bucket: str = ""
    credentials_file: Path | None = None
    directory: Path | None = None
    records_uri_file: Path | None = None
    records_database: str = "hallvakt"
    eraser_credentials_file: Path | None = None
    eraser_records_uri_file: Path | None = None
    verifier_credentials_file: Path | None = None
    verifier_records_uri_file: Path | None = None
    trusted_locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxConfig:
    """`halls`: the networks (CIDR) of each hall's computers, for exams that let only those join."""

    box_id: BoxId
    name: str = "Hallvakt"
    web: WebConfig = field(default_factory=WebConfig)
    relay: RelayConfig = field(default_factory=RelayConfig)
    workers: WorkersConfig = field(default_factory=WorkersConfig)
    cloud: CloudConfig = field(default_factory=CloudConfig)
    night: NightConfig = field(default_factory=NightConfig)
    halls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hall_microphone: HallMicrophoneConfig = field(default_factory=HallMicrophoneConfig)


def load(state_dir: Path, environment: Mapping[str, str] = os.environ) -> BoxConfig:
    """Return the configuration of the box in `state_dir`; raise WrongConfiguration. `environment`
    says where systemd put credentials."""
    path = state_dir / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise WrongConfiguration(
            f"There is no box in {state_dir}: run `hallvakt init` first, or name its directory "
            "with --state.",
            code="no-box",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise WrongConfiguration(f"{path} cannot be read: {error}.") from error
    config = parse(text, str(path))
    return replace(config, cloud=cloud_credentials.whole(config.cloud, state_dir, environment))


def parse(text: str, source: str = FILE_NAME) -> BoxConfig:
    """Return the configuration as written; raise WrongConfiguration naming the key."""
    document = night.read_names(strict_toml.parse(text, source))
    return checked(strict_toml.read(document, BoxConfig, source), source)


def checked(config: BoxConfig, source: str = FILE_NAME) -> BoxConfig:
    """Return `config`; raise WrongConfiguration when its values do not fit together."""
    for sentence, wrong in _CHECKS:
        if wrong(config):
            raise WrongConfiguration(f"{source}: {sentence}", code="wrong-value")
    night.checked(config.night, source)
    return config


def write(state_dir: Path, config: BoxConfig) -> Path:
    """Write `box.toml` (mode 0600; its group may read it where the box is a group's) in one step
    and return its path. Raise NoRoom or Unreachable."""
    path = state_dir / FILE_NAME
    content = strict_toml.write(night.written_names(asdict(config))).encode()
    replace_whole(path, content, 0o640 if is_shared(state_dir) else 0o600)
    return path


def _are_networks(networks: tuple[str, ...]) -> bool:
    try:
        return bool(networks) and all(ip_network(network) for network in networks)
    except ValueError:
        return False


def _is_the_relay_s_own(host: str) -> bool:
    try:
        first = IPv4Address(host)
        return any(
            first in network and first + _MOST_RELAYS - 1 in network for network in _RELAY_NETWORKS
        )
    except AddressValueError:  # also of one that has none after it
        return False


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True


def _is_port(number: int) -> bool:
    return 1 <= number <= 65535


_CHECKS: tuple[tuple[str, Callable[[BoxConfig], bool]], ...] = (
    ("box_id must be 32 hexadecimal digits.", lambda c: not _HEX_ID.match(c.box_id)),
    ("web.port must be between 1 and 65535.", lambda c: not _is_port(c.web.port)),
    (
        "web.names must name the box at least once, e.g. its address on the LAN.",
        lambda c: not c.web.names or not all(c.web.names),
    ),
    (
        "web.http_port must be 0 (none) or a port between 1 and 65535, and not web.port.",
        lambda c: (
            c.web.http_port != 0
            and (not _is_port(c.web.http_port) or c.web.http_port == c.web.port)
        ),
    ),
    (
        "web.lan_name must be one word of letters, digits and hyphens, without .local.",
        lambda c: bool(c.web.lan_name) and not _LAN_NAME.match(c.web.lan_name),
    ),
    (
        "web.uplink must be the name of a network card, such as eth1 or eth0.20.",
        lambda c: bool(c.web.uplink) and not _CARD.match(c.web.uplink),
    ),
    (
        "relay.port and relay.tls_port must be two different ports between 1 and 65535.",
        lambda c: (
            not (_is_port(c.relay.port) and _is_port(c.relay.tls_port))
            or c.relay.port == c.relay.tls_port
        ),
    ),
    (
        "relay.listen_host must be an IPv4 address of the box, or 0.0.0.0 for all of them: nobody "
        "reaches it by IPv6.",
        lambda c: not _is_ipv4(c.relay.listen_host),
    ),
    (
        "relay.relay_host must be an address that only the relay has: of 198.18.0.0/15, or of "
        "127.0.0.0/8 from 127.1.0.0 on, such as 127.77.0.1; never one of the box's own.",
        lambda c: not _is_the_relay_s_own(c.relay.relay_host),
    ),
    (
        "web.port must be another port than relay.port and relay.tls_port.",
        lambda c: c.web.port in (c.relay.port, c.relay.tls_port),
    ),
    (
        "relay.min_port must be at least 1024 and not above relay.max_port (at most 65535).",
        lambda c: not 1024 <= c.relay.min_port <= c.relay.max_port <= 65535,
    ),
    (
        'halls: each hall has a list of networks, e.g. "Aula" = ["10.20.0.0/16"].',
        lambda c: not all(_are_networks(networks) for networks in c.halls.values()),
    ),
    ("workers.count must be between 1 and 64.", lambda c: not 1 <= c.workers.count <= 64),
    (
        "hall_microphone.device and hall_microphone.hall belong together: write both or neither.",
        lambda c: bool(c.hall_microphone.device) != bool(c.hall_microphone.hall),
    ),
    (
        'cloud.objects is "gcs": write cloud.bucket too.',
        lambda c: c.cloud.objects == "gcs" and not c.cloud.bucket,
    ),
    (
        "[cloud] names a credential that the night's units do not load; there are credential:"
        "hallvakt-cloud-credentials, and -records-uri, -verifier-credentials, "
        "-verifier-records-uri, -eraser-credentials and -eraser-records-uri in its place.",
        lambda c: not cloud_credentials.are_known(c.cloud),
    ),
    (
        'cloud.objects is "s3": write cloud.bucket, cloud.region and cloud.credentials_file too.',
        lambda c: (
            c.cloud.objects == "s3"
            and not (c.cloud.bucket and c.cloud.region and c.cloud.credentials_file)
        ),
    ),
    (
        'cloud.objects is "directory": write cloud.directory too.',
        lambda c: c.cloud.objects == "directory" and c.cloud.directory is None,
    ),
)
