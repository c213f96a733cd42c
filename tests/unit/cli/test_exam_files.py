"""Files that people hand to `hallvakt exam`, as editors and full disks make them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.cli import main as command

SETTINGS = '[exam]\ntitle = "Fysik på engelska"\n[retention]\ndays = 30\n'


def test_a_byte_order_mark_before_the_settings_is_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "exam.toml"
    file.write_text(SETTINGS, encoding="utf-8-sig")
    assert command.run(["exam", "settings", str(file)]) == 0
    assert "Fysik på engelska" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_settings_in_another_encoding_are_refused_not_garbled(
    encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "exam.toml"
    file.write_text(SETTINGS, encoding=encoding)
    assert command.run(["exam", "notice", str(file)]) == 3
    assert "save it as UTF-8" in capsys.readouterr().err


def test_slips_that_cannot_be_written_are_told_before_new_codes_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The box replaces every seat code when asked for slips, so it is not asked yet."""
    target = tmp_path / "nowhere" / "slips.pdf"
    words = ["exam", "slips", "ABC234", "--as", "lead", "--state", str(tmp_path)]
    assert command.run([*words, "--pdf", str(target)]) == 5
    assert str(target) in capsys.readouterr().err
