#!/usr/bin/python3
"""drills.py BINARY MODEL.onnx FOLDER [KILLS] [postgres]

Kills the service (SIGKILL) in the middle of load, KILLS times, each time at another moment, and starts it again on the
same data. A third of all requests are sent a second time (load.py). After each kill nothing may be missing and nothing
there twice:
  - each answer that a client got has exactly one usage record, and the price that the answer said;
  - a second answer is the first one byte for byte, and was not charged; an id with another body is refused;
  - balance + spent = what was paid in, spent = the sum of the records, the ledger's entries add up to 0;
  - nothing is held for a request that nobody waits for.
At the end the invoice is verified from its records. With `postgres` the store is in a PostgreSQL server that this starts
and removes. CHENGYING_DRILL_SEED: other moments (1). Prints a line for every tenth kill and the counts; exit code 1 if one
of the above does not hold.
"""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from books import Books  # noqa: E402
from load import Load  # noqa: E402
from postgres import Postgres  # noqa: E402
from service import Service  # noqa: E402

DEPOSIT = "1000"
UNAVAILABLE = 12  # docs/adr/0001-errors.md: its store's server didn't let the service start
SUPERVISOR_TRIES = 10


def set_up(service, model):
    return service.rent(model, "tiny", tenant="drill", deposit=DEPOSIT, offer="host.1.on_demand", seconds=86400)


def sql_of_file(path):
    def sql(query):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            return list(database.execute(query).fetchone())
    return sql


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


def started_again(service, left):
    """As a supervisor does, which starts it anew if its store could not be reached. Returns the seconds that it took."""
    begin = time.monotonic()
    while True:
        try:
            service.start(timeout=300)
            return time.monotonic() - begin
        except RuntimeError:
            left[0] -= 1
            if service.process.poll() != UNAVAILABLE or left[0] < 0:
                raise


def main(binary, model, folder, kills="100", store="sqlite"):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    server = Postgres() if store == "postgres" else None
    service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"),
                      store=server.url if server else None)
    moments, seconds, left = random.Random(int(os.environ.get("CHENGYING_DRILL_SEED", "1"))), [], [SUPERVISOR_TRIES]
    service.start()
    key, lease = set_up(service, model)
    load = Load(service, key)
    books = Books(service, key, DEPOSIT, server.sql if server else sql_of_file(os.path.join(service.data, "store.sqlite")))
    for kill in range(int(kills)):
        load.up.set()
        time.sleep(moments.uniform(0.05, 0.5))
        service.process.kill()
        load.pause()
        service.process.wait()
        load.wait_until_idle()
        seconds.append(started_again(service, left))
        load.life += 1
        books.check(load)
        if (kill + 1) % 10 == 0 or load.wrong:
            print(f"kill {kill + 1}: {len(load.told)} answers so far, ready again after {seconds[-1]:.2f} s", flush=True)
        if load.wrong:
            break
    load.up.set()
    load.wait_for_an_answer(time.monotonic())
    time.sleep(1)
    load.stop()
    books.check(load)
    print(f"{len(seconds)} kills on {store}; {SUPERVISOR_TRIES - left[0]} starts that its server cut off")
    books.report(load)
    seconds.sort()
    print(f"seconds until ready again: median {seconds[len(seconds) // 2]:.2f}, most {seconds[-1]:.2f}")
    bad = load.wrong + verify(service, binary, key, lease, folder)
    service.stop()
    for what in bad[:20]:
        print("FAILED:", what)
    sys.exit(1 if bad or not load.told else 0)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5, 6) or sys.argv[5:] not in ([], ["sqlite"], ["postgres"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
