"""One step on the screen: what it is for, what it asks, what it found."""

from __future__ import annotations

import time
from typing import ClassVar

import pyotp
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Label, Static

from appliance.core.errors import BadInput, HallvaktError
from appliance.core.first_boot import MAY_BE_SKIPPED, Note, Standing, Step
from appliance.core.roles import Role
from tui.first_boot import inputs
from tui.first_boot.forms import asks, check_first, input_of, person_of, skipped
from tui.first_boot.qr import half_blocks
from tui.first_boot.wizard import Wizard
from tui.first_boot.words import AFTER, EXPLAINS, TITLE, lines
from tui.language import text, tr
from tui.widgets.field import Field
from tui.widgets.key_footer import KeyFooter

_CLOCKS_APART = 1  # steps of 30 s that a telephone's clock may be off


class StepScreen(Screen[None]):
    AUTO_FOCUS = ""  # the field for the code is there before it is shown
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "go on", tooltip=text("To the next step")),
        Binding("ctrl+r", "again", "try again", tooltip=text("Do this step again")),
        Binding("f8", "skip", "skip", tooltip=text("Pass this step over; the report says so")),
        Binding("tab,down", "app.focus_next", "next field"),
        Binding("up,shift+tab", "app.focus_previous", show=False),
    ]

    class Done(Message):
        """The person has seen what came of the step."""

    def __init__(self, wizard: Wizard, step: Step, *, here: bool = True) -> None:
        """`here`: as in `asks`."""
        super().__init__()
        self._wizard = wizard
        self._step = step
        self._asks = asks(step, wizard.notes, here=here)
        self._people: dict[str, inputs.Person] = {}
        self._done = self._working = self._failed = False
        self._began = 0.0

    def compose(self) -> ComposeResult:
        steps = list(Step)
        number = steps.index(self._step) + 1
        yield Static(
            tr("Hallvakt · first boot · step {n} of {all}", n=number, all=len(steps)),
            id="boot-title",
        )
        yield Static(_overview(steps, self._step), id="boot-steps", markup=False)
        with VerticalScroll(id="boot-body", can_focus=False):
            yield Static(id="boot-qr", markup=False)
            yield Static(tr(TITLE[self._step]), id="boot-name")
            yield Static(tr(EXPLAINS[self._step]), id="boot-explains", markup=False)
            for ask in self._asks:
                yield Label(tr(ask.label, roles=", ".join(Role)), classes="boot-ask")
                yield Field(
                    ask.default,
                    password=ask.secret,
                    id=f"ask-{ask.name}",
                    classes="boot-ask",
                    compact=True,
                )
            yield Static(id="boot-says", markup=False)
            yield Static(id="boot-found", markup=False)
            yield Label(tr("The code it shows now"), classes="boot-code")
            yield Field(id="boot-code", classes="boot-code", max_length=8, compact=True)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query(".boot-code").set(display=False, disabled=True)
        self.set_interval(1.0, self._tick)
        if self._asks:
            empty = [ask for ask in self._asks if not ask.default]
            self.query_one(f"#ask-{(empty or self._asks)[0].name}", Input).focus()
        else:
            self._start(None)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "go_on":
            return self._done
        if action == "again":
            # The network is only decided here and may be decided otherwise; the rest is made.
            return self._done if self._step is Step.NETWORK else self._failed and not self._asks
        if action == "skip":
            return self._step in MAY_BE_SKIPPED and not (self._done or self._working)
        return True

    def action_go_on(self) -> None:
        self._done = False  # once
        self.post_message(self.Done())

    def action_again(self) -> None:
        self._done = False
        if not self._asks:
            self._start(None)
            return
        self.query_one("#boot-found", Static).update("")
        self.query(".boot-ask").set(display=True, disabled=False)
        self.query_one(f"#ask-{self._asks[0].name}", Input).focus()
        self.refresh_bindings()

    def action_skip(self) -> None:
        self._start(skipped(self._step))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "boot-code":
            self._check_code(event.value)
            return
        fields = [self.query_one(f"#ask-{ask.name}", Input) for ask in self._asks]
        after = fields[fields.index(event.input) + 1 :]
        if self._people and event.input.id == "ask-person" and not event.value.strip():
            self._start(inputs.People(all=tuple(self._people.values())))
            return
        if after:
            after[0].focus()
            return
        typed = {ask.name: field.value for ask, field in zip(self._asks, fields, strict=True)}
        try:
            if self._step is Step.PEOPLE:
                self._one_more(person_of(typed))
            else:
                self._start(input_of(self._step, typed))
        except BadInput as error:
            self._refused(error)

    def _one_more(self, person: inputs.Person) -> None:
        """A name that was typed before takes the place of that one. Raises BadInput."""
        check_first(next(iter(self._people.values()), person))
        self._people[person.name] = person
        for ask in self._asks:
            field = self.query_one(f"#ask-{ask.name}", Input)
            field.value = Role.INVIGILATOR.value if ask.name == "role" else ""
        self._says(
            tr(
                "So far: {names}. The next one, or enter in an empty user name: that is all.",
                names=", ".join(f"{one.name} ({one.role.value})" for one in self._people.values()),
            )
        )
        self.query_one("#ask-person", Input).focus()

    # the work

    def _start(self, given: inputs.Input) -> None:
        if self._working or self._done:
            return
        self._working, self._failed, self._began = True, False, time.monotonic()
        self.query(".boot-ask").set(disabled=True)
        self._says(tr("Working …"))
        self.refresh_bindings()
        self.run_worker(self._work(given), group="work", exclusive=True)

    async def _work(self, given: inputs.Input) -> None:
        try:
            note = await self._wizard.do(self._step, given)
        except HallvaktError as error:
            self._working, self._failed = False, True
            self.query(".boot-ask").set(disabled=False)
            self._refused(error)
            return
        self._working = False
        self.query(".boot-ask").set(display=False)
        if self._wizard.second_factors:
            self._show_second_factor()
        else:
            self._show(note)

    def _refused(self, error: HallvaktError) -> None:
        self._says(error.message, error=True)
        if self._asks:
            self.query_one(f"#ask-{self._asks[0].name}", Input).focus()
        self.refresh_bindings()

    def _show(self, note: Note) -> None:
        self._says("")
        found = lines(note) or [tr("Nothing to say.")]
        if self._step in AFTER and note.standing is Standing.DONE:
            found += ["", tr(AFTER[self._step])]
        self.query_one("#boot-found", Static).update("\n".join(found))
        self._done = True
        body = self.query_one("#boot-body")
        body.can_focus = True  # so that the arrows scroll what is long
        body.focus()
        self.refresh_bindings()

    def _tick(self) -> None:
        if self._working:
            self._says(tr("Working … {n} s", n=int(time.monotonic() - self._began)))

    def _says(self, said: str, *, error: bool = False) -> None:
        says = self.query_one("#boot-says", Static)
        says.update(said)
        says.set_class(error, "-error")

    # the second factor

    def _show_second_factor(self) -> None:
        name, uri = next(iter(self._wizard.second_factors.items()))
        self._says("")
        self.query_one("#boot-explains", Static).update(
            tr(
                "{name}: scan this with an authenticator program, or type {secret} into it; it is "
                "shown this once.",
                name=name,
                secret=pyotp.parse_uri(uri).secret,
            )
        )
        self.query_one("#boot-qr", Static).update(half_blocks(uri))
        self.add_class("-scan")
        self.query(".boot-code").set(display=True, disabled=False)
        code = self.query_one("#boot-code", Input)
        code.focus(scroll_visible=False)
        self.refresh_bindings()

    def _check_code(self, code: str) -> None:
        name, uri = next(iter(self._wizard.second_factors.items()))
        totp = pyotp.parse_uri(uri)
        assert isinstance(totp, pyotp.TOTP)
        if not totp.verify(code.strip(), valid_window=_CLOCKS_APART):
            self.query_one("#boot-code", Input).value = ""
            self.query_one(".boot-code", Label).update(
                tr("That is not the code of now; check the telephone's clock and type the next one")
            )
            return
        self.run_worker(self._handed_over(name), group="work", exclusive=True)

    async def _handed_over(self, name: str) -> None:
        await self._wizard.handed_over(name)
        if self._wizard.second_factors:
            self.query_one("#boot-code", Input).value = ""
            self._show_second_factor()
            return
        self.query_one("#boot-qr", Static).update("")
        self.remove_class("-scan")
        self.query_one("#boot-explains", Static).update(tr(EXPLAINS[self._step]))
        self.query(".boot-code").set(display=False, disabled=True)
        self._show(self._wizard.notes[self._step])


def _overview(steps: list[Step], now: Step) -> str:
    at = steps.index(now)
    marks = ("✓" if n < at else "▶" if n == at else "·" for n in range(len(steps)))
    return "  ".join(f"{mark} {tr(TITLE[step])}" for mark, step in zip(marks, steps, strict=True))
