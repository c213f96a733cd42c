"""Whether a process that nobody here waits for has ended."""

from __future__ import annotations

from pathlib import Path


def is_gone(pid: int) -> bool:
    """One whose parent does not ask after it is gone too: the first process of a container may
    never do so."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # before it was opened, or after
        return True
