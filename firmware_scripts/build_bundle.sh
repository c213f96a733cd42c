#!/usr/bin/env bash
# Makes one signed file from which a box is installed or updated without a network.
#
#   firmware_scripts/build_bundle.sh --key PRIVATE.pem --out FILE
#
# The key is Ed25519 and stays with who releases: `openssl genpkey -algorithm ed25519 -out PRIVATE.pem`;
# boxes get `openssl pkey -in PRIVATE.pem -pubout`. Run it on the Debian that the boxes have.
set -euo pipefail
key='' out=''
while [ $# -gt 0 ]; do
  case $1 in
    --key) key=${2:?--key needs a file}; shift ;;
    --out) out=${2:?--out needs a file}; shift ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "There is no option $1; try --help." >&2; exit 2 ;;
  esac
  shift
done
. "$(dirname "${BASH_SOURCE[0]}")/box.sh"
[ -n "$key" ] && [ -n "$out" ] || hv_stop 2 "Both --key and --out are needed; try --help."
[ -r "$key" ] || hv_stop 3 "The key $key cannot be read."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/source" "$work/wheels" "$work/models" "$work/debs"

hv_step "1. Hallvakt $(hv_version "$hv_source") itself"
for name in appliance tui models systemd firmware_scripts pyproject.toml requirements.lock \
  README.md CHANGELOG.md; do cp -a "$hv_source/$name" "$work/source/"; done
find "$work/source" -name __pycache__ -prune -exec rm -rf {} +

hv_step "2. Python packages, exactly those of the lock file, by their hashes"
python3 "$work/source/firmware_scripts/box_requirements.py" >"$work/requirements.box"
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip download --quiet --disable-pip-version-check --require-hashes \
  --only-binary :all: --dest "$work/wheels" -r "$work/requirements.box" \
  || hv_stop 5 "Python packages could not be fetched: the lines above say why."

hv_step "3. Model files, built and checked"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \
  --find-links "$work/wheels" --require-hashes -r "$work/requirements.box"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
  --no-build-isolation --no-index "$work/source"
"$work/venv/bin/hallvakt" models install --to "$work/models"
rm -rf "$work/source/build" "$work/source"/*.egg-info

hv_step "4. Debian packages with what they need"
needed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
  --no-replaces --no-enhances "${hv_box_packages[@]}" | grep '^[a-z0-9]' | sort -u)
(cd "$work/debs" && for package in $needed; do
  apt-get download -qq "$package" 2>/dev/null || true # virtual packages have no file
done)

hv_step "5. A list of what is inside, and the signature"
"$work/venv/bin/python" -m pip list --format=json --disable-pip-version-check >"$work/packages.json"
rm -rf "$work/venv" "$work/requirements.box"
(cd "$work" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$out.making" .
sha256sum "$out.making" | cut -d' ' -f1 | tr -d '\n' >"$work/digest"
openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/digest" -out "$work/signature"
[ "$(stat -c %s "$work/signature")" = 64 ] || hv_stop 3 "$key is not an Ed25519 key."
{ printf %s "$hv_mark"; cat "$work/signature"; } >>"$out.making"
mv "$out.making" "$out"
hv_step "Done: $out, $(($(stat -c %s "$out") / 1000000)) MB."
