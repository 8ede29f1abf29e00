#!/usr/bin/python3
"""conformance.py BINARY [--data FOLDER] [--only NAME_PART] [--write FILE | --check FILE]

Runs ONNX's own test models (Debian's libonnx-testdata) through `chengying run` in fp32 and compares with their golden
outputs. A model may be refused (exit codes of "unsupported", "too large" and "invalid argument": we take a closed set of
operators); an answer that is given must be right. Exit code 1 for a wrong answer, a crash, or too few right ones.

The tests give weights, axes and sizes as inputs, which a compiler with fixed shapes must know. So each model is tried
as it is, then with all inputs but the first as constants, then with all of them: what passes only then was computed by
the compiler, not by the chip, and is counted apart.

--write: the table of operators (docs/operators.md). --check: that this file is what --write would write.
"""

import argparse
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import numpy_helper

DATA = "/usr/share/libonnx-testdata/data"
REFUSALS = (3, 9, 10)  # docs/adr/0001-errors.md
RELATIVE, ABSOLUTE = 1e-3, 1e-6  # those of ONNX's own runner, which asks for 1e-3 and 1e-7
BFLOAT16_STEP = 1 / 128  # the golden tensors of bfloat16 were cut off, the chip rounds to nearest even
RIGHT_AT_LEAST = 700
INFERENCE_SHARE = 0.8  # of the node tests of inference operators
TRAINING = re.compile(r"^(adagrad|adam|momentum|nesterov|training_dropout|sce_|nllloss_|batchnorm_\w+_training)")


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
        if os.path.exists(path):
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


def with_constants(model, folder, first):
    """The model with all inputs from `first` on as constants; None if one is no tensor of numbers."""
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    for index, value in enumerate(inputs):
        path = os.path.join(folder, f"input_{index}.pb")
        if index < first or not os.path.exists(path):
            continue
        constant = tensor(path)
        if is_bfloat16(value) or not value.type.HasField("tensor_type"):
            return None
        constant.name = value.name
        model.graph.initializer.append(constant)
        model.graph.input.remove(value)
    return model


def run_model(binary, model, path, folder, output):
    arguments = list(inputs_of(model, folder))
    return subprocess.run([binary, "run", path, "--cores", "1", "--output", output, *arguments],
                          capture_output=True, text=True, check=False)


def reason_of(stderr):
    """The compiler's first reason, without the names and shapes of this one test."""
    text = stderr.replace("chengying: ", "").strip()
    listed = re.search(r"^\s+'.*?' \(\w+\)[^:]*: (.*)$", text, re.MULTILINE)
    text = listed[1] if listed else text.splitlines()[0] if text else "no message"
    text = re.sub(r"^\S*/\S*: ", "", text)
    text = re.sub(r"^node '.*?' \((\w+)\)", "node", text)
    return re.sub(r"\s*'[^']*'", " '..'", re.sub(r"\[[-\d, ]*\]", "[..]", text))


def run(binary, path, scratch):
    """(outcome, detail) of one model: as it is or, if that is refused, with constants."""
    folder = os.path.join(os.path.dirname(path), "test_data_set_0")
    base = os.path.join(scratch, os.path.basename(os.path.dirname(path)))
    reason = None
    for first in (None, 1, 0):
        model = onnx.load(path)
        model_path = path
        if first is not None:
            if not os.path.exists(os.path.join(folder, f"input_{first}.pb")):
                continue
            model = with_constants(model, folder, first)
            if model is None:
                continue
            model_path = f"{base}.{first}.onnx"
            onnx.save(model, model_path)
        done = run_model(binary, model, model_path, folder, base + ".npz")
        if done.returncode == 0:
            wrong = compare(model, folder, base + ".npz")
            return ("wrong", wrong) if wrong else ("folded" if first == 0 else "right", "")
        if done.returncode not in REFUSALS:
            return "crashed", f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"
        if first != 0 or reason is None:
            reason = reason_of(done.stderr)
    return "refused", reason


def operator_of(path):
    """What a node test is about: its one operator; of an expansion into others, that of the test it expands."""
    base = os.path.dirname(path).removesuffix("_expanded") + "/model.onnx"
    nodes = onnx.load(base if os.path.exists(base) else path).graph.node
    operators = [node.op_type for node in nodes if node.op_type != "Constant"]
    return operators[0] if operators else "Constant"


def lines_of(rows):
    """A line for each first member of `rows`."""
    by_group = collections.defaultdict(list)
    for row in rows:
        by_group[row[0]].append(row)
    for group, tests in sorted(by_group.items()):
        counts = collections.Counter(row[2] for row in tests)
        reasons = collections.Counter(row[3] for row in tests if row[2] in ("refused", "wrong", "crashed"))
        why = "; ".join(reason.replace("|", "\\|") for reason, _ in sorted(reasons.items()))
        yield (f"| {group} | {len(tests)} | {counts['right'] or ''} | {counts['folded'] or ''} | "
               f"{counts['refused'] or ''} | {why} |")


def table(rows, others):
    """docs/operators.md from (operator, name, outcome, reason) of each node test, and (family, ...) of other models."""
    inference = [row for row in rows if not TRAINING.match(row[1])]
    passed = [row for row in inference if row[2] in ("right", "folded")]
    folded = [row for row in inference if row[2] == "folded"]
    lines = [
        "# Operators, as ONNX's own node tests find them", "",
        "Generated, and checked by the test `e2e.conformance`:",
        "`tests/e2e/conformance.py build/release/bin/chengying --write docs/operators.md`, over Debian's `libonnx-testdata`.", "",
        f"{len(rows)} node tests, {len(inference)} of them of inference (without losses, optimisers and training modes): "
        f"**{len(passed)} pass ({100 * len(passed) / max(len(inference), 1):.1f} %)**, "
        f"{len(inference) - len(passed)} are refused, "
        f"{sum(row[2] in ('wrong', 'crashed') for row in rows)} wrong.", "",
        "*pass*: the chip computes it, as fp32 on `host`, within ONNX's own tolerance; weights, axes and sizes may be",
        f"constants. *folded* ({len(folded)} tests): it passes where all inputs are known, so that the compiler computes it; a computed",
        "input is refused. *refused*: with the reason that the compiler states, nothing is computed.", "",
        "| operator | tests | pass | folded | refused | why refused |", "|---|---:|---:|---:|---:|---|"]
    lines += lines_of(rows)
    lines += ["", "## Whole models", "", "The same package's other models: exported by PyTorch (a network, or one of its operators), and written by hand.",
              "", "| models | tests | pass | folded | refused | why refused |", "|---|---:|---:|---:|---:|---|"]
    lines += lines_of(others)
    return "\n".join(lines) + "\n", len(passed) / max(len(inference), 1)


def document(arguments, rows, others):
    """Writes or checks the table; whether it is in order."""
    text, share = table(rows, others)
    if arguments.write:
        with open(arguments.write, "w", encoding="utf-8") as file:
            file.write(text)
    if arguments.check:
        with open(arguments.check, encoding="utf-8") as file:
            old = file.read()
        if old != text:
            changed = [line for line in text.splitlines() if line not in old.splitlines()]
            print(f"{arguments.check} is out of date; write it anew with --write. New lines:\n" + "\n".join(changed))
            return False
    return share >= INFERENCE_SHARE


def main(arguments):
    part = arguments.only
    models = sorted(path for path in glob.glob(arguments.data + "/*/*/model.onnx") if part in path)
    counts, shown, rows, others = collections.Counter(), [], [], []
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (outcome, detail) in zip(models, pool.map(lambda path: run(arguments.binary, path, scratch), models)):
            name = os.path.relpath(os.path.dirname(path), arguments.data)
            counts[outcome] += 1
            if outcome in ("wrong", "crashed") or part:
                shown.append(f"{outcome}: {name}: {detail}")
            if name.startswith("node/"):
                rows.append((operator_of(path), name.removeprefix("node/test_"), outcome, detail))
            else:
                others.append((name.split("/")[0], name, outcome, detail))
    print("\n".join(shown))
    print(f"{len(models)} models: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    good = not counts["wrong"] and not counts["crashed"]
    if not part:
        good = document(arguments, rows, others) and good and counts["right"] + counts["folded"] >= RIGHT_AT_LEAST
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--data", default=DATA)
    parser.add_argument("--only", default="")
    parser.add_argument("--write")
    parser.add_argument("--check")
    main(parser.parse_args())
