#!/bin/sh
# Serves S3 by OpenStack Swift (Debian's swift-proxy and its kin, by eng/test-tools.sh) until it is stopped: user test:tester, key testing.
# Usage: swift.sh FOLDER PORT; the four ports after PORT are used too. The folder must be on a file system with extended attributes.
set -eu
folder=$1 port=$2
patience=60 # seconds; usually half a second, which a busy machine makes an error of
mkdir -p "$folder/dev/disk" "$folder/rings"
cd "$folder/rings"
children=
trap 'kill $children 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM

at=$port
for part in account container object; do
    at=$((at + 1))
    {
        swift-ring-builder $part.builder create 1 1 0
        swift-ring-builder $part.builder add "r1z1-127.0.0.1:$at/disk" 1
        swift-ring-builder $part.builder rebalance
    } >"$folder/$part.rings.log" 2>&1
    cat >"$folder/$part.conf" <<TXT
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $at
workers = 0
user = $(id -un)
mount_check = false
devices = $folder/dev
swift_dir = $folder/rings
[pipeline:main]
pipeline = $part-server
[app:$part-server]
use = egg:swift#$part
conn_timeout = $patience
node_timeout = $patience
TXT
    "swift-$part-server" "$folder/$part.conf" >"$folder/$part.log" 2>&1 &
    children="$children $!"
done

cat >"$folder/proxy.conf" <<TXT
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
user = $(id -un)
swift_dir = $folder/rings
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = $patience
node_timeout = $patience
error_suppression_limit = 1000000
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$((at + 1))
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
TXT
memcached -u "$(id -un)" -l 127.0.0.1 -p $((at + 1)) &
children="$children $!"
swift-proxy-server "$folder/proxy.conf" >"$folder/proxy.log" 2>&1 &
children="$children $!"
wait
