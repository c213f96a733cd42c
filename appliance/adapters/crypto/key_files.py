"""Peppers and live wraps: small plain files outside the database, its log and its backups.

    live/EXAM/pepper          32 random bytes
    live/EXAM/pepper-bound    the same, of use only together with the machine's credential: the
                              pepper is HMAC-SHA256(credential, "hvo1 pepper" ‖ exam ‖ file)
    live/EXAM/wrap-USER       salt (16) ‖ wrapped live key (12 + 32 + 16)

Before a file is unlinked or replaced its bytes are overwritten in place and fsynced. A flash disk
may keep the old bytes in a spare block all the same, which is why a wrap is worth nothing without
a passphrase, and why the pepper is bound to a credential of the machine where there is one.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from appliance.core.errors import HallvaktError, IntegrityFailure, Locked, NoRoom, Unreachable
from appliance.core.ids import ExamId, UserId, check_id
from appliance.core.keys import LiveWrap
from appliance.whole_file import unwritable

SALT_BYTES = 16
_PEPPER, _BOUND, _WRAP = "pepper", "pepper-bound", "wrap-"
_BOUND_LABEL = b"hvo1 pepper"


class LiveKeyFiles:
    """Implements `core.ports.KeyFiles` under a directory such as `STATE/live`. Every method
    touches the disk: call it in a thread. `machine`: the machine's own secret, where it has one
    (adapters/host/credentials.py); what it was mixed into is of no use without it."""

    def __init__(self, directory: Path, *, machine: bytes | None = None) -> None:
        self._directory = directory
        self._machine = machine

    def put_pepper(self, exam: ExamId, pepper: bytes) -> None:
        self._put(exam, _PEPPER if self._machine is None else _BOUND, pepper)

    def pepper(self, exam: ExamId) -> bytes:
        bound = self._get(exam, _BOUND)
        if bound is not None:
            if self._machine is None:
                raise _elsewhere()
            label = _BOUND_LABEL + bytes.fromhex(exam)
            return hmac.digest(self._machine, label + bound, "sha256")
        pepper = self._get(exam, _PEPPER)
        if pepper is None:
            raise Locked("This exam has no live key: it is not open yet, or is closed.")
        return pepper

    def put_wrap(self, wrap: LiveWrap) -> None:
        if len(wrap.salt) != SALT_BYTES:
            raise ValueError("a salt has 16 bytes")
        self._put(wrap.exam_id, _WRAP + check_id(wrap.user_id), wrap.salt + wrap.wrapped)

    def wraps(self, exam: ExamId) -> Sequence[LiveWrap]:
        found = []
        for path in sorted(self._of(exam).glob(f"{_WRAP}*")):
            content = self._get(exam, path.name) or b""
            if len(content) <= SALT_BYTES:
                raise IntegrityFailure(
                    "A file of an exam's live key is damaged: log in as another invigilator."
                )
            found.append(
                LiveWrap(
                    exam_id=exam,
                    user_id=UserId(path.name.removeprefix(_WRAP)),
                    salt=content[:SALT_BYTES],
                    wrapped=content[SALT_BYTES:],
                )
            )
        return found

    def destroy(self, exam: ExamId) -> None:
        directory = self._of(exam)
        if not directory.is_dir():
            return
        try:
            for path in directory.iterdir():
                self._destroy(path)
            directory.rmdir()
            _fsync_directory(self._directory)
        except OSError as error:
            raise _translate(error) from error

    def _of(self, exam: ExamId) -> Path:
        return self._directory / check_id(exam)

    def _get(self, exam: ExamId, name: str) -> bytes | None:
        try:
            return (self._of(exam) / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _translate(error) from error

    def _put(self, exam: ExamId, name: str, content: bytes) -> None:
        directory = self._of(exam)
        path = directory / name
        unfinished = directory / f".unfinished-{secrets.token_hex(8)}"
        try:
            if not directory.is_dir():
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                _fsync_directory(self._directory)
            _write(unfinished, content)
            old = _open_existing(path)
            try:
                os.replace(unfinished, path)
                _fsync_directory(directory)
                if old is not None:
                    _overwrite(old)
            finally:
                if old is not None:
                    os.close(old)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise unwritable(path, error) from error

    def _destroy(self, path: Path) -> None:
        try:
            descriptor = _open_existing(path)
            if descriptor is None:
                return
            try:
                _overwrite(descriptor)
            finally:
                os.close(descriptor)
            path.unlink()
            _fsync_directory(path.parent)
        except OSError as error:
            raise _translate(error) from error


def _elsewhere() -> Locked:
    return Locked(
        "This exam's key is bound to the credential of the machine it was made on, and that is "
        "not here: start the box on that machine, as its service."
    )


def _open_existing(path: Path) -> int | None:
    try:
        return os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None


def _overwrite(descriptor: int) -> None:
    os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
    os.fsync(descriptor)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _translate(error: OSError) -> HallvaktError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoRoom("The box's disk is full: free some room, then try again.")
    return Unreachable(f"The box's disk does not answer as it should: {error.strerror}.")
