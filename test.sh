#!/usr/bin/env bash
# Builds the solution once and runs its tests. Ends with the line "N passed, N failed".
# Usage: ./test.sh [--all] [PROJECT...]
#   --all      slow tests too, and what tests say of themselves, such as the cases that are unsupported by name
#   PROJECT    only these, such as Gpux.Onnx
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results=$PWD/artifacts/test-results
filter='Category!=Slow' all= only=() passed=0 failed=0
while [ $# -gt 0 ]; do
    case $1 in
        --all) all=1 filter= ;;
        -*) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
        *) only+=("${1%.Tests}.Tests") ;;
    esac
    shift
done

finish() {
    [ ! -s "$results/failures.txt" ] || cat "$results/failures.txt"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
}
fail() {
    echo "$1"
    failed=$((failed + 1))
}
trap finish EXIT
trap 'fail "Interrupted."; exit 1' INT TERM

# What a test wrote, in a file of results: XML.
said() {
    awk '/<StdOut>/ { sub(/.*<StdOut>/, ""); on = 1 } on { line = $0; sub(/<\/StdOut>.*/, "", line); print "    " line } /<\/StdOut>/ { on = 0 }' "$1" |
        sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g'
}

# The tests that failed, in a file of results: their names, and of each message and stack the first lines.
broken() {
    awk -v project="$2" '
        /<UnitTestResult / { name = ""; if (/outcome="Failed"/) { name = $0; sub(/.*testName="/, "", name); sub(/" .*/, "", name); print project ": " name } }
        name != "" && /<Message>/ { sub(/.*<Message>/, ""); on = 1; left = 12 }
        name != "" && /<StackTrace>/ { sub(/.*<StackTrace>/, ""); on = 1; left = 4 }
        on && left-- > 0 { line = $0; sub(/<\/(Message|StackTrace)>.*/, "", line); print "    " substr(line, 1, 600) }
        /<\/(Message|StackTrace)>/ { on = 0 }' "$1" |
        sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#xD;//g; s/&amp;/\&/g'
}

# run PROJECT: a line with what its runner counted; failures are kept for the end.
run() {
    local started=$SECONDS trx=$results/$1.trx log=$results/$1.log counters ok bad
    dotnet test "artifacts/bin/$1/release/$1.dll" ${filter:+--filter "$filter"} --results-directory "$results" --logger "trx;LogFileName=$1.trx" >"$log" 2>&1
    local status=$?
    counters=$(grep -o '<Counters [^>]*' "$trx" 2>/dev/null)
    ok=$(sed -n 's/.* passed="\([0-9]*\)".*/\1/p' <<<"$counters")
    bad=$(sed -n 's/.* failed="\([0-9]*\)".*/\1/p' <<<"$counters")
    passed=$((passed + ${ok:-0})) failed=$((failed + ${bad:-0}))
    printf '%-24s %5d passed %5d failed %5d s\n' "$1" "${ok:-0}" "${bad:-0}" $((SECONDS - started))
    [ -z "$all" ] || [ ! -f "$trx" ] || said "$trx"
    [ "$status" -eq 0 ] || [ ! -f "$trx" ] || broken "$trx" "$1" >>"$results/failures.txt"
    if [ "${ok:-0}" -eq 0 ] && [ "${bad:-0}" -eq 0 ]; then
        tail -n 40 "$log"
        fail "$1 ran no tests; see artifacts/test-results/$1.log."
    elif [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then
        tail -n 40 "$log"
        fail "$1 ended with exit code $status; see artifacts/test-results/$1.log."
    fi
}

rm -rf "$results"
mkdir -p "$results"
if ! dotnet build gpux.slnx -c Release -v quiet; then
    fail "The build failed."
    exit 1
fi
if [ -n "$all" ]; then
    # What slow tests need besides, and a Vulkan driver in software where there is no other.
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        eng/test-tools.sh >"$results/test-tools.log" 2>&1 || { tail -n 20 "$results/test-tools.log"; echo "eng/test-tools.sh failed: tests that need what is missing will fail."; }
    fi
    if [ "$(uname -sm)" = 'Linux x86_64' ] && ! compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null; then
        variables=$(eng/swiftshader.sh) && eval "$variables"
    fi
    # End-to-end tests run the program as a user does; its build is no part of their time.
    ./gpux version || fail "./gpux does not run."
fi
[ ${#only[@]} -gt 0 ] || for project in tests/*.Tests/; do only+=("$(basename "$project")"); done
for project in "${only[@]}"; do run "$project"; done
