"""Broker, worker, rehearsal server and HTTP gateway, started on free ports for a measurement."""
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
READY_S = 30.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Process:
    def __init__(self, command, says):
        """Waits for the line that it says once it is ready."""
        self.popen = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        self.said = None
        self._found = threading.Event()
        threading.Thread(target=self._read, args=(re.compile(says),), daemon=True).start()
        if not self._found.wait(READY_S) or self.said is None:
            self.stop()
            raise SystemExit(f"{command[0]} did not say that it is ready")

    def _read(self, says):
        for line in self.popen.stdout:
            if self.said is None and (match := says.search(line)):
                self.said = match
                self._found.set()
        self._found.set()

    def cpu_s(self):
        """In our code and libraries, and in the kernel on their behalf."""
        with open(f"/proc/{self.popen.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) / TICKS_PER_S, int(fields[12]) / TICKS_PER_S

    def memory_bytes(self):
        with open(f"/proc/{self.popen.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        self.popen.kill()
        self.popen.wait()


class System:
    GATEWAY = "http-bench"

    def __init__(self, binaries, pipelines, streams, tokens, itl_ms):
        self._processes = []
        self._folder = tempfile.TemporaryDirectory()
        self.closes = pathlib.Path(self._folder.name) / "closes"
        try:
            slots = min(streams + 256, 4096)
            rehearsal = self._start(
                "listening on (\\S+)", binaries / "emostage-rehearsal", "--listen", "127.0.0.1:0",
                "--ttft-ms", 5, "--itl-ms", itl_ms, "--tokens", tokens, "--json-tokens", 1,
                "--connections-max", 4 * slots, "--close-log", self.closes)
            self.broker = self._start(
                "broker started .*?commands=(\\S+) events=(\\S+) workers=(\\S+)",
                binaries / "emostage-broker", "--commands", "tcp://127.0.0.1:0",
                "--events", "tcp://127.0.0.1:0", "--workers", "tcp://127.0.0.1:0", "--admin", "off")
            self.commands, self.events, workers = self.broker.said.groups()
            self._start("worker started|registered|ready", binaries / "emostage-worker",
                        "--broker", workers, "--endpoint", f"http://{rehearsal.said.group(1)}/v1",
                        "--model", "rehearsal", "--pipelines", pipelines, "--slots", slots)
            self.gateway = self._start(
                "gateway started .*?listen=(\\S+)", binaries / "emostage-gateway", "--listen",
                "127.0.0.1:0", "--commands", self.commands, "--events", self.events,
                "--gateway-name", self.GATEWAY, "--limits-streams-per-client", streams + 256,
                "--limits-streams", streams + 256, "--limits-connections", streams + 512)
            host, _, port = self.gateway.said.group(1).rpartition(":")
            self.address = (host, int(port))
        except BaseException:
            self.stop()
            raise

    def _start(self, says, *command):
        process = Process(command, says)
        self._processes.append(process)
        return process

    def stop(self):
        for process in reversed(self._processes):
            process.stop()
        self._folder.cleanup()
