"""Everything that can go wrong, as one tree.

    HallvaktError
    ├── Refused            role, settings, residency, retention or exam state says no   exit 4
    │   ├── NotAllowed     this person may not do this now
    │   ├── WrongState     the exam or attempt is in another state
    │   └── Locked         the key that would open this is not here (any more)
    ├── BadInput           what was handed in is wrong                                  exit 2
    │   ├── BadMedia       a snippet or photo that is not what it claims to be
    │   ├── TooLarge       over a stated limit
    │   └── Conflict       contradicts what is already kept
    ├── WrongConfiguration a settings or configuration file is wrong                    exit 3
    ├── Unreachable        network, disk, device or other process not there             exit 5
    │   └── NoRoom         the disk is full                                             exit 5
    ├── IntegrityFailure   something stored is not what was stored                      exit 6
    └── NotFound           nothing there by that name                                   exit 2

A message is one sentence that says what is wrong and, after it, what to do. It is shown to a
person as it is: it holds no secret and no personal data.
"""

from __future__ import annotations


class HallvaktError(Exception):
    """Root of the tree. `code` is a stable word for machines, `exit_code` the command line's."""

    code = "error"
    exit_code = 5

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Refused(HallvaktError):
    code = "refused"
    exit_code = 4


class NotAllowed(Refused):
    code = "not-allowed"


class WrongState(Refused):
    code = "wrong-state"


class Locked(Refused):
    code = "locked"


class BadInput(HallvaktError):
    code = "bad-input"
    exit_code = 2


class BadMedia(BadInput):
    code = "bad-media"


class TooLarge(BadInput):
    code = "too-large"


class Conflict(BadInput):
    code = "conflict"


class NotFound(BadInput):
    code = "not-found"


class WrongConfiguration(HallvaktError):
    code = "wrong-configuration"
    exit_code = 3


class Unreachable(HallvaktError):
    code = "unreachable"
    exit_code = 5


class NoRoom(Unreachable):
    code = "no-room"


class IntegrityFailure(HallvaktError):
    code = "integrity-failure"
    exit_code = 6
