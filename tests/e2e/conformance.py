#!/usr/bin/python3
"""conformance.py BINARY [DATA_FOLDER] [NAME_PART]

Runs ONNX's own test models (Debian's libonnx-testdata) through `chengying run` in fp32 and compares with their golden
outputs. A model may be refused (exit codes of "unsupported" and "invalid argument": we take a closed set of operators);
an answer that is given must be right. Exit code 1 for a wrong answer, a crash, or too few right ones.
"""

import collections
import glob
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import numpy_helper

DATA = "/usr/share/libonnx-testdata/data"
REFUSALS = (3, 10)  # docs/adr/0001-errors.md
RELATIVE, ABSOLUTE = 1e-3, 1e-6  # those of ONNX's own runner, which asks for 1e-3 and 1e-7
BFLOAT16_STEP = 2**-7  # ONNX's generator cut bfloat16 off; we round to the nearest, as ONNX itself says
RIGHT_AT_LEAST = 250


def tensor(path):
    message = onnx.TensorProto()
    with open(path, "rb") as file:
        message.ParseFromString(file.read())
    return message


def inputs_of(model, folder):
    """--input arguments; the data files have the order of the model's inputs."""
    constants = {initializer.name for initializer in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in constants]
    for index, name in enumerate(names):
        path = os.path.join(folder, f"input_{index}.pb")
        if not os.path.exists(path):
            return None
        yield from ("--input", f"{name}={path}")


def is_bfloat16(value):
    return value.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16


def golden_of(path, value):
    """The golden tensor; ONNX's generator wrote bfloat16 as the upper halves of floats, and called them uint16."""
    golden = numpy_helper.to_array(tensor(path))
    if is_bfloat16(value) and golden.dtype == np.uint16:
        return (golden.astype(np.uint32) << 16).view(np.float32)
    return golden


def compare(model, folder, outputs_path):
    """What is wrong, or None."""
    outputs = np.load(outputs_path)
    for index, value in enumerate(model.graph.output):
        path = os.path.join(folder, f"output_{index}.pb")
        if not os.path.exists(path):
            continue
        golden, found = golden_of(path, value), outputs[value.name]
        if golden.shape != found.shape:
            return f"shape {found.shape}, expected {golden.shape}"
        relative = BFLOAT16_STEP if is_bfloat16(value) else RELATIVE
        if not np.allclose(golden.astype(np.float64), found.astype(np.float64), relative, ABSOLUTE, equal_nan=True):
            return f"values differ by up to {np.max(np.abs(golden.astype(np.float64) - found.astype(np.float64)))}"
    return None


def with_constants(model, folder):
    """The model with all inputs but the first as constants: many tests give weights, axes and sizes as inputs."""
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    for index, value in enumerate(inputs[1:], start=1):
        constant = tensor(os.path.join(folder, f"input_{index}.pb"))
        constant.name = value.name
        model.graph.initializer.append(constant)
        model.graph.input.remove(value)
    return model


def run_model(binary, model, path, folder, output):
    arguments = list(inputs_of(model, folder))
    return subprocess.run([binary, "run", path, "--cores", "1", "--output", output, *arguments],
                          capture_output=True, text=True, check=False)


def run(binary, path, scratch):
    """(outcome, detail) of one model, as it is or, if that is refused, with constants."""
    folder = os.path.join(os.path.dirname(path), "test_data_set_0")
    model = onnx.load(path)
    base = os.path.join(scratch, os.path.basename(os.path.dirname(path)))
    done = run_model(binary, model, path, folder, base + ".npz")
    if done.returncode in REFUSALS and os.path.exists(os.path.join(folder, "input_1.pb")):
        onnx.save(with_constants(model, folder), base + ".onnx")
        done = run_model(binary, model, base + ".onnx", folder, base + ".npz")
    if done.returncode == 0:
        wrong = compare(model, folder, base + ".npz")
        return ("wrong", wrong) if wrong else ("right", "")
    return ("refused" if done.returncode in REFUSALS else "crashed",
            f"exit code {done.returncode}: {done.stderr.strip()[-300:]}")


def main(binary, data=DATA, part=""):
    models = sorted(path for path in glob.glob(data + "/*/*/model.onnx") if part in path)
    counts, shown = collections.Counter(), []
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (outcome, detail) in zip(models, pool.map(lambda path: run(binary, path, scratch), models)):
            name = os.path.relpath(os.path.dirname(path), data)
            counts[outcome] += 1
            if outcome in ("wrong", "crashed") or part:
                shown.append(f"{outcome}: {name}: {detail}")
    print("\n".join(shown))
    print(f"{len(models)} models: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    few = not part and counts["right"] < RIGHT_AT_LEAST
    sys.exit(1 if counts["wrong"] or counts["crashed"] or few else 0)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
