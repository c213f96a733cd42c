#!/usr/bin/env bash
# Boots a Debian with the real systemd, installs a box in it and uses it as a school does: units,
# watchdogs, a reboot and a power cut in mid-exam, DHCP, update and back. Not part of test.sh: root,
# a good quarter of an hour, and without HALLVAKT_BUNDLE (a bundle made before) the network for some more.
#
#   ./firmware_scripts/test_machine.sh [pytest arguments]
#   HALLVAKT_SUITE=trixie ./firmware_scripts/test_machine.sh      Debian 13 instead of 12
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
[ "$(id -u)" -eq 0 ] || hv_stop "Booting a machine needs root."
hv_packages+=(
  debootstrap         # the Debian
  systemd-container   # systemd-nspawn, which boots it
  dnsmasq-base        # the school's DHCP server
  procps              # sysctl: what the container may not set itself
)
hv_prepare
exec "$hv_venv/bin/python" -m pytest -m machine tests/machine "$@"
