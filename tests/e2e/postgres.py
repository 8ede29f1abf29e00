"""A throw-away PostgreSQL server for drills and tests: in a folder, reached by a unix socket in it only, removed at the end
of the program. root can't run PostgreSQL: then it runs as `postgres`. Standard library only.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

BIN = "/usr/lib/postgresql/15/bin"


class Postgres:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="chengying_pg_")
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if user:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        os.chmod(self.folder, 0o755)
        self.account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        self.process = None
        atexit.register(self.remove)
        self._run([f"{BIN}/initdb", "-D", "data", "-U", "chengying", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([f"{BIN}/postgres", "-D", "data", "-k", self.folder, "-c", "listen_addresses="],
                                            cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self.account)
        ready = [f"{BIN}/pg_isready", "-q", "-h", self.folder]
        until = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL does not start; see {self.folder}/log")
            time.sleep(0.05)

    def _run(self, command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self.account)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")

    @property
    def url(self):
        return f"postgresql:///postgres?host={self.folder}&user=chengying"

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
