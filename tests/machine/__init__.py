"""A box on a machine of its own: a throw-away Debian with the real systemd as its first process.

Asked for by name, as root: `pytest -m machine tests/machine`. Needs debootstrap,
systemd-container and dnsmasq-base, and takes some minutes.
"""
