"""`hallvakt record`: Markdown and PDF, from a settings file and from a box's own exams."""

from __future__ import annotations

import asyncio
import re
import tomllib
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.vision.manifest import manifest_directory, read_manifest
from appliance.cli import main as command
from appliance.cli.record_pdf import as_pdf
from appliance.cli.slips import latin_1
from appliance.config.box import CloudConfig
from appliance.config.rule_figures import read_rule_figures
from appliance.core.document_technical import technical_file
from appliance.core.documents import Document, Grid, Heading, Paragraph
from appliance.core.errors import WrongConfiguration
from appliance.core.observation import ObservationKind
from tests.support.closed_exam import TITLE, closed_exam
from tests.unit.test_documents import METRICS, facts

SETTINGS = """
[exam]
title = "Fysik på hög nivå"
[retention]
days = 17
[features]
video_snippets = true
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "exam.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


def record(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    exit_code = command.run(["record", *words])
    said = capsys.readouterr()
    return exit_code, said.out, said.err


@pytest.mark.parametrize("kind", ["processing", "dpia", "technical-file"])
def test_of_a_settings_file_without_a_box(
    kind: str, settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [kind, "--exam", str(settings), "--state", str(tmp_path)]
    exit_code, shown, _ = record(capsys, *words)
    assert exit_code == 0
    assert "Fysik på hög nivå" in shown
    out = tmp_path / "record.md"
    assert record(capsys, *words, "--out", str(out))[0] == 0
    assert out.read_text(encoding="utf-8") == shown
    pdf = tmp_path / "record.pdf"
    assert record(capsys, *words, "--out", str(pdf))[0] == 0
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_of_a_box_and_its_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "box"
    made = asyncio.run(closed_exam(state, CloudConfig(objects="directory", directory=Path("copy"))))
    (state / "policy.toml").write_text("[retention]\nmax_days = 33\n")
    exit_code, shown, said = record(capsys, "processing", "--state", str(state))
    assert (exit_code, said) == (0, "")
    assert TITLE in shown
    assert made.box_id in shown
    assert "| closed |" in shown
    assert "at most 33" in shown
    assert "object storage `directory`" in shown
    exit_code, shown, _ = record(capsys, "technical-file", "--state", str(state))
    assert all(model.sha256 in shown for model in read_manifest().models)


def test_what_cannot_be(tmp_path: Path, settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exam = ["--exam", str(settings), "--state", str(tmp_path)]
    assert record(capsys, "dpia", "--state", str(tmp_path))[0] == 3  # no box there
    assert record(capsys, "dpia", *exam, "--out", str(tmp_path / "x.doc"))[0] == 2
    assert record(capsys, "dpia", *exam, "--out", str(tmp_path / "no" / "x.md"))[0] == 5
    assert record(capsys, "dpia", "--exam", str(tmp_path / "none.toml"))[0] == 2


NONE = "not measured"


def measured() -> dict[str, list[str]]:
    """Per kind, as models/rules.toml has it: recall, precision, false alarms of each run."""
    runs = tomllib.loads((manifest_directory() / "rules.toml").read_text())["runs"]
    clips = next(run for run in runs if "recall" in run)
    cells: dict[str, list[str]] = {}
    for kind in ObservationKind:
        shares = [clips[name].get(kind.value) for name in ("recall", "precision")]
        alarms = [(run["false_alarms"].get(kind.value), run) for run in runs if run is not clips]
        cells[kind.value] = [NONE if share is None else f"{100 * share:g} %" for share in shares]
        cells[kind.value] += [
            NONE if count is None else f"{count} in {run['hours']:g} h" for count, run in alarms
        ]
    return cells


def test_what_the_rules_were_measured_to_do_stands_in_the_technical_file(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["technical-file", "--exam", str(settings), "--state", str(tmp_path)]
    shown = record(capsys, *words)[1]
    for kind, cells in measured().items():
        row = next(line for line in shown.splitlines() if line.startswith(f"| {kind} |"))
        assert row.endswith(f"| {' | '.join(cells)} |")
    for run in read_rule_figures(manifest_directory()):
        assert f"{run.name} ({run.date}): " in shown
    assert "`python -m tests.benchmarks.rules_on_clips --json" in shown
    assert "an hour with 95 % confidence" in shown


def test_the_measured_figures_stand_in_the_pdf_too(tmp_path: Path) -> None:
    runs = read_rule_figures(manifest_directory())
    pages = _streams(as_pdf(technical_file(replace(facts(METRICS), rule_runs=runs)), tmp_path))
    for kind in ObservationKind:
        assert f"({kind.value})".encode() in pages
    for figure in {cell for cells in measured().values() for cell in cells} | {"15 to 80"}:
        assert f"({figure})".encode() in pages


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "install Hallvakt again"),
        ("[[runs]]\nname = 1\n", "runs"),
        ("[[run]]\n", "run is not known"),
    ],
)
def test_figures_that_cannot_be_read(text: str | None, says: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(WrongConfiguration, match=says):
        read_rule_figures(tmp_path)


LETTERS = Document(
    title="Åäö", blocks=(Heading("Östra"), Paragraph("å – ĳ"), Grid(("å",), (("ä",),)))
)


def test_swedish_letters_stand_in_the_pdf_without_the_font_package(tmp_path: Path) -> None:
    pages = _streams(as_pdf(LETTERS, tmp_path))
    assert "Östra".encode("latin-1") in pages
    assert "å".encode("latin-1") in pages
    assert latin_1("Łódź – ő") == "?ódz ? o"


def test_with_the_font_package_its_letters_are_embedded() -> None:
    made = as_pdf(LETTERS)
    assert (b"DejaVuSans" in made) == Path("/usr/share/fonts/truetype/dejavu").is_dir()


def _streams(pdf: bytes) -> bytes:
    """The page's drawing commands, inflated."""
    found = b""
    for content in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        try:
            found += zlib.decompress(content)
        except zlib.error:
            found += content
    return found
