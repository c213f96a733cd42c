#!/usr/bin/env bash
# Installs browsers of other engines than Chromium's and tries the candidate's page in them: a whole
# visit in Firefox ESR and in WebKitGTK, the engine of Safari. Not part of test.sh: some 700 MB of
# Debian packages. Needs root (WebKitGTK trusts the box in a mount namespace of its own).
#
#   ./firmware_scripts/test_browsers.sh [pytest arguments]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
hv_packages+=(
  firefox-esr         # driven over WebDriver BiDi, which it has built in
  webkit2gtk-driver   # WebKitGTK's MiniBrowser and its WebDriver
  glib-networking     # TLS for it
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good  # pictures and sound for it
  gstreamer1.0-plugins-bad gstreamer1.0-libav          # its recorder
  xvfb                # a screen that nobody sees: MiniBrowser has no headless mode
)
hv_prepare
exec "$hv_venv/bin/python" -m pytest -m soak tests/e2e/test_other_browsers.py "$@"
