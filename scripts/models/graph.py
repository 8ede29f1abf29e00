"""Writes ONNX graphs node by node: what the model scripts beside it share.

A Graph has one image input [N, 3, height, width] whose batch is symbolic. Values are named after the node that makes
them. The bytes of the file depend on nothing but what is added.
"""

import json
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 13


class Graph:
    def __init__(self, name, channels=3, height=224, width=224, input_name="input"):
        self.name = name
        self.nodes, self.initializers = [], []
        self.inputs = [
            helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["N", channels, height, width])
        ]
        self.input = input_name

    def constant(self, name, values):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def node(self, operator, name, inputs, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def conv(self, name, x, weights, bias=None, stride=1, pad=0, groups=1):
        """weights [k, c / groups, kh, kw]; the same stride and padding on all sides."""
        inputs = [x, self.constant(name + "/weights", weights)]
        if bias is not None:
            inputs.append(self.constant(name + "/bias", bias))
        return self.node(
            "Conv", name, inputs, kernel_shape=list(weights.shape[2:]), strides=[stride, stride],
            pads=[pad] * 4, group=groups)

    def batch_norm(self, name, x, gamma, beta, mean, variance, epsilon):
        inputs = [x]
        for part, values in (("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)):
            inputs.append(self.constant(f"{name}/{part}", values))
        return self.node("BatchNormalization", name, inputs, epsilon=float(epsilon))

    def relu(self, name, x):
        return self.node("Relu", name, [x])

    def max_pool(self, name, x, kernel, stride, pad=0):
        return self.node(
            "MaxPool", name, [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def dense(self, name, x, weights, bias):
        """weights [out, in]."""
        inputs = [x, self.constant(name + "/weights", weights), self.constant(name + "/bias", bias)]
        return self.node("Gemm", name, inputs, transB=1)

    def classifier(self, x, weights, bias, name="fc"):
        """Global average, dense, softmax: what most image classifiers end with."""
        x = self.node("GlobalAveragePool", "global_average", [x])
        x = self.node("Flatten", "flatten", [x], axis=1)
        x = self.dense(name, x, weights, bias)
        return self.node("Softmax", "probabilities", [x], axis=1)

    def save(self, path, output, output_shape, metadata=None):
        """Checks the model and writes it to `path`, whole or not at all."""
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", *output_shape])]
        graph = helper.make_graph(self.nodes, self.name, self.inputs, outputs, self.initializers)
        model = helper.make_model(graph, producer_name="chengying", opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 8
        for key, value in sorted((metadata or {}).items()):
            text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            model.metadata_props.add(key=key, value=text)
        onnx.checker.check_model(model)
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path + ".part", "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
        os.replace(path + ".part", path)
