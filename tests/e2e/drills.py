#!/usr/bin/python3
"""drills.py BINARY MODEL.onnx FOLDER [KILLS] [postgres]

Kills the service (SIGKILL) in the middle of load, KILLS times, each time at another moment, and starts it again on the
same data. At the end nothing may be missing and nothing there twice:
  - each answer that a client got has exactly one usage record, and the price that the answer said;
  - a request that was sent again under the same name after a crash was charged once;
  - balance + held + spent = what was paid in, and spent = the sum of the records;
  - the invoice is verified from its records.
With `postgres` the store is in a PostgreSQL server that this starts and removes.
Prints a line for each kill and the counts; exit code 1 if one of the above does not hold.
"""

import collections
import decimal
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from postgres import Postgres  # noqa: E402
from service import Refused, Service  # noqa: E402

CLIENTS = 4
DEPOSIT = "1000"


class Load:
    """Clients that send request after request and remember what was answered."""

    def __init__(self, service, key, body):
        self.service, self.key, self.body = service, key, body
        self.lock = threading.Lock()
        self.answered = {}  # request id: price
        self.twice = 0      # answers to a request that was sent again
        self.running = True
        self.up = threading.Event()
        self.threads = [threading.Thread(target=self.client) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self):
        connection, again = None, None
        while self.running:
            if not self.up.wait(0.1):
                continue
            request_id = again or "rq-" + uuid.uuid4().hex
            try:
                connection = connection or self.service.connection(timeout=30)
                answer = self.service.json("POST", "/v2/models/tiny/infer", self.body, self.key, connection=connection,
                                           headers={"Idempotency-Key": request_id})
                with self.lock:
                    self.answered[request_id] = decimal.Decimal(answer["parameters"]["price"])
                    self.twice += again is not None
                again = None
            except Refused as refusal:  # starting, still running from before: the same again, a moment later
                if refusal.status not in (404, 409, 429, 503):
                    raise
                again = request_id
                time.sleep(0.002)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                connection, again = None, request_id  # the service died: nobody knows whether it was charged

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join()


def set_up(service, model):
    operator = service.operator_key()
    tenant = service.json("POST", "/api/v1/tenants", {"name": "drill"}, operator)["id"]
    service.json("POST", f"/api/v1/tenants/{tenant}/deposits", {"amount": DEPOSIT}, operator)
    key = service.json("POST", f"/api/v1/tenants/{tenant}/keys", {"name": "all", "scopes": "infer,deploy,billing"},
                       operator)["secret"]
    with open(model, "rb") as file:
        digest = service.json("POST", "/api/v1/models?name=tiny", file.read(), key,
                              headers={"Content-Type": "application/octet-stream"})["id"]
    lease = service.json("POST", "/api/v1/leases", {"offer": "host.1.on_demand", "seconds_max": 86400}, key)["id"]
    service.json("POST", "/api/v1/endpoints", {"name": "tiny", "model": digest, "lease": lease, "wait": True}, key)
    return key, lease


def records_of(service, key):
    records, after = [], 0
    while True:
        page = service.request("GET", f"/api/v1/usage?after={after}&limit=1000", key=key,
                               headers={"Accept": "application/jsonl"})
        lines = [json.loads(line) for line in page.decode().splitlines() if line]
        if not lines:
            return records
        records += lines
        after = lines[-1]["sequence"]


def money(text):
    return decimal.Decimal(text)


def check(service, key, load):
    """What doesn't hold, a line each."""
    work = [record for record in records_of(service, key) if record["kind"] == "work" and "status" not in record]
    by_request = collections.Counter(record["request"] for record in work)
    prices = {record["request"]: decimal.Decimal(record["price_nano"]).scaleb(-9) for record in work}
    balance = service.json("GET", "/api/v1/balance", key=key)
    missing = [name for name in load.answered if name not in by_request]
    doubled = [name for name, count in by_request.items() if count != 1]
    other = [name for name, price in load.answered.items() if name in prices and prices[name] != price]
    total = money(balance["balance"]) + money(balance["spent"])
    difference = money(balance["spent"]) - sum(prices.values())
    print(f"answers {len(load.answered)}, sent again after a crash {load.twice}, records {len(work)}")
    print(f"answers without a charge {len(missing)}, charged twice {len(doubled)}, other price {len(other)}")
    print(f"balance + spent - deposits {total - money(DEPOSIT)}, spent - sum of records {difference}")
    return [name for name, bad in [
        ("an answer has no charge", missing), ("a request was charged twice", doubled),
        ("a record has another price than the answer", other), ("money was lost or made", total != money(DEPOSIT)),
        ("the ledger is not the sum of the records", difference != 0)] if bad]


def verify(service, binary, key, lease, folder):
    service.json("DELETE", f"/api/v1/leases/{lease}", key=key)
    invoice = service.json("POST", "/api/v1/invoices", {}, key)["id"]
    for name, path, accept in [("invoice.json", invoice, "application/json"),
                               ("records.jsonl", f"{invoice}/records", "application/jsonl")]:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(service.request("GET", f"/api/v1/invoices/{path}", key=key, headers={"Accept": accept}))
    done = subprocess.run([binary, "verify", os.path.join(folder, "invoice.json"), "--records",
                           os.path.join(folder, "records.jsonl")], capture_output=True, text=True, check=False)
    print((done.stdout or done.stderr).strip())
    return [] if done.returncode == 0 else ["the invoice is not verified"]


def main(binary, model, folder, kills="100", store="sqlite"):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"),
                      store=Postgres().url if store == "postgres" else None)
    moments = random.Random(1)
    service.start()
    key, lease = set_up(service, model)
    body = {"inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 3, 32, 32], "data": [0.5] * (3 * 32 * 32)}]}
    load = Load(service, key, body)
    for kill in range(int(kills)):
        load.up.set()
        time.sleep(moments.uniform(0.05, 0.6))
        load.up.clear()
        service.kill()
        seconds = service.start()
        if (kill + 1) % 10 == 0:
            print(f"kill {kill + 1}: {len(load.answered)} answers so far, ready again after {seconds:.2f} s", flush=True)
    load.up.set()
    time.sleep(1)
    load.stop()
    bad = check(service, key, load) + verify(service, binary, key, lease, folder)
    service.stop()
    for what in bad:
        print("FAILED:", what)
    sys.exit(1 if bad or not load.answered else 0)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5, 6) or sys.argv[5:] not in ([], ["sqlite"], ["postgres"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
