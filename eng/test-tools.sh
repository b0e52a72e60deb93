#!/bin/sh
# Installs what tests use beyond the product: the ONNX library itself and a container registry, which those of the category Slow compare with, and
# libsndfile and ffmpeg, without which sounds of their formats are refused and not judged. On Debian and Ubuntu; run as root.
set -eu
apt-get update
apt-get install --yes python3-onnx docker-registry libsndfile1 ffmpeg
