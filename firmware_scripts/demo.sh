#!/usr/bin/env bash
# A whole exam on this machine: real relay, real recogniser, real candidates (a headless browser
# and simulated ones), console, close, sync, review. Installs what it needs first.
#
#   ./firmware_scripts/demo.sh [--candidates N] [--browser-candidates K] [--seconds S]
#                              [--console|--no-console] [--report FILE] [--keep DIR]
set -euo pipefail
# Options that name files are relative to where the caller stands, not to the project.
caller=$PWD
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
hv_prepare
cd "$caller"
# Without a terminal there is nobody to look at a console.
if [ -t 0 ] && [ -t 1 ]; then exec "$hv_venv/bin/hallvakt" demo "$@"; fi
case " $* " in
  *" --console "* | *" --no-console "*) exec "$hv_venv/bin/hallvakt" demo "$@" ;;
  *) exec "$hv_venv/bin/hallvakt" demo --no-console "$@" ;;
esac
