#!/bin/bash
# Runs as process 1 of ZoneMinder's own root and namespaces; its end is the end of the database, Apache and every daemon.
# inside.sh HTTP-PORT TRIGGER-PORT, both of 127.0.0.1. Prints READY once its API answers.
set -eu
http=$1 trigger=$2
sed -i "s/^Listen .*/Listen 127.0.0.1:$http/" /etc/apache2/ports.conf
sed -i "s/<VirtualHost .*>/<VirtualHost 127.0.0.1:$http>/" /etc/apache2/sites-enabled/000-default.conf
sed -i "s/port=>6802/port=>$trigger/" /usr/bin/zmtrigger.pl
mkdir -p /run/mysqld /run/zm /run/apache2 /run/lock /var/log/zm /tmp/zm
mkdir -p /var/cache/zoneminder/events /var/cache/zoneminder/images /var/cache/zoneminder/temp /var/cache/zoneminder/cache
chown mysql /run/mysqld
chown -R www-data /run/zm /var/log/zm /var/cache/zoneminder /tmp/zm
socket=/run/mysqld/mysqld.sock
# The character sets by hand: without a configuration file a name with ŵ in it would cost its whole event.
mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --socket=$socket --pid-file=/run/mysqld/mysqld.pid \
  --skip-networking --character-set-server="${CHARACTERS:-utf8mb4}" --innodb-buffer-pool-size=64M \
  --innodb-flush-log-at-trx-commit=2 >/var/log/mariadbd.log 2>&1 &
database=$!
until mariadb-admin --socket=$socket ping >/dev/null 2>&1; do sleep 0.1; done
sql() { mariadb --socket=$socket "$@"; }
sql </usr/share/zoneminder/db/zm_create.sql >/dev/null
hash() { php -r 'echo password_hash($argv[1], PASSWORD_BCRYPT);' "$1"; }
sql zm <<SQL
CREATE USER 'zmuser'@localhost IDENTIFIED BY 'zmpass';
GRANT ALL ON zm.* TO 'zmuser'@localhost;
DELETE FROM Users;
INSERT INTO Users SET Username='engineer', Password='$(hash engineer-of-the-test)', Enabled=1, Stream='View', Events='Edit',
  Control='Edit', Monitors='Edit', System='Edit', APIEnabled=1;
INSERT INTO Users SET Username='lamppost', Password='$(hash lamppost-of-the-test)', Enabled=1, Stream='View', Events='Edit',
  Control='Edit', Monitors='View', System='None', APIEnabled=1;
INSERT INTO Users SET Username='viewer', Password='$(hash viewer-of-the-test)', Enabled=1, Stream='View', Events='View',
  Control='None', Monitors='View', System='None', APIEnabled=1;
UPDATE Config SET Value='1' WHERE Name IN ('ZM_OPT_USE_AUTH','ZM_OPT_TRIGGERS','ZM_OPT_USE_API');
UPDATE Config SET Value='a-long-word-of-this-test-and-no-other' WHERE Name='ZM_AUTH_HASH_SECRET';
UPDATE Config SET Value='hashed' WHERE Name='ZM_AUTH_RELAY';
UPDATE Config SET Value='0' WHERE Name IN ('ZM_CHECK_FOR_UPDATES','ZM_TELEMETRY_DATA');
UPDATE Config SET Value='-5' WHERE Name='ZM_LOG_LEVEL_DATABASE';
SQL
apache2ctl -k start
zmpkg.pl start
# Any answer of the API will do: it refuses who has not logged in.
answer='exit(str_contains((string) @file_get_contents($argv[1], false, stream_context_create(["http" => ["ignore_errors" => true]])), "{") ? 0 : 1);'
until php -r "$answer" "http://127.0.0.1:$http/zm/api/host/getVersion.json"; do sleep 0.2; done
echo READY
trap 'zmpkg.pl stop; apache2ctl -k stop; kill $database; wait $database; exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
