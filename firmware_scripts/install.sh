#!/usr/bin/env bash
# Puts Hallvakt on a plain Debian 12 or 13, or takes it off again. Asks nothing; says every step.
# Running it again changes nothing that is as it should be.
#
#   firmware_scripts/install.sh [--dry-run]                        online
#   firmware_scripts/install.sh --bundle FILE [--key FILE]         offline, from one signed bundle
#   firmware_scripts/install.sh --uninstall                        leaves the state directory
set -euo pipefail
hv_dry='' bundle='' key='' uninstall=''
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) hv_dry=yes ;;
    --bundle | --key)
      [ $# -gt 1 ] || { echo "$1 needs a file; try --help." >&2; exit 2; }
      if [ "$1" = --key ]; then key=$2; else bundle=$2; fi
      shift ;;
    --uninstall) uninstall=yes ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "There is no option $1; try --help." >&2; exit 2 ;;
  esac
  shift
done
. "$(dirname "${BASH_SOURCE[0]}")/box.sh"
hv_must_be_root
hv_alone

if [ -n "$uninstall" ]; then
  program=$hv_opt/current/.venv/bin/hallvakt
  if [ -z "$hv_dry" ] && [ -e "$hv_state/box.toml" ] && [ -x "$program" ]; then
    # Of a box that is damaged nobody knows; it can be taken off.
    "${hv_as_box[@]}" "$program" snapshot quiet --state "$hv_state" >/dev/null || [ $? -ne 4 ] || exit 4
  fi
  hv_step "1. Stopping the box"
  hv_do "$hv_systemctl" disable --now hallvakt.target 2>/dev/null || true
  hv_do "$hv_systemctl" stop 'hallvakt-*' 2>/dev/null || true
  hv_step "2. Removing units, program, release key and settings of the system"
  for unit in "$hv_units"/hallvakt*.* "$hv_units"/*.wants/hallvakt*; do
    [ ! -d "$unit" ] || continue
    if [ -e "$unit" ] || [ -L "$unit" ]; then hv_do rm -f "$unit"; fi
  done
  for empty in "$hv_units"/hallvakt*.wants; do [ ! -d "$empty" ] || hv_do rmdir "$empty"; done
  # systemd takes each relay's and worker's directory away, and leaves the ones around them and the gateway's.
  hv_do rm -rf "$hv_opt" "$hv_command" "$hv_keys" "$hv_below"/run/hallvakt-{coturn,gateway,media-worker}
  hv_do rm -rf "$hv_below"/var/lib/{,private/}hallvakt-console # what was set at the box's own screen
  # When its timers last ran, as systemd notes for those that make up for what was missed.
  hv_do rm -f "$hv_below"/var/lib/systemd/timers/stamp-hallvakt-*.timer
  hv_do "$hv_systemctl" daemon-reload
  hv_close_ports
  hv_step "3. Removing the relay's limits (nftables table hallvakt), and the users of all but the gateway"
  if [ -z "$hv_below" ] && nft list table inet hallvakt >/dev/null 2>&1; then
    hv_do nft delete table inet hallvakt
  fi
  hv_remove_users
  hv_step "4. The credentials that bound the keys of exams, and those of the cloud, to this machine"
  for credential in "$hv_credentials"/hallvakt-{pepper,cloud}*; do
    [ -e "$credential" ] || continue
    # Without the first, an exam that is not closed yet could never be opened again.
    if [ -e "$hv_state/box.toml" ]; then hv_step "  left, for exams in $hv_state need it: $credential"
    else hv_do rm -f "$credential"; fi
  done
  for changed in "$hv_units"/hallvakt*.d; do # somebody's own, by `systemctl edit` or by hand
    [ ! -d "$changed" ] || hv_step "  left, for it is not of this installer: $changed"
  done
  hv_nothing_done
  hv_step "Done. Left as they are: $hv_state with keys and recordings, its user hallvakt, and Debian's"
  hv_step "packages. To destroy keys and recordings too, run \`hallvakt factory-reset\` BEFORE uninstalling."
  hv_step "Debian's coturn.service stays off. If this machine had one of its own: systemctl enable --now coturn"
  exit 0
fi

hv_must_be_debian
source=$hv_source wheels='' models='' unpacked=''
trap 'hv_tidy; [ -z "$unpacked" ] || rm -rf "$unpacked"' EXIT
if [ -n "$bundle" ]; then
  hv_step "0. Checking the bundle's signature"
  hv_check_bundle "$bundle" "${key:-$hv_keys/release.pub}"
  unpacked=$(mktemp -d)
  hv_unpack_bundle "$bundle" "$unpacked"
  source=$unpacked/source wheels=$unpacked/wheels models=$unpacked/models
fi
version=$(hv_version "$source")
running=$(hv_running)
# A box's databases go to another version only with a snapshot, a trial and a way back.
[ -z "$running" ] || [ "$running" = "$version" ] || [ ! -e "$hv_state/box.toml" ] \
  || hv_stop 4 "Version $running runs here and has a box: nothing was changed. To have version $version" \
    "instead: $hv_opt/current/firmware_scripts/update.sh --bundle FILE"

hv_step "1. Debian packages"
hv_put_debs "${unpacked:+$unpacked/debs}"
# Debian starts a relay of its own, with its own rules; the box starts one per exam.
hv_step "  Debian's own coturn.service is stopped and does not start again: the box has one per exam"
hv_do "$hv_systemctl" disable --now coturn.service 2>/dev/null \
  || hv_step "  it could not be: \`systemctl status coturn\` says why"

hv_step "2. Users that nobody can log in as, one for each process, and the group of those that share data"
hv_put_users
# Of a box that is there hallvakt-rights.service sees to it, from the inside out.
if [ -z "$hv_below" ] && [ ! -e "$hv_state/box.toml" ]; then
  hv_do install -d -m 2750 -o hallvakt -g hallvakt-data "$hv_state"
fi

hv_step "3. Version $version in $hv_opt/versions/$version"
hv_put_version "$source" "$wheels" "$models"

hv_step "4. This version is the one that runs"
hv_switch_to "$version"
hv_do mkdir -p "$(dirname "$hv_command")" "$hv_keys"
hv_do ln -sfn /opt/hallvakt/current/.venv/bin/hallvakt "$hv_command"
if [ -n "$key" ]; then hv_do install -m 644 "$key" "$hv_keys/release.pub"; fi

hv_step "5. Units for systemd, and ports 80 and 443 for a user without privileges"
hv_put_units "$source"
hv_open_ports
hv_do "$hv_systemctl" enable hallvakt.target
for core in $(seq 0 $(($(nproc) - 1))); do # one media worker for each, as box.toml has it
  hv_do "$hv_systemctl" enable "hallvakt-media-worker@$core.service"
done

hv_step "6. A credential that binds the keys of exams to this machine"
if [ -n "$hv_below" ]; then hv_step "  not below another directory"
elif [ -e "$hv_credentials/hallvakt-pepper" ] \
  || [ -e "$hv_credentials/hallvakt-pepper-without-tpm" ]; then hv_step "  there"
elif ! command -v systemd-creds >/dev/null; then
  hv_step "  not made: systemd-creds is missing. The box works; \`hallvakt doctor\` says what that means."
else
  hv_do bash "$source/firmware_scripts/make_pepper.sh" \
    || hv_step "  not made: the lines above say why. Later: $hv_opt/current/firmware_scripts/make_pepper.sh"
fi

hv_step ""
hv_nothing_done
if [ -e "$hv_state/box.toml" ]; then
  hv_step "Done. The box in $hv_state keeps its keys and exams. Start it: systemctl start hallvakt.target"
else
  hv_step "Done. Next, as root, step by step, until the box is fit for an exam:"
  hv_step "  runuser -u hallvakt -- hallvakt first-boot --progress /var/tmp/first-boot.json"
  hv_step "It asks you to start the box when it needs it: systemctl start hallvakt.target"
  hv_step "At any time: hallvakt doctor      what is not fit, and what to do about it"
fi
