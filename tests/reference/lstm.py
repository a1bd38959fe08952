"""Reference numbers for src/neural/lstm.rs, from Keras in double precision.

    pip install tensorflow-cpu==2.21.0 keras==3.15.1
    KERAS_BACKEND=tensorflow python tests/reference/lstm.py

writes tests/fixtures/neural/lstm.json: inputs, weights in PyTorch's layout, outputs of two layers, and the derivatives
of the sum of the outputs weighted by "by". Keras has the gates in the same order, its weights transposed, and one bias:
it is bias_ih here, and bias_hh is 0. The Rust test compares in single precision with an absolute tolerance of 2e-5; the
numbers are of the order of 1.
"""

import json
import pathlib

import keras
import numpy as np
import tensorflow as tf

keras.backend.set_floatx("float64")
FILE = pathlib.Path(__file__).parents[1] / "fixtures" / "neural" / "lstm.json"
RANDOM = np.random.default_rng(21)


def draw(*shape):
    # Few digits, so that single precision has them nearly as they are.
    return np.round(RANDOM.normal(size=shape), 3)


samples, steps, inputs, hidden = 3, 6, 2, [5, 3]
x = tf.Variable(draw(samples, steps, inputs))
layers, width = [], inputs
for units in hidden:
    layer = keras.layers.LSTM(units, return_sequences=True)
    layer.build((samples, steps, width))
    layer.set_weights([draw(width, 4 * units), draw(units, 4 * units), draw(4 * units)])
    layers.append(layer)
    width = units
by = draw(samples, steps, width)
with tf.GradientTape() as tape:
    y = x
    for layer in layers:
        y = layer(y)
    total = tf.reduce_sum(y * by)
weights = [w.value for layer in layers for w in layer.trainable_weights]
by_x, *by_weights = tape.gradient(total, [x, *weights])

numbers = {"shape": [samples, steps, inputs, *hidden], "x": x.numpy(), "by": by, "y": y, "by_x": by_x}
for k, (weight, by_weight) in enumerate(zip(weights, by_weights)):
    name = f"{['weight_ih', 'weight_hh', 'bias_ih'][k % 3]}_l{k // 3}"
    numbers |= {name: np.asarray(weight).T, f"by_{name}": np.asarray(by_weight).T}
rounded = {k: np.round(np.asarray(v, dtype=float), 9).ravel().tolist() for k, v in numbers.items()}
versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
text = json.dumps({"versions": versions, **rounded}, separators=(",", ":"))
FILE.write_text(text.replace('],"', '],\n"') + "\n")
