#!/usr/bin/python3
"""workers.py BINARY MODEL.onnx FOLDER [KILLS]

Kills a slice's worker (SIGKILL) in the middle of load, KILLS times, each time at another moment, while the service goes
on. At the end:
  - each answer that a client got has exactly one usage record with its price, and there is no other record: nothing that
    was not delivered was billed;
  - nothing stays held but what the lease holds;
  - the endpoint served again after each kill, by itself; the seconds until it did are printed.
Prints a line for every tenth kill and the counts; exit code 1 if one of the above doesn't hold.
"""

import decimal
import http.client
import os
import random
import shutil
import signal
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from books import records_of  # noqa: E402
from drills import DEPOSIT, set_up  # noqa: E402
from service import Refused, Service  # noqa: E402

CLIENTS = 4
# A request that runs long enough to be hit: so many images of the model's size.
BATCH, SIDE = 64, 32


class Load:
    """Clients that send request after request and remember what was answered, and when."""

    def __init__(self, service, key):
        header = b'{"inputs":[{"name":"input","datatype":"FP32","shape":[%d,3,%d,%d],' % (BATCH, SIDE, SIDE)
        size = BATCH * 3 * SIDE * SIDE * 4
        self.header = header + b'"parameters":{"binary_data_size":%d}}]}' % size
        self.body = self.header + bytes(size)
        self.service, self.key, self.running = service, key, True
        self.lock = threading.Lock()
        self.answered, self.cut = {}, 0  # request id: price; requests that ended with their worker
        self.last = 0.0                  # when the latest answer came
        self.threads = [threading.Thread(target=self.client) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self):
        connection = self.service.connection(timeout=30)
        while self.running:
            request_id = "rq-" + uuid.uuid4().hex
            began = time.monotonic()
            try:
                answer = self.service.json("POST", "/v2/models/tiny/infer", self.body, self.key, connection=connection,
                                           headers={"Idempotency-Key": request_id, "Inference-Header-Content-Length":
                                                    str(len(self.header)), "Content-Type": "application/octet-stream"})
                with self.lock:
                    self.answered[request_id] = decimal.Decimal(answer["parameters"]["price"])
                    self.last = max(self.last, began)
            except Refused as refusal:
                if refusal.status not in (429, 503):
                    raise
                with self.lock:
                    self.cut += "before the answer; nothing was charged" in str(refusal)
                time.sleep(0.001)
            except http.client.HTTPException:
                connection = self.service.connection(timeout=30)

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join()


def workers_of(service):
    """The process ids of the service's workers."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == service.process.pid and fields[0] != "Z":
            found.append(int(name))
    return found


def kill_one(service, load):
    """Kills a worker; the seconds until a request that was sent after that was answered."""
    worker = workers_of(service)[0]
    os.kill(worker, signal.SIGKILL)
    killed = time.monotonic()
    while load.last < killed:
        if time.monotonic() - killed > 60:
            sys.exit("the endpoint did not serve again within a minute")
        time.sleep(0.001)
    return time.monotonic() - killed


def check(service, key, load):
    """What doesn't hold, a line each."""
    records = [record for record in records_of(service, key) if record["kind"] == "work"]
    work = {record["request"]: decimal.Decimal(record["price_nano"]).scaleb(-9)
            for record in records if "status" not in record}
    failed = [record for record in records if "status" in record]
    paid = [record for record in failed if record["price_nano"] != 0 or record["cycles"] != 0]
    balance = service.json("GET", "/api/v1/balance", key=key)
    undelivered = [name for name in work if name not in load.answered]
    uncharged = [name for name in load.answered if name not in work]
    other = [name for name, price in work.items() if load.answered.get(name, price) != price]
    lost = decimal.Decimal(balance["balance"]) + decimal.Decimal(balance["spent"]) - decimal.Decimal(DEPOSIT)
    print(f"answers {len(load.answered)}, requests that a kill cut off {load.cut}, "
          f"records {len(work)} of answers and {len(failed)} of failures")
    print(f"billed for undelivered {len(undelivered)}, answers without a charge {len(uncharged)}, other price {len(other)}")
    print(f"balance + spent - deposits {lost:f}, held {balance['held']}")
    return [name for name, bad in [
        ("something was billed that was not delivered", undelivered), ("a failure was charged", paid),
        ("a request that was cut off has no record", len(failed) < load.cut), ("an answer has no charge", uncharged),
        ("a record has another price than the answer", other), ("money was lost or made", lost != 0),
        ("no kill hit a request", load.cut == 0)] if bad]


def main(binary, model, folder, kills="100"):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"))
    service.start()
    key, lease = set_up(service, model)
    held_before = decimal.Decimal(service.json("GET", "/api/v1/balance", key=key)["held"])
    load, moments, seconds = Load(service, key), random.Random(1), []
    for kill in range(int(kills)):
        time.sleep(moments.uniform(0.02, 0.3))
        seconds.append(kill_one(service, load))
        if (kill + 1) % 10 == 0:
            print(f"kill {kill + 1}: {len(load.answered)} answers so far, served again after {seconds[-1]:.3f} s", flush=True)
    load.stop()
    bad = check(service, key, load)
    held = decimal.Decimal(service.json("GET", "/api/v1/balance", key=key)["held"])
    if held != held_before:
        bad.append(f"{held - held_before} stays held")
    seconds.sort()
    print(f"seconds until served again: median {seconds[len(seconds) // 2]:.3f}, "
          f"99 of 100 {seconds[(len(seconds) * 99 + 99) // 100 - 1]:.3f}, most {seconds[-1]:.3f}")
    service.json("DELETE", f"/api/v1/leases/{lease}", key=key)
    workers = workers_of(service)
    service.stop()
    if workers:
        bad.append("a worker is left after its lease")
    for what in bad:
        print("FAILED:", what)
    sys.exit(1 if bad or not load.answered else 0)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
