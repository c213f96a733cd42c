"""What the doctor finds of the logins that the box has for its cloud. Pure."""

from __future__ import annotations

from appliance.core.checkup import Check, ok, warn

_KEYS = ("records_uri_file", "credentials_file")


def cloud_logins(*, verifier: bool, eraser: bool, on_site: bool = False) -> Check:
    """Whether reading back and deleting have logins of their own, beside the night's. `on_site`:
    objects lie in a directory, which knows no logins."""
    lacking = [name for name, own in (("verifier", verifier), ("eraser", eraser)) if not own]
    if not lacking:
        return ok("cloud logins", "reading back and deleting have their own")
    does = {"verifier": "reads back", "eraser": "deletes"}
    keys = [f"{name}_{key}" for name in lacking for key in _KEYS[: 1 if on_site else 2]]
    return warn(
        "cloud logins",
        f"the one that sends at night also {' and '.join(does[name] for name in lacking)}",
        "What a writer says of its own work proves less, and who breaks into the box could delete "
        f"the archive: name logins of their own in [cloud] of box.toml ({', '.join(keys)}). "
        "`hallvakt sync prepare --show-roles` prints what each may do.",
    )
