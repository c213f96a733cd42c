# Shared by demo.sh and test.sh; sourced, not run. Puts this machine in order, once:
#
#   1. Debian packages   only those that are missing
#   2. .venv             Python packages, exactly those of requirements.lock, by their hashes
#   3. Hallvakt itself   editable, built with what is in the lock
#   4. model files and   from published packages, by their hashes
#      demo material
#
# A stamp in .venv says what was done for which lock file, so that a second run takes a second.

set -euo pipefail

hv_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
hv_venv="$hv_root/.venv"
hv_stamps="$hv_venv/share/hallvakt/stamps"
cd "$hv_root"

hv_packages=(
  python3-venv        # the virtual environment
  coturn              # the relay
  chromium            # headless candidates
  libnss3-tools       # certutil: tells Chromium about the box's certificate authority
  libatomic1          # Playwright's driver links against it
  libportaudio2       # the hall microphone
  pulseaudio pulseaudio-utils libasound2-plugins  # a microphone without hardware, for the tests
  espeak-ng sox       # sound for simulated candidates
  fonts-dejavu-core   # slips with any European name
  nftables iproute2   # networks of their own for tests
  util-linux          # setpriv: children die with their parent
  strace              # records writes, for the tests of power cuts
  libseccomp2         # the media worker's sandbox
  tmux                # a terminal for console tests
  xvfb xterm xdotool  # a terminal that shows pictures, a screen in memory for it, and keys
)

hv_say() { printf '%s\n' "$*" >&2; }
hv_stop() { hv_say "$*"; exit 5; }

hv_as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else hv_stop "Installing Debian packages needs root, and sudo is not here. Run as root: $*"
  fi
}

hv_debian_packages() {
  local missing=() package
  command -v dpkg-query >/dev/null \
    || hv_stop "This is not Debian or a child of it: install yourself: ${hv_packages[*]}"
  for package in "${hv_packages[@]}"; do
    # shellcheck disable=SC2016 # ${...} is dpkg's
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] \
      || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  hv_say "Installing Debian packages: ${missing[*]}"
  hv_as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
    || hv_stop "The list of Debian packages could not be fetched: check the network."
  hv_as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 \
    || hv_stop "Debian packages could not be installed: the lines above say why."
}

# The newest Python of at least 3.11 that can make virtual environments.
hv_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null \
      && "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
    then command -v "$candidate"; return
    fi
  done
  hv_stop "Python 3.11 or newer is needed: Debian 12 has it (package python3)."
}

hv_stamp_is() { [ "$(cat "$hv_stamps/$1" 2>/dev/null)" = "$2" ]; }
hv_set_stamp() { mkdir -p "$hv_stamps" && printf '%s\n' "$2" >"$hv_stamps/$1"; }
hv_sum() { cat "$@" | sha256sum | cut -d' ' -f1; }

hv_python_packages() {
  local wanted
  [ -x "$hv_venv/bin/python" ] || {
    hv_say "Making the virtual environment .venv"
    "$(hv_python)" -m venv "$hv_venv"
  }
  wanted=$(hv_sum requirements.lock)
  hv_stamp_is lock "$wanted" || {
    hv_say "Installing Python packages by their hashes (a few minutes the first time)"
    "$hv_venv/bin/python" -m pip install --quiet --disable-pip-version-check \
      --require-hashes -r requirements.lock >&2 \
      || hv_stop "Python packages could not be installed: the lines above say why."
    hv_set_stamp lock "$wanted"
  }
  wanted=$(hv_sum pyproject.toml)
  { hv_stamp_is self "$wanted" && [ -x "$hv_venv/bin/hallvakt" ]; } || {
    "$hv_venv/bin/python" -m pip install --quiet --disable-pip-version-check \
      --no-deps --no-build-isolation --editable . >&2 \
      || hv_stop "Hallvakt itself could not be installed: the lines above say why."
    hv_set_stamp self "$wanted"
  }
}

# Both commands check what is there and are quick when nothing is missing.
hv_models() {
  "$hv_venv/bin/hallvakt" models install >&2
  "$hv_venv/bin/hallvakt" models install --rehearsal >&2
}

hv_prepare() {
  hv_debian_packages
  hv_python_packages
  hv_models
}
