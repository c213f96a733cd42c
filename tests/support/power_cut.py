"""What a disk would hold if the power had gone at any moment of a recorded run.

`strace` writes down every change a process makes below a directory, with the bytes; `Disk` does
them again up to any of them and then forgets what no fsync had made durable:

* the bytes of a file are durable when that file was fsynced after they were written
* a name (new, linked, renamed, gone) is durable when its directory was fsynced afterwards

That is the least POSIX promises. A real file system often keeps more, in any combination, so
`left_over` also keeps some of the rest by chance: single writes, torn at sectors of 512 bytes, and
the first changes of a directory. (The method is that of CrashMonkey, Mohan et al., OSDI 2018.)
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

CALLS = (
    "openat,write,pwrite64,writev,pwritev,fsync,fdatasync,rename,renameat,renameat2,"
    "link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,ftruncate"
)
_SECTOR = 512
_LINE = re.compile(r"^\d+ +(?P<at>\d+\.\d+) (?P<call>\w+)\((?P<rest>.*)\) = ")
_QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>")


def recording(log: Path) -> tuple[str, ...]:
    """Put before a command: its changes go to `log`, all bytes in hexadecimal. The command stays
    the child of who starts it, so that it can be sent signals (`-D`)."""
    return (
        *("strace", "-D", "-f", "-q", "-ttt", "--seccomp-bpf", "-y", "-xx", "-s", "100000000"),
        *("-e", f"trace={CALLS}", "-e", "status=successful", "-e", "signal=none"),
        *("-o", str(log)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`at`: Unix seconds when it began; `path` and `to` are below the directory."""

    at: float
    call: str
    path: str
    to: str = ""
    data: bytes = b""
    number: int = 0  # an offset (-1: at the end), or a length


def written_down(log: Path, process: int) -> bool:
    """Whether the recorder has seen the end of the process too."""
    last = log.read_bytes()[-4000:].decode()
    return re.search(rf"(?m)^{process} +.*\+\+\+ exited with", last) is not None


def changes(log: Path, directory: Path) -> list[Change]:
    """In the order in which they were completed. SQLite's shared memory is no file to it."""
    found = []
    with log.open(encoding="ascii") as lines:
        for line in lines:
            if (match := _LINE.match(line)) and (one := _change(match, str(directory) + "/")):
                found.append(one)
    return [one for one in found if not one.path.endswith("-shm")]


def _change(match: re.Match[str], below: str) -> Change | None:
    call, rest = match["call"], match["rest"]
    if call == "openat" and "O_CREAT" not in rest:
        return None
    texts = [_bytes(text) for text in _QUOTED.findall(rest)]
    described = _DESCRIPTOR.match(rest)
    if described:
        path = _bytes(described[1]).decode().removesuffix(" (deleted)")
        data, names = b"".join(texts), []
    else:
        names = [text.decode() for text in texts]
        path, data = (names[0] if names else ""), b""
    if not path.startswith(below):
        return None
    return Change(
        at=float(match["at"]),
        call=_KIND.get(call, call),
        path=path.removeprefix(below),
        to=names[1].removeprefix(below) if len(names) > 1 else "",
        data=data,
        number=_number(call, rest),
    )


_KIND = {
    "openat": "create", "pwrite64": "write", "writev": "write", "pwritev": "write",
    "fdatasync": "fsync", "renameat": "rename", "renameat2": "rename", "linkat": "link",
    "unlinkat": "unlink", "mkdirat": "mkdir", "rmdir": "unlink",
}  # fmt: skip


def _number(call: str, rest: str) -> int:
    if call in ("pwrite64", "pwritev", "ftruncate"):
        return int(rest.rpartition(", ")[2])
    if call == "openat":
        return int("O_TRUNC" in rest)
    return -1


def _bytes(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal.replace("\\x", ""))


@dataclass(slots=True, eq=False)
class _File:
    durable: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: cut to that size

    def size(self) -> int:
        return len(self.with_pending(lambda _: True))

    def with_pending(
        self, keep: Callable[[int], bool], chance: random.Random | None = None
    ) -> bytes:
        content = bytearray(self.durable)
        for number, (offset, data) in enumerate(self.pending):
            if not keep(number):
                continue
            if data is None:
                del content[offset:]
                content.extend(bytes(offset - len(content)))
                continue
            if chance is not None and chance.random() < 0.5:
                data = data[: chance.randrange(len(data) // _SECTOR + 1) * _SECTOR]
            content.extend(bytes(max(0, offset - len(content))))
            content[offset : offset + len(data)] = data
        return bytes(content)


_Name = tuple[str, _File | None]  # None: a directory
_Entry = tuple[str, _File | None, bool]  # name, what, there or gone


class Disk:
    """`base`: the directory as it was, durable, before the first change."""

    def __init__(self, base: Path) -> None:
        self._names: dict[str, _File | None] = {}
        self._pending: dict[str, list[_Entry]] = {}
        self._open: dict[str, _File] = {}
        for path in base.rglob("*"):
            name = path.relative_to(base).as_posix()
            if path.is_dir() and not path.is_symlink():
                self._names[name] = None
            elif path.is_file() and not name.endswith("-shm"):
                self._names[name] = _File(durable=path.read_bytes())
        self._now = dict(self._names)

    def do(self, change: Change) -> None:
        """A change whose fsync is to be forgotten is simply not done."""
        match change.call:
            case "mkdir":
                self._entry(change.path, None, there=True)
            case "create":
                file = self._now.get(change.path)
                if file is None:
                    file = _File()
                    self._entry(change.path, file, there=True)
                elif change.number:
                    file.pending.append((0, None))
                self._open[change.path] = file
            case "write" if file := self._file(change.path):
                offset = change.number if change.number >= 0 else file.size()
                file.pending.append((offset, change.data))
            case "ftruncate" if file := self._file(change.path):
                file.pending.append((change.number, None))
            case "fsync":
                self._sync(change.path)
            case "link":
                self._entry(change.to, self._now[change.path], there=True)
            case "rename":
                moved = self._now[change.path]
                self._entry(change.to, moved, there=True)
                self._entry(change.path, moved, there=False)
            case "unlink":
                self._entry(change.path, self._now.get(change.path), there=False)

    def _file(self, path: str) -> _File | None:
        return self._open.get(path) or self._now.get(path)

    def _entry(self, name: str, what: _File | None, *, there: bool) -> None:
        self._pending.setdefault(_parent(name), []).append((name, what, there))
        _put(self._now, name, what, there=there)

    def _sync(self, path: str) -> None:
        file = self._file(path)
        if file is not None:
            file.durable, file.pending = file.with_pending(lambda _: True), []
            return
        for name, what, there in self._pending.pop(path, []):
            _put(self._names, name, what, there=there)

    def left_over(self, into: Path, chance: random.Random | None = None) -> None:
        """Write what would be there now: the least, or with `chance` some of the rest too."""
        names = dict(self._names)
        if chance is not None:
            for entries in self._pending.values():
                for name, what, there in entries[: chance.randrange(len(entries) + 1)]:
                    _put(names, name, what, there=there)
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        for name, what in sorted(names.items()):
            if _parent(name) and _parent(name) not in names:
                continue  # its directory did not survive
            if what is None:
                (into / name).mkdir(mode=0o700)
                continue
            if chance is None:
                content = what.durable
            else:
                content = what.with_pending(lambda _: chance.random() < 0.5, chance)
            (into / name).write_bytes(content)


def _put(names: dict[str, _File | None], name: str, what: _File | None, *, there: bool) -> None:
    if there:
        names[name] = what
    else:
        names.pop(name, None)


def _parent(name: str) -> str:
    return name.rpartition("/")[0]
