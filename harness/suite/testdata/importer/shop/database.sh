#!/bin/sh
# Starts PostgreSQL. A machine with STANDBY_OF copies, once in its life, the primary that this names, and then follows it.
set -eu
programs=/usr/lib/postgresql/15/bin data=/var/lib/postgresql/15/main copied=/var/lib/postgresql/copied

if [ -n "${STANDBY_OF:-}" ] && [ ! -e "$copied" ]; then
	rm -rf "$data"
	"$programs/pg_basebackup" --host="$STANDBY_OF" --pgdata="$data" --wal-method=stream --checkpoint=fast --write-recovery-conf
	touch "$copied"
fi
exec "$programs/postgres" -D "$data" -c config_file=/etc/postgresql/15/main/postgresql.conf
