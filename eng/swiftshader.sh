#!/usr/bin/env bash
# Puts SwiftShader, a Vulkan driver in software, into artifacts/swiftshader, and prints the variables that make WebGPU use it.
# For tests on machines without a GPU; it is a hundred times slower than one.
#
# usage: eval "$(eng/swiftshader.sh)" && dotnet test --filter Category=Slow
#
# It comes from an npm package that ships it prebuilt for Linux x64.
set -euo pipefail

version=147.0.0
integrity=4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ== # SHA-512

cd "$(dirname "$0")/.."
folder=$PWD/artifacts/swiftshader
driver=$folder/$version

if [ ! -e "$driver/vk_swiftshader_icd.json" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  npm pack --silent --pack-destination "$work" "@sparticuz/chromium@$version" >&2
  package=$work/sparticuz-chromium-$version.tgz
  actual=$(openssl dgst -sha512 -binary "$package" | base64 -w 0)
  [ "$actual" = "$integrity" ] || { echo "swiftshader: the package has hash $actual, not $integrity" >&2; exit 1; }
  mkdir -p "$work/driver" "$folder"
  tar -xzOf "$package" package/bin/swiftshader.tar.br \
    | node -e 'process.stdin.pipe(require("zlib").createBrotliDecompress()).pipe(process.stdout)' \
    | tar -x -C "$work/driver"
  rm -rf "$driver"
  mv "$work/driver" "$driver"
fi

echo "export GPUX_SWIFTSHADER='$driver'"
echo "export VK_ICD_FILENAMES='$driver/vk_swiftshader_icd.json'"
# The package brings the Vulkan loader, too.
echo "export LD_LIBRARY_PATH='$driver'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
