"""`models/rules.toml`, beside the models' manifest, into `core.rule_figures`."""

from __future__ import annotations

from pathlib import Path

from appliance.config import strict_toml
from appliance.core.errors import WrongConfiguration
from appliance.core.rule_figures import RuleFigures, RuleRun

FILE_NAME = "rules.toml"


def read_rule_figures(directory: Path) -> tuple[RuleRun, ...]:
    """Raise WrongConfiguration when the file is missing, or naming the key that is wrong."""
    path = directory / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise WrongConfiguration(
            f"{path} cannot be read ({error.strerror}): install Hallvakt again."
        ) from error
    return strict_toml.read(strict_toml.parse(text, str(path)), RuleFigures, str(path)).runs
