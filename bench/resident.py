#!/usr/bin/python3
"""resident.py BINARY MODEL.onnx...

What a loaded model costs in resident memory: the peak of `chengying run` with it, less that with a tiny model, beside what it
cannot do without: its file, its activations, its inputs and outputs. One core of `host`, batch 1; sequences of 128.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts", "models")
SIZES = {"batch": 1, "sequence": 128}
MIB = 1 << 20


# In an interpreter of its own, as small as possible: the system counts what a child had before it became the program.
PEAK = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"""


def peak_bytes(command):
    return int(subprocess.run([sys.executable, "-S", "-c", PEAK, *command], check=True, stdout=subprocess.PIPE).stdout)


def inputs_of(model, folder):
    """Any values: flags for files of ones, and sizes for what the model leaves open."""
    inputs, dimensions = [], set()
    for each in onnx.load(model).graph.input:
        tensor = each.type.tensor_type
        names = [size.dim_param for size in tensor.shape.dim]
        shape = [SIZES.get(name, 1) if name else size.dim_value for name, size in zip(names, tensor.shape.dim)]
        path = os.path.join(folder, f"{len(inputs)}.npy")
        np.save(path, np.ones(shape, onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[tensor.elem_type]))
        inputs += ["--input", f"{each.name}={path}"]
        dimensions |= {f"{name}={SIZES[name]}" for name in names[1:] if name in SIZES}
    return inputs, [flag for each in sorted(dimensions) for flag in ("--dimension", each)]


def measure(binary, model, folder):
    """The run's peak, the file, and what it works on besides, in bytes."""
    inputs, dimensions = inputs_of(model, folder)
    file = os.path.join(folder, "model.cyx")
    report = subprocess.run([binary, "compile", model, "--chip", "host", "--cores", "1", "--batch", "1", "-o", file,
                             "--json", *dimensions], check=True, stdout=subprocess.PIPE)
    works_on = sum(row["bytes"] for row in json.loads(report.stdout)["memory"] if row["for"] != "constants")
    peak = peak_bytes([binary, "run", file, "--threads", "1", "--output", os.path.join(folder, "out.npz"), *inputs])
    return peak, os.path.getsize(file), works_on


def main(binary, *models):
    with tempfile.TemporaryDirectory() as folder:
        tiny = os.path.join(folder, "tiny.onnx")
        subprocess.run([sys.executable, os.path.join(SCRIPTS, "random_weights.py"), "tiny", tiny], check=True)
        least, tiny_file, tiny_works_on = measure(binary, tiny, folder)
        print(f"{'model':24} {'file':>9} {'works on':>9} {'resident':>9} {'ratio':>6}   (MiB; the process {least / MIB:.1f})")
        for model in models:
            peak, file, works_on = measure(binary, model, folder)
            resident = peak - least + tiny_file + tiny_works_on
            print(f"{os.path.basename(model):24} {file / MIB:9.2f} {works_on / MIB:9.2f} {resident / MIB:9.2f} "
                  f"{resident / (file + works_on):6.2f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
