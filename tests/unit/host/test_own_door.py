"""By which name a program on the box goes to the box."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.adapters.host import tls
from appliance.adapters.host.own_door import reachable_name
from appliance.core.errors import Unreachable

HERE = ("127.0.0.1",)


@pytest.fixture
def files(tmp_path: Path) -> tls.TlsFiles:
    names, now = ["exambox.school.example", "10.0.0.5"], datetime.now(UTC)
    tls.make_authority(tmp_path, "Box", names, now)
    return tls.ensure_certificate(tmp_path, names, now)


def test_a_name_that_is_looked_up_and_on_the_certificate(files: tls.TlsFiles) -> None:
    known = {"localhost": HERE, "exambox.school.example": (), "10.0.0.5": ("10.0.0.5",)}
    assert reachable_name(files, known) == "10.0.0.5"


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({"localhost": HERE}, "for none of its names"),
        ({"localhost": HERE, "exambox.school.example": ()}, r"looks up none .*127\.0\.0\.1"),
    ],
)
def test_where_no_name_is_both_it_says_which_is_missing(
    files: tls.TlsFiles, known: dict[str, tuple[str, ...]], says: str
) -> None:
    with pytest.raises(Unreachable, match=says):
        reachable_name(files, known)


def test_a_public_certificate_wants_a_line_in_hosts(files: tls.TlsFiles) -> None:
    files.public_certificate.write_bytes(files.certificate.read_bytes())
    with pytest.raises(Unreachable, match="/etc/hosts"):
        reachable_name(files, {"exambox.school.example": ()})
