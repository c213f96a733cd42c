"""Key files, shares, the signed list of recipients, signing keys, logins' passphrases."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import cbor2
import pytest
from argon2 import PasswordHasher

from appliance.adapters.crypto import private_keys, shares
from appliance.adapters.crypto.passphrases import PassphraseHashes
from appliance.adapters.crypto.private_keys import PrivateKey, read_private_key, write_private_key
from appliance.adapters.crypto.public_keys import encode_public_key, read_public_key
from appliance.adapters.crypto.recipients import (
    install_recipients,
    load_recipients,
    sign_recipients,
)
from appliance.adapters.crypto.recovery import prove_recovery
from appliance.adapters.crypto.signing import SigningKey, verify
from appliance.core.errors import (
    BadInput,
    Conflict,
    IntegrityFailure,
    NotAllowed,
    NotFound,
    WrongConfiguration,
)

SEED = bytes(range(32))
REVIEWER = PrivateKey(kind="reviewer", label="A", seed=SEED)
# The least memory a reader accepts; the vectors have files of full strength.
QUICK = {"memory_kib": 8 * 1024, "passes": 1}


def test_a_key_file_is_its_owner_s_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private_key(path, REVIEWER, "pw", **QUICK)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SEED not in path.read_bytes()
    assert read_private_key(path, "pw") == REVIEWER
    with pytest.raises(Conflict):
        write_private_key(path, REVIEWER, "pw", **QUICK)
    with pytest.raises(NotAllowed):
        read_private_key(path, "PW")
    with pytest.raises(NotFound):
        read_private_key(tmp_path / "none", "pw")
    assert repr(SEED)[2:20] not in repr(REVIEWER)


@pytest.mark.parametrize(
    "change",
    [
        {"memory_kib": 2**31},
        {"passes": 1000},
        {"lanes": 255},
        {"memory_kib": True},
        {"salt": b"short"},
        {"kind": "teacher"},
        {"version": 2},
        {"label": 7},
    ],
)
def test_a_hostile_key_file_is_refused_before_anything_is_stretched(
    change: dict[str, object],
) -> None:
    """After it, the error would be that the passphrase does not open it (NotAllowed)."""
    header, sealed = cbor2.loads(private_keys.encode_private_key(REVIEWER, "pw", **QUICK))
    made = cbor2.dumps([cbor2.dumps(cbor2.loads(header) | change), sealed])
    with pytest.raises(IntegrityFailure):
        private_keys.decode_private_key(made, "pw")


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x82\x40\x40", b"x" * 20_000, b"\x83abc"])
def test_what_is_no_key_file_says_so(content: bytes) -> None:
    with pytest.raises(IntegrityFailure, match="not a key file"):
        private_keys.decode_private_key(content, "pw")


def test_root_signs_and_reviewer_opens_and_not_the_other_way_round() -> None:
    root = PrivateKey.generate("root", "r")
    with pytest.raises(BadInput):
        root.for_opening()
    with pytest.raises(BadInput):
        REVIEWER.for_signing()
    with pytest.raises(BadInput):
        root.public().recipient()


def test_any_three_of_five_shares_give_the_key_back_and_no_two() -> None:
    parts = shares.split(SEED)
    for chosen in combinations(parts, 3):
        assert shares.combine(chosen) == SEED
    assert shares.combine([part.upper() + "\n" for part in parts]) == SEED
    for too_few in combinations(parts, 2):
        with pytest.raises(BadInput, match="3 different shares"):
            shares.combine([*too_few, too_few[0]])
    first, *rest = parts[0].split()
    typo = " ".join(["academic" if first != "academic" else "acid", *rest])
    other = shares.split(bytes(32))
    for wrong in ([typo, parts[1], parts[2]], [parts[0], parts[1], other[2]]):
        with pytest.raises(BadInput, match="do not belong together"):
            shares.combine(wrong)


def test_a_recovery_key_counts_only_when_its_shares_recover() -> None:
    key = PrivateKey(kind="recovery", label="", seed=SEED)
    prove_recovery(key.public(), shares.split(SEED))
    with pytest.raises(IntegrityFailure):
        prove_recovery(key.public(), shares.split(bytes(32)))


def test_public_key_files(tmp_path: Path) -> None:
    path = tmp_path / "a.pub"
    path.write_bytes(encode_public_key(REVIEWER.public()))
    assert read_public_key(path) == REVIEWER.public()
    assert REVIEWER.public().fingerprint.replace(" ", "") == (
        REVIEWER.public().recipient().recipient_id
    )
    for content in (b"", b"{}", b'{"format": "x"}', path.read_bytes().replace(b"reviewer", b"x")):
        path.write_bytes(content)
        with pytest.raises(BadInput):
            read_public_key(path)


def test_a_box_takes_its_own_school_s_newest_list_and_no_other(tmp_path: Path) -> None:
    root, attacker = PrivateKey.generate("root", "r"), PrivateKey.generate("root", "evil")
    keys = [REVIEWER.public()]
    first = sign_recipients(root.for_signing(), 1, keys)
    second = sign_recipients(root.for_signing(), 2, keys)
    forged = sign_recipients(attacker.for_signing(), 9, keys)
    with pytest.raises(NotFound):
        load_recipients(tmp_path)
    with pytest.raises(NotAllowed, match="knows no school root"):
        install_recipients(tmp_path, first)
    with pytest.raises(NotAllowed, match="another school"):
        install_recipients(tmp_path, forged, root=root.public())
    assert os.listdir(tmp_path) == []
    install_recipients(tmp_path, second, root=root.public())
    for refused, by in ((first, None), (forged, None), (forged, attacker.public())):
        with pytest.raises(NotAllowed):
            install_recipients(tmp_path, refused, root=by)
    assert load_recipients(tmp_path).version == 2
    install_recipients(tmp_path, sign_recipients(root.for_signing(), 3, keys))
    assert load_recipients(tmp_path).recipients == (REVIEWER.public().recipient(),)
    # Somebody who can write files but has no root cannot add a recipient.
    (tmp_path / "recipients.json").write_bytes(forged)
    with pytest.raises(NotAllowed):
        load_recipients(tmp_path)


def test_a_list_needs_a_reviewer_and_each_key_once() -> None:
    root = SigningKey.generate()
    officer = PrivateKey.generate("data_protection_officer", "")
    for keys in ([officer.public()], [REVIEWER.public()] * 2, []):
        with pytest.raises(BadInput):
            sign_recipients(root, 1, keys)


def test_a_signing_key_file(tmp_path: Path) -> None:
    path, key = tmp_path / "box_signing.pem", SigningKey.generate()
    key.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    verify(SigningKey.load(path).public_bytes, "manifest", b"x", key.sign("manifest", b"x"))
    with pytest.raises(Conflict):
        key.save(path)
    path.write_bytes(b"-----BEGIN")
    with pytest.raises(WrongConfiguration):
        SigningKey.load(path)


def test_passphrases_of_logins() -> None:
    hashes = PassphraseHashes()
    kept = hashes.hash("lösenord")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hashes.verify(kept, "lo\u0308senord")  # as another system types it
    assert not hashes.verify(kept, "losenord")
    assert not hashes.verify("nothing", "lösenord")
    assert not hashes.outdated(kept)
    assert hashes.outdated(PasswordHasher(time_cost=1, memory_cost=8192).hash("x"))
    assert hashes.outdated("nothing")
