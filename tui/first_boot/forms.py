"""What each screen asks, and how what was typed becomes the step's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.core.errors import BadInput
from appliance.core.first_boot import Notes, Step
from appliance.core.roles import Role
from tui.first_boot import inputs
from tui.first_boot.work import lead_of
from tui.language import text, tr


@dataclass(frozen=True, slots=True)
class Ask:
    """One line to fill in. `secret`: not shown. `again`: the name of the one it repeats."""

    name: str
    label: str
    default: str = ""
    secret: bool = False
    again: str = ""


ASKS: Mapping[Step, tuple[Ask, ...]] = {
    Step.NETWORK: (
        Ask("name", text("Name of the box"), "Hallvakt"),
        Ask("certificate_names", text("Names and addresses, with commas")),
        Ask("port", text("Port"), "8443"),
        Ask("http_port", text("Port of the page about warnings (0: none)"), "0"),
        Ask("lan_name", text("Name on the LAN without .local (may stay empty)")),
        Ask("uplink", text("Network card towards the internet (empty: one card for all)")),
    ),
    Step.PEOPLE: (
        Ask("person", text("User name")),
        Ask("role", text("Role: {roles} (its beginning will do)"), Role.LEAD_INVIGILATOR.value),
        Ask("passphrase", text("Passphrase"), secret=True),
        Ask("passphrase2", text("Passphrase, again"), secret=True, again="passphrase"),
    ),
    Step.CERTIFICATE: (Ask("export", text("Directory for IT's files"), "hallvakt-trust"),),
    Step.KEYS: (
        Ask("directory", text("Directory on the USB stick")),
        Ask("root", text("Passphrase of the root key"), secret=True),
        Ask("root2", text("The same, again"), secret=True, again="root"),
        Ask("label", text("Whose the reviewer's key is"), "reviewer"),
        Ask("reviewer", text("Passphrase of the reviewer's key"), secret=True),
        Ask("reviewer2", text("The same, again"), secret=True, again="reviewer"),
    ),
    Step.CLOUD: (Ask("file", text("File with [cloud] (empty: no cloud)")),),
    Step.REHEARSAL: (
        Ask("candidates", text("Candidates"), "30"),
        Ask("minutes", text("Minutes"), "5"),
        Ask("lead", text("User name")),
        Ask("passphrase", text("Passphrase"), secret=True),
        Ask("code", text("One-time code (leave empty if you have none)")),
    ),
    Step.REPORT: (Ask("file", text("File for the report"), "first-boot-report.md"),),
}


_WRITTEN = ("export", "file")
_ANYBODYS = Path("/var/tmp")  # kept over a restart, unlike /tmp (file-hierarchy(7))


def asks(step: Step, notes: Notes, *, here: bool = True) -> tuple[Ask, ...]:
    """Those of the step, with what is known filled in. `here`: whether this user may write into
    the directory it was started in; the box's own user, to whom root gave the command in root's
    home, may not."""
    return tuple(_known(ask, notes, here) for ask in ASKS.get(step, ()))


def _known(ask: Ask, notes: Notes, here: bool) -> Ask:
    if ask.name == "lead":
        return replace(ask, default=lead_of(notes))
    if ask.name in _WRITTEN and ask.default and not here:
        return replace(ask, default=str(_ANYBODYS / ask.default))
    return ask


def input_of(step: Step, typed: Mapping[str, str]) -> inputs.Input:
    """Raises BadInput with a sentence about what to mend. Not for the people: see `person_of`."""
    _check_repeated(step, typed)
    said = {name: value.strip() for name, value in typed.items()}
    match step:
        case Step.NETWORK:
            names = (name.strip() for name in said["certificate_names"].split(","))
            return inputs.Network(
                name=said["name"],
                certificate_names=tuple(filter(None, names)),
                port=_whole(said["port"]),
                http_port=_whole(said["http_port"] or "0"),
                lan_name=said["lan_name"],
                uplink=said["uplink"],
            )
        case Step.CERTIFICATE:
            return inputs.Certificate(export=_path(said["export"]))
        case Step.KEYS:
            return inputs.Keys(
                directory=_path(said["directory"]),
                root_passphrase=typed["root"],
                reviewer_passphrase=typed["reviewer"],
                reviewer=said["label"] or "reviewer",
            )
        case Step.CLOUD:
            return inputs.Cloud(file=_path(said["file"]) if said["file"] else None)
        case Step.REHEARSAL:
            return inputs.Rehearsal(
                candidates=_whole(said["candidates"]),
                minutes=_whole(said["minutes"]),
                lead=said["lead"],
                passphrase=typed["passphrase"],
                one_time_code=said["code"],
            )
        case Step.REPORT:
            return inputs.Report(file=_path(said["file"]))
        case _:
            return None


def person_of(typed: Mapping[str, str]) -> inputs.Person:
    """One of the people; raises as `input_of`."""
    _check_repeated(Step.PEOPLE, typed)
    name, role = typed["person"].strip(), typed["role"].strip().lower().replace(" ", "_")
    if not name:
        raise BadInput(tr("The first person's user name is missing."))
    meant = [one for one in Role if role and one.value.startswith(role)]
    if len(meant) != 1:
        raise BadInput(tr("{role} is none of the roles.", role=typed["role"].strip() or "?"))
    if not typed["passphrase"]:
        raise BadInput(tr("A passphrase must be typed."))
    return inputs.Person(name=name, role=meant[0], passphrase=typed["passphrase"])


def check_first(person: inputs.Person) -> None:
    """Raises BadInput for one who could give nobody a login."""
    if person.role is not Role.LEAD_INVIGILATOR:
        raise BadInput(tr("The first person must be a lead invigilator, who gives others a login."))


def _check_repeated(step: Step, typed: Mapping[str, str]) -> None:
    for ask in ASKS.get(step, ()):
        if ask.again and typed[ask.name] != typed[ask.again]:
            raise BadInput(tr("The two passphrases differ: type them again."))


def skipped(step: Step) -> inputs.Input:
    """The input of a step that the person passes over."""
    if step is Step.CLOUD:
        return inputs.Cloud(file=None)
    return inputs.Rehearsal(skip=tr("by the person at the box"))


def _whole(written: str) -> int:
    if not written.isdecimal():
        raise BadInput(tr("{written} is not a whole number.", written=written or "?"))
    return int(written)


def _path(written: str) -> Path:
    if not written:
        raise BadInput(tr("A file or directory must be named."))
    return Path(written).expanduser().absolute()
