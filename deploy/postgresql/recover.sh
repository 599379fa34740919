#!/bin/sh
# Puts PostgreSQL back to a moment, as the user postgres, while no server runs on DATA:
#   recover.sh BASE DATA WAL MOMENT
# BASE is a base backup, DATA the server's data folder (empty or not there), WAL what keep-wal.sh has kept, MOMENT like
# '2026-11-24 14:05:00+01'. Start the server then: it replays its log up to that moment and takes up its work.
set -eu
if [ $# != 4 ]; then
    echo "usage: recover.sh BASE DATA WAL MOMENT" >&2
    exit 64
fi
if [ -e "$2" ] && [ -n "$(ls -A "$2")" ]; then
    echo "$2 is not empty: move it away first, it may be needed still" >&2
    exit 65
fi
if [ ! -f "$1/backup_label" ]; then
    echo "$1 is no base backup: it has no backup_label" >&2
    exit 66
fi
case "$1$3$4" in
    *\'* | *\"* | *\\*)
        echo "quotation marks and backslashes cannot be in these names" >&2
        exit 64
        ;;
esac
mkdir -p "$2"
chmod 0700 "$2"
cp -a "$1/." "$2/"
cat >>"$2/postgresql.auto.conf" <<CONF
restore_command = 'cp "$3/%f" "%p"'
recovery_target_time = '$4'
recovery_target_action = 'promote'
CONF
touch "$2/recovery.signal"
