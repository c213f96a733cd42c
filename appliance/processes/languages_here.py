"""The languages of a box: those shipped with it and those its school has added."""

from __future__ import annotations

from pathlib import Path

import structlog

from appliance.core.languages import Languages
from appliance.languages import read_languages

log = structlog.get_logger("languages")


def languages_here(state: Path) -> Languages:
    """Read at start; a file that cannot be used is told in the log and costs its language only."""
    languages = read_languages(state / "languages")
    for name, sentence in languages.refused.items():
        log.warning("language left out", language=name, why=sentence)
    return languages
