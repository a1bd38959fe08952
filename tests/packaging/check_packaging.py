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
        self.build(f"launchpad is built for DuckDB {RELEASES[0]};")

    def build(self, text: str):
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
        self.assertTrue(data.startswith(self.library.read_bytes()))

    def test_a_library_for_another_release_is_refused(self):
        for other in RELEASES[1:]:
            self.build(f"launchpad is built for DuckDB {other};")
            self.refused(f"is built for DuckDB {other}, not {RELEASES[0]}.*make release DUCKDB={RELEASES[0]}")
            self.build(f"launchpad is built for DuckDB {RELEASES[0]};")
            self.refused(f"is built for DuckDB {RELEASES[0]}, not {other}", LAUNCHPAD_DUCKDB=other)

    def test_a_library_that_names_no_release_is_refused(self):
        self.build("from before releases were told apart")
        self.refused("does not say which DuckDB it is built for: run cargo build again")

    def test_a_library_older_than_its_sources_is_refused(self):
        self.source.touch()
        os.utime(self.library, ns=(1_000, 1_000))
        self.refused(r"is older than .*a source\.rs: run cargo build again")
        self.build(f"launchpad is built for DuckDB {RELEASES[0]};")
        self.inside.touch()
        os.utime(self.library, ns=(2_000, 2_000))
        self.refused(r"is older than .*inside\.sql: run cargo build again")
        self.build(f"launchpad is built for DuckDB {RELEASES[0]};")
        self.source.unlink()
        self.refused(r"is older than .*a source\.rs: run cargo build again")

    def test_a_library_without_the_list_of_cargo_is_compared_with_all_sources(self):
        self.library.with_suffix(".d").unlink()
        os.utime(self.library, ns=(1_000, 1_000))
        self.refused(r"is older than .*build\.rs: run cargo build again")

    def test_an_unknown_release_is_refused(self):
        expected = rf"DuckDB {UNKNOWN} .*is not supported, only {', '.join(RELEASES)}: CONTRIBUTING\.md"
        self.refused(expected, LAUNCHPAD_DUCKDB=UNKNOWN)


class Building(unittest.TestCase):
    def test_an_unknown_release_is_a_build_error_that_says_what_to_do(self):
        """With build.rs by itself: cargo would build everything anew."""
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "build_script"
            done = run("rustc", "--edition", "2024", "-o", script, ROOT / "build.rs")
            self.assertEqual(done.returncode, 0, done.stderr)
            variables = {"CARGO_MANIFEST_DIR": str(ROOT), "OUT_DIR": folder}

            def release(**more) -> subprocess.CompletedProcess:
                return run(script, **variables, **more)

            for asked in RELEASES:
                done = release(CARGO_FEATURE_DUCKDB="1", LAUNCHPAD_DUCKDB=asked)
                self.assertIn(f"cargo::rustc-env=LAUNCHPAD_DUCKDB={asked}\n", done.stdout)
            self.assertIn(f"LAUNCHPAD_DUCKDB={RELEASES[0]}\n", release(CARGO_FEATURE_DUCKDB="1").stdout)
            done = release(CARGO_FEATURE_DUCKDB="1", LAUNCHPAD_DUCKDB=UNKNOWN)
            self.assertNotEqual(done.returncode, 0)
            expected = rf"cargo::error=.*DuckDB {UNKNOWN}.*only for {', '.join(RELEASES)}: CONTRIBUTING\.md says"
            self.assertRegex(done.stdout, expected)
            # The models are built without DuckDB, whatever its release.
            self.assertEqual(release(LAUNCHPAD_DUCKDB=UNKNOWN).returncode, 0)

    def test_each_release_has_a_line_in_the_table(self):
        lines = re.findall(r'^    b"(v[^"]+)" =>', (ROOT / "src" / "table.rs").read_text(), re.MULTILINE)
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
