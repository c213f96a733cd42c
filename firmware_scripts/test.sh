#!/usr/bin/env bash
# Installs what the tests need and runs them all: lint, types, layers, tests. Arguments go to
# pytest; without any, the tests run three at a time (two cores; much of a test is waiting).
#
#   ./firmware_scripts/test.sh [pytest arguments]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
hv_prepare
[ $# -gt 0 ] || set -- -n 3

failed=()
hv_check() {
  local name=$1
  shift
  hv_say "== $name"
  "$@" || failed+=("$name")
}
hv_check "ruff" "$hv_venv/bin/ruff" check .
hv_check "ruff format" "$hv_venv/bin/ruff" format --check .
hv_check "mypy" "$hv_venv/bin/mypy"
hv_check "pytest (import layers are among the tests)" "$hv_venv/bin/python" -m pytest "$@"

if [ ${#failed[@]} -gt 0 ]; then
  hv_say "Not passed: ${failed[*]}"
  exit 1
fi
hv_say "All passed."
