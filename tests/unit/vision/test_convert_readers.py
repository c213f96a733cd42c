"""The readers of foreign files, on small files made here: what they read, and what they refuse."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from appliance.adapters.vision.convert import dlib_reader, elf_symbols, tflite_reader, yunet
from appliance.adapters.vision.convert.conversions import convert
from appliance.adapters.vision.convert.dlib_reader import Affine, Convolution, Dense
from appliance.core.errors import IntegrityFailure, WrongConfiguration


def elf(arrays: dict[str, list[float]]) -> bytes:
    """A shared library with nothing but exported arrays: header, data, names, symbols, sections."""
    address, head = 0x1000, 64
    data, names, symbols = b"", b"\0", bytes(24)
    for name, values in arrays.items():
        packed = struct.pack(f"<{len(values)}f", *values)
        symbols += struct.pack("<IBBHQQ", len(names), 0x11, 0, 1, address + len(data), len(packed))
        data += packed
        names += name.encode() + b"\0"
    names_at, symbols_at = head + len(data), head + len(data) + len(names)
    sections = [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (0, 1, 0, address, head, len(data), 0, 0, 4, 0),  # PROGBITS
        (0, 11, 0, 0, symbols_at, len(symbols), 3, 0, 8, 24),  # DYNSYM, names in section 3
        (0, 3, 0, 0, names_at, len(names), 0, 0, 1, 0),  # STRTAB
    ]
    table_at = symbols_at + len(symbols)
    header = b"\x7fELF\x02\x01".ljust(0x28, b"\0") + struct.pack("<Q", table_at)
    header = header.ljust(0x3A, b"\0") + struct.pack("<HH", 64, len(sections))
    table = b"".join(struct.pack("<IIQQQQIIQQ", *section) for section in sections)
    return header.ljust(head, b"\0") + data + names + symbols + table


def test_exported_arrays_are_read_out_of_a_library() -> None:
    read = elf_symbols.float_arrays(elf({"bias": [1.0, -2.5], "weight": [0.5]}))
    assert {name: values.tolist() for name, values in read.items()} == {
        "bias": [1.0, -2.5],
        "weight": [0.5],
    }


def test_a_library_that_is_cut_short_is_refused() -> None:
    whole = elf({"bias": [1.0, 2.0]})
    for length in (6, 40, len(whole) // 2, len(whole) - 30):
        with pytest.raises(IntegrityFailure):
            elf_symbols.float_arrays(whole[:length])


def test_a_library_without_the_network_is_refused() -> None:
    with pytest.raises(IntegrityFailure, match="not the pinned build"):
        yunet.convert(elf({"bias": [1.0]}))


def integer(value: int) -> bytes:
    """dlib's: a byte with sign and length, then the bytes, little-endian."""
    length = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([length | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(length, "little")


def tensor(values: list[float]) -> bytes:
    sizes = b"".join(integer(size) for size in (len(values), 1, 1, 1))
    return integer(2) + sizes + struct.pack(f"<{len(values)}f", *values)


def test_dlibs_layers_are_read_in_order() -> None:
    content = (
        b"anything before\x01\x15input_rgb_image_sized"
        + b"\x01\x05con_4" + tensor([1, 2, 3, 4, 5, 6, 0.5, -0.5])
        + b"".join(integer(n) for n in (2, 1, 3, 2, 1, 0, 300))
        + b"\x01\x07affine_" + tensor([10, 20, 30, 40])
        + b"\x01\x04fc_2" + integer(2) + integer(3) + tensor([1, 2, 3, 4, 5, 6])
    )  # fmt: skip
    conv, affine, dense = dlib_reader.layers(content)
    assert isinstance(conv, Convolution)
    assert conv.kernels.shape == (2, 1, 1, 3)
    assert conv.bias.tolist() == [0.5, -0.5]
    assert (conv.stride, conv.padding) == ((2, 1), (0, 300))
    assert isinstance(affine, Affine)
    assert (affine.scale.tolist(), affine.shift.tolist()) == ([10, 20], [30, 40])
    assert isinstance(dense, Dense)
    assert dense.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01\x05con_4" + tensor([1.0]),
        b"input_rgb_image_sized\x01\x05con_4",
        b"input_rgb_image_sized\x01\x05con_4" + tensor([1.0, 2.0])[:-3],
        b"input_rgb_image_sized\x01\x07affine_" + integer(9),
    ],
)
def test_what_is_not_dlibs_network_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityFailure):
        list(dlib_reader.layers(content))


def test_dlibs_network_with_other_layers_is_refused() -> None:
    with pytest.raises(IntegrityFailure, match="expected Convolution next"):
        convert("dlib_resnet", b"input_rgb_image_sized\x01\x07affine_" + tensor([1.0, 2.0]))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x1c\0\0\0TFL3" + bytes(200)])
def test_what_is_not_tensorflow_lite_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityFailure):
        tflite_reader.read(content)


def test_a_finished_file_passes_through() -> None:
    assert convert("none", b"onnx") == b"onnx"


def test_an_unknown_conversion_is_refused() -> None:
    with pytest.raises(WrongConfiguration, match="no conversion is called pickle"):
        convert("pickle", b"")


def test_numbers_survive_the_reader_bit_for_bit() -> None:
    values = np.random.default_rng(7).standard_normal(64).astype(np.float32)
    read = elf_symbols.float_arrays(elf({"w": values.tolist()}))["w"]
    assert (read == values).all()
