"""Load for drills: clients that send requests to a running service, a third of them a second time, and remember what was
answered. Standard library only.

A request is sent again, under its id and with its body
  - at the same moment, on a second connection (a twin): one may be told that the other is still running;
  - later, in the same life of the service or after a kill: the answer must be the first one byte for byte, but for the two
    fields that tell of this run (`already_charged`, `clock_nanoseconds`);
  - when nobody knows what became of it: its connection broke, or it was refused for the moment.
Sometimes the id comes with another body: that must be 409.
"""

import collections
import decimal
import hashlib
import http.client
import json
import random
import re
import threading
import time

CLIENTS = 4
BODIES = 7
REPEATED, OTHER_BODY, TWIN = 0.38, 0.02, 0.05  # shares of what a client begins
OF_THIS_RUN = re.compile(rb',"(already_charged":(true|false)|clock_nanoseconds":\d+)')
FOR_THE_MOMENT = (404, 429, 503)  # starting, too much at once, the store can't be written


def body_of(number):
    data = [((number * 31 + i) % 64) / 64 for i in range(3 * 32 * 32)]
    return json.dumps({"inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 3, 32, 32], "data": data}]})


class Told:
    """A request, and what a client was told of it: (price, record, digest of the answer)."""

    def __init__(self, name, body, life):
        self.name, self.body, self.life, self.price, self.what = name, body, life, None, None

    def hear(self, answer):
        parameters = json.loads(answer)["parameters"]
        self.price = decimal.Decimal(parameters["price"])
        self.what = (self.price, parameters["usage_record"], hashlib.sha256(OF_THIS_RUN.sub(b"", answer)).digest())


class Load:
    def __init__(self, service, key):
        self.service, self.key, self.life = service, key, 0
        self.bodies = [body_of(number) for number in range(BODIES)]
        self.lock = threading.Lock()
        self.told, self.names = {}, []       # by request id; the ids in the order of their answers
        self.counts = collections.Counter()  # what was sent and what came of it
        self.reasons = collections.Counter()  # texts of refusals for the moment
        self.wrong = []                      # what may not be, a line each
        self.last_answer = 0.0               # when it came
        self.running, self.busy = True, 0
        self.up = threading.Event()
        self.threads = [threading.Thread(target=self.client, args=(number,), daemon=True) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self, number):
        client = Client(self, number)
        while self.running:
            if not self.up.wait(0.1):
                continue
            with self.lock:
                self.busy += 1
            try:
                if self.up.is_set():
                    client.step()
            except Exception as fault:  # pylint: disable=broad-except
                self.blame(f"a client met {fault!r}")
            finally:
                with self.lock:
                    self.busy -= 1

    def blame(self, what):
        with self.lock:
            self.wrong.append(what)

    def pause(self):
        self.up.clear()

    def wait_until_idle(self, timeout=300):
        until = time.monotonic() + timeout
        while self.busy and time.monotonic() < until:
            time.sleep(0.001)
        if self.busy:
            self.blame(f"a request has no end after {timeout} s")

    def wait_for_an_answer(self, since, timeout=120):
        """Seconds from `since` until a request was answered."""
        while self.last_answer < since:
            if time.monotonic() - since > timeout:
                raise RuntimeError(f"nothing was answered for {timeout} s")
            time.sleep(0.002)
        return self.last_answer - since

    def stop(self):
        self.running = False
        self.up.set()
        for thread in self.threads:
            thread.join()


class Client:
    """One of the load's: a connection or two, and a request of which nobody knows what became."""

    def __init__(self, load, number):
        self.load, self.random = load, random.Random(number)
        self.connections, self.port = [None, None], None
        self.open, self.made = None, 0  # (id, body, kind) to be sent again
        self.name = f"c{number}"

    def step(self):
        load, draw = self.load, self.random.random()
        if load.service.port != self.port:
            self.connections, self.port = [None, None], load.service.port
        if self.open:
            name, body, kind = self.open
            return self.ask([(name, body)], kind)
        if draw < REPEATED + OTHER_BODY and load.names:
            with load.lock:  # half of them of what came last, half of all
                name = load.names[-self.random.randint(1, min(50, len(load.names)))] if self.random.random() < 0.5 else \
                    self.random.choice(load.names)
                told = load.told[name]
            if draw < REPEATED:
                return self.ask([(name, told.body)], "now" if told.life == load.life else "later")
            return self.ask([(name, (told.body + 1) % BODIES)], "other")
        self.made += 1
        request = (f"{self.name}-{self.made}", self.random.randrange(BODIES))
        return self.ask([request, request] if draw > 1 - TWIN else [request], "new")

    def ask(self, requests, kind):
        """Sends all, then reads all answers."""
        load, life = self.load, self.load.life
        known = requests[0][0] in load.told
        with load.lock:
            load.counts[kind] += 1
            load.counts["twin"] += len(requests) - 1
        sent = []
        for i, (name, body) in enumerate(requests):
            sent.append(self.tried(i, lambda c, n=name, b=body: c.request(
                "POST", "/v2/models/tiny/infer", load.bodies[b],
                {"Authorization": "Bearer " + load.key, "Content-Type": "application/json", "Idempotency-Key": n})))
        self.open = None
        for i, (name, body) in enumerate(requests):
            answer = sent[i] and self.tried(i, lambda c: self.read(c.getresponse()))
            self.take(Told(name, body, life), kind, known, answer)

    def tried(self, i, do):
        """What `do(connection)` returned, or None if the connection broke."""
        try:
            if self.connections[i] is None:
                self.connections[i] = self.load.service.connection(timeout=60)
            return do(self.connections[i]) or True
        except (OSError, http.client.HTTPException):
            self.connections[i] = None
            return None

    @staticmethod
    def read(response):
        return response.status, response.read()

    def take(self, request, kind, known, answer):
        load = self.load
        if answer is None:
            return self.again(request, kind, "broken")
        status, text = answer
        if status in FOR_THE_MOMENT:
            with load.lock:
                load.reasons[f"{status} {json.loads(text or b'{}').get('error', '')}"] += 1
            return self.again(request, kind, "refused")
        if kind == "other":
            load.counts["other refused"] += status == 409
            return None if status == 409 else load.blame(f"{request.name} with another body: {status} instead of 409")
        if status == 409 and b"still running" in text and not known:
            return self.again(request, kind, "still running")
        if status != 200:
            return load.blame(f"{request.name}: {status} {text[:200]!r}")
        request.hear(text)
        with load.lock:
            first = load.told.setdefault(request.name, request)
            load.last_answer = time.monotonic()
            if first is request:
                load.names.append(request.name)
            else:
                load.counts["compared"] += 1
            if first.what != request.what:
                load.wrong.append(f"{request.name}: the second answer is not the first one")
        return None

    def again(self, request, kind, why):
        with self.load.lock:
            self.load.counts[why] += 1
        if kind != "other" and request.name not in self.load.told:
            self.open = (request.name, request.body, "waits" if why == "refused" else "cut")
        time.sleep(0.02)
