#!/usr/bin/env bash
# Installs a box in a Debian made for the occasion, and lets its doctor look at it: what a technician
# does in the first hour, without a machine to spare. Takes some minutes; needs root, debootstrap and
# the network. With --bundle the box itself has none: it is installed behind a cable that leads
# nowhere. The doctor always looks from behind that cable, and must warn of what such a box lacks and
# of nothing else. Leaves nothing behind unless --keep names a directory.
#
#   firmware_scripts/try_install.sh [--suite bookworm] [--bundle FILE --key FILE] [--keep DIR]
set -euo pipefail
suite=bookworm bundle='' key='' keep=''
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=${2:?}; shift ;;
    --bundle) bundle=${2:?}; shift ;;
    --key) key=${2:?}; shift ;;
    --keep) keep=${2:?}; shift ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift
done
. "$(dirname "${BASH_SOURCE[0]}")/box.sh"
[ "$(id -u)" -eq 0 ] || hv_stop 4 "Run this as root."
command -v debootstrap >/dev/null || hv_stop 5 "Install debootstrap first."
root=${keep:-$(mktemp -d)}
mkdir -p "$root"
chmod 755 "$root" # its own users must be able to look into it
netns=hallvakt-try-$$
offline=(ip netns exec "$netns")
network=()
[ -z "$bundle" ] || network=("${offline[@]}")
inside() { "${network[@]}" chroot "$root" env -i HOME=/root LANG=C.UTF-8 HALLVAKT_SYSTEMCTL=true \
  PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
installed_in=("${network[@]}")
first_port() { "${installed_in[@]}" cat /proc/sys/net/ipv4/ip_unprivileged_port_start; }
first_port_here=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
clean() {
  # Online the box is installed in this machine's own network, and a broken-off try has to give it back.
  printf '%s\n' "$first_port_here" >/proc/sys/net/ipv4/ip_unprivileged_port_start
  ip netns del "$netns" 2>/dev/null || true
  umount -l "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true
  [ -n "$keep" ] || rm -rf "$root"
}
trap clean EXIT

hv_step "A Debian ($suite) of its own in $root"
[ -x "$root/usr/bin/dpkg" ] || debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >/dev/null
# The machine's own ways to the registries, where it has other than the usual ones.
for file in /etc/apt/apt.conf.d /etc/pip.conf /etc/resolv.conf; do
  [ -e "$file" ] || continue
  mkdir -p "$root$(dirname "$file")"
  cp -aL "$file" "$root$(dirname "$file")/" 2>/dev/null || true
done
ip netns add "$netns"
ip -n "$netns" link set lo up
ip -n "$netns" link add lan0 type veth peer name nowhere
ip -n "$netns" link set lan0 up
ip -n "$netns" link set nowhere up
[ -z "$(ip -n "$netns" route)" ] || hv_stop 6 "That network leads somewhere."
mount -t proc none "$root/proc"
nsenter "--net=/run/netns/$netns" mount -t sysfs none "$root/sys" # its cards, not ours
mount --rbind /dev "$root/dev"

mkdir -p "$root/hallvakt"
# Whom this machine trusts, for it may reach the registries through a proxy of the school's.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
for name in appliance tui models systemd firmware_scripts pyproject.toml requirements.lock README.md \
  CHANGELOG.md; do cp -a "$hv_source/$name" "$root/hallvakt/"; done
words=()
if [ -n "$bundle" ]; then
  cp "$bundle" "$root/hallvakt/box.bundle"
  cp "$key" "$root/hallvakt/release.pub"
  words=(--bundle /hallvakt/box.bundle --key /hallvakt/release.pub)
fi

hv_step "Installing"
first_port_before=$(first_port)
inside bash /hallvakt/firmware_scripts/install.sh "${words[@]}"
hv_step "Installing again changes nothing"
# Path, mode, owner, target and content of all that was installed.
seen() { (cd "$root" && find opt/hallvakt usr/local/bin etc/{hallvakt,systemd/system,sysctl.d} \
  -printf '%p %M %U:%G %l\n' -type f -exec sha256sum {} + | sort); }
before=$(seen)
inside bash /hallvakt/firmware_scripts/install.sh "${words[@]}"
changed=$(diff <(printf '%s\n' "$before") <(seen)) || hv_stop 6 "It changed: $changed"

[ "$(first_port)" -le 80 ] || hv_stop 6 "Ports 80 and 443 are not open to a user without privileges."

hv_step "A box, its key ceremony, and what its doctor says"
network=("${offline[@]}")
inside mkdir -p /offline
inside chown hallvakt: /offline
as_box() { inside runuser -u hallvakt -- "$@"; }
words_of() { as_box bash -c "cd /offline && exec $1 3< <(echo 'correct horse battery staple')"; }
words_of "hallvakt init --lead anna --no-second-factor --host 127.0.0.1 --passphrase-fd 3"
words_of "hallvakt keys root create --out root.key --passphrase-fd 3"
words_of "hallvakt keys reviewer create --label Board --out reviewer.key --passphrase-fd 3"
as_box bash -c 'cd /offline && hallvakt keys recovery create --out-dir recovery' >/dev/null
words_of "hallvakt keys recipients sign --root root.key --out recipients.json reviewer.key.pub \
  recovery/recovery.pub --passphrase-fd 3"
as_box bash -c 'cd /offline && hallvakt keys recipients install recipients.json --root root.key.pub'
as_box hallvakt doctor
# What each of these means stands beside it above; a box in a school has other ones, or none.
expected=(clock cloud "disk health" pepper relay uplink)
warned=$(as_box hallvakt doctor --json | inside python3 -c 'import json, sys
print(*sorted(c["name"] for c in json.load(sys.stdin)["checks"] if c["status"] != "ok"), sep="\n")')
[ "$warned" = "$(printf '%s\n' "${expected[@]}")" ] \
  || hv_stop 6 "The doctor should warn of ${expected[*]}, and warns of" "$warned"

hv_step "Taking it off again"
network=("${installed_in[@]}")
inside bash /hallvakt/firmware_scripts/install.sh --uninstall
[ "$(first_port)" = "$first_port_before" ] || hv_stop 6 "Its ports were not given back."
for left in "$root"/opt/hallvakt "$root"/usr/local/bin/hallvakt "$root"/etc/sysctl.d/60-hallvakt.conf \
  "$root"/etc/hallvakt "$root"/etc/systemd/system/{,*/}hallvakt*; do
  [ ! -e "$left" ] && [ ! -L "$left" ] || hv_stop 6 "$left was left behind."
done
left=$(inside cat /etc/passwd /etc/group | grep -o '^hallvakt[^:]*' | sort -u)
[ "$left" = hallvakt ] || hv_stop 6 "Users or groups were left behind:" "$left"
[ -e "$root/var/lib/hallvakt/box.toml" ] || hv_stop 6 "The state directory is gone."
hv_step "All as it should be."
