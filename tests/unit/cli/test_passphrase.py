"""Passphrases come from a descriptor or a person, one line each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from appliance.cli.passphrase import read_one_time_code, read_passphrase
from appliance.core.errors import BadInput


@contextmanager
def descriptor(content: bytes) -> Iterator[int]:
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


def test_one_line_at_a_time_so_that_secrets_can_follow_each_other() -> None:
    with descriptor("lösen ord\n123456\n".encode()) as fd:
        assert read_passphrase(fd, "Passphrase") == "lösen ord"
        assert read_one_time_code(fd) == "123456"
        assert read_one_time_code(fd) is None


@pytest.mark.parametrize("content", [b"word\r\n", b"word"])
def test_line_ends_do_not_belong_to_it(content: bytes) -> None:
    with descriptor(content) as fd:
        assert read_passphrase(fd, "Passphrase") == "word"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n"])
def test_nothing_or_no_text_is_refused(content: bytes) -> None:
    with descriptor(content) as fd, pytest.raises(BadInput):
        read_passphrase(fd, "Passphrase")


def test_a_closed_descriptor_is_said_so() -> None:
    with descriptor(b"") as fd:
        closed = os.dup(fd)
    os.close(closed)
    with pytest.raises(BadInput, match="cannot be read"):
        read_passphrase(closed, "Passphrase")


def test_without_a_terminal_nobody_is_asked() -> None:
    asks = "from appliance.cli.passphrase import *; read_passphrase(None, 'Passphrase')"
    words = [sys.executable, "-c", asks]
    asked = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert "BadInput" in asked.stderr
    assert "--passphrase-fd" in asked.stderr
