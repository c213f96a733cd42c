"""Abstract screens and widgets: one that lacks a method is noticed when it is made, not when a
person presses the key for it."""

from __future__ import annotations

from abc import ABCMeta

from textual.message_pump import _MessagePumpMeta


class Abstract(_MessagePumpMeta, ABCMeta):
    """Metaclass of Textual's own kind that knows `abc.abstractmethod`."""
