"""What the doctor finds of erasures that the disk did not carry out. Pure."""

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
