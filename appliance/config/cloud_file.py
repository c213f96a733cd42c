"""`cloud.toml`: where a reviewer's machine finds the cloud copy, and which boxes it believes.

    [cloud]                      # as in a box's box.toml
    objects = "gcs"
    bucket = "..."
    credentials_file = "reader.json"
    records_uri_file = "records.uri"

    [trust]
    box_keys = ["..."]           # public keys of the school's boxes, 64 hexadecimal digits each
    reviewer_keys = ["..."]      # what `hallvakt review list` prints as yours, of every reviewer

    [review]
    second_reviewer = true       # a finding needs a second reviewer's word

Relative paths are relative to the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.config import strict_toml
from appliance.config.box import CloudConfig
from appliance.core.errors import WrongConfiguration

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustConfig:
    """Empty: any one box is believed, and a person compares its fingerprint; and so with the keys
    that reviewers sign their decisions with."""

    box_keys: tuple[str, ...] = ()
    reviewer_keys: tuple[str, ...] = ()

    def keys(self) -> frozenset[bytes]:
        return frozenset(bytes.fromhex(key) for key in self.box_keys)

    def reviewers(self) -> frozenset[bytes]:
        return frozenset(bytes.fromhex(key) for key in self.reviewer_keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewConfig:
    """`second_reviewer` False: the school's policy lets one reviewer make a finding."""

    second_reviewer: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudFile:
    cloud: CloudConfig
    trust: TrustConfig = field(default_factory=TrustConfig)
    review: ReviewConfig = field(default_factory=ReviewConfig)


def load_cloud_file(path: Path) -> CloudFile:
    """Raise WrongConfiguration naming the file and the key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongConfiguration(
            f"The file {path} cannot be read: it says where the cloud copy is."
        ) from None
    read = strict_toml.read(strict_toml.parse(text, str(path)), CloudFile, str(path))
    for key in (*read.trust.box_keys, *read.trust.reviewer_keys):
        try:
            sound = len(bytes.fromhex(key)) == _KEY_BYTES
        except ValueError:
            sound = False
        if not sound:
            raise WrongConfiguration(
                f"{path}: trust.box_keys and trust.reviewer_keys must be public keys, 64 "
                "hexadecimal digits each."
            )
    return replace(read, cloud=_with_whole_paths(read.cloud, path.parent))


def _with_whole_paths(cloud: CloudConfig, base: Path) -> CloudConfig:
    return replace(
        cloud,
        credentials_file=cloud.credentials_file and base / cloud.credentials_file,
        directory=cloud.directory and base / cloud.directory,
        records_uri_file=cloud.records_uri_file and base / cloud.records_uri_file,
        eraser_credentials_file=None,  # a reviewer's machine deletes nothing
        eraser_records_uri_file=None,
        verifier_credentials_file=None,  # nor does it prove anything to the box
        verifier_records_uri_file=None,
    )
