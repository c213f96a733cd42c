"""When the box sends: the tables `[night]` and `[[night.window]]` of its configuration.

[night]
time_zone = "Europe/Stockholm"

[[night.window]]
days = ["mon", "tue", "wed", "thu"]
from = "22:00"
to = "06:00"
cap_mbit_s = 4
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance.core.errors import BadInput, WrongConfiguration
from appliance.core.night_window import THE_NIGHT, Window, check

# `from` is a word of the language this is written in.
_NAMES = {"from": "opens", "to": "closes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NightConfig:
    """No window: the usual night. `time_zone` empty is the machine's own."""

    time_zone: str = ""
    window: tuple[Window, ...] = ()

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those the box keeps to."""
        return self.window or THE_NIGHT

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None


def read_names(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document` with `from` and `to` of each window under their names here. Anything that is not
    as expected stays as it is, for the strict reader to refuse."""
    return _renamed(document, _NAMES)


def written_names(document: Mapping[str, Any]) -> dict[str, Any]:
    """The way back. Without a window none is written: `window = []` would forbid the tables
    `[[night.window]]` that a person adds below (TOML 1.0, arrays of tables)."""
    renamed = _renamed(document, {inner: outer for outer, inner in _NAMES.items()})
    night = renamed.get("night")
    if isinstance(night, Mapping) and not night.get("window"):
        renamed["night"] = {key: value for key, value in night.items() if key != "window"}
    return renamed


def checked(night: NightConfig, source: str) -> None:
    """Raise WrongConfiguration for a window that is none, or a zone nobody knows."""
    for number, window in enumerate(night.window, start=1):
        try:
            check(window)
        except BadInput as error:
            raise WrongConfiguration(
                f"{source}: night.window number {number}: {error.message}", code="wrong-value"
            ) from None
    try:
        assert night.zone is None or night.zone.key
    except (ZoneInfoNotFoundError, ValueError):
        raise WrongConfiguration(
            f"{source}: night.time_zone is not known here: write it as Europe/Stockholm.",
            code="wrong-value",
        ) from None


def _renamed(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    night = document.get("night")
    windows = night.get("window") if isinstance(night, Mapping) else None
    if not isinstance(windows, list | tuple) or not all(isinstance(w, Mapping) for w in windows):
        return dict(document)
    renamed = [{names.get(key, key): value for key, value in w.items()} for w in windows]
    return {**document, "night": {**night, "window": renamed}}  # type: ignore[dict-item]
