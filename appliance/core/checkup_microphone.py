"""What the doctor says of the hall's microphone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from appliance.core.checkup import Check, ok, warn
from appliance.core.feed import HallMicrophoneState


def microphone(wanted: str, heard: Sequence[str] | None) -> Check:
    """`wanted` in box.toml, or empty; `heard`: what is plugged in, None without PortAudio."""
    if not wanted:
        return ok("microphone", "none is named in box.toml, so no exam can listen to the hall")
    if heard is None:
        return warn(
            "microphone",
            f"{wanted} is named in box.toml, but PortAudio is not installed",
            "Install the package libportaudio2.",
        )
    if not any(wanted.lower() in name.lower() for name in heard):
        return warn(
            "microphone",
            f"{wanted} is named in box.toml, but not plugged in",
            "Plug it in, or correct hall_microphone.device in box.toml.",
        )
    return ok("microphone", f"{wanted} is plugged in")


def microphone_now(wanted: str, states: Collection[HallMicrophoneState]) -> Check:
    """The same from the gateway, which opens no device: by what the process that does reports.
    `states` of the exams that are live."""
    if not wanted:
        return microphone(wanted, None)
    if HallMicrophoneState.NOT_HEARD in states:
        return warn(
            "microphone",
            f"an exam listens to the hall, and nothing is heard of {wanted}",
            "Look at its plug, then at the log of hallvakt-hall-audio.",
        )
    if HallMicrophoneState.HEARD in states:
        return ok("microphone", f"{wanted} is heard")
    return ok("microphone", f"{wanted} is switched off: it is tried when an exam listens to it")
