#!/usr/bin/env python3
"""Open report pages in headless Chromium: no console message, no request, names as text, light, dark and print.

Usage: check_report.py EXTENSION [--shots FOLDER]

It needs the package playwright and a Chromium on this machine. Without them it says so and ends with 0: `make test` must not need
a browser. --shots keeps screenshots to look at.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

import duckdb

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PRODUCTS = 200
MOST_SECONDS = 5
MOST_BYTES = 3_000_000

HOSTILE = {
    "script": "<script>document.title = 'broken'</script>",
    "attribute": "\"><img src=x onerror=\"console.log('broken')\">",
    "style": "</style></title></svg><h1>broken</h1>",
    "right to left": "מבצע השקה \u202eabc",
    "emoji": "👩\u200d👩\u200d👧 🎉",
    "long": "x" * 1_000,
}


def pages(extension: str, folder: pathlib.Path) -> dict[str, pathlib.Path]:
    database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    database.execute(f"LOAD '{pathlib.Path(extension).resolve()}'")
    database.execute(
        f"""
        CREATE TABLE plan AS
        SELECT 'P' || i AS product_id, 1 AS plan_rank, DATE '2026-09-07' + (7 * (i % 26))::INTEGER AS launch_date,
            launch_date + 90 AS horizon_end, 10.0 + i % 7 AS price, 500.0 + i AS expected_units, 300.0 AS units_lower,
            900.0 AS units_upper, 2000.0 + 13 * (i % 17) AS expected_profit, -100.0 AS profit_lower, 5000.0 AS profit_upper,
            0.1 AS probability_of_loss, 'ok' AS status, 'rests on six past launches' AS reason
        FROM range({PRODUCTS}) t(i)
        """
    )
    database.execute(
        """
        CREATE TABLE forecast AS
        SELECT product_id, launch_date + (7 * s)::INTEGER AS date, s + 1 AS step, 60.0 / (1 + s) AS yhat, 20.0 / (1 + s) AS yhat_lower,
            120.0 / (1 + s) AS yhat_upper, 64.0 / (1 + s) AS mean, 'm' AS model_id
        FROM plan, range(13) t(s)
        """
    )
    database.execute("CREATE TABLE names (product_id VARCHAR, launch_date DATE, reason VARCHAR)")
    database.executemany("INSERT INTO names VALUES (?, DATE '2026-09-07', ?)", [[name, name] for name in HOSTILE.values()])
    made = {}
    started = time.monotonic()
    for name, call in {
        "plan": f"launch_report('plan', forecast := 'forecast', top := {PRODUCTS})",
        "names": "launch_report('names', title := (SELECT max(product_id) FROM names WHERE product_id LIKE '<script%'))",
    }.items():
        made[name] = folder / f"{name}.html"
        database.execute(f"COPY (FROM {call}) TO '{made[name]}' (FORMAT BLOB)")
    taken, size = time.monotonic() - started, made["plan"].stat().st_size
    assert taken < MOST_SECONDS, f"{PRODUCTS} products took {taken:.1f} s"
    assert size < MOST_BYTES, f"{PRODUCTS} products are {size:,} bytes"
    print(f"report: {PRODUCTS} products in {taken:.1f} s, {size:,} bytes")
    return made


def look(browser, path: pathlib.Path, shots: pathlib.Path | None) -> str:
    """What a reader sees of a page, in light and dark."""
    text = ""
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, viewport={"width": 1180, "height": 860})
        page = context.new_page()
        told, asked = [], []
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.resolve().as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        assert not told, f"{path.name} says on the console: {told}"
        assert asked == [path.resolve().as_uri()], f"{path.name} asks for {asked[1:]}"
        found = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert found == 0, f"{path.name} is {found} pixels wider than the window"
        text = page.inner_text("body")
        assert page.locator("h1").count() == 1 and page.locator("script, img").count() == 0
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light"), f"{path.name} is {background} in {scheme} mode"
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = false })")
        if shots:
            page.screenshot(path=shots / f"{path.stem}-{scheme}.png")
        if scheme == "light":
            page.emulate_media(media="print")
            assert page.locator("nav").is_hidden(), "the navigation is printed"
            if shots:
                page.pdf(path=shots / f"{path.stem}.pdf")
        context.close()
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extension")
    parser.add_argument("--shots", type=pathlib.Path)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    made = pages(options.extension, folder)
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if program is None or sync_playwright is None:
        lacking = "no Chromium" if program is None else "no package playwright"
        print(f"report: SKIPPED in a browser, as there is {lacking} here: apt-get install chromium; pip install playwright")
        return
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, args=["--no-sandbox"])
        text = look(browser, made["plan"], options.shots)
        assert "200 launches from" in text, text[:500]
        text = look(browser, made["names"], options.shots)
        for what, name in HOSTILE.items():
            assert name in text, f"the name with {what} is not shown as it is"
        browser.close()
    shutil.rmtree(folder)
    print("report: two pages in a browser, light, dark and print: no message, no request, names as text")


if __name__ == "__main__":
    sys.exit(main())
