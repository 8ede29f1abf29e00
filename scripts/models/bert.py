#!/usr/bin/python3
"""bert.py OUTPUT.onnx [LAYERS WIDTH [SEQUENCE TOKENS.npz]]

Writes a BERT encoder with random weights (always the same ones), spelled out in elementary operators as exporters do:
right for measuring speed, never for accuracy. The default is BERT-base: 12 layers of 768, 110 million weights. Batch and
sequence are symbolic; with SEQUENCE only the batch is, and TOKENS.npz gets samples to calibrate with.
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, VOCABULARY, POSITIONS, HEAD = 13, 30522, 512, 64


class Encoder:
    def __init__(self, layers, width, sequence="sequence"):
        self.sequence = sequence
        self.layers, self.width, self.heads = layers, width, width // HEAD
        self.random = np.random.RandomState(1)
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weights(self, name, *shape):
        values = self.random.standard_normal(shape, ).astype(np.float32) * np.float32(0.02)
        return self.constant(name, values)

    def node(self, operator, name, *inputs, **attributes):
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def number(self, name, value):
        return self.constant(name, np.float32(value))

    def norm(self, name, x):
        gamma = self.constant(f"{name}/gamma", np.ones(self.width, np.float32))
        beta = self.constant(f"{name}/beta", np.zeros(self.width, np.float32))
        centred = self.node("Sub", f"{name}/centred", x, self.node("ReduceMean", f"{name}/mean", x, axes=[-1]))
        squares = self.node("Pow", f"{name}/squares", centred, self.number(f"{name}/two", 2))
        variance = self.node("ReduceMean", f"{name}/variance", squares, axes=[-1])
        sum_ = self.node("Add", f"{name}/sum", variance, self.number(f"{name}/epsilon", 1e-12))
        y = self.node("Div", f"{name}/quotient", centred, self.node("Sqrt", f"{name}/deviation", sum_))
        return self.node("Add", f"{name}/shifted", self.node("Mul", f"{name}/scaled", y, gamma), beta)

    def dense(self, name, x, c, k):
        product = self.node("MatMul", f"{name}/product", x, self.weights(f"{name}/weights", c, k))
        return self.node("Add", name, self.weights(f"{name}/bias", k), product)

    def split_heads(self, name, x, order):
        shape = self.constant(f"{name}/shape", np.array([0, -1, self.heads, HEAD], np.int64))
        return self.node("Transpose", f"{name}/heads", self.node("Reshape", f"{name}/split", x, shape), perm=order)

    def attention(self, name, x, mask):
        q, k, v = (self.dense(f"{name}/{part}", x, self.width, self.width) for part in "qkv")
        q, v = (self.split_heads(part, part, [0, 2, 1, 3]) for part in (q, v))
        k = self.split_heads(k, k, [0, 2, 3, 1])
        scores = self.node("Div", f"{name}/scaled", self.node("MatMul", f"{name}/scores", q, k),
                           self.number(f"{name}/root", np.sqrt(HEAD)))
        shares = self.node("Softmax", f"{name}/shares", self.node("Add", f"{name}/masked", scores, mask), axis=-1)
        y = self.node("Transpose", f"{name}/rows", self.node("MatMul", f"{name}/mixed", shares, v), perm=[0, 2, 1, 3])
        shape = self.constant(f"{name}/shape", np.array([0, -1, self.width], np.int64))
        return self.dense(f"{name}/out", self.node("Reshape", f"{name}/joined", y, shape), self.width, self.width)

    def gelu(self, name, x):
        erf = self.node("Erf", f"{name}/erf", self.node("Div", f"{name}/x", x, self.number(f"{name}/root", np.sqrt(2))))
        gate = self.node("Add", f"{name}/gate", erf, self.number(f"{name}/one", 1))
        return self.node("Mul", name, self.node("Mul", f"{name}/twice", x, gate), self.number(f"{name}/half", 0.5))

    def model(self):
        tokens = self.node("Gather", "tokens", self.weights("vocabulary", VOCABULARY, self.width), "input_ids")
        kinds = self.node("Gather", "kinds", self.weights("kinds/table", 2, self.width), "token_type_ids")
        places = self.node("Gather", "places", self.weights("places/table", POSITIONS, self.width), "position_ids")
        x = self.norm("embedding", self.node("Add", "both", self.node("Add", "sum", tokens, kinds), places))
        axes = self.constant("mask/axes", np.array([1, 2], np.int64))
        known = self.node("Cast", "mask/real", self.node("Unsqueeze", "mask/wide", "attention_mask", axes), to=1)
        mask = self.node("Mul", "mask", self.node("Sub", "mask/off", self.number("one", 1), known),
                         self.number("lowest", -1e4))
        for i in range(self.layers):
            name, wide = f"layer{i}", 4 * self.width
            x = self.norm(f"{name}/norm_a", self.node("Add", f"{name}/add_a", self.attention(f"{name}/attention", x, mask), x))
            y = self.gelu(f"{name}/gelu", self.dense(f"{name}/up", x, self.width, wide))
            y = self.dense(f"{name}/down", y, wide, self.width)
            x = self.norm(f"{name}/norm_b", self.node("Add", f"{name}/add_b", y, x))
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", self.sequence])
                  for name in ("input_ids", "attention_mask", "token_type_ids", "position_ids")]
        output = helper.make_tensor_value_info(x, TensorProto.FLOAT, ["batch", self.sequence, self.width])
        graph = helper.make_graph(self.nodes, "bert", inputs, [output], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def write_tokens(path, sequence, samples=2):
    random = np.random.RandomState(2)
    whole = np.ones((samples, sequence), np.int64)
    np.savez(path, input_ids=random.randint(0, VOCABULARY, whole.shape).astype(np.int64), attention_mask=whole,
             token_type_ids=0 * whole, position_ids=whole * np.arange(sequence))


def main(output, layers="12", width="768", sequence=None, tokens=None):
    fixed = int(sequence) if sequence else "sequence"
    onnx.save(Encoder(int(layers), int(width), fixed).model(), output)
    if tokens:
        write_tokens(tokens, fixed)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4, 6):
        sys.exit(__doc__)
    main(*sys.argv[1:])
