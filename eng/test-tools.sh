#!/bin/sh
# Installs what tests use beyond the product: the ONNX library itself, a container registry and a server of S3, which those of the category Slow compare
# with, and libsndfile and ffmpeg, without which sounds of their formats are refused and not judged. On Debian and Ubuntu; run as root.
set -eu
apt-get update
apt-get install --yes --no-install-recommends python3-onnx docker-registry swift-proxy swift-account swift-container swift-object memcached libsndfile1 ffmpeg
