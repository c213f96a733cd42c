"""One first boot: which step is next, doing it, and noting what came of it. Both front ends, the
screens and the answers file, are thin over this."""

from __future__ import annotations

import asyncio
from pathlib import Path

from appliance.core.documents import markdown
from appliance.core.errors import HallvaktError, Refused
from appliance.core.first_boot import (
    Note,
    Standing,
    Step,
    next_step,
    second_factor_unseen,
)
from tui.first_boot import ceremony, inputs, report, work
from tui.first_boot.command import Command
from tui.first_boot.files import write_file
from tui.first_boot.notebook import Notebook
from tui.language import tr


class Wizard:
    """`notes`: those of earlier runs and this one. `second_factors`: the URIs with the secrets for
    one-time codes, by name, from the step `people` until each is `handed_over`."""

    def __init__(self, notebook: Notebook, hallvakt: Command) -> None:
        self.notebook = notebook
        self.notes: dict[Step, Note] = {}
        self.second_factors: dict[str, str] = {}
        self._hallvakt = hallvakt
        self._people: Note | None = None

    @property
    def state(self) -> Path:
        return self.notebook.state

    async def next(self) -> Step | None:
        """Raises Refused when somebody's second factor was lost with an earlier run."""
        self.notes = await asyncio.to_thread(self.notebook.read)
        found = await asyncio.to_thread(self.notebook.found)
        if self._people is None and second_factor_unseen(self.notes, found):
            raise Refused(
                tr(
                    "The box was made, but this was cut off before everybody had their secret for "
                    "one-time codes. Nothing is on the box yet: empty {state} and begin again.",
                    state=self.state,
                )
            )
        return next_step(self.notes, found)

    async def decide_anew(self) -> None:
        """Forget what an earlier run decided on the network, while no box is made of it: the
        answers file of now says what is meant."""
        self.notes = await asyncio.to_thread(self.notebook.read)
        if Step.NETWORK in self.notes and not (await asyncio.to_thread(self.notebook.found)).box:
            del self.notes[Step.NETWORK]
            await asyncio.to_thread(self.notebook.write, self.notes)

    async def do(self, step: Step, given: inputs.Input) -> Note:
        """Take `step`; raises what its commands refuse, and then it is not done."""
        match step, given:
            case Step.HARDWARE, _:
                note = await work.hardware(self._hallvakt, self.state)
            case Step.TIME, _:
                note = await work.time(self._hallvakt, self.state)
            case Step.NETWORK, inputs.Network():
                note = await work.network(self._hallvakt, self.state, given)
            case Step.PEOPLE, inputs.People():
                return await self._make_the_box(given)
            case Step.CERTIFICATE, inputs.Certificate():
                note = await work.certificate(self._hallvakt, self.state, given)
            case Step.KEYS, inputs.Keys():
                note = await ceremony.hold(self._hallvakt, self.state, given)
            case Step.CLOUD, inputs.Cloud():
                note = await work.cloud(self._hallvakt, self.state, given)
            case Step.REHEARSAL, inputs.Rehearsal():
                note = await work.rehearsal(self._hallvakt, self.state, given)
            case Step.REPORT, inputs.Report():
                note = await self._report(given)
            case _:
                raise AssertionError(f"{step} is not taken with {type(given).__name__}")
        await self._note(step, note)
        return note

    async def handed_over(self, name: str) -> None:
        """Their secret for one-time codes is where it belongs; with the last one the step `people`
        is done."""
        del self.second_factors[name]
        if not self.second_factors:
            await self._all_handed_over()

    async def _all_handed_over(self) -> None:
        assert self._people is not None
        await self._note(Step.PEOPLE, self._people)
        self._people = None

    async def _make_the_box(self, given: inputs.People) -> Note:
        before = dict(self.notes)
        await self._note(Step.PEOPLE, Note(standing=Standing.BEGUN))
        try:
            note, self.second_factors = await work.people(
                self._hallvakt, self.state, given, self.notes.get(Step.NETWORK)
            )
        except HallvaktError:
            # `init` makes everything or nothing: what it refused was not begun.
            self.notes = before
            await asyncio.to_thread(self.notebook.write, before)
            raise
        self._people = note
        if not self.second_factors:
            await self._all_handed_over()
        for person in given.all:
            if person.second_factor_file is not None and person.name in self.second_factors:
                uri = f"{self.second_factors[person.name]}\n".encode()
                await asyncio.to_thread(write_file, person.second_factor_file, uri)
                await self.handed_over(person.name)
        return note

    async def _report(self, given: inputs.Report) -> Note:
        """The same page twice: to read, and beside it to print and sign."""
        checks = await work.doctor(self._hallvakt, self.state)
        page = report.page(self.notes, checks)
        text, printed = given.file.with_suffix(".md"), given.file.with_suffix(".pdf")
        await asyncio.to_thread(write_file, text, markdown(page).encode(), 0o644)
        await work.print_page(self._hallvakt, page, printed)
        facts = {"report": str(text), "to_print": str(printed)}
        return Note(standing=Standing.DONE, facts=facts, checks=tuple(checks))

    async def _note(self, step: Step, note: Note) -> None:
        self.notes = {**self.notes, step: note}
        await asyncio.to_thread(self.notebook.write, self.notes)
