"""What launch_aspects finds: terms planted in generated texts, nothing where nothing is planted, real reviews, and its time.

    python benches/aspects.py planted              how many planted terms are found, and how many others
    python benches/aspects.py real --data FOLDER   the strongest terms of clothing reviews by department
    python benches/aspects.py speed                time and memory at 1, 2, 4 and 8 times the size

FOLDER holds womens_clothing_reviews/womens_clothing_reviews.parquet. Generated words follow Zipf's law; a planted term is one to three
words, mentioned by 30 to 1,000 texts of its key. Effects are about 7 to 15 standard errors of the number of mentions; those that come out
below 6, as other terms move the same texts, are told apart as weaker. A term that overlaps a planted one counts as false.
"""

import argparse
import pathlib
import resource
import subprocess
import sys
import time

import duckdb
import numpy as np
import pandas as pd

FUNCTION_WORDS = "the and of to a in is it was for on with this but as have at they my so".split()
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]

# Name, keys, texts of a key, mean words of a text, vocabulary, base share of positive texts, planted terms of a key. Where the name
# says that unhappy people write more, the log-odds fall by 0.3 with each doubling of the length.
SHAPES = [
    ("reviews", 1, 6_000, 50, 6_000, 0.8, 24),
    ("short texts", 1, 20_000, 8, 5_000, 0.8, 24),
    ("long texts", 1, 2_500, 250, 20_000, 0.75, 16),
    ("many keys", 40, 1_500, 30, 4_000, 0.8, 8),
    ("half positive", 1, 8_000, 40, 6_000, 0.5, 30),
    ("mostly negative", 1, 6_000, 40, 6_000, 0.2, 20),
    ("unhappy people write more", 1, 8_000, 50, 6_000, 0.75, 20),
    ("large", 1, 60_000, 40, 30_000, 0.8, 60),
    ("nothing planted", 40, 1_500, 30, 4_000, 0.8, 0),
    ("nothing planted, large", 4, 15_000, 40, 20_000, 0.8, 0),
]


def vocabulary(size, rng):
    words = set()
    while len(words) < size:
        words.add("".join(rng.choice(SYLLABLES, rng.integers(3, 5))))
    words = sorted(words)
    rng.shuffle(words)
    return FUNCTION_WORDS + words


def draw_terms(count, words, share, texts, rng):
    """Planted terms: words, mentions and the share of positive texts among those that mention it."""
    terms, used = [], set()
    while len(terms) < count:
        length = rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2])
        # Rare words, or, of phrases, such as are used elsewhere too.
        low, high = (len(words) // 2, len(words)) if length == 1 or rng.random() < 0.5 else (100, len(words) // 4)
        chosen = [words[i] for i in rng.integers(low, high, length)]
        if length == 3 and rng.random() < 0.5:
            chosen[1] = FUNCTION_WORDS[rng.integers(len(FUNCTION_WORDS))]
        mentions = int(np.exp(rng.uniform(np.log(30), np.log(min(1000, texts / 8)))))
        size = rng.uniform(7, 8.5) if rng.random() < 0.5 else rng.uniform(8, 15)
        lift = size * np.sqrt(share * (1 - share) / mentions)
        options = [p for p in (share + lift, share - lift) if 0.03 <= p <= 0.985]
        content = set(chosen) - set(FUNCTION_WORDS)
        if not options or content & used or len(set(chosen)) < length:
            continue
        used |= content
        terms.append((chosen, mentions, options[rng.integers(len(options))]))
    return terms


def generate(shape, rng):
    """Texts of a shape, and the terms planted in each key with their true lift."""
    _, keys, texts, length, size, share, planted = shape
    words = np.array(vocabulary(size, rng), dtype=object)
    weights = 1 / np.arange(3, len(words) + 3) ** 1.05
    cumulated = np.cumsum(weights / weights.sum())
    rows, truth = [], {}
    for key in range(keys):
        terms = draw_terms(planted, words, share, texts, rng)
        lengths = np.maximum(1, rng.lognormal(np.log(length) - 0.18, 0.6, texts).astype(int))
        drawn = words[np.minimum(np.searchsorted(cumulated, rng.random(lengths.sum())), len(words) - 1)]
        parts = [list(part) for part in np.split(drawn, np.cumsum(lengths)[:-1])]
        odds = np.full(texts, np.log(share / (1 - share)))
        if "write more" in shape[0]:
            odds -= 0.3 * np.log2(lengths / np.median(lengths))
        mentioned = {}
        for chosen, mentions, p in terms:
            for text in rng.choice(texts, mentions, replace=False):
                at = rng.integers(len(parts[text]) + 1)
                parts[text][at:at] = [chosen]
            # Planted terms that were there by chance have the effect too.
            odds_there = np.log(p / (1 - p)) - np.log(share / (1 - share))
            there = [any(word is chosen for word in part) or (len(chosen) == 1 and chosen[0] in part) for part in parts]
            mentioned[" ".join(chosen)] = np.array(there)
            odds += odds_there * mentioned[" ".join(chosen)]
        chance = 1 / (1 + np.exp(-odds))
        positive = rng.random(texts) < chance
        for part, label in zip(parts, positive):
            flat = [w for word in part for w in (word if isinstance(word, list) else [word])]
            rows.append((key, " ".join(flat), bool(label)))
        spread = np.sqrt(chance.mean() * (1 - chance.mean()))
        truth[key] = {}
        for term, there in mentioned.items():
            lift = chance[there].mean() - chance[~there].mean()
            truth[key][term] = (lift, abs(lift) / spread * np.sqrt(there.sum()))
    return pd.DataFrame(rows, columns=["key", "text", "label"]), truth


def connect(extension):
    con = duckdb.connect(config={"allow_unsigned_extensions": True})
    con.execute(f"LOAD '{extension}'")
    return con


def planted(args):
    print("| texts | planted | found | weaker | found | false | of all | interval holds |\n|" + " --- |" * 8)
    for shape in SHAPES:
        held, counts, wrong = [], np.zeros((2, 2), dtype=int), 0
        for seed in range(args.seeds):
            reviews, truth = generate(shape, np.random.default_rng(seed))
            con = connect(args.extension)
            found = con.execute("FROM launch_aspects('reviews', by := 'key') WHERE status = 'ok'").df()
            for key, terms in truth.items():
                of_key = found[found["key"] == key].set_index("term")
                for term, (lift, errors) in terms.items():
                    counts[int(errors < 6)] += [1, term in of_key.index]
                    if term in of_key.index:
                        held.append(of_key.lower[term] <= lift <= of_key.upper[term])
                wrong += len(set(of_key.index) - set(terms))
                if args.verbose:
                    print(key, "missed", set(terms) - set(of_key.index), "false", set(of_key.index) - set(terms))
        share = [f"{found / planted:.3f}" if planted else "" for planted, found in counts]
        of_all = f"{wrong / (wrong + counts[:, 1].sum()):.3f}" if held else ""
        holds = f"{np.mean(held):.2f}" if held else ""
        print(f"| {shape[0]} | {counts[0][0]} | {share[0]} | {counts[1][0]} | {share[1]} | {wrong} | {of_all} | {holds} |", flush=True)


def real(args):
    con = connect(args.extension)
    file = pathlib.Path(args.data) / "womens_clothing_reviews" / "womens_clothing_reviews.parquet"
    con.execute(f"""CREATE TABLE reviews AS SELECT "Review Text" AS text, Rating AS rating, "Department Name" AS department FROM '{file}'""")
    begin = time.time()
    found = con.execute("FROM launch_aspects('reviews', by := 'department', label := 'rating', top := $1)", [args.top]).df()
    print(f"{len(found)} terms in {time.time() - begin:.2f} s")
    for key, rows in found.groupby("key", dropna=False):
        print(f"\n{key}\n\n| term | mentions | sentiment | lift | lower | upper | example |\n| --- | --- | --- | --- | --- | --- | --- |")
        for row in rows.itertuples():
            if row.status == "ok":
                print(f"| {row.term} | {row.mentions} | {row.sentiment:.2f} | {row.lift:+.2f} | {row.lower:+.2f} | {row.upper:+.2f} | {row.example} |")
            else:
                print(row.reason)


def speed(args):
    if args.rows:
        shape = ("speed", 1, args.rows, 50, 30_000, 0.8, 40)
        rng = np.random.default_rng(1)
        words = np.array(vocabulary(shape[4], rng), dtype=object)
        weights = 1 / np.arange(3, len(words) + 3) ** 1.05
        cumulated = np.cumsum(weights / weights.sum())
        con = connect(args.extension)
        con.execute("CREATE TABLE reviews(text VARCHAR, label BOOLEAN)")
        for _ in range(0, args.rows, 25_000):
            lengths = np.maximum(1, rng.lognormal(np.log(50) - 0.18, 0.6, 25_000).astype(int))
            drawn = words[np.minimum(np.searchsorted(cumulated, rng.random(lengths.sum())), len(words) - 1)]
            parts = np.split(drawn, np.cumsum(lengths)[:-1])
            # One text in fifty is about a planted term.
            about = rng.random(25_000) < 0.02
            block = pd.DataFrame({
                "text": [" ".join(part) + " planted term" * int(flag) for part, flag in zip(parts, about)],
                "label": rng.random(25_000) < np.where(about, 0.4, 0.8),
            })
            con.execute("INSERT INTO reviews FROM block")
        del drawn, parts, block, about
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        text = con.execute("SELECT sum(strlen(text)) / 1e6 FROM reviews").fetchone()[0]
        begin = time.time()
        count = con.execute("SELECT count(*) FROM launch_aspects('reviews')").fetchone()[0]
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {args.rows} | {text:.0f} | {time.time() - begin:.1f} | {after - before:.0f} | {count} |", flush=True)
        return
    print("| reviews | MB of text | seconds | MB more memory | terms |\n| --- | --- | --- | --- | --- |", flush=True)
    for times in (1, 2, 4, 8):
        subprocess.run([sys.executable, __file__, "speed", "--extension", args.extension, "--rows", str(125_000 * times)], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["planted", "real", "speed"])
    parser.add_argument("--data")
    parser.add_argument("--extension", default="build/release/launchpad.duckdb_extension")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--top", type=int, default=12)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    {"planted": planted, "real": real, "speed": speed}[arguments.what](arguments)
