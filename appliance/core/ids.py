"""Names for things. All ids are 128 random bits as 32 lower-case hexadecimal digits."""

from __future__ import annotations

import re
from typing import NewType

from appliance.core.errors import BadInput

BoxId = NewType("BoxId", str)
ExamId = NewType("ExamId", str)
AttemptId = NewType("AttemptId", str)
IncidentId = NewType("IncidentId", str)
ObservationId = NewType("ObservationId", str)
UserId = NewType("UserId", str)
ViewId = NewType("ViewId", str)
ObjectName = NewType("ObjectName", str)
PackName = NewType("PackName", str)
RecipientId = NewType("RecipientId", str)

_HEX_ID = re.compile(r"[0-9a-f]{32}\Z")


def check_id(text: str) -> str:
    """Return `text` when it is an id; raise BadInput otherwise, so that no id is ever a path."""
    if not _HEX_ID.match(text):
        raise BadInput(
            "That is not an id: it has 32 digits and letters a-f; copy it from a list.",
            code="bad-id",
        )
    return text


def pseudonym(attempt: AttemptId) -> str:
    """Four capitals and digits that people can say aloud, e.g. `7F2C`. For display only."""
    return attempt[:4].upper()
