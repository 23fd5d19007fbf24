"""A child process whose output can be waited for, and which never outlives the tests."""
import ctypes
import re
import signal
import subprocess
import threading
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Lines:
    """Lines that a thread reads from a stream, into a file and into memory."""

    def __init__(self, stream, path):
        self.all = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._read, args=(stream, path), daemon=True)
        self._thread.start()

    def _read(self, stream, path):
        with open(path, "ab") as file, stream:
            for raw in stream:
                file.write(raw)
                file.flush()
                with self._changed:
                    self.all.append(raw.decode(errors="replace").rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_for(self, pattern, timeout=30.0):
        """The first line that matches, as a match; None where the stream ended without one."""
        found = None

        def ready():
            nonlocal found
            found = next((m for m in map(re.compile(pattern).search, list(self.all)) if m), None)
            return found or self._closed

        with self._changed:
            if not self._changed.wait_for(ready, timeout):
                raise AssertionError(f"no line with {pattern} within {timeout} s")
        return found

    def wait_for_count(self, count, timeout=30.0, part=""):
        """All lines with the part, once there are so many."""
        found = []

        def ready():
            found[:] = [line for line in self.all if part in line]
            return len(found) >= count

        with self._changed:
            if not self._changed.wait_for(ready, timeout):
                raise AssertionError(f"{len(found)} lines, not {count}, within {timeout} s")
        return found

    def join(self):
        self._thread.join(10)


class Process:
    def __init__(self, name, command, folder, stdin=subprocess.DEVNULL):
        self.name = name
        self.log = folder / f"{name}.log"
        self.popen = subprocess.Popen([str(part) for part in command], stdin=stdin,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      preexec_fn=die_with_parent)
        self.lines = Lines(self.popen.stdout, self.log)

    @property
    def running(self):
        return self.popen.poll() is None

    def expect(self, pattern, timeout=30.0):
        match = self.lines.wait_for(pattern, timeout)
        if match is None:
            said = "\n".join(self.lines.all[-5:])
            raise AssertionError(f"{self.name} ended before it said {pattern}:\n{said}")
        return match

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=30.0):
        code = self.popen.wait(timeout)
        self.lines.join()
        return code

    def stop(self, timeout=20.0):
        """SIGTERM, and its exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        """As a power cut would. Safe to call again, and on a process that has ended."""
        if self.running:
            self.popen.kill()
        self.popen.wait()
        self.lines.join()


def until(condition, what, timeout=30.0, pause=0.01):
    """For what can only be asked for: HTTP pages."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {timeout} s")
        time.sleep(pause)
