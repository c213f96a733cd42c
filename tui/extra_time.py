"""Minutes and why, as one typed line: `15 fire alarm`; `-15 typed wrong` takes them back."""

from __future__ import annotations

import re

from appliance.core.errors import BadInput
from tui.language import text, tr

QUESTION = text(
    "How many minutes, and why? For example: 15 fire alarm. With a minus they are taken back."
)
TYPED = r"(-?\d{0,3}|-?\d{1,3} .*)"  # what the line may hold while somebody types
_WHOLE = re.compile(r"(-?\d{1,3})(?: (.*))?")


def minutes_and_reason(said: str) -> tuple[int, str]:
    """Raises BadInput with the question when there are no minutes."""
    found = _WHOLE.fullmatch(said.strip())
    if found is None:
        raise BadInput(tr(QUESTION))
    return int(found[1]), (found[2] or "").strip()
