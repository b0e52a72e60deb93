#!/usr/bin/env python3
"""Writes the indices of ONNX Runtime's function table (struct OrtApi) as a C# enum.

usage: eng/ort-api-index.py onnxruntime_c_api.h > src/Gpux.Runtime/Sessions/Interop/OrtApiIndex.g.cs

The header is include/onnxruntime/core/session/onnxruntime_c_api.h of the release that GPUX ships. The table only grows at its
end, so an index keeps its meaning in every later release.
"""
import re
import sys

# The header spells a member of the table in four ways; a spelling that is missed would shift every index after it.
MEMBER = re.compile(
    r"ORT_API2_STATUS\(\s*(?P<status>\w+)"
    r"|ORT_CLASS_RELEASE\(\s*(?P<released>\w+)\s*\)"
    r"|ORT_API_T\(\s*[^,]+,\s*(?P<typed>\w+)"
    r"|\(\s*ORT_API_CALL\s*\*\s*(?P<raw>\w+)\s*\)")

# Known positions, from offsetof in a C program: a wrong parse stops here and not in a crash at run time.
ANCHORS = {
    "CreateStatus": 0, "CreateSession": 7, "Run": 9, "ReleaseCustomOpDomain": 101, "AddSessionConfigEntry": 130,
    "RunWithBinding": 133, "AddExternalInitializers": 210, "SessionOptionsAppendExecutionProvider": 216,
    "AddExternalInitializersFromFilesInMemory": 279, "GetEpDevices": 303, "SessionOptionsAppendExecutionProvider_V2": 304,
    "KernelContext_GetPreallocatedOutput": 425,
}


def members(header: str) -> list[str]:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", header, flags=re.S)
    table = re.search(r"^struct OrtApi \{(.*?)^\};", code, flags=re.S | re.M)
    if table is None:
        sys.exit("no struct OrtApi in this header")
    return [match["status"] or match["typed"] or match["raw"] or "Release" + match["released"]
            for match in MEMBER.finditer(table.group(1))]


def main() -> None:
    header = open(sys.argv[1], encoding="utf-8").read()
    version = int(re.search(r"#define ORT_API_VERSION (\d+)", header)[1])
    names = members(header)
    if len(set(names)) != len(names):
        sys.exit("a member occurs twice")
    for name, index in ANCHORS.items():
        if index >= len(names) or names[index] != name:
            sys.exit(f"{name} is not at {index}: the header has a spelling that this script does not know")
    print("// Made by eng/ort-api-index.py. Do not edit.")
    print("namespace Gpux.Runtime.Sessions.Interop;\n")
    print(f"/// <summary>The position of each function in ONNX Runtime's table, API version {version} ({len(names)} functions).</summary>")
    print("internal enum OrtApiIndex\n{")
    for index, name in enumerate(names):
        print(f"    {name} = {index},")
    print("}")


main()
