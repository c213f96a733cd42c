"""What each cloud identity may do in the object store (DESIGN ruling 12), for whoever sets it up.

The nightly writer only creates: a box that is broken into, or a thief with its key, reads and
deletes nothing that was sent. The verifier only reads, so what it says proves the writer's work.
The eraser deletes and looks whether it is gone; erasure and the end of retention use it, audited.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PREFIXES = ("packs/*", "manifests/*")
# Everything an S3 multipart upload and its continuation after a cut need is in the second line.
_S3: Mapping[str, tuple[str, ...]] = {
    "writer": ("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
    "verifier": ("s3:GetObject",),
    "eraser": ("s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload"),
}
_GCS: Mapping[str, tuple[str, ...]] = {
    "writer": ("storage.objects.create",),
    "verifier": ("storage.objects.get",),
    "eraser": ("storage.objects.get", "storage.objects.delete"),
}


def s3_policies(bucket: str) -> dict[str, dict[str, Any]]:
    """Identity -> its policy, as IAM takes it. Each may see where the bucket lies, and none may
    list it: names come from the signed manifests."""
    arn = f"arn:aws:s3:::{bucket}"
    return {
        identity: {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": list(actions),
                    "Resource": [f"{arn}/{prefix}" for prefix in _PREFIXES],
                },
                {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [arn]},
            ],
        }
        for identity, actions in _S3.items()
    }


def gcs_permissions() -> dict[str, list[str]]:
    """Identity -> the permissions of its custom role on the bucket."""
    return {
        identity: ["storage.buckets.get", *permissions] for identity, permissions in _GCS.items()
    }
