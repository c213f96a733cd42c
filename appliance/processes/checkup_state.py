"""Two probes of `hallvakt doctor` alone: whose the box's files are, and whether its ports are free.

What root copied into a box is the usual reason for a file that the box cannot read, and a program
of the machine's own on a port of the relay is found out otherwise by the first exam.
"""

from __future__ import annotations

import errno
import os
import pwd
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from appliance.config.box import BoxConfig
from appliance.core.checkup import Check, fail, ok
from appliance.shared_data import is_shared

# Not `blobs`: it may hold a million files, which only the box itself makes.
_LOOKED_AT = ("box.toml", "db", "keys", "live", "tls")
_TCP, _UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM


def files_check(state: Path) -> Sequence[Check]:
    """Readings of the disk. The box's user is whose the state directory is."""
    above = state.stat()
    shared = is_shared(state)  # by gateway, night and the others, who are users of their own
    if above.st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not shared:
        return [
            fail(
                "files",
                f"others on this machine may look into {state} "
                f"(mode {stat.S_IMODE(above.st_mode):o})",
                f"Run `chmod 700 {state}`: the keys of the box lie there.",
            )
        ]
    foreign = [
        path
        for path in _below(state)
        if (found := path.lstat()).st_uid != above.st_uid
        and not (shared and _is_data(found, above.st_gid))
    ]
    if not foreign:
        return [ok("files", f"all belong to {_user(above.st_uid)}, and nobody else sees them")]
    owner = _user(above.st_uid)
    other = _user(foreign[0].lstat().st_uid)
    if len(foreign) == 1:
        said = (
            f"{foreign[0]} belongs to {other}, not to {owner}: the box may be unable to read or "
            "to write it"
        )
    else:
        said = (
            f"{foreign[0]} and {len(foreign) - 1} more belong to {other}, not to {owner}: the box "
            "may be unable to read or to write them"
        )
    return [
        fail(
            "files",
            said,
            f"Run `chown -R {owner}: {state}` as root, and start the box again.",
        )
    ]


def _is_data(found: os.stat_result, group: int) -> bool:
    """Whether whoever of the group has made it, the others may read and write it."""
    both = stat.S_IRGRP | stat.S_IWGRP
    return found.st_gid == group and found.st_mode & both == both


def _below(state: Path) -> Iterator[Path]:
    for name in _LOOKED_AT:
        path = state / name
        if path.exists():
            yield path
            try:
                yield from sorted(path.rglob("*")) if path.is_dir() else ()
            except PermissionError:  # then the directory itself is somebody else's, and named
                continue


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def ports_check(config: BoxConfig, in_session: int | None) -> Sequence[Check]:
    """`in_session`: exams of the running gateway that are open or live, each with a relay of its
    own; None while no gateway runs. Binds each port for a moment."""
    asked: list[tuple[str, str, int, int]] = []
    if in_session is None:
        asked.append(("web.port", config.web.host, config.web.port, _TCP))
        if config.web.http_port:
            asked.append(("web.http_port", config.web.host, config.web.http_port, _TCP))
    if not in_session:
        for setting, port in (
            ("relay.port", config.relay.port),
            ("relay.tls_port", config.relay.tls_port),
        ):
            asked += [(setting, config.relay.listen_host, port, kind) for kind in (_UDP, _TCP)]
    for setting, host, port, kind in asked:
        if _taken(host, port, kind):
            name, option = ("UDP", "u") if kind == _UDP else ("TCP", "t")
            return [
                fail(
                    "ports",
                    f"another program uses {name} port {port}, which {setting} in box.toml names",
                    f"`ss -ln{option}p 'sport = :{port}'` (as root) says which: stop it, or "
                    f"change {setting}.",
                )
            ]
    if not asked:
        return [ok("ports", "in use by the exam that is open")]
    free = dict.fromkeys(str(port) for _, _, port, _ in asked)
    return [ok("ports", f"free for the box: {', '.join(free)}")]


def _taken(host: str, port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as trying:
        if kind == _TCP:  # what a server sets too, so that connections long closed do not count
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
