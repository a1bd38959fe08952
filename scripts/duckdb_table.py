#!/usr/bin/env python3
"""Compare the function table of a new DuckDB release with the one duckdb-neo is bound to.

Prints the line that src/table.rs needs, and whatever a person has to look at: functions that are gone or have another
signature (they are left out, so launchpad must not use them), and changed types. Fails if a type changed.

    scripts/duckdb_table.py v2.0.1 FOLDER    the folder holds duckdb_v2.h and duckdb_extension_v2.h of that release
                                             (src/include of its sources)
"""

import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile


def plain(text: str) -> str:
    """Without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    text = re.sub(r"^[ \t]*#.*(?:\\\n.*)*$", "", text, flags=re.MULTILINE)
    return re.sub(r"\s+", " ", text)


def table(header: str) -> list[tuple[str, str]]:
    """Name and declaration of each function pointer, in order."""
    body = re.search(r"typedef struct \{((?:(?!typedef struct).)*)\} duckdb_ext_api_v2;", plain(header)).group(1)
    fields = [field.strip() for field in body.split(";") if field.strip()]
    named = [(re.search(r"\(\s*\*\s*(\w+)\s*\)", field), re.sub(r"\s*([(),*])\s*", r"\1", field)) for field in fields]
    return [(name.group(1), declaration) for name, declaration in named]


def types(header: str) -> dict[str, str]:
    """Enumerations, structs, typedefs and constants by name."""
    found = {name: value for name, value in re.findall(r"^#define (DUCKDB_V2_\w+)[ \t]+(.*)$", header, re.MULTILINE)}
    text = re.sub(r"DUCKDB_C_API [^;{]*;", "", plain(header))
    for declaration in re.findall(r"(?:typedef|struct|enum|union)\b(?:[^;{]|\{[^{}]*\})*;", text):
        name = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", declaration) or re.search(r"(\w+)\s*;$", declaration)
        name = name.group(1) if name else re.search(r"(?:struct|enum|union) (\w+)", declaration).group(1)
        found[name] = declaration
    return found


def bound_headers() -> dict[str, str]:
    """The headers that libduckdb-sys carries."""
    metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--locked", "--format-version", "1"]))
    (manifest,) = [p["manifest_path"] for p in metadata["packages"] if p["name"] == "libduckdb-sys"]
    with tarfile.open(pathlib.Path(manifest).with_name("duckdb.tar.gz")) as archive:
        members = {pathlib.PurePath(m.name).name: m for m in archive if "src/include/duckdb_" in m.name and m.isfile()}
        return {
            name: io.TextIOWrapper(archive.extractfile(members[name])).read()
            for name in ("duckdb_v2.h", "duckdb_extension_v2.h")
        }


def main() -> None:
    release, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    bound = bound_headers()
    ours = table(bound["duckdb_extension_v2.h"])
    host = {name: (i, text) for i, (name, text) in enumerate(table((folder / "duckdb_extension_v2.h").read_text()))}

    runs: list[list[int]] = []
    left_out = []
    for to, (name, text) in enumerate(ours):
        start, declaration = host.get(name, (-1, None))
        if declaration != text:
            left_out.append(f"{name}: {'changed to ' + declaration if declaration else 'gone'}")
        elif runs and runs[-1][0] + runs[-1][2] == start and runs[-1][1] + runs[-1][2] == to:
            runs[-1][2] += 1
        else:
            runs.append([start, to, 1])
    before, after = types(bound["duckdb_v2.h"]), types((folder / "duckdb_v2.h").read_text())
    changed = [name for name, text in before.items() if after.get(name) != text]

    print(f"{len(ours)} functions here, {len(host)} in {release}, {len(before)} and {len(after)} types")
    print(f'    "{release}": &[{", ".join(str(tuple(run)) for run in runs)}];')
    for text in left_out:
        print(f"left out: {text}")
    for name in changed:
        print(f"type changed: {before[name]}\n          now: {after.get(name)}")
    if changed:
        sys.exit(1)


if __name__ == "__main__":
    main()
