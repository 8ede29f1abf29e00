"""A throw-away PostgreSQL server for drills and tests: in a folder, reached by a unix socket in it only, removed at the end
of the program. It can be killed, stopped and started again. root can't run PostgreSQL: then it runs as `postgres`. Standard
library only.
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

# A commit is met where its transaction has a number still, and COMMIT is what its connection runs.
CUT = """
CREATE FUNCTION pg_temp.cut() RETURNS int LANGUAGE plpgsql AS $$
DECLARE hit int; until timestamptz = clock_timestamp() + interval '2 s';
BEGIN
  WHILE clock_timestamp() < until LOOP
    PERFORM pg_stat_clear_snapshot();
    SELECT count(pg_terminate_backend(pid)) INTO hit FROM pg_stat_activity
      WHERE application_name = 'chengying' AND state = 'active' AND query = 'COMMIT' AND backend_xid IS NOT NULL;
    IF hit > 0 THEN RETURN 1; END IF;
  END LOOP;
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chengying';
  RETURN 0;
END $$;
SELECT pg_temp.cut();
"""


class Postgres:
    def __init__(self, small_disk=None, log_elsewhere=False):
        """`small_disk`: the size of a tmpfs to have the data on, as "64m"; with `log_elsewhere` the write-ahead log isn't on
        it. Only root may have one."""
        self.folder = tempfile.mkdtemp(prefix="chengying_pg_")
        self.disk = os.path.join(self.folder, "disk")
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        self.process, self.mounted = None, False
        atexit.register(self.remove)
        os.mkdir(self.disk)
        if small_disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={small_disk}", "chengying", self.disk], check=True)
            self.mounted = True
        for folder in (self.folder, self.disk):
            if user:
                os.chown(folder, user.pw_uid, user.pw_gid)
            os.chmod(folder, 0o755)
        self._run([f"{BIN}/initdb", "-D", "disk/data", "-U", "chengying", "-A", "trust", "-E", "UTF8", "--locale=C",
                   "--no-sync", "--wal-segsize=1", *(["-X", f"{self.folder}/log_of_writes"] if log_elsewhere else [])])
        self.start()

    def start(self, timeout=60):
        """Returns the seconds until it took connections."""
        begin = time.monotonic()
        while True:
            if self.process is None or self.process.poll() is not None:
                self.begin()  # again: processes of one that was killed may hold its memory for a moment
            ready = subprocess.run([f"{BIN}/pg_isready", "-q", "-h", self.folder], check=False)
            if ready.returncode == 0:
                return time.monotonic() - begin
            if time.monotonic() - begin > timeout:
                raise RuntimeError(f"PostgreSQL does not start; see {self.folder}/log")
            time.sleep(0.05)

    def begin(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [f"{BIN}/postgres", "-D", "disk/data", "-k", self.folder, "-c", "listen_addresses=", "-c",
                 "max_connections=40", "-c", "shared_buffers=16MB", "-c", "max_wal_size=8MB", "-c", "min_wal_size=2MB"],
                cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self.account)

    def ended(self):
        return self.process.poll() is not None

    def kill(self):
        """SIGKILL of its first process; the others end when they notice."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, how=signal.SIGINT):
        """SIGINT: `pg_ctl stop -m fast`: open transactions are rolled back. SIGQUIT: at once."""
        self.process.send_signal(how)
        self.process.wait(60)

    def cut_commit(self):
        """Ends the service's writing connection in the middle of a commit, and returns 1; 0 if none came in 2 seconds: then
        all its connections."""
        return self.sql(CUT)[0]

    def begin_log_file(self):
        """Wants room for another file of its write-ahead log now; a server that gets none for its log gives up."""
        try:
            self.sql("SELECT count(*) FROM (SELECT pg_switch_wal()) AS next")
        except RuntimeError:
            pass  # it has given up

    def panics(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            return sum("PANIC:" in line for line in log)

    def sql(self, query):
        """The first row, of whole numbers."""
        done = self._run([f"{BIN}/psql", "-XqAt", "-h", self.folder, "-U", "chengying", "postgres", "-c", query])
        return [int(number) for number in done.splitlines()[0].split("|")]

    def _run(self, command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self.account)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")
        return done.stdout

    @property
    def url(self):
        return f"postgresql:///postgres?host={self.folder}&user=chengying"

    def remove(self):
        if self.process and not self.ended():
            self.stop(signal.SIGQUIT)
        if self.mounted:
            subprocess.run(["umount", self.disk], check=False)
            self.mounted = False
        shutil.rmtree(self.folder, ignore_errors=True)
