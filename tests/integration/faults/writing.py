"""What of the product writes files, each made ready to write on a disk that is about to break.

A case prepares while all is well and returns what writes. That is called on the broken disk and
again on the mended one: a function, or the words of a `hallvakt` command. `PLACES` says through
which functions of the source each goes (`tests/support/writers.py` finds them).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.cloud.directory import DirectoryObjects
from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.crypto.private_keys import PrivateKey, encode_private_key
from appliance.adapters.host import tls
from appliance.adapters.store import snapshots
from appliance.adapters.store.stores import open_stores
from appliance.adapters.store.tombstone_file import TombstoneFile
from appliance.cli import keys as keys_command
from appliance.cli.review_export import _in_directory, _in_zip
from appliance.config import box
from appliance.core.deletion_certificate import DestroyedInCloud, certificate_payload
from appliance.core.erasure import Erasure, NameLeft
from appliance.core.first_boot import Note, Standing, Step
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, UserId
from appliance.core.pack_journal import Tombstone
from appliance.processes import backup, eraser
from appliance.processes.repair import repair
from appliance.review.receipts import Receipts
from appliance.services.erasure_in_cloud import Certificate
from tests.support.closed_exam import ClosedExam
from tests.support.fake_clock import FakeClock
from tui.first_boot.notebook import Notebook
from tui.preferences import PreferencesFile


@dataclass(frozen=True, slots=True)
class Command:
    """Words of `hallvakt`, and what it reads as a passphrase."""

    words: list[str]
    passphrase: str = ""


Work = Callable[[], object] | Command

BOX, EXAM, ATTEMPT = BoxId("0b" * 16), ExamId("0e" * 16), AttemptId("0a" * 16)
MEDIA = os.urandom(100_000)


@dataclass(frozen=True, slots=True)
class Here:
    """`disk` is the one that breaks, `away` another. `made` is a box with a closed exam on `disk`,
    whose backups `recovery` opens."""

    disk: Path
    away: Path
    made: ClosedExam
    recovery: PrivateKey

    @property
    def state(self) -> Path:
        return self.made.state


def settings_of_the_box(here: Here) -> Work:
    config = box.load(here.state)
    return lambda: box.write(here.state, replace(config, name="Another name"))


def the_authority_for_it(here: Here) -> Work:
    (here.disk / "for-it").mkdir()
    (here.disk / "for-it" / "hallvakt-ca.pem").write_bytes(b"an older one")
    return Command(["certificate", "export", str(here.disk / "for-it"), "--state", str(here.state)])


def a_certificate(here: Here) -> Work:
    names = box.load(here.state).web.names
    later = datetime.now(UTC) + timedelta(days=380)
    return lambda: tls.certify(tls.TlsFiles.below(here.state / "tls"), names, later)


def a_key_pair(here: Here) -> Work:
    key = PrivateKey.generate("reviewer", "Board")
    private = encode_private_key(key, "long enough", memory_kib=8 * 1024, passes=1)
    return lambda: keys_command._write_both(here.disk / "reviewer", private, key.public())


def shares_of_a_key(here: Here) -> Work:
    parts = tuple("word " * 1000 for _ in range(5))
    return lambda: keys_command._write_shares(here.disk / "shares", "recovery", parts)


def a_backup(here: Here) -> Work:
    out = here.disk / "box.backup"
    return Command(["backup", "create", "--out", str(out), "--state", str(here.state)])


def a_backup_elsewhere(here: Here) -> Work:
    """The box's disk is well; the stick is not. The databases' copies are made on the first."""
    backup.create(here.state, here.away / "box.backup")
    key = here.recovery.for_opening()
    return lambda: backup.unpack(here.away / "box.backup", here.disk / "again" / "box", key)


def a_snapshot_before_an_update(here: Here) -> Work:
    into = here.state / "snapshots" / "before-2"
    snapshots.make(here.state / "db", into)
    return Command(["snapshot", "make", str(into), "--state", str(here.state)])


def a_repair(here: Here) -> Work:
    damaged = here.state / "db" / "identities.db"
    snapshots.make(here.state / "db", here.state / "snapshots" / "night")
    content = bytearray(damaged.read_bytes())
    content[4096 * 3 : 4096 * 4] = b"\xa5" * 4096
    damaged.write_bytes(content)
    return lambda: asyncio.run(repair(here.state))


def a_snippet(here: Here) -> Work:
    blobs = DirectoryBlobs(here.state / "blobs")
    return lambda: asyncio.run(blobs.put(ObjectName("5a" * 16), MEDIA))


def rows(here: Here) -> Work:
    """More than what is left of a page."""

    async def add() -> None:
        stores = await asyncio.to_thread(open_stores, here.state)
        try:
            await stores.facts.put("test", MEDIA)
        finally:
            await stores.close()

    return lambda: asyncio.run(add())


def a_new_database(here: Here) -> Work:
    return lambda: asyncio.run(open_stores(here.disk / "new").close())


def an_object_for_a_cloud_on_site(here: Here) -> Work:
    (here.disk / "archive").mkdir()
    objects = DirectoryObjects(here.disk / "archive")
    return lambda: asyncio.run(objects.put(f"packs/{'5a' * 16}", MEDIA))


def a_live_key(here: Here) -> Work:
    files = LiveKeyFiles(here.state / "live")
    files.put_pepper(EXAM, bytes(32))
    return lambda: files.put_pepper(EXAM, b"\x01" * 32)


def tombstones(here: Here) -> Work:
    (here.state / "erased").mkdir(exist_ok=True)
    log = TombstoneFile(here.state / "erased" / "tombstones.jsonl")
    asyncio.run(log.append([_tombstone(0)]))
    # As many as do not fit into what is left of the file's page.
    return lambda: asyncio.run(log.append([_tombstone(n) for n in range(1, 60)]))


def _tombstone(number: int) -> Tombstone:
    attempt = AttemptId(f"{number:032x}")
    return Tombstone(exam_id=EXAM, attempt_id=attempt, at_ms=1, reason="erasure")


def a_deletion_certificate(here: Here) -> Work:
    made = Erasure(
        box_id=BOX, exam_id=EXAM, attempt_id=ATTEMPT, begun_ms=1, reference="2026/17",
        officers=(UserId("0c" * 16), UserId("0d" * 16)), name=NameLeft.REMOVED,
        envelopes=(), objects=(), tombstone_signature=b"", public_key=bytes(32),
    )  # fmt: skip
    payload = certificate_payload(made, DestroyedInCloud(location="", packs=()), 2)
    certificate = Certificate(
        attempt_id=ATTEMPT, payload=payload, public_key=bytes(32), signed=bytes(100)
    )
    path = here.state / "erased" / ATTEMPT
    eraser.keep(path, certificate)
    return lambda: eraser.keep(path, replace(certificate, signed=MEDIA))


def what_was_looked_at(here: Here) -> Work:
    """A line that crosses the end of the page, so that half of it could be written."""
    path, key = here.disk / "receipts", here.recovery
    clock = FakeClock(1_795_420_800_000)
    receipts = Receipts(path, key.for_deciding(), key.for_opening().recipient_id, clock)

    def look(kind: str = "snippet") -> None:
        asyncio.run(receipts.looked(BOX, EXAM, ATTEMPT, kind))

    while not path.exists() or 4096 - path.stat().st_size % 4096 > 1024:
        look()
    return partial(look, "k" * 2000)


def an_export_in_a_directory(here: Here) -> Work:
    return partial(_exported, _in_directory, here.disk / "export")


def an_export_in_a_zip(here: Here) -> Work:
    return partial(_exported, _in_zip, here.disk / "export.zip")


def _exported(place: Callable[[Path], object], path: Path) -> None:
    with place(path) as add:  # type: ignore[attr-defined]
        add("report.md", b"small")
        add("videos/1.webm", MEDIA)


def settings_of_the_console(here: Here) -> Work:
    kept = PreferencesFile(here.disk / "console.toml")
    kept.keep(theme="dark")

    def change() -> None:
        """It says it in a sentence instead of stopping the console."""
        kept.trouble = ""
        kept.keep(language="sv")
        if kept.trouble:
            raise SentenceError(kept.trouble)

    return change


class SentenceError(Exception):
    """What the console shows."""


def notes_of_the_first_boot(here: Here) -> Work:
    book = Notebook.of(here.disk / "box", here.disk / "notes.json")
    book.write({Step.HARDWARE: Note(standing=Standing.BEGUN)})
    facts = {"text": "a" * 10_000}
    return lambda: book.write({Step.HARDWARE: Note(standing=Standing.DONE, facts=facts)})


def a_new_box(here: Here) -> Work:
    words = ["init", "--lead", "lena", "--no-second-factor", "--host", "127.0.0.1", "--state"]
    return Command([*words, str(here.disk / "new-box")], "korrekt häst batteri")


def a_record_for_the_officer(here: Here) -> Work:
    out = here.disk / "technical-file.md"
    return Command(["record", "technical-file", "--out", str(out), "--state", str(here.state)])


PLACES: Mapping[Callable[[Here], Work], tuple[str, ...]] = {
    settings_of_the_box: (),
    the_authority_for_it: (),
    a_certificate: (),
    a_key_pair: (),
    shares_of_a_key: (),
    a_backup: (
        "appliance/processes/backup.py:create",
        "appliance/adapters/store/snapshot.py:_strip",
    ),
    a_backup_elsewhere: (
        "appliance/processes/backup.py:unpack",
        "appliance/processes/backup.py:_unpacked",
        "appliance/processes/backup.py:_put",
    ),
    a_snapshot_before_an_update: ("appliance/adapters/store/snapshots.py:_copy",),
    a_repair: (
        "appliance/processes/repair.py:_keep",
        "appliance/processes/repair.py:_alone",
        "appliance/adapters/store/salvage.py:_open",
    ),
    a_snippet: ("appliance/adapters/blobs/directory.py:DirectoryBlobs._write",),
    rows: (),
    a_new_database: (
        "appliance/adapters/store/schema.py:_connection",
        "appliance/adapters/store/schema.py:make_empty",
    ),
    an_object_for_a_cloud_on_site: (
        "appliance/adapters/cloud/partial_file.py:PartialFile._opened",
    ),
    a_live_key: (
        "appliance/adapters/crypto/key_files.py:_write",
        "appliance/adapters/crypto/key_files.py:_open_existing",
    ),
    tombstones: ("appliance/adapters/store/tombstone_file.py:TombstoneFile._append",),
    a_deletion_certificate: (),
    what_was_looked_at: (
        "appliance/review/receipts.py:_add_line",
        "appliance/review/receipts.py:read_receipts",
    ),
    an_export_in_a_directory: (),
    an_export_in_a_zip: ("appliance/cli/review_export.py:_in_zip",),
    settings_of_the_console: (),
    notes_of_the_first_boot: (),
    a_new_box: (),
    a_record_for_the_officer: (),
}

_TRIES_OUT = "a school of its own, in a temporary directory of whoever tries Hallvakt out"
_ITS_OWN = "a temporary directory of its own, and nothing outside it"
_LOCK = "an empty file to lock; a box that cannot make it does not start (test_disk.py)"
ELSEWHERE: Mapping[str, str] = {
    "appliance/adapters/media/blanking.py:blank": "into memory",
    "appliance/adapters/relay/child.py:_in_memory": "into memory",
    "appliance/processes/relay_unit.py:_write_tls": "into memory: its unit's runtime directory",
    "appliance/cli/main.py:run": "/dev/null",
    "appliance/adapters/host/storage.py:fsync_ms": "it is there to fail (test_disk_watched.py)",
    "appliance/adapters/host/storage.py:write_once": "it is there to fail (test_disk_watched.py)",
    "appliance/processes/gateway.py:_only_one": _LOCK,
    "appliance/processes/supervisor.py:alone": _LOCK,
    "appliance/processes/syncer.py:_lock": _LOCK,
    "appliance/cli/factory_reset.py:_refuse_while_served": _LOCK,
    "appliance/cli/factory_reset.py:_overwrite": "bytes that are there already; takes no room",
    "appliance/adapters/store/snapshot.py:check": "only reads: SQLite checks constraints so alone",
    "appliance/adapters/store/snapshots.py:try_out": _ITS_OWN,
    "appliance/processes/checkup_parts.py:_coturn_version": _ITS_OWN,
    "appliance/processes/checkup_parts.py:_through_relay": _ITS_OWN,
    "appliance/adapters/vision/convert/install.py:_Fetcher.__init__": _ITS_OWN,
    "appliance/adapters/vision/convert/packages.py:_pip": _ITS_OWN,
    "appliance/cli/rehearsal_sound.py:make_sounds": _ITS_OWN,
    "appliance/cli/rehearse.py:_throw_away": _TRIES_OUT,
    "appliance/cli/demo.py:_directory": _TRIES_OUT,
    "appliance/cli/demo.py:demo": _TRIES_OUT,
    "appliance/rehearsal/": _TRIES_OUT,
}
