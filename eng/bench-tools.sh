#!/bin/sh
# Installs what bench/run pull compares with: aria2 and curl. On Debian and Ubuntu; run as root.
set -eu
apt-get update
apt-get install --yes aria2 curl
