"""Whether a certificate and its key can be served together, and if not, why: in words.

OpenSSL's own (`KEY_VALUES_MISMATCH`, `PEM lib`) tell nobody what to do, and of a key that is locked
with a passphrase it asks at the terminal, where there is one.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from appliance.adapters.host.tls import TlsFiles


def why_not(files: TlsFiles) -> str:
    """What is wrong with the pair that `files` serves and what mends it; empty when nothing is."""
    certificate, key = files.served_certificate, files.served_key
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
        pem = key.read_bytes()
    except OSError as error:
        return f"{Path(error.filename).name} cannot be read ({error.strerror})"
    except ValueError:
        return (
            f"{certificate.name} is not a certificate as text (PEM; "
            f"`openssl x509 -in FILE -out {certificate.name}` makes it of a binary one)"
        )
    try:
        secret = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        return (
            f"{key.name} is locked with a passphrase (`openssl pkey -in FILE -out {key.name}` "
            "writes it without)"
        )
    except (ValueError, UnsupportedAlgorithm):
        return f"{key.name} is not a private key as text (PEM)"
    mine, *others = [found.public_key() == secret.public_key() for found in chain]
    if mine:
        return ""
    if any(others):
        return (
            f"{certificate.name} begins with another certificate than the box's own (the box's "
            "comes first, its authorities' after it)"
        )
    return f"{key.name} is not the key of {certificate.name}"
