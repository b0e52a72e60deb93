#!/bin/sh
# Installs what tests of the category Slow compare with: the ONNX library itself, a container registry, and a server of S3. On Debian and Ubuntu; run as root.
set -eu
apt-get update
apt-get install --yes --no-install-recommends python3-onnx docker-registry swift-proxy swift-account swift-container swift-object memcached
