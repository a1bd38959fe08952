#!/usr/bin/env python3
"""Check that a model does not depend on how much memory is free: the same rows must give the same bytes anywhere.

Usage: check_memory.py EXTENSION. Trains twice, the second time in a process that is told that almost no memory is free:
a file of our own stands in place of /proc/meminfo, in a name space that only this process sees. Where the system does
not allow that, nothing is checked, and the script says so.
"""

import pathlib
import subprocess
import sys
import tempfile

# Prices and categories move the sales together, so that trees have something to split on.
TRAIN = """
CREATE TABLE products AS
    SELECT i AS product_id, DATE '2023-01-02' + 7 * (i % 100)::INTEGER AS launch_date,
           1 + (hash(i) % 1000) / 50.0 AS price, 'c' || (hash(i + 7) % 9) AS category, (hash(i + 9) % 12)::INTEGER AS size
    FROM range(600) r(i);
CREATE TABLE sales AS
    SELECT product_id, launch_date + 7 * s::INTEGER AS date,
           5 + (hash(product_id * 31 + s) % 7) + 40 * ((price::INTEGER % 5) * size % 7) + 9 * (category = 'c3')::INTEGER AS units
    FROM products, range(8) r(s);
SELECT md5(model) FROM launch_train('sales', products := 'products', horizon := 8, architecture := 'gbm')
"""
NOTHING_FREE = """MemTotal:        2000000 kB
MemFree:             500 kB
MemAvailable:        500 kB
Buffers:               0 kB
Cached:                0 kB
SwapTotal:             0 kB
SwapFree:              0 kB
"""
AS_IF = 'mount --bind "$1" /proc/meminfo && shift && exec "$@"'


def train(extension: str) -> None:
    import duckdb

    database = duckdb.connect(config={"allow_unsigned_extensions": "true", "memory_limit": "1GB"})
    database.execute(f"LOAD '{extension}'")
    print(database.execute(TRAIN).fetchall()[0][0])


def main() -> None:
    extension = str(pathlib.Path(sys.argv[1]).resolve())
    command = [sys.executable, __file__, "--train", extension]
    plain = subprocess.run(command, capture_output=True, text=True)
    if plain.returncode != 0:
        sys.exit(plain.stderr)
    with tempfile.NamedTemporaryFile("w") as meminfo:
        meminfo.write(NOTHING_FREE)
        meminfo.flush()
        alone = ["unshare", "--map-root-user", "--mount", "sh", "-c", AS_IF, "sh", meminfo.name]
        try:
            told = subprocess.run([*alone, "cat", "/proc/meminfo"], capture_output=True, text=True)
        except FileNotFoundError:
            told = None
        if told is None or told.stdout != NOTHING_FREE:
            print("memory: not checked, as this system gives no process a /proc/meminfo of its own")
            return
        small = subprocess.run([*alone, *command], capture_output=True, text=True)
    if small.returncode != 0:
        sys.exit(small.stderr)
    if small.stdout != plain.stdout:
        sys.exit(f"memory: a model depends on the memory that is free: {plain.stdout.strip()}, {small.stdout.strip()}")
    print("memory: the same model with little and with much memory free")


if __name__ == "__main__":
    if sys.argv[1] == "--train":
        train(sys.argv[2])
    else:
        main()
