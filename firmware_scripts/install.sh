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
    --bundle) bundle=${2:?--bundle needs a file}; shift ;;
    --key) key=${2:?--key needs a file}; shift ;;
    --uninstall) uninstall=yes ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "There is no option $1; try --help." >&2; exit 2 ;;
  esac
  shift
done
. "$(dirname "${BASH_SOURCE[0]}")/box.sh"
hv_must_be_root

if [ -n "$uninstall" ]; then
  hv_step "1. Stopping the box"
  hv_do "$hv_systemctl" disable --now hallvakt.target 2>/dev/null || true
  hv_step "2. Removing units, program and settings of the system"
  for unit in "$hv_units"/hallvakt*; do [ -e "$unit" ] && hv_do rm -f "$unit"; done
  hv_do rm -rf "$hv_opt" "$hv_command" "$hv_ports"
  hv_do "$hv_systemctl" daemon-reload
  hv_step "Done. Left as it is: $hv_state with keys and recordings."
  hv_step "To destroy those too, run \`hallvakt factory-reset\` before uninstalling."
  exit 0
fi

hv_must_be_debian
source=$hv_source wheels='' models='' unpacked=''
trap '[ -z "$unpacked" ] || rm -rf "$unpacked"' EXIT
if [ -n "$bundle" ]; then
  hv_step "0. Checking the bundle's signature"
  hv_check_bundle "$bundle" "${key:-$hv_keys/release.pub}"
  unpacked=$(mktemp -d)
  hv_unpack_bundle "$bundle" "$unpacked"
  source=$unpacked/source wheels=$unpacked/wheels models=$unpacked/models
fi
version=$(hv_version "$source")

hv_step "1. Debian packages: ${hv_box_packages[*]}"
missing=()
for package in "${hv_box_packages[@]}"; do
  # shellcheck disable=SC2016 # ${...} is dpkg's
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] \
    || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  hv_step "  all there"
elif [ -n "$bundle" ]; then
  hv_step "  from the bundle: ${missing[*]}"
  hv_do env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    --no-download -o Dir::Cache::Archives="$unpacked/debs" "${missing[@]}" >/dev/null \
    || hv_do env DEBIAN_FRONTEND=noninteractive dpkg --install --skip-same-version \
      "$unpacked"/debs/*.deb >/dev/null \
    || hv_stop 5 "Debian packages of the bundle could not be installed: see the lines above."
else
  hv_do env DEBIAN_FRONTEND=noninteractive apt-get update -qq \
    || hv_stop 5 "The list of Debian packages could not be fetched: check the network."
  hv_do env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null || hv_stop 5 "Debian packages could not be installed: see above."
fi
# Debian starts a relay of its own, with its own rules; the box starts one per exam.
hv_do "$hv_systemctl" disable --now coturn.service 2>/dev/null || true

hv_step "2. A user of its own, which nobody can log in as"
if [ -n "$hv_below" ] || id hallvakt >/dev/null 2>&1; then hv_step "  there"
else hv_do useradd --system --home-dir /var/lib/hallvakt --shell /usr/sbin/nologin hallvakt; fi

hv_step "3. Version $version in $hv_opt/versions/$version"
hv_put_version "$source" "$wheels" "$models"

hv_step "4. This version is the one that runs"
hv_switch_to "$version"
hv_do mkdir -p "$(dirname "$hv_command")" "$hv_keys"
hv_do ln -sfn /opt/hallvakt/current/.venv/bin/hallvakt "$hv_command"
if [ -n "$key" ]; then hv_do install -m 644 "$key" "$hv_keys/release.pub"; fi

hv_step "5. Units for systemd, and ports 80 and 443 for a user without privileges"
hv_put_units "$source"
hv_do mkdir -p "$(dirname "$hv_ports")"
if [ -n "$hv_dry" ]; then hv_step "    would write: $hv_ports"
else printf 'net.ipv4.ip_unprivileged_port_start = 80\n' >"$hv_ports"; fi
if [ -z "$hv_below" ] && command -v sysctl >/dev/null; then hv_do sysctl -q -p "$hv_ports" || true; fi
hv_do "$hv_systemctl" enable hallvakt.target

hv_step ""
if [ -e "$hv_state/box.toml" ]; then
  hv_step "Done. The box in $hv_state keeps its keys and exams; start it: systemctl start hallvakt.target"
else
  hv_step "Done. Next, as root:"
  hv_step "  runuser -u hallvakt -- hallvakt init --lead NAME      make the box, and its first person"
  hv_step "  (or, step by step: runuser -u hallvakt -- hallvakt first-boot --progress /var/tmp/first-boot.json)"
  hv_step "  hallvakt doctor                                       what is not fit, and what to do"
  hv_step "  systemctl start hallvakt.target"
fi
