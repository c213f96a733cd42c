#!/usr/bin/env bash
# Installs a box on the disk of a machine that QEMU emulates, with firmware, kernel, cards, screen,
# keyboard and TPM of its own, and tries there what needs them. Not part of test.sh: root, up to half
# an hour on two busy cores, and without HALLVAKT_BUNDLE (a bundle made before) the network for more.
#
#   ./firmware_scripts/test_virtual.sh [pytest arguments]
#   HALLVAKT_KEEP=DIR ./firmware_scripts/test_virtual.sh    leaves the disk with the box in DIR, and
#                                                           begins with it the next time
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
[ "$(id -u)" -eq 0 ] || hv_stop "Cables of the machine's own need root."
hv_packages+=(
  debootstrap         # the Debian
  systemd-container procps  # where the box is made
  e2fsprogs           # its file system
  qemu-system-x86 ovmf  # the machine and its firmware
  nbdkit              # its disk, which forgets in a power cut what was not flushed
  swtpm               # its TPM
)
hv_prepare
exec "$hv_venv/bin/python" -m pytest -m virtual tests/virtual "$@"
