"""What an exam's settings may not go beyond on this box: the school's policy, and what it has."""

from __future__ import annotations

from pathlib import Path

from appliance.config.box import BoxConfig
from appliance.config.policy import check_against
from appliance.core.errors import WrongConfiguration
from appliance.core.settings import ExamSettings


def check_settings(state: Path, config: BoxConfig, settings: ExamSettings) -> None:
    """Raise WrongConfiguration naming the setting; no notice may promise what does not happen."""
    check_against(state, settings)
    if settings.features.hall_microphone and not config.hall_microphone.device:
        raise WrongConfiguration(
            "features.hall_microphone is on, but this box has no hall microphone: name it in "
            "box.toml ([hall_microphone] device and hall) and start the box again, or switch it "
            "off.",
            code="no-hall-microphone",
        )
