"""`hallvakt backup create / restore`: a box in one file, for its recovery key only.

In it: configuration, policy, certificates, the box's keys and logins for the cloud, databases,
tombstones. Not in it: ciphertext (the archive in the cloud is its second copy), envelopes and wraps
(ruling 5). So a backup brings the *box* back; what was never sent burns with its disk.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.adapters.crypto import backups
from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.adapters.crypto.recipients import load_recipients
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.store.snapshot import snapshot
from appliance.adapters.store.stores import Stores, open_stores
from appliance.config import box
from appliance.core.errors import (
    Conflict,
    HallvaktError,
    IntegrityFailure,
    Refused,
    Unreachable,
)
from appliance.core.exam import ExamState
from appliance.core.ids import BoxId
from appliance.core.keys import RecipientKind
from appliance.processes.cloud_ends import check_both_ends, cloud_ends
from appliance.processes.erased_state import belongings, replay_with_cloud
from appliance.processes.trusted_hosts import check_signed
from appliance.services.tombstones import replay_tombstones
from appliance.shared_data import is_shared
from appliance.whole_file import unwritable, whole_file

DATABASES = ("audit", "identities", "box")
_FILES = (box.FILE_NAME, "policy.toml", "records.uri")
_FOLDERS = ("tls", "keys", "languages", "erased")
_EMPTY = ("blobs", "live", "run", "log")
_UNPACKING = ".restoring-"  # until the whole backup has proven to be what was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    path: Path
    bytes: int
    box_id: BoxId
    recipients: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Restored:
    """`erased_again` attempts came back and were destroyed before anything else; `lost_objects`
    are rows whose ciphertext went with the old disk, `archived_objects` those of them that had been
    confirmed in the cloud. `cloud_asked` False: the cloud's tombstones
    are still to be replayed, which the first night does."""

    box_id: BoxId
    made_ms: int
    exams: int = 0
    erased_again: int = 0
    lost_objects: int = 0
    archived_objects: int = 0
    cloud_asked: bool = False
    warnings: list[str] = field(default_factory=list)


def create(state: Path, out: Path) -> Made:
    """Write `out` (mode 0600), whole or not at all. Blocks. Raise Conflict rather than replace a
    file, NotFound without a list of recipients."""
    config = box.load(state)
    recovery = [
        recipient
        for recipient in load_recipients(state / "keys").recipients
        if recipient.kind is RecipientKind.RECOVERY
    ]
    made_ms = SystemClock().now_ms()
    if out.exists():
        raise Conflict(f"There is already a file {out}: choose another name.")
    try:
        with (
            tempfile.TemporaryDirectory(dir=state / "run", prefix="backup-") as copies,
            whole_file(out, replace=False) as file,
        ):
            writer = backups.SealedWriter(file, config.box_id, recovery, made_ms)
            with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                for path, name in _members(state, Path(copies)):
                    tar.add(path, arcname=name, recursive=False)
            writer.finish()
    except OSError as error:  # the copies of the databases are made beside them first
        raise unwritable(state / "run", error) from error
    labels = tuple(recipient.label for recipient in recovery)
    return Made(path=out, bytes=out.stat().st_size, box_id=config.box_id, recipients=labels)


def _members(state: Path, copies: Path) -> Iterator[tuple[Path, str]]:
    for name in DATABASES:
        copy = copies / f"{name}.db"
        snapshot(state / "db" / copy.name, copy, strip=name == "box")
        yield copy, f"db/{copy.name}"
    for name in _FILES:
        if (state / name).is_file():
            yield state / name, name
    for folder in _FOLDERS:
        for path in sorted((state / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, path.relative_to(state).as_posix()


def unpack(file: Path, state: Path, key: HybridPrivateKey) -> backups.BackupHeader:
    """Make `state`, an empty or new directory, out of a backup. Blocks. Nothing is there under its
    own name before the whole file has proven to be what was written, and box.toml last.

    All of it happens inside: the box's user may write in its directory, and not in the one above.
    """
    was_there = state.exists()
    try:
        if was_there and not _is_free(state):
            raise Refused(f"{state} is not empty: restore into an empty directory.")
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_shared(state):
            state.chmod(0o700)
        unpacking = Path(tempfile.mkdtemp(dir=state, prefix=_UNPACKING))
    except OSError as error:
        raise unwritable(state, error) from error
    try:
        header = _unpacked(file, unpacking, key)
        for entry in sorted(unpacking.iterdir(), key=lambda entry: entry.name == box.FILE_NAME):
            entry.rename(state / entry.name)
    except BaseException as error:
        _empty(state)
        if not was_there:
            state.rmdir()
        if isinstance(error, OSError):
            raise unwritable(state, error) from error
        raise
    unpacking.rmdir()
    return header


# Not extractall: its filters, without which it trusts a name with `..` in it, came with Python
# 3.11.4, and Debian 12 has 3.11.2.
def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, below: Path) -> None:
    path = below / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None  # of a file there is
    with content, open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(content, out)
    path.chmod(member.mode & 0o644 | 0o600)


def _is_free(state: Path) -> bool:
    """Whether it holds nothing, or what a restore left that was killed; raise OSError."""
    there = [entry.name for entry in state.iterdir()]
    if any(name.startswith(_UNPACKING) for name in there) and box.FILE_NAME not in there:
        _empty(state)
        return True
    return not there


def _empty(state: Path) -> None:
    for entry in list(state.iterdir()):
        shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()


def _unpacked(file: Path, into: Path, key: HybridPrivateKey) -> backups.BackupHeader:
    plain = into / "archive.tar"
    for folder in (*_EMPTY, *_FOLDERS, "db"):
        (into / folder).mkdir(mode=0o700)
    try:
        sealed = file.open("rb")
    except OSError as error:
        raise Unreachable(unreadable(file, error)) from error
    with sealed, open(os.open(plain, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
        for piece in backups.opened(sealed, key):
            out.write(piece)
        sealed.seek(0)
        header, _ = backups.read_header(sealed)
    with tarfile.open(plain) as tar:
        for member in _checked(tar):
            _put(tar, member, into)
    plain.unlink()
    return header


def unreadable(file: Path, error: OSError) -> str:
    """What to say of a file that whoever typed the command may have to be given first."""
    said = f"{file} cannot be read: {error.strerror}."
    if isinstance(error, PermissionError):
        user = _user(os.geteuid())
        said += (
            f" Give it to the user {user}, in a directory that this user may enter, /var/tmp say."
        )
    return said


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _checked(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Plain files below what a box has, and by no name a file elsewhere."""
    for member in tar:
        top, *below = member.name.split("/")
        if not member.isfile() or top not in (*_FILES, *_FOLDERS, "db") or ".." in below:
            raise IntegrityFailure("The backup holds what no box writes: do not use it.")
        yield member


async def restore(file: Path, state: Path, key: HybridPrivateKey) -> Restored:
    """A box as it was, in `state`. Tombstones come before anything else, the cloud's too where it
    can be reached; then rows whose ciphertext is gone go. Raise Refused, with the box back and the
    cloud not asked, when that is not in the EU/EEA."""
    header = await asyncio.to_thread(unpack, file, state, key)
    config = await asyncio.to_thread(box.load, state)
    report, refused = Restored(box_id=config.box_id, made_ms=header.made_ms), None
    stores = await asyncio.to_thread(open_stores, state)
    try:
        report.erased_again = await replay_tombstones(
            await asyncio.to_thread(belongings, state, stores)
        )
        if config.cloud.objects != "none":
            try:
                await asyncio.to_thread(check_signed, state, config.cloud)
                async with cloud_ends(config.cloud) as ends:
                    await check_both_ends(ends, config.cloud)
                    report.erased_again += await replay_with_cloud(
                        state, config.box_id, stores, ends.records
                    )
                report.cloud_asked = True
            except Unreachable as error:
                report.warnings.append(error.message)
            except HallvaktError as error:  # only after the rest, which needs no cloud
                refused = error
        await _forget_lost(state, stores, report)
        await stores.audit.append("box", "backup-restored", "backup", config.box_id)
    finally:
        await stores.close()
    if refused is not None:
        raise type(refused)(
            f"The box is back in {state}, but the cloud was not asked what was erased since. "
            f"{refused.message}",
            code=refused.code,
        )
    return report


async def _forget_lost(state: Path, stores: Stores, report: Restored) -> None:
    """A row promises ciphertext; what burnt is not promised any more, and is said."""
    there = await asyncio.to_thread(lambda: {p.name for p in (state / "blobs").glob("*/*")})
    for exam in await stores.exams.all():
        report.exams += 1
        lost = 0
        for attempt in await stores.attempts.of_exam(exam.exam_id):
            for stored in await stores.snippets.objects(attempt.attempt_id):
                if stored.name not in there:
                    await stores.snippets.remove_object(stored.name)
                    lost += 1
        report.lost_objects += lost
        if exam.state is ExamState.ARCHIVED:
            report.archived_objects += lost
        elif lost:
            report.warnings.append(
                f"{lost} recordings of the exam {exam.code} had not been confirmed in the cloud "
                "when the backup was made. If a night came after it, `hallvakt backup adopt` "
                "finds them there; if not, they are lost."
            )
