"""EBML (RFC 8794) as far as a checker needs it: element headers, bounded, without copying.

Nothing here trusts a size: an element that leaves its parent is an error, and every element read
is paid for out of a `Budget`, so reading ends after a bounded number of steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.core.errors import BadMedia, TooLarge

VOID = 0xEC
CRC_32 = 0xBF

_MAX_ID_LENGTH = 4
_MAX_SIZE_LENGTH = 8
_LARGEST_ONE_BYTE_SIZE = 126  # 127 means unknown


@dataclass(frozen=True, slots=True)
class Element:
    """`start`..`body` is id and size, `body`..`end` the content. `sized` is False when the file
    leaves the size open; then `end` is the parent's."""

    id: int
    start: int
    body: int
    end: int
    sized: bool = True


class Budget:
    """How many elements may still be read."""

    __slots__ = ("_left",)

    def __init__(self, elements: int) -> None:
        self._left = elements

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooLarge(
                "The snippet has more parts than a recording of this length has.",
                code="too-many-elements",
            )


def broken(what: str) -> BadMedia:
    return BadMedia(f"The snippet is damaged: {what}. Record it again.", code="broken")


def truncated() -> BadMedia:
    return BadMedia("The snippet ends too early. Send it again.", code="truncated")


def _cut_off(data: bytes, at: int) -> BadMedia:
    """Something needs bytes up to `at`: past the data, or only past its parent?"""
    return truncated() if at > len(data) else broken("a part is larger than its whole")


def read_id(data: bytes, at: int, end: int) -> tuple[int, int]:
    """(id with its marker bits, position after it). Ids of 1..4 bytes."""
    if at >= end:
        raise _cut_off(data, at + 1)
    length = 9 - data[at].bit_length()
    if length > _MAX_ID_LENGTH:
        raise broken("an element has no valid id")
    if at + length > end:
        raise _cut_off(data, at + length)
    return int.from_bytes(data[at : at + length], "big"), at + length


def read_vint(data: bytes, at: int, end: int) -> tuple[int | None, int]:
    """(value, position after it); None for the reserved value that means unknown."""
    if at >= end:
        raise _cut_off(data, at + 1)
    length = 9 - data[at].bit_length()
    if length > _MAX_SIZE_LENGTH:
        raise broken("an element has no valid size")
    if at + length > end:
        raise _cut_off(data, at + length)
    unknown = (1 << (7 * length)) - 1
    value = int.from_bytes(data[at : at + length], "big") & unknown
    return (None if value == unknown else value), at + length


def read_element(data: bytes, at: int, end: int, budget: Budget) -> Element:
    """The element at `at` inside a parent that ends at `end`.

    Raises BadMedia `truncated` when it leaves the data, `broken` when it leaves its parent.
    """
    budget.spend()
    element_id, after_id = read_id(data, at, end)
    size, body = read_vint(data, after_id, end)
    if size is None:
        return Element(element_id, at, body, end, sized=False)
    if body + size > end:
        raise _cut_off(data, body + size)
    return Element(element_id, at, body, body + size)


def children(data: bytes, parent: Element, budget: Budget) -> Iterator[Element]:
    """The elements of `parent`, all of known size."""
    at = parent.body
    while at < parent.end:
        child = read_element(data, at, parent.end, budget)
        if not child.sized:
            raise broken("a part that must have a size has none")
        yield child
        at = child.end


def unsigned(data: bytes, element: Element) -> int:
    """An unsigned integer of 0..8 bytes (0 bytes: zero)."""
    if element.end - element.body > 8:
        raise broken("a number is too long")
    return int.from_bytes(data[element.body : element.end], "big")


def text(data: bytes, element: Element, longest: int = 32) -> str:
    """A short ASCII string, without the zero bytes that may pad it."""
    if element.end - element.body > longest:
        raise broken("a name is too long")
    return data[element.body : element.end].rstrip(b"\x00").decode("ascii", errors="replace")


def void(length: int) -> bytes:
    """An EBMLVoid of exactly `length` bytes (at least 2), filled with zeros."""
    if length - 2 <= _LARGEST_ONE_BYTE_SIZE:
        return bytes((VOID, 0x80 | (length - 2))) + bytes(length - 2)
    return bytes((VOID,)) + ((1 << 56) | (length - 9)).to_bytes(8, "big") + bytes(length - 9)
