#!/usr/bin/env bash
# Makes one signed file from which a box is installed or updated without a network.
#
#   firmware_scripts/build_bundle.sh --key PRIVATE.pem --out FILE
#
# The key is Ed25519 and stays with who releases: `openssl genpkey -algorithm ed25519 -out PRIVATE.pem`;
# boxes get `openssl pkey -in PRIVATE.pem -pubout`. Needs a Debian with network, espeak-ng and sox;
# the one file then serves Debian 12 and 13.
set -euo pipefail
key='' out=''
while [ $# -gt 0 ]; do
  case $1 in
    --key | --out)
      [ $# -gt 1 ] || { echo "$1 needs a file; try --help." >&2; exit 2; }
      if [ "$1" = --key ]; then key=$2; else out=$2; fi
      shift ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
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
pip() { "$work/venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }

hv_step "1. Hallvakt $(hv_version "$hv_source") itself"
for name in appliance tui models systemd firmware_scripts pyproject.toml requirements.lock \
  README.md CHANGELOG.md; do cp -a "$hv_source/$name" "$work/source/"; done
find "$work/source" -name __pycache__ -prune -exec rm -rf {} +

hv_step "2. Python packages, exactly those of the lock file, by their hashes"
python3 "$work/source/firmware_scripts/box_requirements.py" >"$work/requirements.box"
python3 -m venv "$work/venv"
platforms=()
for minor in $(seq 36 -1 5); do platforms+=(--platform "manylinux_2_${minor}_x86_64"); done
for old in manylinux2014 manylinux2010 manylinux1 linux; do platforms+=(--platform "${old}_x86_64"); done
for python in 3.11 3.13; do # those of Debian 12 and 13
  pip download --require-hashes --no-deps --only-binary :all: --implementation cp \
    --python-version "$python" --abi "cp${python/./}" --abi abi3 --abi none "${platforms[@]}" \
    --dest "$work/wheels" -r "$work/requirements.box" \
    || hv_stop 5 "Packages for Python $python could not be fetched: the lines above say why."
done

hv_step "3. Model files and what rehearsals show, built and checked"
pip install --no-index --find-links "$work/wheels" --require-hashes -r "$work/requirements.box"
pip install --no-deps --no-build-isolation --no-index "$work/source"
"$work/venv/bin/hallvakt" models install --to "$work/models"
"$work/venv/bin/hallvakt" models install --rehearsal --to "$work/models"
rm -rf "$work/source/build" "$work/source"/*.egg-info

hv_step "4. Debian packages with all they need"
# apt below a directory of its own, which believes that nothing is installed: so the bundle holds
# everything, for each Debian, wherever it is built.
mirror_of() { # 0: Debian's archive, 1: its security updates, as this machine's own apt has them
  apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
    | awk -v security="$1" '($1 ~ /-security$/) == security { found = $2 } END { print found }'
}
archive=$(mirror_of 0) security=$(mirror_of 1)
[ -n "$archive" ] && [ -n "$security" ] || hv_stop 5 \
  "apt does not know where Debian's packages and security updates come from: run apt-get update."
for suite in "${hv_suites[@]}"; do
  root=$work/apt-$suite
  mkdir -p "$root"/{etc/apt,var/lib/dpkg,var/lib/apt/lists/partial,var/cache/apt/archives/partial}
  : >"$root/var/lib/dpkg/status"
  signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  {
    echo "deb $signed $archive $suite main"
    echo "deb $signed $archive $suite-updates main"
    echo "deb $signed $security $suite-security main"
  } >"$root/etc/apt/sources.list"
  apt_of_suite() {
    apt-get -o Dir::State="$root/var/lib/apt" -o Dir::State::Status="$root/var/lib/dpkg/status" \
      -o Dir::Cache="$root/var/cache/apt" -o Dir::Etc::SourceList="$root/etc/apt/sources.list" \
      -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=root -o APT::Architecture=amd64 \
      -o APT::Architectures::=amd64 -qq "$@"
  }
  apt_of_suite update || hv_stop 5 "The list of $suite's packages could not be fetched."
  apt_of_suite install -y --no-install-recommends --download-only \
    "${hv_box_packages[@]}" "${hv_tpm_packages[@]}" >/dev/null \
    || hv_stop 5 "$suite's packages could not be fetched: the lines above say why."
  mkdir "$work/debs/$suite"
  mv "$root"/var/cache/apt/archives/*.deb "$work/debs/$suite/"
  for deb in "$work/debs/$suite"/*.deb; do
    dpkg-deb --field "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$(basename "$deb")" "$(stat -c %s "$deb")" \
      "$(sha256sum <"$deb" | cut -d' ' -f1)"
  done >"$work/debs/$suite/Packages"
  rm -rf "$root"
done

hv_step "5. A list of its parts (sbom.json, CycloneDX), and the signature"
python3 "$work/source/firmware_scripts/box_requirements.py" --only release >"$work/requirements.release"
python3 -m venv "$work/tools"
"$work/tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  --only-binary :all: -r "$work/requirements.release" \
  || hv_stop 5 "What lists the parts could not be fetched: the lines above say why."
"$work/tools/bin/python" "$work/source/firmware_scripts/bundle_parts.py" --python \
  "$work/venv/bin/python" --debs "$work/debs" --source "$work/source" >"$work/sbom.json" \
  || hv_stop 5 "The list of parts could not be made: the lines above say why."
rm -rf "$work/venv" "$work/tools" "$work"/requirements.*
(cd "$work" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$out.making" .
sha256sum "$out.making" | cut -d' ' -f1 | tr -d '\n' >"$work/digest"
openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/digest" -out "$work/signature"
[ "$(stat -c %s "$work/signature")" = 64 ] || hv_stop 3 "$key is not an Ed25519 key."
{ printf %s "$hv_mark"; cat "$work/signature"; } >>"$out.making"
mv "$out.making" "$out"
hv_step "Done: $out, $(($(stat -c %s "$out") / 1000000)) MB."
