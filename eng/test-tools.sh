#!/bin/sh
# Installs what tests use beyond the product and is not there yet. On Debian and Ubuntu; run as root.
set -eu
missing=
need() { # packages, what shows that they are there
    sh -c "$2" >/dev/null 2>&1 || missing="$missing $1"
}
# The ONNX library itself, a container registry and a server of S3, which those of the category Slow compare with.
need python3-onnx "/usr/bin/python3 -c 'import onnx'"
need docker-registry 'command -v docker-registry'
need 'swift-proxy swift-account swift-container swift-object memcached' 'command -v swift-proxy-server'
# Without these sounds of their formats are refused and not judged.
need libsndfile1 'ldconfig -p | grep libsndfile.so.1'
need ffmpeg 'command -v ffmpeg'
# The tests of the benchmark database start a server of their own; its reports are looked at in a browser (122 MB to fetch).
need postgresql 'ls /usr/lib/postgresql/*/bin/initdb'
need chromium 'command -v chromium || command -v chromium-browser || command -v google-chrome'
[ -n "$missing" ] || exit 0

# Debian's package would start a server at once, which nobody needs.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
apt-get update
status=0
for package in $missing; do # one that cannot be had leaves the others
    apt-get install --yes --no-install-recommends -o Dpkg::Options::=--force-confold "$package" || status=1
done
exit $status
