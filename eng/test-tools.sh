#!/bin/sh
# Installs what tests of the category Slow compare with: the ONNX library itself, and a container registry. On Debian and Ubuntu; run as root.
set -eu
apt-get update
apt-get install --yes python3-onnx docker-registry
