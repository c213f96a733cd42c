#!/usr/bin/env bash
# Makes the credential that binds the keys of this box's exams to this machine, once, as root:
#
#     firmware_scripts/make_pepper.sh [--store DIR]
#
# With a TPM it is sealed by TPM and host key together: worth nothing on another machine, nor with
# the disk alone. Without one it is sealed by the host key, which lies on the same disk, and it has
# another name, so that gateway, log and doctor can say so. systemd would take a key of zeros where
# there is no TPM if it were left to choose, so the key is always named here.
#
# An exam that has a roster is bound to the credential of that day: one that is there is never
# replaced.
set -euo pipefail

store=/etc/credstore.encrypted
if [ "${1:-}" = --store ]; then store=$2; fi

for name in hallvakt-pepper hallvakt-pepper-without-tpm; do
    if [ -e "$store/$name" ]; then
        echo "$store/$name is there already and stays: exams may be bound to it." >&2
        exit 4
    fi
done
command -v systemd-creds >/dev/null || {
    echo "systemd-creds is missing: this needs systemd 250 or later." >&2
    exit 5
}

# Asked of the kernel: `systemd-creds has-tpm2` also wants a firmware that tells of the chip, and does
# not look (systemd 252) whether the libraries are there by which it would reach it.
if [ "$(cat /sys/class/tpm/tpm0/tpm_version_major 2>/dev/null)" = 2 ]; then
    name=hallvakt-pepper key=host+tpm2
else
    name=hallvakt-pepper-without-tpm key=host
    cat >&2 <<'WARNING'
WARNING: this machine has no TPM. The pepper will be bound to a key file on this machine's disk:
whoever takes the box WITH its disk while an exam is open can try passphrases against it. Lock the
box away, or use a machine with a TPM.
WARNING
fi

umask 077
mkdir -p "$store"
unfinished=$(mktemp "$store/.unfinished-XXXXXXXX")
trap 'rm -f "$unfinished"' EXIT
sealed() {
    head -c 32 /dev/urandom | systemd-creds encrypt --with-key="$key" --name="$name" - - >"$unfinished" \
        && [ "$(systemd-creds decrypt --name="$name" "$unfinished" - | wc -c)" = 32 ]
}
sealed || {
    [ $key = host ] || cat >&2 <<'PROBLEM'
This machine has a TPM, and systemd could not seal with it: the lines above say why. Nothing was made.
Mostly a package is missing: apt-get install tpm2-tools. Or the chip is locked or owned by something
else: clear it in the firmware's settings. Then run this again.
PROBLEM
    exit 5
}
mv "$unfinished" "$store/$name"
trap - EXIT
echo "$store/$name is made. Restart the gateway: systemctl restart hallvakt-gateway."
