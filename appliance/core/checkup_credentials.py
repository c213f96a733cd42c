"""What the doctor says of sealed credentials: those that this machine cannot open, and those of a
gateway that does not run and so cannot say itself what it was handed. Pure."""

from __future__ import annotations

from appliance.core.checkup import Check, fail, ok, pepper, warn
from appliance.core.keys import PepperKeeping

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


def pepper_of_a_stopped_gateway(sealed: PepperKeeping | None) -> Check:
    """`sealed`: what lies ready for its unit; None where whoever asks may not see that."""
    if sealed is PepperKeeping.TPM:
        return ok(
            "pepper",
            "the gateway does not run; the credential that it is handed at its start is there, "
            "sealed by this machine's TPM",
        )
    if sealed is None:
        return warn(
            "pepper",
            "not known: the gateway does not run, and only root sees whether its credential lies "
            "in /etc/credstore.encrypted",
            "Start the box and ask again, or run `hallvakt doctor` as root.",
        )
    return pepper(sealed)


def cloud_keys_refused() -> Check:
    return fail(
        "cloud",
        "this machine cannot open its sealed keys of the cloud: nothing is sent at night, and "
        "everything stays on this box meanwhile",
        f"{_WHY}If that cannot be: name files with the keys in [cloud] of box.toml again, and run "
        "`/opt/hallvakt/current/firmware_scripts/seal_cloud_keys.py` as root.",
    )
