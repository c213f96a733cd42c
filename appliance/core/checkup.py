"""What the doctor finds, and how a reading is judged. Pure: readings come in, checks go out.

Every check says in words what was found and, unless all is well, what to do. A `fail` is
something with which an exam should not be started; a `warn` is something a technician should know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.core.keys import PepperKeeping

_GB = 1_000_000_000


class CheckStatus(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`detail` says what was found, `advice` what to do (empty when nothing)."""

    name: str
    status: CheckStatus
    detail: str
    advice: str = ""


def ok(name: str, detail: str) -> Check:
    return Check(name=name, status=CheckStatus.OK, detail=detail)


def warn(name: str, detail: str, advice: str) -> Check:
    return Check(name=name, status=CheckStatus.WARN, detail=detail, advice=advice)


def fail(name: str, detail: str, advice: str) -> Check:
    return Check(name=name, status=CheckStatus.FAIL, detail=detail, advice=advice)


def worst(checks: Iterable[Check]) -> CheckStatus:
    order = list(CheckStatus)
    return max((check.status for check in checks), key=order.index, default=CheckStatus.OK)


# --- disk and memory ---------------------------------------------------------------------------

# A four-hour exam of 30 candidates at 150 kbit/s is 8 GB; below that no class fits.
_ROOM_FOR_A_CLASS = 8 * _GB
_LEAST_ROOM = 2 * _GB
_VOLATILE = {"tmpfs", "ramfs", "devtmpfs"}
# One commit waits for one fsync. At 100 ms the box still takes 10 groups of snippets a second; a
# disk that answers in under 20 µs has not reached any platter or flash cell.
_SLOW_FSYNC_MS, _HOPELESS_FSYNC_MS, _TOO_FAST_FSYNC_MS = 100.0, 1000.0, 0.02
_LEAST_MEMORY, _GOOD_MEMORY = 1_400_000_000, 3_500_000_000
# What a hall of 30 adds to a box that idles, with a media worker that starts anew meanwhile.
_LEAST_AVAILABLE = 400_000_000


def disk_room(free: int, total: int) -> Check:
    """Bytes of the disk that holds the state directory."""
    said = f"{free / _GB:.1f} GB of {total / _GB:.1f} GB free"
    if free < _LEAST_ROOM:
        return fail("disk", said, "Free room or fit a larger disk: the box would refuse snippets.")
    if free < _ROOM_FOR_A_CLASS:
        return warn("disk", said, "30 candidates record 8 GB in four hours: free room first.")
    return ok("disk", said)


def disk_writes(kind: str, fsync_ms: float) -> Check:
    """`kind` of file system; `fsync_ms` median time until a small write is on the disk."""
    said = f"{kind}, a write is safe after {fsync_ms:.2f} ms (median)"
    if kind in _VOLATILE:
        return fail(
            "disk writes",
            f"{said}; this file system is gone after a power cut",
            "Put the state directory on a real disk.",
        )
    if fsync_ms > _HOPELESS_FSYNC_MS:
        return fail("disk writes", said, "This disk is too slow for a class: use an SSD.")
    if fsync_ms > _SLOW_FSYNC_MS:
        return warn("disk writes", said, "Slow for more than a small class: use an SSD.")
    if fsync_ms < _TOO_FAST_FSYNC_MS:
        return warn(
            "disk writes",
            f"{said}; no disk is that fast",
            "Writes are probably kept in a cache that a power cut empties: switch it off, or use a "
            "disk with power-loss protection.",
        )
    return ok("disk writes", said)


def disk_health(readings: Sequence[tuple[str, bool | None]], *, may_ask: bool = True) -> Check:
    """(device, SMART's own verdict or None where it gives none). `may_ask`: whether who looks has
    the right to ask a disk at all, as root has and the gateway has not."""
    sick = [name for name, good in readings if good is False]
    silent = [name for name, good in readings if good is None]
    if sick:
        return fail(
            "disk health",
            f"the disk {', '.join(sick)} says that it is failing",
            "Replace it before the next exam.",
        )
    if not may_ask and (silent or not readings):
        return warn(
            "disk health",
            "the disks cannot be asked from here how they are",
            "Run `hallvakt doctor` as root on the box now and then: it asks them.",
        )
    if not readings or silent:
        return warn(
            "disk health",
            f"{', '.join(silent)} does not say how it is" if silent else "no disk says how it is",
            "Install the package smartmontools, by which disks are asked. A virtual disk never "
            "says: have its host watched.",
        )
    return ok("disk health", f"{', '.join(name for name, _ in readings)}: SMART passed")


def memory(total: int, available: int, swap: int) -> Check:
    """Bytes; `swap` is what is switched on."""
    said = f"{available / _GB:.1f} GB of {total / _GB:.1f} GB available"
    if total < _LEAST_MEMORY:
        return fail("memory", said, "The box needs at least 2 GB.")
    if available < _LEAST_AVAILABLE:
        return warn(
            "memory",
            f"{said}: too little for an exam that is still to begin",
            "`ps -eo rss,args --sort=-rss | head` says what takes it: stop what is none of the "
            "box's, or restart the machine before the exam.",
        )
    if swap:
        return warn(
            "memory",
            f"{said}; {swap / _GB:.1f} GB of swap is switched on",
            "Keys must not reach a disk. The units forbid it for the gateway; switch swap off for "
            "the machine (swapoff -a, and take it out of /etc/fstab).",
        )
    if total < _GOOD_MEMORY:
        return warn("memory", said, "Enough for a small class; 4 GB serve 200 candidates.")
    return ok("memory", said)


def tpm(present: bool) -> Check:
    """Of the machine's security chip."""
    if not present:
        return warn(
            "tpm",
            "there is none, or it is switched off",
            "Switch it on in the firmware if the machine has one. Without it, who takes the disk "
            "and copies it whole has also what seals the live keys.",
        )
    return ok("tpm", "present: what seals the live keys can be bound to this machine")


def uplink(
    named: str,
    cards: Sequence[str],
    leads_out: str,
    closed: Collection[str] | None,
    there: Collection[str] | None = None,
) -> Check:
    """`named` in box.toml as the card towards the internet, or empty; `cards` that have a link;
    `leads_out` the one of the default route, or empty: by day there may be none; `closed`: cards
    on which the firewall in force lets nobody in, None where who looks may not read it; `there`:
    all cards of the machine, with a link or without."""
    if named and not (there is None or named in there or closed is None or named in closed):
        return fail(
            "uplink",
            f"this machine has no card {named} but {', '.join(there or ()) or 'none at all'}",
            "Correct web.uplink in box.toml and run `systemctl restart hallvakt-firewall`: until "
            "then the box can be reached by whichever card leads to the internet.",
        )
    if named and closed is not None and named not in closed:
        return fail(
            "uplink",
            f"the firewall does not close {named}: the box can be reached from there",
            "Run `systemctl restart hallvakt-firewall`, and look at its log if that fails.",
        )
    if named and named not in cards:
        return warn(
            "uplink",
            f"{named} has no link or is not there",
            "No exam needs it, the night does: plug in its cable, or correct web.uplink in "
            "box.toml.",
        )
    if named and leads_out not in ("", named):
        return warn(
            "uplink",
            f"{named} is named, but the way to the internet leads through {leads_out}",
            f"Give the default route to {named} in the machine's network settings, so that nothing "
            "goes out through the candidates' network.",
        )
    if named and closed is None:
        return ok(
            "uplink",
            f"{named} has a link; whether it is closed to others, `hallvakt doctor` sees as root",
        )
    if named:
        return ok("uplink", f"{named}: nobody reaches the box there")
    if len(cards) > 1:
        return warn(
            "uplink",
            f"{', '.join(cards)} all serve candidates",
            "If one of them leads to the internet, name it in box.toml: uplink below [web].",
        )
    return ok("uplink", "one card for candidates and the night")


def pepper(keeping: PepperKeeping) -> Check:
    """What a live key is sealed with besides a passphrase."""
    if keeping is PepperKeeping.TPM:
        return ok("pepper", "a credential bound to this machine's TPM")
    if keeping is PepperKeeping.HOST:
        return warn(
            "pepper",
            "this machine has no TPM: what protects live keys besides a passphrase is bound to a "
            "file on its disk",
            "Whoever takes this box with its disk while an exam is open can try passphrases "
            "against it. Lock the box away, or use a machine with a TPM.",
        )
    return warn(
        "pepper",
        "what protects live keys besides a passphrase lies in a plain file",
        "Whoever takes this box while an exam is open can try passphrases against it. Run "
        "`/opt/hallvakt/current/firmware_scripts/make_pepper.sh` once, as root.",
    )


# --- time, versions --------------------------------------------------------------------------

_DAY_S = 86_400


def clock(now_s: float, synchronised: bool, source: str, built_s: float) -> Check:
    """`built_s`: a moment known to be past, such as when this version was installed."""
    if now_s < built_s - _DAY_S:
        return fail(
            "clock",
            "the clock is before the day this version was installed",
            "Set it (timedatectl set-time), and replace the battery of the mainboard.",
        )
    if not synchronised:
        return warn(
            "clock",
            f"not synchronised ({source or 'no time service runs'}): times cannot be relied on",
            "Give the box the school's time server, e.g. with the package chrony.",
        )
    return ok("clock", f"synchronised ({source or 'by the kernel'})")


_FINISH = "/opt/hallvakt/current/firmware_scripts/update.sh --finish"


def versions(installed: str, broken_off: Sequence[str], was_cut: Sequence[str]) -> Check:
    """`broken_off`: the version that ran and the one to come of an update that a power cut ended;
    `was_cut`: the same of one that was finished since, and which of them runs. Else empty."""
    if broken_off:
        return fail(
            "versions",
            f"an update was broken off ({' → '.join(broken_off)})",
            "The box finishes it when it starts; `systemctl status hallvakt-update` says how far "
            f"it is. By hand, as root: {_FINISH}",
        )
    if not was_cut:
        return ok("versions", installed)
    (*both, runs) = was_cut
    said = f"an update was broken off ({' → '.join(both)}) and finished since: {runs} runs"
    if both[-1] == runs:
        return ok("versions", f"{installed}; {said}")
    return warn(
        "versions",
        said,
        "Update again if you still want the other version. This line goes with that, or, as root, "
        f"with: {_FINISH}",
    )


# CVE-2026-27624: peers written as IPv6-mapped IPv4 get past the relay's denials up to here.
_SOUND_COTURN = (4, 10, 0)


def relay_version(version: tuple[int, ...] | None) -> Check:
    if version is None:
        return fail("relay", "coturn is not installed", "Install the package coturn.")
    said = f"coturn {'.'.join(map(str, version))}"
    if version < _SOUND_COTURN:
        return warn(
            "relay",
            f"{said} has a known way round its peer rules (CVE-2026-27624)",
            "The box closes that way itself (an IPv4-only relay address, all of IPv6 denied). "
            "Update coturn when your distribution offers 4.10 or newer.",
        )
    return ok("relay", said)


# https://sqlite.org/wal.html, "WAL-reset bug": fixed here, and in two older series.
_SOUND_SQLITE = (3, 51, 3)


def sqlite_version(version: tuple[int, ...]) -> Check:
    said = f"SQLite {'.'.join(map(str, version))}"
    if version < _SOUND_SQLITE:
        return fail(
            "database engine",
            f"{said} can damage a database (WAL-reset bug)",
            "Install Hallvakt's own packages again: they bring a sound one.",
        )
    return ok("database engine", said)


# --- the night ---------------------------------------------------------------------------------

_NIGHTS_WITHOUT_PROOF = 3


def backlog(waiting_bytes: int, oldest_days: float | None) -> Check:
    """Bytes not proven at the other end; `oldest_days` since the oldest exam was closed."""
    if not waiting_bytes or oldest_days is None:
        return ok("backlog", "nothing waits to be sent")
    said = f"{waiting_bytes / _GB:.1f} GB wait to be sent, the oldest for {oldest_days:.0f} days"
    if oldest_days > _NIGHTS_WITHOUT_PROOF:
        return warn("backlog", said, "Look at `hallvakt sync status` and at the last night's log.")
    return ok("backlog", said)
