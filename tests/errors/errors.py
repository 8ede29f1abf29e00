#!/usr/bin/python3
"""errors.py BINARY FOLDER CHIPS

What a user is told who gives something wrong: every row below is one mistake, made from outside (a file for the command
line, a request for the service), with the exact words and the exit code or HTTP status of the answer. A full disk is in
tests/drills/disk_full_test.cc.
"""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from service import Refused, Service  # noqa: E402

INVALID, NOT_FOUND, TOO_LARGE, UNSUPPORTED, DATA_LOSS = 3, 6, 9, 10, 14  # docs/adr/0001-errors.md
MODEL_BYTES_MAX = 2**31 - 1


def model(op="Relu", nodes=None, initializers=()):
    """y = op(x), x of ?x4 floats."""
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in "xy"]
    graph = helper.make_graph(nodes or [helper.make_node(op, ["x"], ["y"], name="it")], "g", ports[:1], ports[1:],
                              list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def external_model(location):
    tensor = numpy_helper.from_array(np.ones((1, 4), np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return model(nodes=[helper.make_node("Add", ["x", "w"], ["y"], name="it")], initializers=[tensor])


def write_files():
    """The wrong files, in the current folder."""
    os.makedirs("models")
    for name, content in {"good": model(), "unknown_operator": model("Fly"), "outside": external_model("../secret.bin"),
                          "link": external_model("link.bin")}.items():
        onnx.save(content, f"models/{name}.onnx")
    with open("secret.bin", "wb") as file:
        file.write(b"\0" * 16)
    os.symlink("../secret.bin", "models/link.bin")
    with open("models/good.onnx", "rb") as file:
        good = file.read()
    with open("models/truncated.onnx", "wb") as file:
        file.write(good[:-7])
    with open("models/oversized.onnx", "wb") as file:
        file.truncate(MODEL_BYTES_MAX + 1)  # a hole
    np.save("x.npy", np.ones((1, 4), np.float32))
    np.save("wide.npy", np.ones((1, 5), np.float32))
    np.save("whole.npy", np.ones((1, 4), np.int64))
    with open("x.npy", "rb") as file:
        whole = file.read()
    with open("short.npy", "wb") as file:
        file.write(whole[:-3])
    np.savez("uneven.npz", x=np.ones((2, 4), np.float32), z=np.ones((3, 4), np.float32))
    np.savez("three.npz", x=np.ones((3, 4), np.float32))
    np.savez("none.npz", x=np.ones((0, 4), np.float32))
    os.makedirs("empty")
    for name, text in (("words.txt", "a line of words\n"), ("two_labels.txt", "1\n2\n"), ("named.txt", "cat 1\n"),
                       ("high.txt", "1\n4\n2\n"), ("no_number.txt", "1\ntwo\n3\n")):
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    with open("bad.json", "w", encoding="utf-8") as file:
        file.write('{"crop": 224,')


def write_chips(chips):
    """Specs of a chip with one number missing, or impossible; where in the files that is."""
    with open(os.path.join(chips, "hanguang800.toml"), encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    cores = next(i for i, line in enumerate(lines) if line.startswith("cores"))
    lanes = next(i for i, line in enumerate(lines) if line.startswith("u8_lanes"))
    section = max(i for i, line in enumerate(lines[:cores]) if line.startswith("[chip]"))
    with open("missing.toml", "w", encoding="utf-8") as file:
        file.writelines(lines[:cores] + lines[cores + 1:])
    value = lines[lanes].split("value = ")[1].split(",")[0]
    lines[lanes] = lines[lanes].replace(f"value = {value}", "value = -4")
    with open("impossible.toml", "w", encoding="utf-8") as file:
        file.writelines(lines)
    return {"section": section + 1, "lanes": lanes + 1}


def signed(executable):
    """With the digest that its bytes have (docs/executable.md)."""
    return executable[:96] + hashlib.sha256(executable[:96] + executable[128:]).digest() + executable[128:]


def hostile_executables(binary):
    """Programs with 8 bytes of their block replaced by a large number, well signed: some of them are addresses."""
    subprocess.run([binary, "compile", "models/good.onnx", "--cores", "1", "--output", "good.cyx"], check=True,
                   capture_output=True)
    with open("good.cyx", "rb") as file:
        good = file.read()
    assert signed(good) == good
    block = struct.unpack_from("<Q", good, 16)[0]
    for at in range(128, 128 + block - 7, 8):
        for number in (1 << 20, 1 << 40):
            changed = bytearray(good)
            struct.pack_into("<Q", changed, at, number)
            yield signed(bytes(changed))


def run(*arguments):
    return ("run", *arguments)


def quantize(calibrate, *more):
    return ("quantize", "models/good.onnx", "--output", "q.onnx", "--calibrate", calibrate, *more)


COMMANDS = [
    ("an unknown operator", run("models/unknown_operator.onnx", "--input", "x.npy"), UNSUPPORTED,
     "1 node of the model can't be compiled:\n  'it' (Fly) on f32[1,4]: the operator is not known to this compiler"),
    ("a truncated model", run("models/truncated.onnx", "--input", "x.npy"), INVALID,
     "models/truncated.onnx: not an ONNX model, or a truncated one: its {truncated} bytes are not one whole protobuf "
     "message"),
    ("an oversized model", run("models/oversized.onnx", "--input", "x.npy"), TOO_LARGE,
     "models/oversized.onnx: the model has 2147483648 bytes; the limit is 2147483647"),
    ("external data outside of the folder", run("models/outside.onnx", "--input", "x.npy"), INVALID,
     "tensor 'w' has its data at '../secret.bin', outside of the model's folder; only files inside are read"),
    ("external data behind a link that leads outside", run("models/link.onnx", "--input", "x.npy"), INVALID,
     "tensor 'w' has its data at 'link.bin', outside of the model's folder; only files inside are read"),
    ("a wrong shape", run("models/good.onnx", "--input", "wide.npy"), INVALID,
     "input 'x' is f32[1,5]; for a batch of 1 it must be f32[1,4]"),
    ("a wrong type", run("models/good.onnx", "--input", "whole.npy"), INVALID,
     "input 'x' is i64[1,4]; for a batch of 1 it must be f32[1,4]"),
    ("a tensor that is shorter than it says", run("models/good.onnx", "--input", "short.npy"), INVALID,
     "short.npy: 13 bytes of data, but f32 [1,4] needs 16"),
    ("an input that the model lacks", run("models/good.onnx", "--input", "z=x.npy"), INVALID,
     "--input z=x.npy: no input is called 'z'; the model's are x"),
    ("no such file", run("models/none.onnx", "--input", "x.npy"), NOT_FOUND,
     "models/none.onnx: cannot open: No such file or directory"),
    ("calibration with a folder that is not there", quantize("none"), NOT_FOUND, "none: No such file or directory"),
    ("calibration with an empty folder", quantize("empty"), INVALID,
     "empty: no photographs (.jpg, .png) and no tensors (.npy, .npz, .pb) to calibrate with"),
    ("calibration with text", quantize("words.txt"), INVALID,
     "words.txt: samples are a folder of photographs (.jpg, .png) or tensors, or one .npy or .npz file"),
    ("calibration with a tensor of another shape", quantize("wide.npy"), INVALID,
     "wide.npy: input 'x' is f32[1,5]; a sample of the model is f32[?,4]"),
    ("calibration with a tensor of another type", quantize("whole.npy"), INVALID,
     "whole.npy: input 'x' is i64[1,4]; a sample of the model is f32[?,4]"),
    ("calibration with two tensors for one input", quantize("uneven.npz"), INVALID,
     "uneven.npz: two tensors for input 'x'"),
    ("calibration without a sample", quantize("none.npz"), INVALID, "none.npz: 'x' has no samples"),
    ("calibration with a tensor that is shorter than it says", quantize("short.npy"), INVALID,
     "short.npy: 13 bytes of data, but f32 [1,4] needs 16"),
    ("fewer labels than samples", quantize("three.npz", "--labels", "two_labels.txt"), INVALID,
     "two_labels.txt: 2 labels for 3 samples; one is wanted for each, in the order of their names, or lines NAME CLASS"),
    ("labels of other samples", quantize("three.npz", "--labels", "named.txt"), INVALID,
     "named.txt: no label for sample '0'"),
    ("a label that is no number", quantize("three.npz", "--labels", "no_number.txt"), INVALID,
     'no_number.txt:2: "two" is not the number of a class; a line is CLASS or NAME CLASS'),
    ("a label beyond the classes", quantize("three.npz", "--labels", "high.txt"), INVALID,
     "the label of sample '1' is 4; the model's classes are 0 to 3"),
    ("layers to keep, and nothing measured", quantize("three.npz", "--keep", "2", "--compare", "0"), INVALID,
     "--compare 0 measures nothing, and --keep and --target-snr go by what is measured"),
    ("an amount that is none", ("tenant", "create", "bob", "--deposit", "ten", "--data", "d"), INVALID,
     '--deposit: "ten" is not an amount: write units with at most nine places, as in 12.5 or 0.000000012'),
    ("an amount below nothing", ("tenant", "create", "bob", "--deposit", "-5", "--data", "d"), INVALID,
     "--deposit: -5 is not above 0"),
    ("an unknown chip", run("models/good.onnx", "--input", "x.npy", "--chip", "tpu"), NOT_FOUND,
     "no chip is called 'tpu'; there are: {chips}; or give the path of a spec (.toml)"),
    ("a chip with a number missing", ("chips", "show", "missing.toml"), INVALID,
     "missing.toml:{section}: chip.cores: missing; cores needs a value in cores, for example "
     '{{ value = 1, unit = "cores", kind = "measured", source = "how" }}'),
    ("a chip with an impossible number", ("chips", "show", "impossible.toml"), INVALID,
     "impossible.toml:{lanes}: vector.u8_lanes: value is -4 elements/cycle; allowed: 0 to 1048576"),
]


def command(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=False, timeout=60)


def check_commands(binary, values):
    for name, arguments, code, words in COMMANDS:
        done = command(binary, *arguments)
        expected = f"chengying: {words.format(**values)}\n"
        assert (done.returncode, done.stderr, done.stdout) == (code, expected, ""), (
            f"{name}: chengying {' '.join(arguments)}\nexit code {done.returncode}, expected {code}\n"
            f"{done.stderr}expected\n{expected}")


def check_hostile(binary):
    """None crashes, each is refused or runs; and those that reach outside are told so. Returns one of these."""
    def outcome(indexed):
        index, executable = indexed
        path = f"hostile_{index}.cyx"
        with open(path, "wb") as file:
            file.write(executable)
        done = command(binary, "run", path, "--input", "x.npy")
        assert done.returncode in (0, INVALID, NOT_FOUND, TOO_LARGE, UNSUPPORTED, DATA_LOSS), (path, done)
        return path, done

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(outcome, enumerate(hostile_executables(binary))))
    outside = [(path, done) for path, done in outcomes if "outside of the" in done.stderr]
    assert outside, "no changed number was an address"
    for path, done in outside:
        assert done.returncode == INVALID and "instruction " in done.stderr, (path, done)
    print(f"{len(outcomes)} programs with one number changed, {len(outside)} of them reach outside of their slice")
    return outside[0]


def infer_body(tensor, **more):
    return json.dumps({"inputs": [tensor], **more})


def binary_body(size_said, size_given):
    head = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 4],
                                   "parameters": {"binary_data_size": size_said}}]}).encode()
    return head + b"\0" * size_given, {"Inference-Header-Content-Length": str(len(head)),
                                       "Content-Type": "application/octet-stream"}


X = {"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}
AS_JSON = {"Content-Type": "application/json"}
INFER = "/v2/models/it/infer"

REQUESTS = [  # name, path, body, headers, status, words
    ("bad JSON", INFER, '{"inputs": [', AS_JSON, 400, "the body is not valid JSON: incomplete JSON"),
    ("bad JSON to the control API", "/api/v1/leases", "{'offer'}", AS_JSON, 400,
     "the body is not valid JSON: syntax error near byte 1"),
    ("a wrong shape", INFER, infer_body({**X, "shape": [1, 5], "data": [1, 2, 3, 4, 5]}), AS_JSON, 400,
     'input "x" is f32[1,5], the model takes f32[-1,4]'),
    ("data that the shape does not have", INFER, infer_body({**X, "data": [1, 2, 3]}), AS_JSON, 400,
     "inputs[0] 'x': data has 3 elements, but shape [1,4] needs 4"),
    ("a wrong type", INFER, infer_body({**X, "datatype": "INT32"}), AS_JSON, 400,
     'input "x" is i32[1,4], the model takes f32[-1,4]'),
    ("a type that there is not", INFER, infer_body({**X, "datatype": "FP7"}), AS_JSON, 400,
     "inputs[0] 'x': datatype 'FP7' is not served; BOOL, UINT8, INT8, INT16, INT32, INT64, FP16, BF16, FP32 and FP64 are"),
    ("a binary length over what came", INFER, *binary_body(16, 12), 400,
     "inputs[0] 'x': parameters.binary_data_size is 16, but only 12 bytes of the body are left"),
    ("a binary length under what came", INFER, *binary_body(12, 16), 400,
     "inputs[0] 'x': parameters.binary_data_size is 12, but shape [1,4] of FP32 has 4 elements of 4 bytes"),
    ("bytes behind the last tensor", INFER, *binary_body(16, 18), 400,
     "2 bytes are left behind the last binary tensor"),
    ("a binary length that is negative", INFER, *binary_body(-1, 16), 400,
     "inputs[0] 'x': parameters.binary_data_size must be a whole number from 0 to 9223372036854775807, not -1"),
    ("a JSON length over the body", INFER, "{}", {"Inference-Header-Content-Length": "99"}, 400,
     "Inference-Header-Content-Length is 99, but the body has only 2 bytes"),
    ("an unknown endpoint", "/v2/models/none/infer", infer_body(X), AS_JSON, 404, 'no endpoint "none"'),
    ("an unknown model", "/api/v1/endpoints", '{"name":"b","model":"sha256:00","shared_offer":"host.1.shared"}', AS_JSON,
     404, "no model sha256:00"),
    ("an unknown offer", "/api/v1/leases", '{"offer":"moon.1","seconds_max":60}', AS_JSON, 404, 'no offer "moon.1" in price book version 3'),
]


def refusal(service, path, body, headers, key):
    """Status and words of what must be refused."""
    try:
        answer = service.request("POST", path, body, key, headers)
    except Refused as refused:
        error = json.loads(refused.body)["error"]
        return refused.status, error["message"] if isinstance(error, dict) else error
    raise AssertionError(f"{path} was not refused: {answer}")


def check_requests(service, key):
    for name, path, body, headers, status, words in REQUESTS:
        found = refusal(service, path, body, headers, key)
        assert found == (status, words), f"{name}: {found}, expected {(status, words)}"


def check_keys_and_money(service, digest):
    ask = (INFER, infer_body(X), AS_JSON)
    for key in ("chg_" + "0" * 48, "nonsense"):
        assert refusal(service, *ask, key) == (401, 'no valid key: send one as "Authorization: Bearer chg_..."'), key
    poor = service.cli("tenant", "create", "poor", "--with-key", "--data", service.data)["key"]["secret"]
    lease = '{"offer":"host.1.on_demand","seconds_max":3600}'
    assert refusal(service, "/api/v1/leases", lease, AS_JSON, poor) == (
        402, "this needs 0.040000000 and 0.000000000 is available: deposit the difference")
    # What belongs to somebody else looks like what is not there.
    body = json.dumps({"name": "b", "model": digest, "shared_offer": "host.1.shared"})
    assert refusal(service, "/api/v1/endpoints", body, AS_JSON, poor) == (404, f"no model {digest}")


def check_queue(service, key, digest):
    """A slice whose one place is taken by a request that waits for others to share its batch."""
    service.cli("endpoint", "create", "two", "--model", digest, "--shared", "host.1.shared", "--batch", "1,8", key=key)
    path = "/v2/models/two/infer"
    with ThreadPoolExecutor(6) as pool:
        def one(_):
            try:
                service.request("POST", path, infer_body(X), key, AS_JSON)
                return None
            except Refused as refused:
                return refused.status, json.loads(refused.body)["error"]
        outcomes = list(pool.map(one, range(6)))
    assert set(outcomes) == {None, (429, "the slice's queue is full; try again later")}, outcomes


def main(binary, folder, chips):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.chdir(folder)
    write_files()
    names = ", ".join(sorted(name[:-5] for name in os.listdir(chips) if name.endswith(".toml")))
    check_commands(binary, {"truncated": os.path.getsize("models/truncated.onnx"), "chips": names, **write_chips(chips)})
    path, told = check_hostile(binary)

    service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"))
    service.start(arguments=["--queue", "1", "--batch-delay-us", "1000000"])
    key = service.cli("tenant", "create", "acme", "--deposit", "1", "--with-key", "--data", service.data)["key"]["secret"]
    digest = service.cli("model", "upload", "models/good.onnx", key=key)["id"]
    service.cli("endpoint", "create", "it", "--model", digest, "--shared", "host.1.shared", key=key)
    check_requests(service, key)
    check_keys_and_money(service, digest)
    check_queue(service, key, digest)
    # The hostile program is refused in the same words, and the service lives on.
    hostile = service.cli("model", "upload", path, key=key)["id"]
    refused = service.cli("endpoint", "create", "hostile", "--model", hostile, "--shared", "host.1.shared", key=key,
                          expect=UNSUPPORTED)
    assert refused == told.stderr.replace("chengying: ", "chengying: endpoint 'hostile' has failed: ", 1), refused
    service.cli("infer", "it", "--input", "x.npy", key=key)
    assert service.stop() == 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
