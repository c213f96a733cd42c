"""RFC 6962's tree hash, against the eight leaves that certificate transparency tests with."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import merkle

# Inputs and roots of the reference test of the certificate-transparency project
# (merkle tree test data, "TestInputs" and "RootsAtSize").
_INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize(("size", "expected"), list(enumerate(_ROOTS, start=1)))
def test_roots_of_the_reference(size: int, expected: str) -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in _INPUTS[:size]]
    assert merkle.root(leaves).hex() == expected


def test_empty_tree_is_the_hash_of_nothing() -> None:
    assert merkle.root([]) == hashlib.sha256(b"").digest()


def _by_definition(leaves: list[bytes]) -> bytes:
    """The recursion as the RFC writes it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return merkle.node_hash(_by_definition(leaves[:split]), _by_definition(leaves[split:]))


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70))
def test_same_as_the_definition(contents: list[bytes]) -> None:
    leaves = [merkle.leaf_hash(content) for content in contents]
    assert merkle.root(leaves) == _by_definition(leaves)


@given(st.lists(st.binary(max_size=5), max_size=5), st.lists(st.binary(max_size=5), max_size=5))
def test_fields_are_unambiguous(one: list[bytes], other: list[bytes]) -> None:
    assert (merkle.fields(*one) == merkle.fields(*other)) == (one == other)
