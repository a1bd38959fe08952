#!/usr/bin/env python3
"""The house rules that the compiler does not check; `make lint` runs it, with the standard library alone.

1. No folder of src imports in a circle. A folder stands for its files and subfolders; a file directly in src, such as
   error.rs, stands for itself. Folders within one folder must not import each other in a circle either; a folder and
   what lies in it may, as a module and its parts do.
2. Nothing imports `functions` but what registers it (lib.rs, extension.rs).
3. Families do not import each other, but for what MAY_IMPORT lists.
4. No source or test file is longer than MAX_LINES.
5. Every dependency of Cargo.toml is used.

Code that is built for tests alone (`#[cfg(test)]`) may import across rooms: planted launches serve many tests.
"""

import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

FAMILIES = {"launch", "market", "customer", "strategy", "evaluation", "report"}
MAY_IMPORT = {
    "strategy": {"launch", "market", "customer"},
    "evaluation": {"launch"},
}
REGISTER = {"lib", "extension"}

# Crates that are used without being named: they implement the traits of another one.
NAMED_BY = {"argmin-math": "argmin"}

MAX_LINES = 600
MEASURED = {".rs", ".sql", ".test", ".py"}
MEASURED_FOLDERS = ["src", "tests", "sql", "scripts", "benches"]

TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*)
    | (?P<block>/\*)
    | (?P<text>b?c?"(?:\\.|[^"\\])*")
    | (?P<raw>b?c?r(?P<hashes>\#*)".*?"(?P=hashes))
    | (?P<char>b?'(?:\\(?:u\{[^}]*\}|x[0-9a-fA-F]{2}|.)|[^\\'])')
    """,
    re.VERBOSE | re.DOTALL,
)


def without_comments_and_texts(code):
    """Rust code with comments and literals blanked, so that braces and paths in what is left are code."""
    out, at = [], 0
    while match := TOKEN.search(code, at):
        out.append(code[at : match.start()])
        end = match.end()
        if match["block"]:
            depth = 1
            while depth and (edge := re.compile(r"/\*|\*/").search(code, end)):
                depth += 1 if edge[0] == "/*" else -1
                end = edge.end()
        out.append(" ")
        at = end
    return "".join(out) + code[at:]


def without_tests(code):
    """Code without items under #[cfg(test)], and the names of modules that are files for tests alone."""
    modules = []
    while match := re.search(r"#\[cfg\(test\)\]", code):
        depth, end = 0, len(code)
        for found in re.compile(r"[{};]").finditer(code, match.end()):
            depth += {"{": 1, "}": -1, ";": 0}[found[0]]
            if depth == 0:
                end = found.end()
                break
        item = code[match.end() : end]
        if file := re.search(r"\bmod\s+(\w+)\s*;", item):
            modules.append(file[1])
        code = code[: match.start()] + code[end:]
    return code, modules


def module_of(path):
    """The module path of a file, such as ("launch", "gbm", "trees")."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return parts[:-1] if parts[-1] in ("mod", "lib") and len(parts) > 1 else parts


def spread_group(text):
    """The paths of a use tree: `a::{b, c::{d, self}}` gives a::b, a::c::d, a::c."""
    text = text.strip()
    if "{" not in text:
        return [text]
    head, rest = text.split("{", 1)
    depth, part, parts = 0, "", []
    for sign in rest:
        if sign == "{":
            depth += 1
        elif sign == "}":
            if depth == 0:
                break
            depth -= 1
        if sign == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += sign
    parts.append(part)
    return [head + path for part in parts if part.strip() for path in spread_group(part)]


def imported(code, module, is_folder):
    """Module paths, from the root of the crate, that a file names; each with the words it does so with."""
    paths = []
    uses = re.compile(r"\buse\s+([^;]+);")
    for use in uses.findall(code):
        paths += spread_group(use)
    named = re.compile(r"(?:\bcrate|\bsuper|\bself)(?:\s*::\s*\w+)+")
    paths += named.findall(uses.sub("", code))
    found = set()
    for path in paths:
        parts = [part.strip().split(" ")[0] for part in path.strip().split("::")]
        here = list(module)
        if parts[0] == "crate":
            here, parts = [], parts[1:]
        elif parts[0] in ("super", "self"):
            while parts and parts[0] in ("super", "self"):
                if parts[0] == "super":
                    here = here[:-1]
                parts = parts[1:]
        else:
            continue
        found.add((tuple(here + [part for part in parts if part != "self"]), path.strip()))
    return found


def folders():
    """All modules that are folders, by their path."""
    return {path.relative_to(SRC).parts for path in SRC.rglob("*") if path.is_dir()}


def edges():
    """(from, to) -> where, for rooms: folders, and files directly in src."""
    files, tests = {}, set()
    for path in sorted(SRC.rglob("*.rs")):
        code, modules = without_tests(without_comments_and_texts(path.read_text()))
        files[path] = code
        home = path.parent if path.name in ("mod.rs", "lib.rs") else path.with_suffix("")
        for name in modules:
            tests |= {home / f"{name}.rs", home / name}
    all_folders = folders()
    found = defaultdict(set)
    for path, code in files.items():
        if any(test == path or test in path.parents for test in tests):
            continue
        module = module_of(path)
        # A file belongs to the folder it lies in.
        room = path.relative_to(SRC).parts[:-1] or module
        for target, words in imported(code, module, path.name == "mod.rs"):
            depth = max((n for n in range(len(target) + 1) if target[:n] in all_folders), default=0)
            to = target[:depth] if depth else target[:1]
            if not to or not (to in all_folders or (SRC / f"{to[0]}.rs").exists()):
                continue
            place = f"{path.relative_to(ROOT)}: {' '.join(words.split())}"
            # Compared where the two part: launch/gbm and market/trend are launch and market.
            for n, (a, b) in enumerate(zip(room, to)):
                if a != b:
                    found[(room[: n + 1], to[: n + 1])].add(place)
                    break
    return found


def circles(graph):
    """Groups of rooms that reach each other."""
    reach = {}
    for start in graph:
        seen, todo = set(), [start]
        while todo:
            for room in graph.get(todo.pop(), ()):
                if room not in seen:
                    seen.add(room)
                    todo.append(room)
        reach[start] = seen
    groups = set()
    for room in graph:
        group = frozenset(other for other in reach[room] if room in reach.get(other, ())) | {room}
        if len(group) > 1:
            groups.add(frozenset(group))
    return sorted(groups, key=sorted)


def layer_faults(found):
    faults = []
    graph = defaultdict(set)
    for a, b in found:
        graph[a].add(b)

    def told(a, b):
        places = sorted(found[(a, b)])
        more = [f"    and {len(places) - 3} more"] if len(places) > 3 else []
        return [f"  {'/'.join(a)} -> {'/'.join(b)}"] + [f"    {place}" for place in places[:3]] + more

    for group in circles(graph):
        names = ", ".join("/".join(room) for room in sorted(group))
        lines = [f"these import each other in a circle: {names}"]
        for a in sorted(group):
            for b in sorted(graph[a] & group):
                lines += told(a, b)
        faults.append("\n".join(lines))
    for a, b in sorted(found):
        if b == ("functions",) and a[0] not in REGISTER:
            faults.append("\n".join(["nothing may import functions:"] + told(a, b)))
        families = len(a) == 1 and a[0] in FAMILIES and b[0] in FAMILIES
        if families and b[0] not in MAY_IMPORT.get(a[0], set()):
            faults.append("\n".join(["families do not import each other; move down what both need:"] + told(a, b)))
    return faults


def long_files():
    faults = []
    for folder in MEASURED_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in MEASURED and path.is_file():
                lines = len(path.read_text().splitlines())
                if lines > MAX_LINES:
                    faults.append(f"{path.relative_to(ROOT)} has {lines} lines, at most {MAX_LINES}: split it")
    return faults


def unused_dependencies():
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())

    def code(*places):
        files = [path for place in places for path in (place.rglob("*.rs") if place.is_dir() else [place])]
        return "\n".join(without_comments_and_texts(path.read_text()) for path in files if path.exists())

    product = code(SRC, ROOT / "build.rs", ROOT / "tests")
    tests = product + code(ROOT / "benches")
    faults = []
    for section, where in (("dependencies", product), ("build-dependencies", product), ("dev-dependencies", tests)):
        for name in manifest.get(section, {}):
            crate = NAMED_BY.get(name, name).replace("-", "_")
            if not re.search(rf"\b{crate}\s*::|\buse\s+{crate}\b", where):
                faults.append(f"Cargo.toml: nothing uses {name} of [{section}]: take it out")
    return faults


def main():
    faults = layer_faults(edges()) + long_files() + unused_dependencies()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
