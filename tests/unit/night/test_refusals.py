"""What night, backup and review refuse before they touch anything, in words that say what to do."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2
import pytest

from appliance.adapters.cloud.s3 import S3Objects
from appliance.adapters.cloud.s3_session import S3Account
from appliance.cli import sync
from appliance.cli.review_export import _in_zip
from appliance.core.errors import HallvaktError
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.review_decision import MAX_TEXT, ReviewDecision, Verdict, check
from appliance.processes.backup import _checked
from appliance.review.export_report import incidents_of
from appliance.review.record import parse_record

_DECISION = ReviewDecision(
    number=1,
    box_id=BoxId("b" * 32),
    exam_id=ExamId("e" * 32),
    attempt_id=AttemptId("a" * 32),
    reviewer="Anna Granskare",
    decided_ms=1,
    verdict=Verdict.FINDING,
    reason="Two.",
    previous=b"",
)


def _tarred(name: str, kind: bytes = tarfile.REGTYPE) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    packed.seek(0)
    with tarfile.open(fileobj=packed) as tar:
        list(_checked(tar))


def _s3(region: str) -> None:
    S3Objects("bucket", region=region, account=S3Account(key_id="k", secret="s"))


def _decided(**changed: Any) -> None:
    check(replace(_DECISION, **changed), (), b"signer")


_REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: asyncio.run(sync.run(reason="A holiday.")), "belong together"),
    (lambda: asyncio.run(sync.run(now=True)), "belong together"),
    (lambda: asyncio.run(sync.run(now=True, reason="  ")), "belong together"),
    (lambda: asyncio.run(sync.verify(sample=0)), "--sample is a number of packs, at least 1"),
    (lambda: asyncio.run(sync.verify(sample=-3)), "--sample is a number of packs, at least 1"),
    (lambda: _s3("eu north 1"), r"cloud\.region must be"),
    (lambda: _s3(""), r"cloud\.region must be"),
    (lambda: _tarred("etc/passwd"), "what no box writes"),
    (lambda: _tarred("keys/link", tarfile.SYMTYPE), "what no box writes"),
    (lambda: _decided(reason=" "), "Write the reason"),
    (lambda: _decided(reason="x" * (MAX_TEXT + 1)), "too long"),
    (lambda: _decided(answer="x" * (MAX_TEXT + 1)), "too long"),
    (lambda: parse_record(b"\xff"), "another version"),
    (lambda: parse_record(cbor2.dumps({"version": 2})), "another version"),
    (lambda: incidents_of({"incidents": [{"kinds": 3}]}), "another version"),
]


@pytest.mark.parametrize(("act", "says"), _REFUSED, ids=range(len(_REFUSED)))
def test_it_is_refused_and_says_why(act: Callable[[], Any], says: str) -> None:
    with pytest.raises(HallvaktError, match=says):
        act()


def test_an_export_replaces_nothing(tmp_path: Path) -> None:
    there = tmp_path / "person.zip"
    there.write_bytes(b"something")
    with pytest.raises(HallvaktError, match="already something"), _in_zip(there):
        pass
    assert there.read_bytes() == b"something"
