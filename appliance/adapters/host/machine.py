"""What this machine is and how it is: memory, time service, network cards."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fcntl import ioctl
from ipaddress import ip_address
from pathlib import Path

_STA_UNSYNC = 0x0040  # adjtimex(2)
_TIMEX_BYTES = 208  # sizeof(struct timex) on 64-bit Linux
_STATUS_OFFSET = 40  # of `status`: modes (padded), offset, freq, maxerror, esterror before it
_TIME_SERVICES = {  # what a running one leaves below /run
    "chrony": "chrony/chronyd.pid",
    "systemd-timesyncd": "systemd/timesync/synchronized",
    "ntpsec": "ntpd.pid",
}
_KB = 1024
_SIOCGIFCONF, _IFREQ_BYTES, _MOST_CARDS = 0x8912, 40, 256  # 64-bit Linux


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes; `swap` is what is switched on."""

    total: int
    available: int
    swap: int


def memory(meminfo: Path = Path("/proc/meminfo")) -> Memory:
    lines = (line.split() for line in meminfo.read_text().splitlines())
    found = {words[0].rstrip(":"): int(words[1]) * _KB for words in lines if len(words) > 1}
    return Memory(
        total=found["MemTotal"],
        available=found.get("MemAvailable", found["MemFree"]),
        swap=found.get("SwapTotal", 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSource:
    """`synchronised` is the kernel's own word; `service` the time service that runs, or empty."""

    synchronised: bool
    service: str


def clock_status() -> int:
    """`status` of the kernel's clock, bits as in adjtimex(2). Raises OSError."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)  # all zero: modes 0 only reads
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(buffer) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return ctypes.c_int.from_buffer(buffer, _STATUS_OFFSET).value


def time_source(run: Path = Path("/run"), status: Callable[[], int] = clock_status) -> TimeSource:
    """Raises OSError where the kernel does not say. A service that may not even read the kernel's
    clock state (ProtectClock) believes the time service that runs."""
    service = next((name for name, path in _TIME_SERVICES.items() if (run / path).exists()), "")
    try:
        return TimeSource(synchronised=not status() & _STA_UNSYNC, service=service)
    except PermissionError:
        return TimeSource(synchronised=bool(service), service=service)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCard:
    """`state` as the kernel has it: up, down, unknown; `speed` in Mbit/s where it is known."""

    name: str
    state: str
    speed: int | None


def network_cards(devices: Path = Path("/sys/class/net")) -> list[NetworkCard]:
    """Without the loopback device."""
    return [
        NetworkCard(name=card.name, state=_word(card / "operstate"), speed=_speed(card / "speed"))
        for card in sorted(devices.iterdir())
        if card.name != "lo" and card.is_dir()
    ]


def cable_of(card: str, devices: Path = Path("/sys/class/net")) -> str:
    """The card that `card` is a VLAN on or a bridge over; empty for one with its own cable."""
    lower = sorted(found.name.removeprefix("lower_") for found in (devices / card).glob("lower_*"))
    return lower[0] if lower else ""


def card_to_the_internet(routes: Path = Path("/proc/net/route")) -> str:
    """The card of the default route of least metric (IPv4), or empty: what the night goes out by.

    The columns are those of the kernel's `net/ipv4/fib_trie.c` (`fib_route_seq_show`)."""
    lines = [line.split() for line in routes.read_text().splitlines()[1:]]
    everywhere = [line for line in lines if line[1] == line[7] == "00000000"]
    return min(everywhere, key=lambda line: int(line[6]))[0] if everywhere else ""


def lan_addresses(*, uplink: str = "") -> list[str]:
    """The IPv4 addresses by which the LAN reaches this machine; empty while it has none.

    The address of the default route comes first, where it is one of them: a box with one card has
    just that. Left out: loopback, link-local addresses, and those of the card `uplink`, where
    nobody reaches the box. Asks no network, and needs no route to anywhere.
    """
    first = _way_out()
    return sorted(addresses_of_cards(besides=uplink), key=lambda address: address != first)


def addresses_of_cards(*, besides: str = "") -> list[str]:
    """The same in the order of the cards, without asking which way leads out."""
    found = [
        address
        for card, address in _addresses_by_card()
        if card != besides and not _stays_here(address)
    ]
    return list(dict.fromkeys(found))


def lan_bit_s(
    *,
    host: str = "0.0.0.0",
    uplink: str = "",
    devices: Path = Path("/sys/class/net"),
    addresses: Iterable[tuple[str, str]] | None = None,
) -> int | None:
    """Speed of the card by which candidates reach the box: the one with the address `host` it
    listens on, with 0.0.0.0 the slowest that the LAN reaches. None where it tells none.

    `addresses`: (card, address) of this machine, read off it when not given.
    """
    found = _addresses_by_card() if addresses is None else addresses
    cards = {
        card
        for card, address in found
        if card != uplink and not _stays_here(address) and host in ("0.0.0.0", "::", address)
    }
    speeds = [speed for card in cards if (speed := _speed(devices / card / "speed"))]
    return min(speeds) * 1_000_000 if speeds else None


def _addresses_by_card() -> Iterator[tuple[str, str]]:
    """Of every card, by SIOCGIFCONF (netdevice(7)): getifaddrs(3) wants a netlink socket, which the
    gateway's unit denies it."""
    buffer = array("B", bytes(_MOST_CARDS * _IFREQ_BYTES))
    where, _ = buffer.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        filled = ioctl(asking, _SIOCGIFCONF, struct.pack("iP", len(buffer), where))
    (used,) = struct.unpack_from("i", filled)
    for at in range(0, used, _IFREQ_BYTES):
        label = bytes(buffer[at : at + 16]).split(b"\0")[0].decode()
        # After the name: the address's family (2 bytes) and port (2), then the address itself.
        yield label.partition(":")[0], socket.inet_ntoa(bytes(buffer[at + 20 : at + 24]))


def _stays_here(address: str) -> bool:
    parsed = ip_address(address)
    return parsed.is_loopback or parsed.is_link_local


def _way_out() -> str:
    """Connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): nobody's address
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def addresses_of(names: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """What each name resolves to here; an empty tuple for one that nobody knows. Asks the DNS."""
    return {name: _resolved(name) for name in names}


def _resolved(name: str) -> tuple[str, ...]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _word(path: Path) -> str:
    try:
        return path.read_text().strip() or "unknown"
    except OSError:
        return "unknown"


def _speed(path: Path) -> int | None:
    word = _word(path)
    return int(word) if word.lstrip("-").isdigit() and int(word) > 0 else None
