"""What a person decides in each step that asks something; paths are whole. Secrets are text here,
and nowhere written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from appliance.core.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`certificate_names` empty: what `init` finds out about this machine. `uplink`: the card
    towards the internet, where nobody reaches the box; empty with one card for all."""

    name: str = "Hallvakt"
    certificate_names: tuple[str, ...] = ()
    port: int = 8443
    http_port: int = 0
    lan_name: str = ""
    uplink: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`second_factor_file`: where the secret for one-time codes goes when nobody is there to scan
    it."""

    name: str
    role: Role
    passphrase: str = field(repr=False)
    second_factor: bool = True
    second_factor_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """`all`: those who get a login, each with a name of their own; the first is a lead invigilator,
    who may give others one."""

    all: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`export`: a directory for the files that make the school's machines trust the box."""

    export: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """`directory`: outside the box, such as a USB stick."""

    directory: Path
    root_passphrase: str = field(repr=False)
    reviewer_passphrase: str = field(repr=False)
    reviewer: str = "reviewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """`file`: a TOML file with the table [cloud]; None: nothing is sent anywhere."""

    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """`skip`: why there is none; then nothing else counts."""

    candidates: int = 30
    minutes: float = 5.0
    lead: str = ""
    passphrase: str = field(default="", repr=False)
    one_time_code: str = field(default="", repr=False)
    skip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    file: Path


Input = Network | People | Certificate | Keys | Cloud | Rehearsal | Report | None
