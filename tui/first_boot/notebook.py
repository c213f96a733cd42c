"""Where the notes of earlier runs are kept, and what lies on the box. Reads and writes the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from appliance.core.errors import Unreachable, WrongConfiguration
from appliance.core.first_boot import Found, Note, Step
from tui.first_boot.files import write_file
from tui.language import tr


class _Page(msgspec.Struct, forbid_unknown_fields=True):
    notes: dict[Step, Note]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """`state`: the box's directory. `file`: the notes, JSON, mode 0600."""

    state: Path
    file: Path

    @classmethod
    def of(cls, state: Path, file: Path | None) -> Notebook:
        """Beside the state directory, which `init` wants empty."""
        state = state.absolute()
        return cls(state=state, file=file or state.with_name(f"{state.name}-first-boot.json"))

    def read(self) -> dict[Step, Note]:
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=_Page).notes
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise WrongConfiguration(
                tr(
                    "{file} is not the notes of a first boot: take it away, or name another file "
                    "with --progress.",
                    file=self.file,
                )
            ) from error

    def write(self, notes: dict[Step, Note]) -> None:
        """In one step, so that a cut leaves the notes before or those after."""
        page = msgspec.json.format(msgspec.json.encode(_Page(notes=notes)), indent=1)
        try:
            write_file(self.file, page)
        except Unreachable as error:
            raise type(error)(
                tr("{why} Or name another file with --progress.", why=error.message)
            ) from error

    def found(self) -> Found:
        return Found(
            box=(self.state / "box.toml").exists(),
            certificate=(self.state / "tls" / "box.pem").exists()
            or (self.state / "tls" / "public.pem").exists(),
            recipients=(self.state / "keys" / "recipients.json").exists(),
        )
