"""Sentiment of reviews: launch_train_sentiment beside TF-IDF with logistic regression, five folds.

    python benches/sentiment.py --data FOLDER

FOLDER has womens_clothing_reviews/womens_clothing_reviews.parquet (columns "Review Text", "Recommended IND"). Needs duckdb (the release
the extension is built for), numpy, pandas, pyarrow and scikit-learn.
"""
import argparse
import os
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    data = pd.read_parquet(arguments.parse_args().data / "womens_clothing_reviews" / "womens_clothing_reviews.parquet")
    data = data[data["Review Text"].fillna("").str.len() > 0]
    text, label = data["Review Text"].values, data["Recommended IND"].astype(int).values
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(text, label))
    for words in ((1, 2), (1, 3)):
        said, start = np.zeros(len(label)), time.time()
        for learned, asked in folds:
            model = make_pipeline(
                TfidfVectorizer(ngram_range=words, min_df=2, sublinear_tf=True, token_pattern=r"[a-z0-9]+(?:'[a-z0-9]+)*|[!?]" if words[1] == 3 else r"(?u)\b\w\w+\b"),
                LogisticRegression(C=5, max_iter=300),
            )
            said[asked] = model.fit(text[learned], label[learned]).predict_proba(text[asked])[:, 1]
        tell(f"TF-IDF {words} and logistic regression", label, said, time.time() - start)
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD '{os.environ.get('LAUNCHPAD_EXTENSION', 'build/release/launchpad.duckdb_extension')}'")
    frame = pd.DataFrame({"row_id": np.arange(len(label)), "text": text, "label": label.astype(bool), "fold": 0})
    for number, (_, asked) in enumerate(folds):
        frame.loc[asked, "fold"] = number
    con.register("frame", frame)
    con.execute("CREATE TABLE reviews AS FROM frame")
    said, training, scoring = np.zeros(len(label)), 0.0, 0.0
    for number in range(5):
        start = time.time()
        con.execute(f"CREATE OR REPLACE TABLE model AS FROM launch_train_sentiment('reviews WHERE fold <> {number}')")
        training += time.time() - start
        start = time.time()
        rows = con.execute(f"SELECT row_id, launch_sentiment((SELECT model FROM model), text) AS p FROM reviews WHERE fold = {number}").fetchnumpy()
        scoring += time.time() - start
        said[rows["row_id"]] = rows["p"]
    tell("launch_train_sentiment", label, said, training + scoring)
    start = time.time()
    con.execute("SELECT count(launch_sentiment((SELECT model FROM model), text)) FROM (FROM reviews, range(10))").fetchone()
    print(f"scoring: {10 * len(label) / (time.time() - start):.0f} reviews a second")


def tell(name, label, said, seconds):
    print(
        f"{name:45} AUC {roc_auc_score(label, said):.4f} accuracy {accuracy_score(label, said > 0.5):.4f} "
        f"log loss {log_loss(label, said):.4f} {seconds:.1f} s", flush=True,
    )


if __name__ == "__main__":
    main()
