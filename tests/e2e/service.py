"""A running service, for tests, drills and benchmarks: started on a free port with a data folder, asked through its HTTP
doors or through the command line, stopped or killed. Standard library only.
"""

import atexit
import http.client
import json
import os
import signal
import subprocess
import time


class Refused(Exception):
    """An answer with an error status."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class Service:
    def __init__(self, binary, data, log=None, store=None):
        self.binary, self.data, self.log = binary, data, log or os.path.join(data, "..", "service.log")
        self.store = store  # the URL of a store that is not in the data folder
        self.process, self.port = None, None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, timeout=60, arguments=()):
        """On a free port. Returns the seconds until it said that it is ready."""
        address = os.path.join(self.data, "service.url")
        if os.path.exists(address):
            os.remove(address)
        begin = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0",
                                             *(["--store", self.store] if self.store else []), *arguments],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        atexit.register(self.process.kill)  # of a test that fails; it does nothing to a process that has ended
        while time.monotonic() - begin < timeout:
            if self.process.poll() is not None:
                raise RuntimeError(f"the service ended with {self.process.returncode}; see {self.log}")
            try:
                with open(address, encoding="ascii") as file:
                    self.port = int(file.read().strip().rsplit(":", 1)[1])
                self.request("GET", "/v2/health/ready")
                return time.monotonic() - begin
            except (Refused, OSError, IndexError, http.client.HTTPException):
                time.sleep(0.005)
        raise RuntimeError(f"the service is not ready after {timeout} s; see {self.log}")

    def kill(self):
        """As a crash does: no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=30):
        """Drains; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def rent(self, model, name, *, tenant, deposit, offer, seconds):
        """The key and the lease of a new tenant, who serves `model` as `name`."""
        operator = self.operator_key()
        owner = self.json("POST", "/api/v1/tenants", {"name": tenant}, operator)["id"]
        self.json("POST", f"/api/v1/tenants/{owner}/deposits", {"amount": deposit}, operator)
        key = self.json("POST", f"/api/v1/tenants/{owner}/keys", {"name": "all", "scopes": "infer,deploy,billing"},
                        operator)["secret"]
        with open(model, "rb") as file:
            digest = self.json("POST", f"/api/v1/models?name={name}", file.read(), key,
                               headers={"Content-Type": "application/octet-stream"})["id"]
        lease = self.json("POST", "/api/v1/leases", {"offer": offer, "seconds_max": seconds}, key)["id"]
        self.json("POST", "/api/v1/endpoints", {"name": name, "model": digest, "lease": lease, "wait": True}, key)
        return key, lease

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def connection(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, key=None, headers=None, connection=None):
        """The answer's bytes; raises Refused for an error status."""
        own = connection is None
        connection = connection or self.connection()
        try:
            headers = dict(headers or {})
            if key:
                headers["Authorization"] = "Bearer " + key
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
                headers["Content-Type"] = "application/json"
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 400:
                raise Refused(answer.status, data.decode(errors="replace"))
            return data
        finally:
            if own:
                connection.close()

    def json(self, method, path, body=None, key=None, **options):
        data = self.request(method, path, body, key, **options)
        return json.loads(data) if data else {}

    def operator_key(self):
        with open(os.path.join(self.data, "operator.key"), encoding="ascii") as file:
            return file.read().strip()

    def cli(self, *arguments, key=None, expect=0):
        """Runs a command with --json against this service; the document that it printed, or its error text."""
        environment = dict(os.environ, CHENGYING_SERVER=self.url, XDG_CONFIG_HOME=os.path.join(self.data, "none"))
        environment.pop("CHENGYING_KEY", None)
        if key:
            environment["CHENGYING_KEY"] = key
        done = subprocess.run([self.binary, *arguments, "--json"], capture_output=True, text=True, env=environment,
                              check=False)
        if done.returncode != expect:
            raise AssertionError(
                f"chengying {' '.join(arguments)}: exit code {done.returncode}, expected {expect}\n{done.stderr}")
        return json.loads(done.stdout) if expect == 0 and done.stdout.strip() else done.stderr
