#!/bin/sh
# Installs what bench/run compares with: aria2 and curl (pull), libvips' programs (images). On Debian and Ubuntu; run as root.
set -eu
apt-get update
apt-get install --yes aria2 curl libvips-tools
