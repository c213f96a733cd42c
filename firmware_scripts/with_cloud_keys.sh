#!/usr/bin/env bash
# Runs one command as the box's own user with the keys of the cloud that were made credentials of this
# machine (seal_cloud_keys.py), as root:
#
#     firmware_scripts/with_cloud_keys.sh hallvakt sync verify
#     firmware_scripts/with_cloud_keys.sh hallvakt sync run --now --reason "before the holidays" --as NAME
#
# systemd decrypts them for that command alone, which starts in /: give files by their whole path.
# A round of the night needs none of this: `systemctl start hallvakt-syncer`.
set -euo pipefail
[ $# -gt 0 ] || { echo "Name the command; try --help." >&2; exit 2; }
case $1 in -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
[ "$(id -u)" -eq 0 ] || { echo "Run this as root: systemd hands credentials out." >&2; exit 4; }
words=(--uid=hallvakt --gid=hallvakt --quiet --wait --collect --service-type=exec
  --property=UMask=0077 --property=LimitCORE=0 --property=MemorySwapMax=0)
for who in '' verifier- eraser-; do
  for what in credentials records-uri; do
    words+=("--property=LoadCredentialEncrypted=hallvakt-cloud-$who$what")
  done
done
# A person at a terminal is asked there; a script's pipes stay pipes.
if [ -t 0 ] && [ -t 1 ]; then words+=(--pty); else words+=(--pipe); fi
exec systemd-run "${words[@]}" -- "$@"
