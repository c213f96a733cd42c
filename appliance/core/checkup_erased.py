"""What the doctor finds of deletions that were not carried out. Pure."""

from __future__ import annotations

from appliance.core.checkup import Check, warn


def left_to_delete(files: int) -> list[Check]:
    """`files` that hold something that was erased; nothing is said where there are none."""
    if not files:
        return []
    return [
        warn(
            "erasure",
            f"{files} files of what was erased could not be deleted; nobody is shown them",
            "Look at the disk and the rights below the state directory, then run `hallvakt "
            "janitor`. No deletion certificate is signed until they are gone.",
        )
    ]


def held_back(jumped: str) -> list[Check]:
    """`jumped`: by how much, where the clock is not what retention may go by; else empty."""
    if not jumped:
        return []
    return [
        warn(
            "retention",
            f"nothing is deleted by date: the clock jumped by {jumped}, or the machine was off for "
            "as long",
            "Check the time and its source; when it is right, run `hallvakt janitor "
            "--clock-is-right`.",
        )
    ]
