"""Reads weights of TensorFlow.js' layers format: model.json and its shards, as Keras names them."""

import json
import os

import numpy as np

KNOWN_TYPES = {"float32": np.float32}


def load(folder):
    """The Keras config (a dict) and the weights by name. Raises ValueError where the files disagree."""
    with open(os.path.join(folder, "model.json"), encoding="utf-8") as file:
        model = json.load(file)
    weights = {}
    for group in model["weightsManifest"]:
        parts = []
        for path in group["paths"]:
            with open(os.path.join(folder, path), "rb") as file:
                parts.append(file.read())
        data, offset = b"".join(parts), 0
        for entry in group["weights"]:
            dtype = KNOWN_TYPES.get(entry["dtype"])
            if dtype is None or "quantization" in entry:
                raise ValueError(f"{entry['name']}: only plain float32 weights are read")
            count = int(np.prod(entry["shape"]))
            weights[entry["name"]] = np.frombuffer(data, dtype, count, offset).reshape(entry["shape"])
            offset += count * dtype().itemsize
        if offset != len(data):
            raise ValueError(f"{folder}: {len(data)} bytes of weights, the manifest says {offset}")
    return model["modelTopology"]["model_config"]["config"], weights
