"""`hallvakt console`: becomes the console program, which is a package of its own."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from cyclopts import Parameter


def console(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)],
) -> None:
    """Open the invigilators' console; every argument is handed on (`--help` shows them)."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "tui", *arguments])
