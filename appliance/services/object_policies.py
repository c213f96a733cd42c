"""What each cloud identity may do in the object store (DESIGN ruling 12), for whoever sets it up.

The nightly writer only creates: a box that is broken into, or a thief with its key, reads and
deletes nothing that was sent. The verifier only reads, so what it says proves the writer's work,
and lists, for one listing tells of a thousand packs. The eraser deletes and looks whether it is
gone; erasure and the end of retention use it, audited. A reviewer reads, on a machine of their own,
and adds decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_NIGHT, _ALL = ("packs/*", "manifests/*"), ("packs/*", "manifests/*", "decisions/*")
# Everything an S3 multipart upload and its continuation after a cut need is in the writer's lines.
_S3: Mapping[str, Mapping[Sequence[str], tuple[str, ...]]] = {
    "writer": {
        _NIGHT: ("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
    },
    "verifier": {_NIGHT: ("s3:GetObject",)},
    "eraser": {_ALL: ("s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")},
    "reviewer": {_ALL: ("s3:GetObject",), ("decisions/*",): ("s3:PutObject",)},
}
_S3_BUCKET: Mapping[str, tuple[str, ...]] = {"verifier": ("s3:ListBucket",)}
_GCS: Mapping[str, tuple[str, ...]] = {
    "writer": ("storage.objects.create",),
    "verifier": ("storage.objects.get", "storage.objects.list"),
    "eraser": ("storage.objects.get", "storage.objects.delete"),
    "reviewer": ("storage.objects.get", "storage.objects.create"),
}


def s3_policies(bucket: str) -> dict[str, dict[str, Any]]:
    """Identity -> its policy, as IAM takes it. Each may see where the bucket lies."""
    arn = f"arn:aws:s3:::{bucket}"
    return {
        identity: {
            "Version": "2012-10-17",
            "Statement": [
                *(
                    _allow(actions, [f"{arn}/{prefix}" for prefix in prefixes])
                    for prefixes, actions in rights.items()
                ),
                _allow(("s3:GetBucketLocation", *_S3_BUCKET.get(identity, ())), [arn]),
            ],
        }
        for identity, rights in _S3.items()
    }


def _allow(actions: Sequence[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources}


def gcs_permissions() -> dict[str, list[str]]:
    """Identity -> the permissions of its custom role on the bucket."""
    return {
        identity: ["storage.buckets.get", *permissions] for identity, permissions in _GCS.items()
    }
