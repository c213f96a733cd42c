"""What the doctor says of sealed credentials that this machine cannot open. Pure."""

from __future__ import annotations

from appliance.core.checkup import Check, fail

_WHY = (
    "They open only in the machine that sealed them, with its TPM switched on, not cleared, and "
    "secure boot as it was then: put this disk back into that machine, or the firmware's settings "
    "back, and start it again. "
)


def pepper_refused() -> Check:
    return fail(
        "pepper",
        "this machine cannot open /etc/credstore.encrypted/hallvakt-pepper*, and the gateway does "
        "not start without",
        f"{_WHY}If that cannot be: an exam that is ready and not closed cannot go on with this "
        "disk; its recordings are sealed to the reviewers' and the recovery key too, which open "
        "them. Move those files away, run, as root, "
        "`/opt/hallvakt/current/firmware_scripts/make_pepper.sh`, and restart the gateway.",
    )


def cloud_keys_refused() -> Check:
    return fail(
        "cloud",
        "this machine cannot open its sealed keys of the cloud: nothing is sent at night, and "
        "everything stays on this box meanwhile",
        f"{_WHY}If that cannot be: name files with the keys in [cloud] of box.toml again, and run "
        "`/opt/hallvakt/current/firmware_scripts/seal_cloud_keys.py` as root.",
    )
