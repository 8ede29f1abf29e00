#!/usr/bin/python3
"""metering.py BINARY MODEL.onnx SIZE FOLDER [RATE] [SECONDS]

What a request's metering costs: requests with one image of SIZE x SIZE at RATE a second (1,000; 0: one after another) for
SECONDS (20) over HTTP, each with its hold, its usage record and its charge, durable before its answer. All of that is
done on one thread of the service, `store` (which hands the inputs to the slice, too); its processor time and that of all
threads of the service and its workers are the kernel's figures (/proc/PID/task/*/schedstat). Prints both for a request, and
how many requests shared a commit.
"""

import asyncio
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))
from service import Service  # noqa: E402

CONNECTIONS = 64


def request_of(service, key, size):
    """The bytes of one, its tensor as binary data."""
    signature = service.json("GET", "/v2/models/m", key=key)["inputs"][0]
    tensor = bytes(4 * 3 * size * size)
    head = json.dumps({"inputs": [{"name": signature["name"], "datatype": "FP32", "shape": [1, 3, size, size],
                                   "parameters": {"binary_data_size": len(tensor)}}],
                       "parameters": {"binary_data_output": True}}).encode()
    return (f"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/octet-stream\r\nInference-Header-Content-Length: {len(head)}\r\n"
            f"Content-Length: {len(head) + len(tensor)}\r\n\r\n").encode() + head + tensor


def workers(pid):
    """The processes that a service's slices are."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        own = file.read().split()
    for task in os.listdir(f"/proc/{pid}/task"):
        if task != str(pid):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                own += file.read().split()
    return own


def nanoseconds(service):
    """Processor time of the store's thread, and of all threads of the service and its workers."""
    store, total = 0, 0
    for process in [service.process.pid, *workers(service.process.pid)]:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/comm", encoding="ascii") as file:
                name = file.read().strip()
            with open(f"/proc/{process}/task/{task}/schedstat", encoding="ascii") as file:
                spent = int(file.read().split()[0])
            total += spent
            store += spent if name == "store" else 0
    return store, total


def commits(service):
    for line in service.request("GET", "/metrics", key=service.operator_key()).decode().splitlines():
        if line.startswith("chengying_commits_total"):
            return int(float(line.split()[-1]))
    raise RuntimeError("the metrics name no commits")


async def load(service, request, rate, seconds):
    """How many were answered."""
    begin, answered, number = time.monotonic(), 0, 0

    async def client():
        nonlocal answered, number
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        while True:
            due = begin + number / rate if rate else time.monotonic()
            number += 1
            if due > begin + seconds:
                break
            wait = due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = head.lower().split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            answered += 1
        writer.close()

    await asyncio.gather(*[client() for _ in range(CONNECTIONS if rate else 1)])
    return answered, time.monotonic() - begin


def main(binary, model, size, folder, rate=1000, seconds=20):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"))
    service.start()
    key, _ = service.rent(model, "m", tenant="bench", deposit="100", offer="host.2.on_demand", seconds=3600)
    request = request_of(service, key, int(size))
    asyncio.run(load(service, request, int(rate), 2))
    before, commits_before = nanoseconds(service), commits(service)
    answered, took = asyncio.run(load(service, request, int(rate), float(seconds)))
    after, commits_after = nanoseconds(service), commits(service)
    service.stop()
    store, total = ((after[i] - before[i]) / 1000 / answered for i in (0, 1))
    print(f"{answered / took:.0f} requests a second, {answered / (commits_after - commits_before):.1f} to a commit: "
          f"metering {store:.0f} us of processor time each, of {total:.0f} us in all: {100 * store / total:.1f} %")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
