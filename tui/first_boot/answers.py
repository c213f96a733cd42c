"""`--answers FILE`: what a person would decide on the screens, as TOML. Strict; without secrets.

    [network]
    name = "Aula"
    certificate_names = ["exambox.school.example", "10.20.0.5"]
    uplink = "eth1"                             # leave it out: one card for everything
    [people]
    lead = "ingrid"
    passphrase = { file = "lead.txt" }          # mode 0600, or { fd = 3 }
    second_factor_file = "ingrid.otpauth"       # written, mode 0600
    [[people.more]]                             # anybody else, for every exam
    name = "bo"
    role = "technician"
    passphrase = { file = "bo.txt" }
    second_factor = false                       # or a second_factor_file of their own
    [certificate]
    export = "trust"
    [keys]
    directory = "/media/usb/keys"
    root_passphrase = { file = "root.txt" }
    reviewer_passphrase = { file = "reviewer.txt" }
    [cloud]
    file = "cloud.toml"                         # leave the table out: nothing is sent
    [rehearsal]
    candidates = 30                             # or: skip = "why not"
    [report]
    file = "first-boot.md"

Relative paths are relative to the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pyotp

from appliance.core.errors import BadInput, WrongConfiguration
from appliance.core.first_boot import Step
from appliance.core.roles import Role
from tui.first_boot import inputs
from tui.first_boot.files import secret_in
from tui.language import text, tr

# What msgspec says of a value (its `ValidationError`s have no other form).
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]+)`")
_MISSING = re.compile(r"missing required field `(?P<key>[^`]+)`")
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`")
_WANTED: Mapping[str, str] = {
    "int": text("a whole number"),
    "float": text("a number"),
    "str": text("text in quotes"),
    "bool": text("true or false"),
    "array": text("a list in square brackets"),
    "object": text("a table"),
}


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Secret(_Strict):
    """Exactly one of the two."""

    file: str | None = None
    fd: int | None = None

    def read(self, base: Path) -> str:
        """Raises BadInput; a descriptor gives one line and leaves the rest."""
        if (self.file is None) == (self.fd is None):
            raise BadInput(tr("A passphrase names either a file or an fd, and not both."))
        if self.file is not None:
            return secret_in(base / self.file)
        assert self.fd is not None
        line = bytearray()
        try:
            while (byte := os.read(self.fd, 1)) not in (b"", b"\n"):
                line += byte
        except OSError as error:
            raise BadInput(
                tr("The file descriptor {fd} cannot be read: open it, as in 3<FILE.", fd=self.fd)
            ) from error
        return line.decode(errors="replace")


class _Network(_Strict):
    name: str = "Hallvakt"
    certificate_names: list[str] = []
    port: int = 8443
    http_port: int = 0
    lan_name: str = ""
    uplink: str = ""


class _Person(_Strict):
    name: str
    role: Role
    passphrase: Secret
    second_factor: bool = True
    second_factor_file: str | None = None


class _People(_Strict):
    lead: str
    passphrase: Secret
    second_factor: bool = True
    second_factor_file: str | None = None
    more: list[_Person] = []

    def all(self) -> list[_Person]:
        """The lead first."""
        lead = _Person(
            name=self.lead,
            role=Role.LEAD_INVIGILATOR,
            passphrase=self.passphrase,
            second_factor=self.second_factor,
            second_factor_file=self.second_factor_file,
        )
        return [lead, *self.more]


class _Certificate(_Strict):
    export: str


class _Keys(_Strict):
    directory: str
    root_passphrase: Secret
    reviewer_passphrase: Secret
    reviewer: str = "reviewer"


class _Cloud(_Strict):
    file: str


class _Rehearsal(_Strict):
    candidates: int = 30
    minutes: float = 5.0
    skip: str = ""


class _Report(_Strict):
    file: str


class Answers(_Strict):
    people: _People
    certificate: _Certificate
    keys: _Keys
    report: _Report
    network: _Network = msgspec.field(default_factory=_Network)
    cloud: _Cloud | None = None
    rehearsal: _Rehearsal = msgspec.field(default_factory=_Rehearsal)


def read_answers(file: Path) -> Answers:
    """Raises WrongConfiguration naming the file and the key."""
    try:
        answers = msgspec.convert(tomllib.loads(file.read_text("utf-8")), Answers)
    except OSError as error:
        raise WrongConfiguration(
            tr("{file} cannot be read ({why}): look at the name.", file=file, why=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise WrongConfiguration(
            tr("{file} is not UTF-8 text: save it as UTF-8.", file=file)
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise WrongConfiguration(
            tr("{file} cannot be read as TOML: {why}.", file=file, why=error)
        ) from error
    except msgspec.ValidationError as error:
        raise WrongConfiguration(f"{file}: {_mistake(str(error))}", code="wrong-value") from error
    for person in answers.people.all():
        if person.second_factor and person.second_factor_file is None:
            raise WrongConfiguration(
                tr(
                    "{file}: people.second_factor_file must say where {name}'s secret for one-time "
                    "codes goes, or people.second_factor must be false.",
                    file=file,
                    name=person.name,
                )
            )
    return answers


def example() -> str:
    """The answers file of this module's own description."""
    return "".join(re.findall(r"^    (.*\n)", __doc__ or "", re.MULTILINE))


def _mistake(said: str) -> str:
    """What is wrong and what to do, of one of msgspec's messages."""
    at = _AT.search(said)
    path = at["path"] if at else ""
    if unknown := _UNKNOWN.search(said):
        key = ".".join(filter(None, (path, unknown["key"])))
        return tr("{key} is not known; take it out, or mend its spelling.", key=key)
    if missing := _MISSING.search(said):
        key = ".".join(filter(None, (path, missing["key"])))
        return tr(
            "{key} is missing: add it, as in the example that `hallvakt first-boot --help` shows.",
            key=key,
        )
    if path.endswith(".role"):
        return tr("{key} must be one of {values}.", key=path, values=", ".join(Role))
    wanted = _EXPECTED.search(said)
    kind = wanted["wanted"].removesuffix(" | null") if wanted else ""
    if kind in _WANTED:
        return tr("{key} must be {what}.", key=path, what=tr(_WANTED[kind]))
    return said


def input_of(step: Step, answers: Answers, base: Path) -> inputs.Input:
    """What `step` needs. Reads the secrets it needs and no others."""
    match step:
        case Step.NETWORK:
            asked = answers.network
            return inputs.Network(
                name=asked.name,
                certificate_names=tuple(asked.certificate_names),
                port=asked.port,
                http_port=asked.http_port,
                lan_name=asked.lan_name,
                uplink=asked.uplink,
            )
        case Step.PEOPLE:
            return inputs.People(all=tuple(_person(one, base) for one in answers.people.all()))
        case Step.CERTIFICATE:
            return inputs.Certificate(export=base / answers.certificate.export)
        case Step.KEYS:
            return inputs.Keys(
                directory=base / answers.keys.directory,
                root_passphrase=answers.keys.root_passphrase.read(base),
                reviewer_passphrase=answers.keys.reviewer_passphrase.read(base),
                reviewer=answers.keys.reviewer,
            )
        case Step.CLOUD:
            return inputs.Cloud(file=base / answers.cloud.file if answers.cloud else None)
        case Step.REHEARSAL:
            return _rehearsal(answers, base)
        case Step.REPORT:
            return inputs.Report(file=base / answers.report.file)
        case _:
            return None


def _person(asked: _Person, base: Path) -> inputs.Person:
    return inputs.Person(
        name=asked.name,
        role=asked.role,
        passphrase=asked.passphrase.read(base),
        second_factor=asked.second_factor,
        second_factor_file=_below(base, asked.second_factor_file),
    )


def _rehearsal(answers: Answers, base: Path) -> inputs.Rehearsal:
    wanted, person = answers.rehearsal, answers.people
    if wanted.skip:
        return inputs.Rehearsal(skip=wanted.skip)
    code = ""
    if file := _below(base, person.second_factor_file if person.second_factor else None):
        code = one_time_code(secret_in(file))
    return inputs.Rehearsal(
        candidates=wanted.candidates,
        minutes=wanted.minutes,
        lead=person.lead,
        passphrase=person.passphrase.read(base),
        one_time_code=code,
    )


def one_time_code(uri: str) -> str:
    """Of now. Raises BadInput when `uri` is no otpauth URI."""
    try:
        parsed = pyotp.parse_uri(uri)
    except ValueError as error:
        raise BadInput(tr("The file for one-time codes holds no otpauth URI.")) from error
    assert isinstance(parsed, pyotp.TOTP)
    return parsed.now()


def _below(base: Path, name: str | None) -> Path | None:
    return None if name is None else base / name
