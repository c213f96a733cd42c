"""Which box a console is for, before anything is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.core.errors import NotAllowed, Unreachable
from tui.target import from_arguments


def test_a_box_that_does_not_run_is_said_to_be_that(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="No box is running"):
        from_arguments(state=tmp_path, url=None, ca=None, socket=None)


def test_who_may_not_see_the_box_is_told_of_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from an account of the technician's own: the box's directory is closed."""

    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(NotAllowed, match=r"another user's; .* --url https://ADDRESS and --ca FILE"):
        from_arguments(state=tmp_path, url=None, ca=None, socket=None)
