"""What a menu offers, so that the palette can find it too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.screens.menu import Choice, MenuScreen


@dataclass(frozen=True, slots=True)
class Offer:
    """`key` opens the menu in which `choice` stands."""

    key: str
    choice: Choice
    do: Callable[[], None]


def menu_of(title: str, offers: Sequence[Offer]) -> tuple[MenuScreen, Callable[[str | None], None]]:
    """The menu, and what to do with its answer."""
    does = {offer.choice.value: offer.do for offer in offers}

    def chosen(value: str | None) -> None:
        if value is not None:
            does[value]()

    return MenuScreen(title, [offer.choice for offer in offers]), chosen
