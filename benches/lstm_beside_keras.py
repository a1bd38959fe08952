"""Training speed and test error of the LSTM beside Keras, on the same windows in the same run.

usage: lstm_beside_keras.py FOLDER [EPOCHS]    FOLDER holds lstm_keras.py, which makes the windows; default: 3 epochs
needs: pip install tensorflow-cpu duckdb pandas; cargo
Their epochs take turns, each on all cores.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
folder, epochs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
sys.path.insert(0, folder)

import keras
import numpy as np
from lstm_keras import windows


def binary():
    """Build the benchmark; its path."""
    build = ["cargo", "bench", "--locked", "--no-default-features", "--bench", "lstm", "--no-run", "--message-format=json"]
    lines = subprocess.run(build, check=True, capture_output=True, text=True).stdout.splitlines()
    built = [json.loads(line).get("executable") for line in lines if line.startswith("{")]
    return [path for path in built if path and re.search(r"lstm-[0-9a-f]+$", path)][-1]


def keras_epoch(model, x, y, xt, yt):
    start = time.time()
    model.fit(x, y, epochs=1, batch_size=32, verbose=0)
    speed = len(x) / (time.time() - start)
    return speed, float(np.mean((model.predict(xt, verbose=0)[:, 0] - yt) ** 2))


def main():
    x, y, xt, yt = windows()
    print(f"{len(x)} windows, {len(xt)} test windows, keras {keras.__version__}", flush=True)
    keras.utils.set_random_seed(42)
    layers = [keras.Input((28, 1)), keras.layers.LSTM(128, return_sequences=True), keras.layers.LSTM(64), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mse")
    with tempfile.NamedTemporaryFile() as file:
        for a in (x, y, xt, yt):
            a.astype("<f4").tofile(file)
        file.flush()
        command = [binary(), "--windows", file.name, str(len(x)), str(len(xt)), str(epochs)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        print("epoch  windows/s: launchpad  keras  ratio   test MSE: launchpad  keras  difference")
        for epoch in range(1, epochs + 1):
            process.stdin.write("\n")
            process.stdin.flush()
            speed, error = (float(v) for v in process.stdout.readline().split()[1:])
            keras_speed, keras_error = keras_epoch(model, x, y, xt, yt)
            print(
                f"{epoch:5}  {speed:20.0f}  {keras_speed:5.0f}  {speed / keras_speed:5.2f}"
                f"  {error:19.4f}  {keras_error:6.4f}  {error / keras_error - 1:+9.1%}",
                flush=True,
            )
        process.communicate()


if __name__ == "__main__":
    main()
