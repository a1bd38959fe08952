"""Reference numbers for src/neural/causal_conv.rs and src/neural/head.rs, from Keras in double precision.

    pip install tensorflow-cpu==2.21.0 keras==3.15.1
    KERAS_BACKEND=tensorflow python tests/reference/conv_and_head.py

writes causal_conv.json, causal_conv_residual.json and head.json to tests/fixtures/neural: inputs, weights, outputs,
and the derivatives of a sum of the outputs (conv: weighted by "by"; head: its loss). The Rust tests compare in single precision with an absolute
tolerance of 2e-5; the numbers are of the order of 1.
"""

import json
import pathlib

import keras
import numpy as np
import tensorflow as tf

keras.backend.set_floatx("float64")
FOLDER = pathlib.Path(__file__).parents[1] / "fixtures" / "neural"
RANDOM = np.random.default_rng(20)


def draw(*shape):
    # Few digits, so that single precision has them nearly as they are.
    return np.round(RANDOM.normal(size=shape), 3)


def write(name, cases):
    versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
    rounded = {k: np.round(np.asarray(v, dtype=float), 9).ravel().tolist() for k, v in cases.items()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"versions": versions, **rounded}, indent=None, separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text.replace('],"', '],\n"') + "\n")


def conv(name, inputs, outputs, residual):
    samples, steps, kernel, dilation = 2, 9, 3, 2
    x = tf.Variable(draw(samples, steps, inputs))
    layer = keras.layers.Conv1D(outputs, kernel, dilation_rate=dilation, padding="causal")
    layer.build(x.shape)
    layer.set_weights([draw(kernel, inputs, outputs), draw(outputs)])
    by = draw(samples, steps, outputs)
    with tf.GradientTape() as tape:
        y = tf.nn.relu(layer(x) + x if residual else layer(x))
        total = tf.reduce_sum(y * by)
    by_x, by_weight, by_bias = tape.gradient(total, [x, layer.kernel.value, layer.bias.value])
    torch = lambda w: np.transpose(np.asarray(w), (2, 1, 0))  # kernel x in x out to out x in x kernel
    write(
        name,
        {
            "shape": [samples, steps, inputs, outputs, kernel, dilation],
            "x": x.numpy(),
            "weight": torch(layer.kernel.value),
            "bias": layer.bias.value,
            "by": by,
            "y": y,
            "by_x": by_x,
            "by_weight": torch(by_weight),
            "by_bias": by_bias,
        },
    )


def head():
    samples, steps, inputs = 2, 4, 3
    x = tf.Variable(draw(samples, steps, inputs))
    targets = draw(samples, steps, 1)
    weights = np.array([1, 1, 0, 2, 0.5, 1, 1, 0]).reshape(samples, steps, 1)
    cases = {"shape": [samples, steps, inputs], "x": x.numpy(), "targets": targets, "weights": weights}
    for name, outputs in [("quantile", 3), ("mse", 1)]:
        layer = keras.layers.Dense(outputs)
        layer.build(x.shape)
        layer.set_weights([draw(inputs, outputs), draw(outputs)])
        with tf.GradientTape() as tape:
            raw = layer(x)
            if name == "quantile":
                median, distances = raw[..., :1], keras.ops.softplus(raw[..., 1:])
                output = tf.concat([median - distances[..., :1], median, median + distances[..., 1:]], axis=-1)
                p, error = np.array([0.1, 0.5, 0.9]), targets - output
                losses = tf.reduce_mean(tf.maximum(p * error, (p - 1) * error), axis=-1, keepdims=True)
            else:
                output = raw
                losses = (targets - output) ** 2
            loss = tf.reduce_sum(weights * losses)
        by_x, by_weight, by_bias = tape.gradient(loss, [x, layer.kernel.value, layer.bias.value])
        found = {
            "weight": np.asarray(layer.kernel.value).T,
            "bias": layer.bias.value,
            "output": output,
            "loss": loss,
            "by_x": by_x,
            "by_weight": np.asarray(by_weight).T,
            "by_bias": by_bias,
        }
        cases |= {f"{name}_{k}": v for k, v in found.items()}
    write("head", cases)


head()
conv("causal_conv", inputs=3, outputs=5, residual=False)
conv("causal_conv_residual", inputs=4, outputs=4, residual=True)
