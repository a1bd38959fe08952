#!/usr/bin/env python3
"""Check that no extension is packaged that its DuckDB would crash on, and what a user of another release is told.

Usage: check_packaging.py EXTENSION, with the Python whose duckdb the extension is for.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import package_extension  # noqa: E402

RELEASES = package_extension.releases()
UNKNOWN = "v9.9.9"


def run(*command, **variables) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if name != "LAUNCHPAD_DUCKDB"}
    return subprocess.run(command, capture_output=True, text=True, env=environment | variables)


class Packaging(unittest.TestCase):
    """With a library that consists of little more than the text the script looks for."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.source = self.folder / "a source.rs"
        self.source.write_text("")
        self.library = self.folder / package_extension.library_name("launchpad", package_extension.duckdb_platform())
        # cargo lists folders too, if build.rs looks at them.
        self.inside = self.folder / "macros" / "family" / "inside.sql"
        self.inside.parent.mkdir(parents=True)
        self.inside.write_text("")
        listed = " ".join(str(path).replace(" ", "\\ ") for path in (self.source, self.folder / "macros"))
        self.library.with_suffix(".d").write_text(f"{self.library}: {listed}\n")
        self.build()

    def build(self, text: str = f"launchpad knows DuckDB {' '.join(RELEASES)}; launchpad is packaged for DuckDB [        ]"):
        self.library.write_bytes(b"\x7fELF " + text.encode() + b" rest")
        for source in (self.source, self.inside):
            os.utime(source, ns=(1_000, 1_000))

    def package(self, **variables) -> subprocess.CompletedProcess:
        script = ROOT / "scripts" / "package_extension.py"
        return run(sys.executable, script, "--target", self.folder, "--output", self.folder / "out", **variables)

    def refused(self, expected: str, **variables):
        done = self.package(**variables)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stderr, expected)
        self.assertFalse((self.folder / "out").exists(), "nothing may be left that could be loaded")

    def test_the_footer_names_the_release_of_the_library(self):
        done = self.package()
        self.assertEqual(done.returncode, 0, done.stderr)
        data = (self.folder / "out" / "launchpad.duckdb_extension").read_bytes()
        self.assertIn(RELEASES[0].encode() + b"\0", data[-534:])
        told = self.library.read_bytes().replace(b"DuckDB [        ]", b"DuckDB [%s]" % RELEASES[0].encode().ljust(8))
        self.assertTrue(data.startswith(told))

    def test_one_library_serves_all_releases_that_it_knows(self):
        for release in RELEASES:
            done = self.package(LAUNCHPAD_DUCKDB=release)
            self.assertEqual(done.returncode, 0, done.stderr)
            data = (self.folder / "out" / "launchpad.duckdb_extension").read_bytes()
            self.assertIn(release.encode() + b"\0", data[-534:])
            self.assertIn(b"DuckDB [%s]" % release.encode().ljust(8), data[:-534])

    def test_a_library_that_does_not_know_the_release_is_refused(self):
        for release in RELEASES:
            known = " ".join(other for other in RELEASES if other != release)
            self.build(f"launchpad knows DuckDB {known}; launchpad is packaged for DuckDB [        ]")
            self.refused(f"knows DuckDB {known}, not {release}.*CONTRIBUTING", LAUNCHPAD_DUCKDB=release)

    def test_a_library_that_names_no_release_is_refused(self):
        for text in ["from before releases were told apart", f"launchpad knows DuckDB {RELEASES[0]};"]:
            self.build(text)
            self.refused("does not say which DuckDB it knows: run cargo build again")

    def test_a_library_older_than_its_sources_is_refused(self):
        self.source.touch()
        os.utime(self.library, ns=(1_000, 1_000))
        self.refused(r"is older than .*a source\.rs: run cargo build again")
        self.build()
        self.inside.touch()
        os.utime(self.library, ns=(2_000, 2_000))
        self.refused(r"is older than .*inside\.sql: run cargo build again")
        self.build()
        self.source.unlink()
        self.refused(r"is older than .*a source\.rs: run cargo build again")

    def test_a_library_without_the_list_of_cargo_is_compared_with_all_sources(self):
        self.library.with_suffix(".d").unlink()
        os.utime(self.library, ns=(1_000, 1_000))
        self.refused(r"is older than .*build\.rs: run cargo build again")

    def test_an_unknown_release_is_refused(self):
        expected = rf"DuckDB {UNKNOWN} .*is not supported, only {', '.join(RELEASES)}: CONTRIBUTING\.md"
        self.refused(expected, LAUNCHPAD_DUCKDB=UNKNOWN)


class Table(unittest.TestCase):
    def test_each_release_has_a_line_in_the_table(self):
        lines = re.findall(r'^    "(v[^"]+)": &', (ROOT / "src" / "table.rs").read_text(), re.MULTILINE)
        self.assertEqual(sorted(lines), sorted(RELEASES))


class Loading(unittest.TestCase):
    extension: pathlib.Path

    def load(self, file: pathlib.Path) -> str:
        database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        database.execute(f"LOAD '{file}'")
        return database.sql("SELECT launch_version()").fetchall()[0][0]

    def test_it_loads(self):
        self.assertEqual(self.load(self.extension), package_extension.crate_version())

    def test_a_file_for_another_release_is_refused_by_duckdb(self):
        """What README.md quotes."""
        ours = f"v{duckdb.__version__}"
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / self.extension.name
            shutil.copy(self.extension, file)
            for other in [release for release in [*RELEASES, UNKNOWN] if release != ours]:
                data = self.extension.read_bytes()
                field = ours.encode().ljust(package_extension.FIELD_BYTES, b"\0")
                footer = data[-534:].replace(field, other.encode().ljust(package_extension.FIELD_BYTES, b"\0"))
                file.write_bytes(data[:-534] + footer)
                expected = f"built specifically for DuckDB version '{other}'.*this version of DuckDB is '{ours}'"
                with self.assertRaisesRegex(duckdb.InvalidInputException, expected):
                    self.load(file)


if __name__ == "__main__":
    Loading.extension = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
