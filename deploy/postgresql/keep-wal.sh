#!/bin/sh
# PostgreSQL's archive_command: keep-wal.sh PIECE TARGET
# Ends with 0 only once the piece is on the other disk; one that is there already, and is another, is never overwritten.
set -eu
if [ -e "$2" ]; then
    cmp -s "$1" "$2"
    exit
fi
cp "$1" "$2.part"
sync "$2.part"
mv "$2.part" "$2"
sync "$(dirname "$2")"
