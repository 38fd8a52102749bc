"""A temporary directory and all the processes that live in it.

What is started here is stopped here: at the end of the `with` block, and,
should Python be killed, by the janitor.
"""

import ctypes
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

from .waiting import LabError, tail, wait_until

STOP_S = 10
COMMAND_S = 60
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Workers that outlive their master become our children.

    Only so can we see them end, and leave no dead entries in a container
    whose first process collects none.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def has_members(group):
    """Collects those children of ours that have ended; are there more?"""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


class Process:
    """One running program, in a process group of its own."""

    def __init__(self, place, name, argv, log, env=None, cwd=None):
        self.place = place
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self._popen = place.spawn(argv, stdin=subprocess.DEVNULL,
                                      stdout=out, stderr=out, env=env,
                                      cwd=cwd)
        self.pid = self._popen.pid

    def is_running(self):
        return self._popen.poll() is None

    def send(self, number):
        self._popen.send_signal(number)

    def wait_ready(self, condition, what, timeout=20):
        """Waits for the condition; fails at once if the program ends."""
        def ready():
            if not self.is_running():
                raise LabError(
                    f"{self.name} ended with {self._popen.returncode} "
                    f"before {what}\n  end of {self.log}:\n{tail(self.log)}")
            return condition()
        return wait_until(ready, what, timeout, [self.log])

    def wait_end(self, timeout=STOP_S):
        """The exit code; LabError when it does not end."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} did not end within {timeout} s; "
                           f"its log is {self.log}") from None

    def kill(self):
        """Ends it without a chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self, timeout=STOP_S):
        """SIGTERM, then SIGKILL; gives the exit code."""
        self._end(signal.SIGTERM, timeout)
        return self._popen.returncode

    def _end(self, number, timeout=STOP_S):
        if self.is_running():
            self.send(signal.SIGCONT)
            self.send(number)
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.send(signal.SIGKILL)
                self._popen.wait()
        self._end_group()
        self.place.forget(self)

    def _end_group(self):
        """Workers that outlive the program belong to its group."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
            while True:
                os.waitpid(-self.pid, 0)
        except (ProcessLookupError, PermissionError, ChildProcessError):
            pass


class Place:
    """The root of one run. Use it in a `with` block."""

    def __init__(self, prefix="avis-lab-"):
        self.path = pathlib.Path(tempfile.gettempdir()).resolve() \
            / f"{prefix}{secrets.token_hex(4)}"
        self.is_kept = False
        self._processes = []
        self._groups = []  # of commands, for what they leave running
        self._lock = threading.Lock()  # over that, and the janitor's pipe
        adopt_orphans()
        self._janitor = subprocess.Popen(
            [sys.executable, "-S",
             str(pathlib.Path(__file__).with_name("janitor.py"))],
            stdin=subprocess.PIPE, start_new_session=True, text=True)
        # Told before it is made: we may be killed at any moment.
        self.tell_janitor(f"dir {self.path}")
        # Postfix's daemons run as another user and must get through.
        self.path.mkdir(mode=0o755)
        self.path.chmod(0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def tell_janitor(self, line):
        with self._lock:
            self._janitor.stdin.write(line + "\n")
            self._janitor.stdin.flush()

    def spawn(self, argv, **options):
        """A Popen in a process group of its own, known to the janitor.

        The new process itself says so before it becomes the program: were
        it we, we could be killed before we got to it.
        """
        pipe = self._janitor.stdin.fileno()
        words = ["/bin/bash", "-c",
                 f'echo "group $$" >&{pipe}; exec "$@" {pipe}>&-', "lab",
                 *argv]
        return subprocess.Popen([str(word) for word in words],
                                start_new_session=True, pass_fds=[pipe],
                                **options)

    def folder(self, *names, mode=0o755):
        path = self.path.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        return path

    def start(self, name, argv, log, **more):
        process = Process(self, name, argv, log, **more)
        self._processes.append(process)
        return process

    def forget(self, process):
        if process in self._processes:
            self._processes.remove(process)
            self.tell_janitor(f"gone {process.pid}")

    def run(self, argv, data=b"", check=True, env=None, timeout=COMMAND_S):
        """Runs a command to its end; its CompletedProcess, as text."""
        words = [str(word) for word in argv]
        if isinstance(data, str):
            data = data.encode()
        with self.spawn(argv, stdin=subprocess.PIPE, env=env,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE) as running:
            try:
                out, err = running.communicate(data, timeout)
            except BaseException:
                os.killpg(running.pid, signal.SIGKILL)
                raise
        self.tell_janitor(f"gone {running.pid}")
        self._collect(running.pid)
        done = subprocess.CompletedProcess(
            words, running.returncode, out.decode(errors="replace"),
            err.decode(errors="replace"))
        if check and done.returncode != 0:
            raise LabError(f"{' '.join(words)}: exit {done.returncode}\n"
                           f"{done.stdout}{done.stderr}".rstrip())
        return done

    def _collect(self, ended):
        """Takes note of helpers that have outlived their command."""
        with self._lock:
            self._groups.append(ended)
            self._groups = [g for g in self._groups if has_members(g)]

    def keep_files(self):
        """Leaves the directory behind, for somebody to look at."""
        self.is_kept = True
        self.tell_janitor(f"keep {self.path}")

    def close(self):
        """Stops everything, last started first, and removes the files."""
        for process in list(reversed(self._processes)):
            process.stop()
        if not self.is_kept:
            shutil.rmtree(self.path, ignore_errors=True)
        self._janitor.stdin.close()
        self._janitor.wait()
