"""The box's authority in the shapes in which schools hand one out to their machines."""

from __future__ import annotations

import base64
import json
import plistlib
import uuid
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from appliance.core.errors import WrongConfiguration

_PROFILE = uuid.UUID("5b9a3f0e-6c1d-4f7a-9d55-3a1c2f0b7e61")  # names made from it are stable


def trust_files(authority: Path) -> dict[str, bytes]:
    """Content by file name. Raises WrongConfiguration when there is no authority to read."""
    try:
        certificate = x509.load_pem_x509_certificate(authority.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongConfiguration(
            f"The certificate authority {authority} cannot be read: restore it from a backup."
        ) from error
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return {
        "hallvakt-ca.pem": pem,  # Linux, Firefox
        "hallvakt-ca.cer": der,  # Windows: Group Policy, Trusted Root Certification Authorities
        "hallvakt.mobileconfig": _apple_profile(der),
        "firefox-policies.json": _firefox_policies(),
        "chromebook-ca.txt": base64.b64encode(der) + b"\n",  # Google Admin console wants base64
    }


def _apple_profile(der: bytes) -> bytes:
    """Configuration profile with one root certificate (macOS, iOS, iPadOS)."""
    of_this = str(uuid.uuid5(_PROFILE, der.hex()))
    payload = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"hallvakt.ca.{of_this}",
        "PayloadUUID": str(uuid.uuid5(_PROFILE, f"payload {der.hex()}")).upper(),
        "PayloadDisplayName": "Hallvakt certificate authority",
        "PayloadContent": der,
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"hallvakt.{of_this}",
        "PayloadUUID": of_this.upper(),
        "PayloadDisplayName": "Hallvakt",
        "PayloadDescription": "Lets this device know the school's exam box.",
        "PayloadContent": [payload],
    }
    return plistlib.dumps(profile)


def _firefox_policies() -> bytes:
    """Firefox reads the system's authorities when told to; so one file serves every browser."""
    policies = {"policies": {"Certificates": {"ImportEnterpriseRoots": True}}}
    return json.dumps(policies, indent=2).encode() + b"\n"
