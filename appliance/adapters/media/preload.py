"""For a process that is about to shut itself away from the disk: PyAV, whole."""

from __future__ import annotations

import importlib
import pkgutil

import av


def import_every_part() -> None:
    """PyAV imports parts of itself when they are first used, which is too late by then."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
