"""The list of boxes as people write it, and what they are told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.core.errors import BadInput
from tui.arguments import parse
from tui.box_list import all_different, from_file, from_option
from tui.target import Target, over_network

MARK = ":".join(["AB"] * 32)


def listed(tmp_path: Path, text: str) -> tuple[Target, ...]:
    file = tmp_path / "boxes.toml"
    file.write_text(text, "utf-8")
    return from_file(file)


def test_a_file_names_boxes_on_the_network_and_on_this_machine(tmp_path: Path) -> None:
    boxes = listed(
        tmp_path,
        f"""
        [[box]]
        name = "Aula"
        url = "https://192.0.2.5:8443"
        ca = "aula.pem"
        ca_fingerprint = "{MARK}"
        [[box]]
        name = "Gym"
        state = "/srv/gym"
        """,
    )
    assert boxes == (
        Target(
            name="Aula",
            url="https://192.0.2.5:8443",
            ca=tmp_path / "aula.pem",
            ca_fingerprint="ab" * 32,
        ),
        Target(name="Gym", socket=Path("/srv/gym/run/gateway.sock")),
    )
    assert [box.label for box in boxes] == ["Aula", "Gym"]


def test_the_option_names_one_box() -> None:
    assert from_option("Aula=https://192.0.2.5:8443,aula.pem") == Target(
        name="Aula", url="https://192.0.2.5:8443", ca=Path("aula.pem")
    )
    assert from_option("Gym=/srv/gym").socket == Path("/srv/gym/run/gateway.sock")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("box = 1", "no \\[\\[box\\]\\]"),
        ("[[box", "not TOML"),
        ("[[box]]\nurl = 'https://a'", "no name"),
        ("[[box]]\nname = 'A'\nadress = 'b'", "adress"),
        ("[[box]]\nname = 'A'", "either url or state"),
        ("[[box]]\nname = 'A'\nurl = 'http://a'\nca = 'b'", "https://"),
        ("[[box]]\nname = 'A'\nurl = 'https://a'", "--ca"),
        ("[[box]]\nname = 'A'\nurl = 'https://a'\nca = 'b'\nca_fingerprint = 'ab'", "64 digits"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        listed(tmp_path, text)


@pytest.mark.parametrize("given", ["Aula", "=https://a,b", "Aula=", "Aula=https://192.0.2.5"])
def test_an_option_that_names_no_box_is_refused(given: str) -> None:
    with pytest.raises(BadInput):
        from_option(given)


def test_no_box_and_two_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        from_file(tmp_path / "none.toml")
    with pytest.raises(BadInput, match="empty"):
        all_different(())
    with pytest.raises(BadInput, match="called"):
        all_different([from_option("Aula=/a"), from_option("aula=/b")])


@pytest.mark.parametrize("other", [["--url", "https://a"], ["--plain"], ["--passphrase-fd", "3"]])
def test_several_boxes_and_options_of_a_single_one_do_not_mix(other: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--box", "Aula=/a", *other])


def test_a_fingerprint_is_read_as_it_is_shown() -> None:
    ca = Path("ca.pem")
    assert over_network("https://a", ca, MARK) == over_network("https://a", ca, "ab" * 32)
