"""Answers of the terminal that come when the console already listens for keys.

Over a slow link the terminal's answers to what it can show (`probe`) may take longer than anybody
should wait for a screen. They are then picked out of what is typed, also when they come in pieces,
and what they allow is taken up while the console runs. Nothing of them may pass for keys.
"""

from __future__ import annotations

import re

_WHOLE = re.compile(
    r"\x1b_G[^\x1b]*\x1b\\"  # kitty's protocol
    r"|\x1bP>\|[^\x1b]*\x1b\\"  # the terminal's name
    r"|\x1b\[6;\d+;\d+t"  # size of a cell
    r"|\x1b\[\?[\d;]*c"  # device attributes, asked last
)
_BEGUN = re.compile(
    r"\x1b(_(G[^\x1b]*\x1b?)?|P(>(\|[^\x1b]*\x1b?)?)?|\[(\?[\d;]*|6(;[\d;]*)?)?)?\Z"
)
_LAST = re.compile(r"\x1b\[\?[\d;]*c")
_NO_KEY = ("\x1b_G", "\x1bP>", "\x1b[6;")  # no key begins like this
_LONGEST = 256  # characters of an answer that has begun
_PATIENCE = 50  # times `idle` is called before what has begun is given up


class LateAnswers:
    """`sift` what was read; call `idle` when nothing was for a moment. `so_far`: what of the
    answers was read before."""

    def __init__(self, so_far: bytes = b"") -> None:
        self._answers: list[str] = []
        self._begun = ""
        self._idled = 0
        self.complete = False
        self.sift(so_far.decode("ascii", "replace"))  # what was typed meanwhile meant no screen

    @property
    def answers(self) -> bytes:
        """All that the terminal said."""
        return "".join(self._answers).encode("ascii", "replace")

    def sift(self, read: str) -> str:
        """`read` without answers, or what may become one."""
        if self.complete:
            return read
        self._idled = 0
        text, self._begun = self._begun + read, ""
        typed = ""
        while not self.complete and (answer := _WHOLE.search(text)) is not None:
            self._answers.append(answer[0])
            self.complete = _LAST.fullmatch(answer[0]) is not None
            typed += text[: answer.start()]
            text = text[answer.end() :]
        if not self.complete and (begun := _BEGUN.search(text)) and len(begun[0]) <= _LONGEST:
            self._begun, text = begun[0], text[: begun.start()]
        return typed + text

    def idle(self) -> str:
        """What was held back and was a key after all, such as Escape."""
        self._idled += 1
        if self._begun.startswith(_NO_KEY) and self._idled < _PATIENCE:
            return ""
        typed, self._begun = self._begun, ""
        return typed
