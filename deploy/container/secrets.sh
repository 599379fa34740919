#!/bin/sh
# Makes the secrets that compose.yaml names, once; what is there stays.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
[ ! -f secrets/signing_key ] || exit 0

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

database=$(random)
queue=$(random)
printf '%s' "$database" >secrets/database_password
printf 'postgresql+psycopg://gateway:%s@database/gateway' "$database" >secrets/database_url
printf 'redis://:%s@queue:6379/0' "$queue" >secrets/redis_url
printf 'requirepass %s\nappendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\ndir /data\n' "$queue" >secrets/queue_conf
random >secrets/signing_key
# The containers run as users of their own; the folder keeps everybody else out.
chmod 0644 secrets/*
