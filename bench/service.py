#!/usr/bin/python3
"""service.py BINARY INT8_MODEL.onnx PHOTO.jpg FOLDER

What the service costs: time from its start to its first answer, resident memory with the model loaded, and the time of one
photograph over HTTP (keep-alive, one request after another). Prints a table.
"""

import json
import os
import shutil
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))
from service import Refused, Service  # noqa: E402

REQUESTS = 100


def infer(service, key, body, headers, connection):
    return service.request("POST", "/v2/models/resnet50/infer", body, key, headers=headers, connection=connection)


def first_answer(service, key, photo, begin):
    """Seconds from `begin` until a photograph is answered."""
    while True:
        try:
            infer(service, key, photo, {"Content-Type": "image/jpeg"}, None)
            return time.monotonic() - begin
        except (Refused, OSError):
            time.sleep(0.005)


def latencies(service, key, body, headers):
    connection, times = service.connection(), []
    for number in range(REQUESTS + 5):
        begin = time.perf_counter()
        infer(service, key, body, headers, connection)
        if number >= 5:
            times.append(time.perf_counter() - begin)
    return sorted(times)


def main(binary, model, photo_path, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(photo_path, "rb") as file:
        photo = file.read()
    service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"))
    service.start()
    empty = service.resident_bytes()
    key, _ = service.rent(model, "resnet50", tenant="bench", deposit="100", offer="host.2.on_demand", seconds=3600)
    as_photo = latencies(service, key, photo, {"Content-Type": "image/jpeg"})
    head = json.dumps({"inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 3, 224, 224],
                                   "parameters": {"binary_data_size": 602112}}],
                       "parameters": {"binary_data_output": True}}).encode()
    as_tensor = latencies(service, key, head + bytes(602112), {
        "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))})
    loaded = service.resident_bytes()
    service.stop()
    begin = time.monotonic()
    service.start()
    start = first_answer(service, key, photo, begin)
    after_start = service.resident_bytes()
    service.stop()

    def row(name, value):
        print(f"{name:<58}{value:>12}")

    def milliseconds(seconds):
        return f"{1000 * seconds:.1f} ms"

    row("start to the first answer, model deployed before", milliseconds(start))
    row("resident memory, nothing deployed", f"{empty / 2**20:.0f} MiB")
    row("resident memory, ResNet-50 deployed, after 210 requests", f"{loaded / 2**20:.0f} MiB")
    row("resident memory, started again, after the first answer", f"{after_start / 2**20:.0f} MiB")
    for name, times in [("a photograph (JPEG)", as_photo), ("a tensor (600 kB, binary)", as_tensor)]:
        row(f"{name} over HTTP, median of {REQUESTS}", milliseconds(statistics.median(times)))
        row(f"{name} over HTTP, 99th of 100", milliseconds(times[int(len(times) * 0.99) - 1]))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
