# Shared by install.sh, update.sh and build_bundle.sh; sourced, not run. Where a box's files lie, what
# it is made of, and how each step is said. HALLVAKT_ROOT puts everything below another directory
# (for a look, or a test); HALLVAKT_SYSTEMCTL=true leaves systemd alone.

set -euo pipefail
umask 022 # the box's own users read what root puts here, whatever root's umask is

hv_source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
hv_below=${HALLVAKT_ROOT:-}
hv_opt=$hv_below/opt/hallvakt
hv_state=$hv_below/var/lib/hallvakt
hv_as_box=(setpriv --reuid=hallvakt --regid=hallvakt --init-groups --)
[ -z "$hv_below" ] || hv_as_box=()
hv_units=$hv_below/etc/systemd/system
hv_command=$hv_below/usr/local/bin/hallvakt
hv_ports=$hv_below/etc/sysctl.d/60-hallvakt.conf
hv_first_port=net.ipv4.ip_unprivileged_port_start
hv_first_port_now=/proc/sys/net/ipv4/ip_unprivileged_port_start
hv_keys=$hv_below/etc/hallvakt
hv_credentials=$hv_below/etc/credstore.encrypted
hv_systemctl=${HALLVAKT_SYSTEMCTL:-systemctl}
hv_dry=${hv_dry:-}

# What a box needs of Debian; what only the demo and the tests need is in prepare.sh.
hv_box_packages=(python3 python3-venv coturn nftables libportaudio2 libseccomp2 util-linux iproute2
  fonts-dejavu-core openssl ca-certificates)
# By whose libraries systemd reaches a TPM (one name in both Debians), where the machine has one: Debian
# leaves them out, and systemd then says that there is no TPM.
hv_tpm_packages=(tpm2-tools)
# What makes the sound of rehearsals; a bundle has it made.
hv_online_packages=(espeak-ng sox)
hv_suites=(bookworm trixie) # Debian 12 and 13: Python 3.11 and 3.13

hv_version() { sed -n 's/^version = "\(.*\)"$/\1/p' "$1/pyproject.toml" | head -1; }
# The version that runs; nothing where none is installed.
hv_running() { basename "$(readlink "$hv_opt/current" 2>/dev/null || true)"; }
hv_step() { printf '%s\n' "$*"; }
hv_stop() { local code=$1; shift; printf '%s\n' "$*" >&2; exit "$code"; }
# Does what it is given, or says what it would do.
hv_do() { if [ -n "$hv_dry" ]; then printf '    would run: %s\n' "$*"; else "$@"; fi; }

# hv_nothing_done: the end of a dry run.
hv_nothing_done() {
  [ -z "$hv_dry" ] || { hv_step "This was a dry run: nothing was changed."; exit 0; }
}

# What was written below DIRECTORY is on the disk, whatever happens to the power from here on.
hv_sync() { [ -n "$hv_dry" ] || sync -f "$1"; }
# hv_note FILE TEXT: in one step, so that a cut leaves what was there before or this.
hv_note() {
  printf '%s\n' "$2" >"$1.new"
  hv_sync "$1.new"
  mv -T "$1.new" "$1"
  hv_sync "$1"
}

# hv_first_port_is NUMBER: in the kernel that runs; its next start reads what lies in /etc/sysctl.d.
# Not by sysctl(8): a small Debian has none.
hv_first_port_is() {
  [ -z "$hv_below" ] || return 0
  if [ -n "$hv_dry" ]; then hv_step "    would write: $1 to $hv_first_port_now"; return; fi
  printf '%s\n' "$1" >"$hv_first_port_now" \
    || hv_step "  $hv_first_port could not be set to $1 (the line above says why): restart the machine"
}

# hv_open_ports: 80 and 443 for users without privileges, and a note of what was there before.
hv_open_ports() {
  local now before
  now=$([ -n "$hv_below" ] || cat "$hv_first_port_now" 2>/dev/null || true)
  # Installed already: the note is from before that.
  before=$(hv_first_port_before)
  before=${before:-$([ -e "$hv_ports" ] || printf '%s' "$now")}
  hv_do mkdir -p "$(dirname "$hv_ports")"
  if [ -n "$hv_dry" ]; then hv_step "    would write: $hv_ports"
  else printf '%s%s = 80\n' "${before:+# before Hallvakt: $before$'\n'}" "$hv_first_port" >"$hv_ports"; fi
  # Lower where somebody has it lower, for whatever needs it so.
  [ "${now:-1024}" -le 80 ] || hv_first_port_is 80
}
hv_first_port_before() { sed -n 's/^# before Hallvakt: \([0-9]*\)$/\1/p' "$hv_ports" 2>/dev/null || true; }

# hv_close_ports: as they were before, where that was noted; else the next start of the machine does it.
hv_close_ports() {
  local before
  before=$(hv_first_port_before)
  hv_do rm -f "$hv_ports"
  if [ -n "$before" ] && [ "$before" -gt 80 ]; then hv_first_port_is "$before"; fi
  [ -n "$before$hv_below" ] \
    || hv_step "  $hv_first_port is left as it is until the machine starts again: what it was is not noted"
}

hv_must_be_root() {
  [ -n "$hv_below$hv_dry" ] || [ "$(id -u)" -eq 0 ] || hv_stop 4 "Run this as root."
}

# One install, update or removal at a time, on the directory that all of them work below: a file for
# it would be left behind. What holds it ends with this process.
hv_alone() {
  [ -z "$hv_dry" ] || return 0
  exec 9<"${hv_below:-/}"
  flock -w 2 9 || hv_stop 4 "Another install or update of Hallvakt is at work: nothing was changed. Wait for its end."
}

hv_suite() { . /etc/os-release 2>/dev/null && printf '%s' "${VERSION_CODENAME:-}"; }

hv_must_be_debian() {
  local name
  name=$(. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-}")
  case " ${hv_suites[*]} " in
    *" $(hv_suite) "*) ;;
    *) hv_stop 4 "This is ${name:-an unknown system}. Hallvakt is made for Debian 12 and 13." ;;
  esac
  [ "$(uname -m)" = x86_64 ] || hv_stop 4 "This machine is $(uname -m); Hallvakt is made for x86_64."
}

# --- signed bundles: a tar, then 8 bytes HVBUNDL1, then 64 bytes Ed25519 over the tar's SHA-256 -----

hv_mark=HVBUNDL1
hv_tail=72

hv_digest_of_payload() { head -c -$hv_tail "$1" | sha256sum | cut -d' ' -f1; }

# hv_check_bundle BUNDLE PUBLIC_KEY: before a byte of it is unpacked.
hv_check_bundle() {
  local bundle=$1 key=$2 work
  command -v openssl >/dev/null || hv_stop 5 "Checking the signature needs the package openssl:" \
    "\`apt-get install openssl\`, without a network from the medium that Debian was installed from."
  [ -r "$bundle" ] || hv_stop 3 "There is no bundle $bundle: look at its name."
  [ -r "$key" ] || hv_stop 3 "The release key $key is missing: get it from who made the bundle," \
    "and name it with --key the first time."
  [ "$(stat -c %s "$bundle" 2>/dev/null || echo 0)" -gt $hv_tail ] \
    || hv_stop 6 "$bundle is not a Hallvakt bundle."
  [ "$(tail -c $hv_tail "$bundle" | head -c 8)" = $hv_mark ] \
    || hv_stop 6 "$bundle is not a whole Hallvakt bundle: copy it again."
  work=$(mktemp -d)
  tail -c 64 "$bundle" >"$work/signature"
  hv_digest_of_payload "$bundle" | tr -d '\n' >"$work/digest"
  if ! openssl pkeyutl -verify -rawin -pubin -inkey "$key" -sigfile "$work/signature" \
    -in "$work/digest" >/dev/null 2>&1; then
    rm -rf "$work"
    hv_stop 6 "The signature of $bundle is not right: it was damaged or is not from who it says."
  fi
  rm -rf "$work"
}

hv_unpack_bundle() {
  head -c -$hv_tail "$1" | tar -x --no-same-owner -C "$2" \
    || hv_stop 5 "$1 could not be unpacked: is there room below ${TMPDIR:-/tmp}? Elsewhere:" \
      "TMPDIR=/var/tmp before the command."
}

# Waits for an apt that is at work already, as a Debian that has just started has one; and where a
# package was here before and somebody changed its settings, they stay without a question.
hv_apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300
  -o Dpkg::Options::=--force-confold)

# hv_apt_of DIRECTORY COMMAND ...: apt that knows one list, of the bundle's own packages, and leaves
# the machine's lists alone. Their signature is the bundle's.
hv_apt_of() {
  local debs=$1
  shift
  printf 'deb [trusted=yes] file:%s ./\n' "$debs" >"$debs/../apt.list"
  mkdir -p "$debs/../lists/partial"
  "${hv_apt[@]}" -o Dir::Etc::SourceList="$debs/../apt.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$debs/../lists" \
    -o APT::Sandbox::User=root -o APT::Get::List-Cleanup=0 "$@" \
    2> >(grep -v '^W: Symlinking' >&2) # it looks for compressed lists first, and says so
}

# hv_put_packages DEBS: what this version needs of the machine and an older one may not have. Under
# this name update.sh of the version before calls it, while that version runs.
hv_put_packages() {
  hv_put_debs "$1"
  hv_put_users
  # Most of a large box is brought over before it stops for it; hallvakt-rights.service does the rest.
  if [ -z "$hv_below$hv_dry" ] && [ -e "$hv_state/box.toml" ]; then
    setpriv --reuid=hallvakt --regid=hallvakt-data --clear-groups -- python3 -I - --before-update \
      --state "$hv_state" <"$hv_source/appliance/processes/state_rights.py" || true
  fi
}

# Whoever writes the box's data is a user of its own, in the one group that may; only the gateway's,
# hallvakt, owns keys. It is of that group in the list too, for versions that know no other user.
hv_jobs=(syncer janitor drill fleet)
hv_put_users() {
  local job
  if [ -n "$hv_below" ] || getent group hallvakt-data >/dev/null; then hv_step "  group hallvakt-data: there"
  else hv_do groupadd --system hallvakt-data; fi
  hv_user hallvakt --home-dir /var/lib/hallvakt
  hv_user hallvakt-relay --home-dir /nonexistent
  for job in "${hv_jobs[@]}"; do hv_user "hallvakt-$job" --home-dir /nonexistent --gid hallvakt-data; done
  [ -n "$hv_below" ] || case " $(id -nG hallvakt 2>/dev/null || true) " in
    *" hallvakt-data "*) ;;
    *) hv_do usermod --append --groups hallvakt-data hallvakt ;;
  esac
}
hv_user() { # NAME OPTIONS
  if [ -n "$hv_below" ] || id "$1" >/dev/null 2>&1; then hv_step "  $1: there"
  else hv_do useradd --system --no-create-home --shell /usr/sbin/nologin "${@:2}" "$1"; fi
}

# hv_remove_users: all but hallvakt, whose the state directory is, and to whom all in it goes back:
# numbers of users and groups that are gone are given to others.
hv_remove_users() {
  local name
  [ -z "$hv_below" ] || return 0
  if [ -d "$hv_state" ] && id hallvakt >/dev/null 2>&1; then
    hv_do chown -Rh hallvakt:hallvakt "$hv_state"
    hv_do chmod 00700 "$hv_state" # five digits: set-group-ID goes too
  fi
  for name in relay "${hv_jobs[@]}"; do
    if id "hallvakt-$name" >/dev/null 2>&1; then hv_do userdel "hallvakt-$name"; fi
  done
  if getent group hallvakt-data >/dev/null; then hv_do groupdel hallvakt-data; fi
}

# hv_put_debs DEBS: what the box needs of Debian and has not, from a bundle's packages; from Debian
# itself where DEBS is empty.
hv_put_debs() {
  local package packages=("${hv_box_packages[@]}") missing=() debs=$1
  [ -n "$debs" ] || packages+=("${hv_online_packages[@]}")
  [ ! -e /sys/class/tpm/tpm0 ] || packages+=("${hv_tpm_packages[@]}")
  hv_step "  ${packages[*]}"
  for package in "${packages[@]}"; do
    # shellcheck disable=SC2016 # ${...} is dpkg's
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] \
      || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    hv_step "  all there"
    return
  fi
  # What a power cut left half done; nothing otherwise.
  hv_do dpkg --configure -a >/dev/null || hv_stop 5 "Debian packages are half installed: the lines above say why."
  if [ -n "$debs" ]; then
    hv_step "  from the bundle: ${missing[*]}"
    debs=$debs/$(hv_suite)
    [ -d "$debs" ] || hv_stop 4 "This bundle has no packages for Debian $(hv_suite): use a newer bundle."
    hv_do hv_apt_of "$debs" update \
      || hv_stop 5 "The bundle's Debian packages could not be read: the lines above say why."
    hv_do hv_apt_of "$debs" install -y --no-install-recommends "${missing[@]}" >/dev/null \
      || hv_stop 5 "The bundle's Debian packages could not be installed: the lines above say why."
  else
    hv_do "${hv_apt[@]}" update || hv_stop 5 "The list of Debian packages could not be fetched: the lines" \
      "above say why. Mostly it is the network, or another apt at work: run this again then."
    hv_do "${hv_apt[@]}" install -y --no-install-recommends \
      "${missing[@]}" >/dev/null || hv_stop 5 "Debian packages could not be installed: the lines above say why."
  fi
}

# --- one version in a directory of its own ---------------------------------------------------------

# What one version takes, with room for the box's own start beside it; on a disk that it filled a box
# that runs would take no snippet any more.
hv_version_mb=${HALLVAKT_VERSION_MB:-1500}
hv_making='' # a version that is not whole yet
hv_tidy() { [ -z "$hv_making" ] || rm -rf "$hv_making"; } # for EXIT
hv_check_room() {
  local above=$hv_opt free
  until [ -d "$above" ]; do above=$(dirname "$above"); done
  free=$(($(df -Pk "$above" | awk 'NR == 2 { print $4 }') / 1024))
  [ "$free" -ge "$hv_version_mb" ] || hv_stop 5 "There are $free MB free where $hv_opt is to be, and" \
    "$hv_version_mb are needed: free room first. No version was put there."
}

# hv_put_version SOURCE WHEELS(or empty) MODELS(or empty): makes opt/versions/V complete or not at all.
hv_put_version() {
  local source=$1 wheels=$2 models=$3 version target name
  version=$(hv_version "$source")
  target=$hv_opt/versions/$version
  if [ -e "$target/complete" ]; then hv_step "  version $version is there already"; return; fi
  hv_do rm -rf "$target" # what a cut left of it
  hv_check_room
  [ -n "$hv_dry" ] || hv_making=$target
  hv_do mkdir -p "$target"
  for name in appliance tui models systemd firmware_scripts pyproject.toml requirements.lock \
    README.md CHANGELOG.md; do
    hv_do cp -a --no-preserve=ownership "$source/$name" "$target/" # root's, whoever unpacked it
  done
  hv_step "  virtual environment, packages by their hashes"
  hv_do python3 -m venv "$target/.venv"
  if [ -z "$hv_dry" ]; then
    python3 "$target/firmware_scripts/box_requirements.py" >"$target/requirements.box"
  fi
  local offline=()
  [ -z "$wheels" ] || offline=(--no-index --find-links "$wheels")
  hv_do "$target/.venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: "${offline[@]}" -r "$target/requirements.box" \
    || hv_stop 5 "Python packages could not be installed: the lines above say why."
  hv_do "$target/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation --no-index "$target" \
    || hv_stop 5 "Hallvakt itself could not be installed: the lines above say why."
  hv_step "  model files, each checked against the manifest, and what rehearsals show"
  local from=()
  [ -z "$models" ] || from=(--from "$models")
  hv_do "$target/.venv/bin/hallvakt" models install "${from[@]}"
  hv_do "$target/.venv/bin/hallvakt" models install --rehearsal "${from[@]}"
  hv_sync "$target" # a version that is complete after a power cut was so before
  hv_do touch "$target/complete"
  hv_making=''
  hv_sync "$target"
}

# hv_switch_to VERSION: everything that names opt/current has the other version from one moment on.
hv_switch_to() {
  hv_do ln -sfn "versions/$1" "$hv_opt/current.new"
  hv_do mv -T "$hv_opt/current.new" "$hv_opt/current"
  hv_sync "$hv_opt"
}

# hv_put_units DIRECTORY: the units of one version, and none that only another version had. Each is
# whole at any moment: on the disk under another name before it takes its place.
hv_put_units() {
  hv_do mkdir -p "$hv_units"
  local unit units=()
  for unit in "$1"/systemd/*.{service,socket,timer,target}; do
    [ ! -e "$unit" ] || units+=("$unit")
  done
  for unit in "${units[@]}"; do hv_do install -m 644 "$unit" "$hv_units/.${unit##*/}.new"; done
  hv_sync "$hv_units"
  for unit in "${units[@]}"; do
    hv_do mv -T "$hv_units/.${unit##*/}.new" "$hv_units/${unit##*/}"
  done
  for unit in "$hv_units"/hallvakt*.{service,socket,timer,target}; do
    if [ -e "$unit" ] && [ ! -e "$1/systemd/${unit##*/}" ]; then hv_remove_unit "${unit##*/}"; fi
  done
  hv_sync "$hv_units"
  hv_do "$hv_systemctl" daemon-reload
}

hv_remove_unit() { # NAME; of a template, every instance
  # The unit that ends updates may be what does this: it ends by itself.
  [ "$1" = hallvakt-update.service ] || hv_do "$hv_systemctl" stop "${1/@./@*.}" || true
  hv_do "$hv_systemctl" disable "$1" || true
  # One that failed would be listed as such for ever, and be nowhere.
  hv_do "$hv_systemctl" reset-failed "${1/@./@*.}" 2>/dev/null || true
  hv_do rm -f "$hv_units/$1"
}
