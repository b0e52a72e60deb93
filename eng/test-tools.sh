#!/bin/sh
# Installs what tests use beyond the product: the ONNX library itself, a container registry and a server of S3, which those of the category Slow compare
# with, libsndfile and ffmpeg, without which sounds of their formats are refused and not judged, PostgreSQL, of which the tests of the benchmark
# database start a server of their own, and Chromium (122 MB to fetch), in which the reports of benchmarks are looked at. On Debian and Ubuntu; run as root.
set -eu
# Debian's package would start a server at once, which nobody needs.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
apt-get update
apt-get install --yes --no-install-recommends -o Dpkg::Options::=--force-confold python3-onnx docker-registry swift-proxy swift-account swift-container \
    swift-object memcached libsndfile1 ffmpeg postgresql chromium
