"""`hallvakt first-boot`: becomes the first boot program, which draws with the console's means."""

from __future__ import annotations

import os
import sys
from typing import Annotated

from cyclopts import Parameter


def first_boot(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)],
) -> None:
    """From an empty machine to a box fit for an exam, step by step; `--help` lists the options."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "tui.first_boot", *arguments])
