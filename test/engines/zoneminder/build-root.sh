#!/bin/sh
# Builds, once, a Debian root with a whole ZoneMinder 1.36 in it: `npm run vms:root`. As root: build-root.sh [FOLDER]
#
# Nothing of the machine is configured. The folder (1.6 GB, about seven minutes) is kept for later runs; a build that was
# cut off leaves no file `complete` in it, and is begun again.
set -eu
root=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/lamppost/zoneminder-root}
[ -e "$root/complete" ] && exit 0
suite=bookworm
# The machine's own mirror, in either form of apt's sources.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -nE 's/^URIs: *(http[^ ]*).*/\1/p; s/^deb (\[[^]]*\] )?(http[^ ]*).*/\2/p' | head -n 1)
[ -n "$mirror" ] || { echo 'No Debian mirror stands in /etc/apt/sources.list(.d): ZoneMinder has nowhere to come from.' >&2; exit 1; }
command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; }
rm -rf --one-file-system "$root"
mkdir -p "$root"
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror"
# Services are started by inside.sh and by nothing else.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/"
cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
chroot "$root" apt-get update -qq
# The last five: PTZ, and the listener to ONVIF events; without them both fail without a word.
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends \
  zoneminder mariadb-server apache2 libapache2-mod-php php-mysql php-apcu php-intl ffmpeg \
  libdatetime-perl libsoap-lite-perl libdata-dump-perl libclass-std-fast-perl libsoap-wsdl-perl
chroot "$root" apt-get clean

# Debian removed the API's .htaccess files: without these blocks every address of the API is 404.
cat >"$root/etc/apache2/conf-available/zm-api.conf" <<'APACHE'
<Directory /usr/share/zoneminder/www/api>
  RewriteEngine On
  RewriteBase /zm/api
  RewriteRule ^$ app/webroot/ [L]
  RewriteRule (.*) app/webroot/$1 [L]
</Directory>
<Directory /usr/share/zoneminder/www/api/app>
  RewriteEngine On
  RewriteBase /zm/api
  RewriteRule ^$ webroot/ [L]
  RewriteRule (.*) webroot/$1 [L]
</Directory>
<Directory /usr/share/zoneminder/www/api/app/webroot>
  RewriteEngine On
  RewriteBase /zm/api
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteRule ^ index.php [L]
</Directory>
APACHE
echo 'ServerName 127.0.0.1' >>"$root/etc/apache2/apache2.conf"
chroot "$root" a2enmod -q cgi rewrite headers expires
chroot "$root" a2enconf -q zoneminder zm-api
# Its trigger port knows no password and listens on every interface; a test stays on loopback.
sed -i 's/INADDR_ANY/INADDR_LOOPBACK/' "$root/usr/share/perl5/ZoneMinder/Trigger/Channel/Inet.pm"
sed -i 's#^ZM_PATH_FFMPEG=.*#ZM_PATH_FFMPEG="/usr/bin/ffmpeg"#' "$root/etc/zm/conf.d/01-system-paths.conf"
# Else its daemons, which run as www-data, read no password of the database.
chgrp -R www-data "$root/etc/zm"
chmod 750 "$root/etc/zm" "$root/etc/zm/conf.d"
chmod 640 "$root/etc/zm/zm.conf" "$root"/etc/zm/conf.d/*.conf
touch "$root/complete"
