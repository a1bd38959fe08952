#!/usr/bin/env python3
"""Turn the built library into a file that DuckDB's LOAD accepts.

DuckDB reads the last 534 bytes of an extension: a WebAssembly custom section
named "duckdb_signature" with eight fields of 32 bytes and a signature of 256
bytes (zero here: the file is unsigned). The fields are written last to first.

DuckDB trusts the release named there: it calls the library through the function
table of its own release. So the library is told the same release, in a place that
src/table.rs keeps for it; a library that does not know this release would crash DuckDB and is
refused, as is one that is older than its sources.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = ROOT / "extension_config"

# Custom section (0), its size (531), the length of its name, the name, the size of the content (512).
SECTION = b"\x00" + b"\x93\x04" + b"\x10" + b"duckdb_signature" + b"\x80\x04"
FIELD_BYTES = 32
SIGNATURE = bytes(256)
# In the library, from src/table.rs.
KNOWN = rb"launchpad knows DuckDB ([^;]{1,400});"
PACKAGED_FOR = rb"(?<=launchpad is packaged for DuckDB \[) +(?=\])"


def duckdb_platform() -> str:
    system = {"Linux": "linux", "Darwin": "osx", "Windows": "windows"}.get(platform.system())
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower()
    )
    if system is None or machine is None:
        sys.exit(f"no DuckDB platform is known for {platform.system()} on {platform.machine()}; give --platform")
    return f"{system}_{machine}"


def library_name(name: str, duckdb_platform: str) -> str:
    if duckdb_platform.startswith("windows"):
        return f"{name}.dll"
    return f"lib{name}.dylib" if duckdb_platform.startswith("osx") else f"lib{name}.so"


def declared(key: str) -> str:
    """A plain value of the `extension:` section of description.yml."""
    text = (CONFIG / "description.yml").read_text()
    found = re.search(rf"^  {key}:\s*(\S+)\s*$", text, re.MULTILINE)
    if found is None:
        sys.exit(f"extension_config/description.yml has no {key}")
    return found.group(1)


def crate_version() -> str:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    return found.group(1) if found else ""


def releases() -> list[str]:
    """The releases of DuckDB that are supported, the newest first."""
    return json.loads((CONFIG / "packaging.json").read_text())["duckdb_releases"]


def release_asked_for() -> str:
    supported = releases()
    asked = os.environ.get("LAUNCHPAD_DUCKDB") or supported[0]
    if asked not in supported:
        sys.exit(
            f"DuckDB {asked} (LAUNCHPAD_DUCKDB) is not supported, only {', '.join(supported)}: "
            "CONTRIBUTING.md says how to add a release"
        )
    return asked


def sources(library: pathlib.Path) -> list[pathlib.Path]:
    """The files that the library was built from, by the list that cargo writes beside it."""
    for listed in (library.with_suffix(".d"), library.with_name(library.stem.removeprefix("lib") + ".d")):
        if listed.is_file():
            rule = listed.read_text().splitlines()[0].partition(": ")[2]
            listed_paths = [ROOT / path.replace("\\ ", " ") for path in re.split(r"(?<!\\) ", rule) if path]
            # What build.rs looks at is among them, and that may be a folder.
            inside = [file for path in listed_paths if path.is_dir() for file in path.rglob("*") if file.is_file()]
            return [path for path in listed_paths if not path.is_dir()] + sorted(inside)
    found = [ROOT / "build.rs", *ROOT.glob("src/**/*.rs"), *ROOT.glob("sql/**/*.sql")]
    return sorted(found)


def packaged_for(library: pathlib.Path, duckdb: str) -> bytes:
    """The library, told its release. Refuses what would crash DuckDB, or would not be what its sources say."""
    data = library.read_bytes()
    known, places = re.search(KNOWN, data), re.findall(PACKAGED_FOR, data)
    if known is None or len(places) != 1 or len(places[0]) < len(duckdb):
        sys.exit(f"{library} does not say which DuckDB it knows: run cargo build again")
    if duckdb not in known.group(1).decode().split():
        sys.exit(
            f"{library} knows DuckDB {known.group(1).decode()}, not {duckdb}, which would crash: "
            "add the release to src/table.rs and build again (CONTRIBUTING.md)"
        )
    built = library.stat().st_mtime_ns
    for source in sources(library):
        if not source.is_file() or source.stat().st_mtime_ns > built:
            sys.exit(f"{library} is older than {source}: run cargo build again")
    return re.sub(PACKAGED_FOR, duckdb.encode().ljust(len(places[0])), data)


def footer(abi_type: str, extension_version: str, duckdb_version: str, duckdb_platform: str) -> bytes:
    fields = ["4", duckdb_platform, duckdb_version, extension_version, abi_type, "", "", ""]
    encoded = []
    for field in fields:
        data = field.encode("ascii")
        if len(data) > FIELD_BYTES:
            sys.exit(f"the metadata field {field!r} is longer than {FIELD_BYTES} bytes")
        encoded.append(data.ljust(FIELD_BYTES, b"\0"))
    return SECTION + b"".join(reversed(encoded)) + SIGNATURE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=pathlib.Path, help="folder with the built library")
    parser.add_argument("--output", type=pathlib.Path, help="folder for the extension")
    parser.add_argument("--platform", default=None, help="DuckDB platform, such as linux_amd64")
    parser.add_argument("--releases", action="store_true", help="only list the releases of DuckDB that are supported")
    arguments = parser.parse_args()
    if arguments.releases:
        print(*releases())
        return
    if arguments.target is None or arguments.output is None:
        parser.error("--target and --output are needed")

    duckdb = release_asked_for()
    abi_type = json.loads((CONFIG / "packaging.json").read_text())["abi_type"]
    name, version = declared("name"), declared("version")
    if version != crate_version():
        sys.exit(f"description.yml has version {version}, Cargo.toml has {crate_version()}: make them equal")
    target = arguments.platform or duckdb_platform()

    library = arguments.target / library_name(name, target)
    if not library.is_file():
        sys.exit(f"{library} is missing: run cargo build first")
    data = packaged_for(library, duckdb)
    arguments.output.mkdir(parents=True, exist_ok=True)
    extension = arguments.output / f"{name}.duckdb_extension"
    # A database may have the old file mapped: replace it, do not write into it.
    fresh = extension.with_suffix(".new")
    fresh.write_bytes(data)
    if target.startswith("osx"):
        # The linker's signature is of the library before it was told its release.
        subprocess.run(["codesign", "--force", "--sign", "-", fresh], check=True)
    with fresh.open("ab") as file:
        file.write(footer(abi_type, version, duckdb, target))
    fresh.replace(extension)
    print(f"{extension} ({extension.stat().st_size / 2**20:.1f} MiB, {target}, DuckDB {duckdb})")


if __name__ == "__main__":
    main()
