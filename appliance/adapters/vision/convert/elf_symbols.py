"""Reads the float arrays a 64-bit little-endian ELF library exports, without running it.

Layout after the System V ABI, "Object Files": the header names the section table; the dynamic
symbol section lists name, section, address and size; section headers map addresses to file
offsets.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.core.errors import IntegrityFailure

_MAGIC = b"\x7fELF\x02\x01"  # 64 bit, little-endian
_DYNAMIC_SYMBOLS = 11  # SHT_DYNSYM
_NO_BITS = 8  # SHT_NOBITS: takes no room in the file
_OBJECT = 1  # STT_OBJECT: a variable, not a function
_SYMBOL_BYTES = 24
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class _Section:
    kind: int
    address: int
    offset: int
    size: int
    link: int


def float_arrays(library: bytes) -> dict[str, NDArray[np.float32]]:
    """Return every exported variable whose size is a multiple of four bytes, read as float32.

    Raises IntegrityFailure when the bytes are not such a library.
    """
    if not library.startswith(_MAGIC):
        raise IntegrityFailure("This is not a 64-bit ELF library.")
    try:
        return _read(library)
    except (struct.error, IndexError, ValueError) as error:
        raise IntegrityFailure(f"The ELF library is damaged: {error}.") from error


def _read(library: bytes) -> dict[str, NDArray[np.float32]]:
    sections = _sections(library)
    arrays: dict[str, NDArray[np.float32]] = {}
    for table in (s for s in sections if s.kind == _DYNAMIC_SYMBOLS):
        names = sections[table.link].offset
        for at in range(table.offset, table.offset + table.size, _SYMBOL_BYTES):
            name_at, info, _, home, address, size = struct.unpack_from("<IBBHQQ", library, at)
            if info & 0xF != _OBJECT or not 0 < home < len(sections) or size % _FLOAT_BYTES:
                continue
            section = sections[home]
            if section.kind == _NO_BITS:
                continue
            name = library[names + name_at : library.index(0, names + name_at)].decode()
            start = section.offset + address - section.address
            arrays[name] = np.frombuffer(library, "<f4", size // _FLOAT_BYTES, start)
    return arrays


def _sections(library: bytes) -> list[_Section]:
    (table_at,) = struct.unpack_from("<Q", library, 0x28)
    entry_bytes, count = struct.unpack_from("<HH", library, 0x3A)
    sections = []
    for number in range(count):
        _, kind, _, address, offset, size, link = struct.unpack_from(
            "<IIQQQQI", library, table_at + number * entry_bytes
        )
        sections.append(_Section(kind, address, offset, size, link))
    return sections
