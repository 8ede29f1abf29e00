#!/usr/bin/python3
"""random_weights.py NAME OUTPUT.onnx [SIZE]

Writes a well-known architecture with random weights (always the same ones): right for measuring speed and for holding two
engines against each other, never for accuracy. SIZE is the side of the input image. Names: resnet18, mobilenet_v2,
squeezenet, vgg11, tiny (a few layers, for tests that must be quick).
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from graph import Graph  # noqa: E402


class Random:
    """Layers of a graph with weights drawn one after another from a fixed seed."""

    def __init__(self, graph, seed=1):
        self.graph, self.random = graph, np.random.RandomState(seed)

    def weights(self, shape):
        fan_in = int(np.prod(shape[1:]))
        return (self.random.standard_normal(shape) * np.sqrt(2.0 / fan_in)).astype(np.float32)

    def conv(self, name, x, c, k, kernel=1, stride=1, pad=None, groups=1):
        """With a bias, and the padding that keeps the size at stride 1."""
        pad = kernel // 2 if pad is None else pad
        bias = (self.random.standard_normal(k) * 0.05).astype(np.float32)
        return self.graph.conv(name, x, self.weights((k, c // groups, kernel, kernel)), bias, stride, pad, groups)

    def norm(self, name, x, k):
        gamma = self.random.uniform(0.5, 1.5, k)
        beta, mean = self.random.standard_normal((2, k)) * 0.1
        variance = self.random.uniform(0.5, 1.5, k)
        return self.graph.batch_norm(name, x, gamma, beta, mean, variance, 1e-5)

    def classifier(self, x, c, classes):
        return self.graph.classifier(x, self.weights((classes, c)), np.zeros(classes, np.float32))


def resnet18(net, x):
    graph = net.graph
    x = graph.relu("relu0", net.norm("bn0", net.conv("conv0", x, 3, 64, 7, 2), 64))
    x, c = graph.max_pool("pool0", x, 3, 2, 1), 64
    for stage, k in enumerate([64, 128, 256, 512], start=1):
        for block in range(2):
            name, stride = f"s{stage}b{block}", 2 if stage > 1 and block == 0 else 1
            y = net.norm(name + "/bn_a", net.conv(name + "/conv_a", x, c, k, 3, stride), k)
            y = net.norm(name + "/bn_b", net.conv(name + "/conv_b", graph.relu(name + "/relu_a", y), k, k, 3), k)
            if c != k:
                x = net.norm(name + "/bn_short", net.conv(name + "/short", x, c, k, 1, stride), k)
            x, c = graph.relu(name + "/relu", graph.node("Add", name + "/add", [x, y])), k
    return net.classifier(x, c, 1000)


def mobilenet_v2(net, x):
    graph = net.graph
    six = graph.constant("six", np.array(6.0)), graph.constant("zero", np.array(0.0))

    def layer(name, value, c, k, relu=True, **window):
        value = net.norm(name + "/bn", net.conv(name, value, c, k, **window), k)
        return graph.node("Clip", name + "/relu6", [value, six[1], six[0]]) if relu else value

    x, c = layer("conv0", x, 3, 32, kernel=3, stride=2), 32
    stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for stage, (expansion, k, count, first_stride) in enumerate(stages, start=1):
        for block in range(count):
            name, stride, wide = f"s{stage}b{block}", first_stride if block == 0 else 1, c * expansion
            y = layer(name + "/expand", x, c, wide) if expansion > 1 else x
            y = layer(name + "/depthwise", y, wide, wide, kernel=3, stride=stride, groups=wide)
            y = layer(name + "/project", y, wide, k, relu=False)
            x, c = graph.node("Add", name + "/add", [x, y]) if stride == 1 and c == k else y, k
    return net.classifier(layer("conv_last", x, c, 1280), 1280, 1000)


def squeezenet(net, x):
    graph = net.graph
    x, c = graph.max_pool("pool1", graph.relu("relu1", net.conv("conv1", x, 3, 64, 3, 2, 0)), 3, 2), 64
    for fire, (squeeze, expand) in enumerate(
            [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)], start=2):
        name = f"fire{fire}"
        s = graph.relu(name + "/relu_s", net.conv(name + "/squeeze", x, c, squeeze))
        a = graph.relu(name + "/relu_1", net.conv(name + "/expand1", s, squeeze, expand))
        b = graph.relu(name + "/relu_3", net.conv(name + "/expand3", s, squeeze, expand, 3))
        x, c = graph.node("Concat", name + "/concat", [a, b], axis=1), 2 * expand
        if fire in (3, 5):
            x = graph.max_pool(f"pool{fire}", x, 3, 2)
    x = graph.relu("relu10", net.conv("conv10", x, c, 1000))
    x = graph.node("Flatten", "flatten", [graph.node("GlobalAveragePool", "global_average", [x])], axis=1)
    return graph.node("Softmax", "probabilities", [x], axis=1)


def vgg11(net, x):
    graph, c = net.graph, 3
    for i, k in enumerate([64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]):
        x = graph.relu(f"relu{i}", net.conv(f"conv{i}", x, c, k, 3)) if k else graph.max_pool(f"pool{i}", x, 2, 2)
        c = k or c
    return net.classifier(x, c, 1000)


def tiny(net, x):
    """Each kind of layer that a ResNet has, small."""
    graph = net.graph
    x = graph.max_pool("pool0", graph.relu("relu0", net.norm("bn0", net.conv("conv0", x, 3, 16, 3, 2), 16)), 3, 2, 1)
    y = net.norm("bn1", net.conv("conv1", x, 16, 32, 3), 32)
    x = graph.relu("relu1", graph.node("Add", "add1", [net.conv("short1", x, 16, 32), y]))
    return net.classifier(x, 32, 10)


ARCHITECTURES = {  # name: (function, side of the image, classes)
    "resnet18": (resnet18, 224, 1000), "mobilenet_v2": (mobilenet_v2, 224, 1000),
    "squeezenet": (squeezenet, 224, 1000), "vgg11": (vgg11, 224, 1000), "tiny": (tiny, 32, 10),
}


def main(name, output, size=None):
    build, side, classes = ARCHITECTURES[name]
    side = int(size or side)
    graph = Graph(name, height=side, width=side)
    output_name = build(Random(graph), graph.input)
    graph.save(output, output_name, [classes], {
        "labels": [f"class {i}" for i in range(classes)],
        "preprocessing": {"resize": side, "crop": side, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
    })


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ARCHITECTURES:
        sys.exit(__doc__)
    main(*sys.argv[1:])
