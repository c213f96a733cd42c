#!/usr/bin/env bash
# Updates a box from a signed bundle, or goes back to the version before.
#
#   firmware_scripts/update.sh --bundle FILE
#   firmware_scripts/update.sh --rollback
#   firmware_scripts/update.sh --finish       what a power cut broke off; the other two do it too
#
# The signature is checked before anything is unpacked. The new version is put beside the old one,
# tries itself on a copy of the databases, and then takes over in one step; if the box does not
# answer afterwards, the old version and its databases come back. Both are refused while an exam is
# ready, open or live, or begins within a day (starts_at of its settings). A power cut at any step
# leaves one version or the other, whole; the machine's next start runs --finish by itself
# (hallvakt-update.service), which makes the units whole and sees whether it answers.
set -euo pipefail
bundle='' rollback='' finish=''
while [ $# -gt 0 ]; do
  case $1 in
    --bundle)
      [ $# -gt 1 ] || { echo "$1 needs a file; try --help." >&2; exit 2; }
      bundle=$2
      shift ;;
    --rollback) rollback=yes ;;
    --finish) finish=yes ;;
    -h | --help) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "There is no option $1; try --help." >&2; exit 2 ;;
  esac
  shift
done
. "$(dirname "${BASH_SOURCE[0]}")/box.sh"
hv_must_be_root
# Run by systemd as the box starts, before anything of the box does.
at_start=${NOTIFY_SOCKET:+yes}
# An update starts the box itself, and with it this: nothing is cut off while it is at work.
if [ -n "$at_start" ] && ! flock -n "${hv_below:-/}" true; then
  systemd-notify --ready --status="An update is at work"
  exit 0
fi
hv_alone
old=$(hv_running)
[ -n "$old" ] || hv_stop 3 "Hallvakt is not installed here: run install.sh."
# As the box's own user: what root leaves among the snapshots an erasure could not take away.
# Not by runuser: its sessions need more rights than this has when systemd starts it.
hallvakt() { "${hv_as_box[@]}" "$hv_opt/versions/$1/.venv/bin/hallvakt" "${@:2}" --state "$hv_state"; }

restart() {
  # What has just started with these units need not start again; what they want besides is added.
  if [ -n "$at_start" ]; then "$hv_systemctl" start hallvakt.target
  else "$hv_systemctl" restart hallvakt.target; fi
}
# How often, and how many seconds apart, the box is asked before it is given up.
patience=${HALLVAKT_UPDATE_PATIENCE:-60} pause=${HALLVAKT_UPDATE_PAUSE:-1}
# workers VERSION: how many media workers the gateway has, in its own word over its socket; nothing
# while it does not answer.
workers() { hallvakt "$1" metrics 2>/dev/null | sed -n 's/^hallvakt_media_workers \([0-9]*\).*/\1/p'; }
# answers VERSION: that the target has started says nothing, for it only wants the gateway. One that
# dies again and again may answer once, so it is asked until it has answered three times in a row.
answers() {
  [ "$hv_systemctl" != true ] || return 0
  local n found row=0
  for n in $(seq "$patience"); do
    found=$(workers "$1" || true)
    if [ -n "$found" ] && [ "$found" -ge "$least" ]; then row=$((row + 1)); else row=0; fi
    [ "$row" -lt 3 ] || return 0
    sleep "$pause"
  done
  return 1
}
# What was begun and not yet seen to answer: "OLD NEW".
unfinished=$hv_opt/unfinished
# "OLD NEW RUNS", of one that was cut off and finished since: the doctor tells it until the next update.
was_cut=$hv_opt/was-cut
begun() { rm -f "$was_cut"; hv_note "$unfinished" "$1 $2"; }
ended() { rm -f "$unfinished"; hv_sync "$hv_opt"; }
ended_after_a_cut() { hv_note "$was_cut" "$from $to $old"; ended; hv_step "Version $old runs$1."; }
# go_back VERSION SNAPSHOT
go_back() {
  "$hv_systemctl" stop hallvakt.target || true
  if ! hallvakt "$1" snapshot restore "$2"; then
    restart || true
    ended
    hv_stop 4 "Nothing was changed: the version that ran goes on."
  fi
  hv_switch_to "$1"
  hv_put_units "$hv_opt/versions/$1"
  if restart && answers "$1"; then ended; return; fi
  hv_stop 5 "Version $1 is back, but the box does not answer. Look at the log: $log"
}
log='journalctl -u hallvakt-gateway -u "hallvakt-media-worker@*"'
least=1 # a box that had no worker before is not worse off without one
[ "$(workers "$old" || true)" != 0 ] || least=0

snapshots=$hv_state/snapshots
if [ -e "$unfinished" ]; then
  from='' to=''
  read -r from to <"$unfinished" || true
  hv_step "The power was cut when version ${from:-?} gave way to version ${to:-?}: finishing that first"
  if [ -n "$at_start" ]; then
    # Nothing runs yet that could be disturbed. With an exam near, a box that answers is left as it is.
    hallvakt "$old" snapshot quiet >/dev/null 2>&1 || least=0
  else hallvakt "$old" snapshot quiet || exit $?; fi
  [ -e "$hv_opt/versions/$old/complete" ] \
    || hv_stop 6 "Version $old is not whole: nothing was changed. Install it again from its bundle."
  hv_put_units "$hv_opt/versions/$old"
  hv_step "The units are those of version $old, which starts."
  [ -z "$at_start" ] || systemd-notify --ready --status="Looking whether version $old answers"
  if restart && answers "$old"; then ended_after_a_cut ''
  elif [ "$old" = "$to" ] && [ -e "$hv_opt/versions/$from/complete" ]; then
    hv_step "The box does not answer with version $to: going back to $from"
    go_back "$from" "$snapshots/before-$to"
    old=$from
    ended_after_a_cut " again. Look at the log: $log"
  else hv_stop 5 "The box does not answer with version $old. Look at the log: $log"; fi
elif [ -n "$finish" ]; then
  rm -f "$was_cut"
  hv_step "Nothing is cut off: version $old runs."
fi
[ -z "$finish" ] || exit 0
if [ -n "$rollback" ]; then
  last=$(cat "$hv_opt/previous" 2>/dev/null || true)
  [ -n "$last" ] && [ "$last" != "$old" ] && [ -e "$hv_opt/versions/$last/complete" ] \
    || hv_stop 4 "There is no version to go back to."
  hallvakt "$old" snapshot quiet || exit $? # going back stops the box, and with it a live exam
  hv_step "Going back from $old to $last"
  begun "$old" "$last"
  go_back "$last" "$snapshots/before-$old"
  hv_step "Done: version $last runs."
  exit 0
fi

[ -n "$bundle" ] || hv_stop 2 "Name the bundle with --bundle; try --help."
hv_step "1. Is an exam near?"
hallvakt "$old" snapshot quiet || exit $?

hv_step "2. Checking the bundle's signature"
hv_check_bundle "$bundle" "$hv_keys/release.pub"
unpacked=$(mktemp -d)
trap 'hv_tidy; rm -rf "$unpacked"' EXIT
hv_unpack_bundle "$bundle" "$unpacked"
new=$(hv_version "$unpacked/source")
[ "$new" != "$old" ] || hv_stop 4 "Version $new runs already."
# A bundle of long ago is signed too, and brings back what was mended since.
[ "$(printf '%s\n' "$old" "$new" | sort -V | tail -1)" = "$new" ] || hv_stop 4 \
  "Version $new is older than version $old, which runs: nothing was changed. To go back by one: update.sh --rollback"

hv_step "3. Version $new beside version $old, with Debian packages that it needs and this machine has not"
# shellcheck source=firmware_scripts/box.sh
(. "$unpacked/source/firmware_scripts/box.sh" && hv_put_packages "$unpacked/debs") # the new one's list
hv_put_version "$unpacked/source" "$unpacked/wheels" "$unpacked/models"

hv_step "4. A snapshot of the databases, and the new version tries itself on a copy"
hallvakt "$old" snapshot make "$snapshots/before-$new"
hallvakt "$new" snapshot try "$snapshots/before-$new" \
  || hv_stop 6 "Version $new cannot use this box's databases: nothing was changed."

hv_step "5. Version $new takes over"
hallvakt "$old" snapshot quiet || exit $? # the steps before took minutes: an exam may be ready since
begun "$old" "$new"
hv_note "$hv_opt/previous" "$old"
hv_switch_to "$new" # before its units: a version starts from the units of the one before it too
hv_put_units "$hv_opt/versions/$new"
if restart && answers "$new"; then
  ended
  hv_step "Done: version $new runs. To go back: update.sh --rollback"
  exit 0
fi
hv_step "The box does not answer with version $new: going back to $old"
go_back "$old" "$snapshots/before-$new"
hv_stop 5 "Version $old runs again. Look at the log: $log"
