#!/usr/bin/python3
"""store_faults.py BINARY MODEL.onnx FOLDER [ROUNDS [DISK_ROUNDS]]

The PostgreSQL server under the service fails while load runs, ROUNDS times (20) in each way, each time at another moment:
  killed    SIGKILL of its first process; started again
  stopped   pg_ctl's fast stop; started again
  cut       the service's connection is ended by the server, in the middle of a commit
and, DISK_ROUNDS times (3) each, on a small disk of its own (root only: else these two are left out):
  full      the tables' disk runs full, the write-ahead log is on another one; has room again
  all full  the log too: the server gives up, is started again and again as a supervisor does, and stays up once there is room
The service is not touched. Meanwhile it must refuse with 503 and a reason; afterwards go on by itself; and then all of
load.py's checks must hold: a third of the requests are sent twice, nothing is lost, nothing charged twice.
Prints a line for each way; exit code 1 if one of the above does not hold.
"""

import os
import random
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from books import Books  # noqa: E402
from drills import DEPOSIT, set_up, verify  # noqa: E402
from load import Load  # noqa: E402
from postgres import Postgres  # noqa: E402
from service import Refused, Service  # noqa: E402

REASONS = ("the store can't be reached or written", "the store is full", "the store gave the transaction up",
           "the store was lost in the middle of a commit", "the hold of this request was lost with the store's last failure",
           "commands wait for the store")
MOMENTS = random.Random(1)


class Drill:
    def __init__(self, binary, model, folder, **disk):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        self.binary, self.folder, self.server = binary, folder, Postgres(**disk)
        self.service = Service(binary, os.path.join(folder, "data"), os.path.join(folder, "service.log"),
                               store=self.server.url)
        self.service.start()
        self.key, self.lease = set_up(self.service, model)
        self.load = Load(self.service, self.key)
        self.books = Books(self.service, self.key, DEPOSIT, self.server.sql)
        self.seconds, self.faults, self.probes, self.restarts, self.hits = [], 0, 0, 0, 0

    def must_be_refused(self):
        """A new request, while the store can't be written: 503, and why; and the health page says so."""
        infer = "/v2/models/tiny/infer"
        try:
            self.service.request("POST", infer, self.load.bodies[0], self.key, {"Content-Type": "application/json"})
            self.load.blame(f"{infer} was answered while the store was away")
        except Refused as refusal:
            self.probes += 1
            if refusal.status != 503 or not any(reason in refusal.body for reason in REASONS):
                self.load.blame(f"{infer} while the store was away: {refusal}")
        # On a full disk a small commit may still fit now and then, after which the page says that all is well.
        for _ in range(100):
            try:
                self.service.request("GET", "/healthz", None, self.key, {"Content-Type": "application/json"})
            except Refused as refusal:
                if refusal.status != 503:
                    self.load.blame(f"/healthz while the store was away: {refusal}")
                return
            time.sleep(0.02)
        self.load.blame("/healthz said for 2 s that all is well while the store was away")

    def refusals(self):
        return sum(self.load.reasons.values())

    def keep_server_up(self):
        """As a supervisor does."""
        if self.server.ended():
            self.restarts += 1
            self.server.begin()

    def goes_on(self, back):
        """The service answers again by itself, and its books are right. `back`: since when it can."""
        until = time.monotonic() + 120
        while self.load.last_answer < back:
            if time.monotonic() > until:
                raise RuntimeError("the service does not go on within 120 s")
            self.keep_server_up()
            time.sleep(0.005)
        self.seconds.append(self.load.last_answer - back)
        self.load.pause()
        self.load.wait_until_idle()
        self.load.life += 1
        until = time.monotonic() + 30  # what was held for requests that failed is given back by the service's keeper
        while self.server.sql("SELECT count(*) FROM holds WHERE lease = 0")[0] and time.monotonic() < until:
            time.sleep(0.05)
        self.books.check(self.load)

    def rounds(self, name, fault, count):
        self.seconds, done = [], 0
        for _ in range(count):
            if self.load.wrong:
                break
            self.load.up.set()
            time.sleep(MOMENTS.uniform(0.1, 0.6))
            self.goes_on(fault(self))
            self.faults += 1
            done += 1
        if self.seconds:
            self.seconds.sort()
            print(f"{name}: {done} times; went on {self.seconds[len(self.seconds) // 2]:.2f} s (median), "
                  f"{self.seconds[-1]:.2f} s (most) after it could", flush=True)

    def end(self):
        self.load.stop()
        self.books.check(self.load)
        for reason in self.load.reasons:
            if reason.startswith("503") and not any(known in reason for known in REASONS):
                self.load.blame(f"refused without a reason that tells: {reason}")
        self.books.report(self.load)
        bad = self.load.wrong + verify(self.service, self.binary, self.key, self.lease, self.folder)
        if self.service.stop() != 0:
            bad.append("the service did not end well")
        self.server.remove()
        return bad


def killed(drill, stop=Postgres.kill):
    stop(drill.server)
    if MOMENTS.random() < 0.5:  # else it is back before anybody asks
        drill.must_be_refused()
    drill.server.start()
    return time.monotonic()


def stopped(drill):
    return killed(drill, Postgres.stop)


def cut(drill):
    drill.hits += drill.server.cut_commit()
    return time.monotonic()


def full(drill, log_too=False):
    """A file takes all room, also what the server gives free on its way, until 25 requests were refused."""
    filler = os.path.join(drill.server.disk, "filler")
    refused, until = drill.refusals(), time.monotonic() + 60
    gave_up = drill.server.panics()
    with open(filler, "wb", buffering=0) as file:
        while drill.refusals() < refused + 25 or (log_too and drill.server.panics() == gave_up):
            if time.monotonic() > until:
                drill.load.blame("the disk was full for 60 s, and fewer than 25 requests were refused"
                                 if drill.refusals() < refused + 25 else "the log did not meet its end")
                break
            drill.keep_server_up()
            try:
                file.write(bytes(4096))
            except OSError:
                if log_too:
                    drill.server.begin_log_file()
                time.sleep(0.002)
    drill.must_be_refused()
    os.remove(filler)
    return time.monotonic()


def all_full(drill):
    return full(drill, True)


# Name, what is done, what the server is on.
ON_A_SERVER = [("server killed", killed), ("server stopped", stopped), ("connection cut", cut)]
ON_A_SMALL_DISK = [("disk full", full, {"small_disk": "64m", "log_elsewhere": True}),
                   ("disk all full", all_full, {"small_disk": "80m"})]


def main(binary, model, folder, rounds="20", disk_rounds="3"):
    rounds, disk_rounds, drills, bad = int(rounds), int(disk_rounds), [], []
    if rounds:
        drill = Drill(binary, model, folder)
        drills.append(drill)
        for name, fault in ON_A_SERVER:
            drill.rounds(name, fault, rounds)
        print(f"{drill.hits} cuts met a commit on its way")
        bad += drill.end()
    for name, fault, disk in ON_A_SMALL_DISK if disk_rounds else []:
        if os.geteuid() != 0:
            print(f"{name}: left out, only root may mount a small disk")
            continue
        drill = Drill(binary, model, folder, **disk)
        drills.append(drill)
        drill.rounds(name, fault, disk_rounds)
        print(f"the server gave all connections up {drill.server.panics()} times and ended {drill.restarts} times")
        bad += drill.end()
    if drills and not bad:
        print(f"in all {sum(drill.faults for drill in drills)} faults, {sum(len(drill.load.told) for drill in drills)} answered, "
              f"{sum(drill.refusals() + drill.probes for drill in drills)} refused with a reason: acknowledged but uncharged 0, "
              "doubled 0, ledger sum 0 after each")
    for what in bad[:20]:
        print("FAILED:", what)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5, 6):
        sys.exit(__doc__)
    main(*sys.argv[1:])
