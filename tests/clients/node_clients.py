"""The Node programs of `programs/`, and the npm packages that they need.

Packages are installed once into the build folder, exactly as package-lock.json names them. Where npm
or its registry is missing, the tests are skipped with a line that says so; never where the
environment says that this is CI.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from processes import Process

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = pathlib.Path(os.environ.get("EMOSTAGE_CLIENTS", "build/tests/clients/npm")).resolve()
INSTALL_MAX_S = 300
PATIENCE_S = 60.0
NO_NETWORK = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|"
                        r"EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network request|E50[0-9]")


def in_ci():
    return os.environ.get("CI", "").lower() == "true" or bool(os.environ.get("EMOSTAGE_CI"))


def missing(why):
    if in_ci():
        raise AssertionError(f"the clients cannot be tested: {why}")
    raise unittest.SkipTest(why)


def install():
    """Raises SkipTest where it cannot be."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            missing(f"there is no {program}")
    stamp = FOLDER / "installed"
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != lock:
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, FOLDER)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                              cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_MAX_S,
                              check=False)
        if done.returncode != 0:
            said = done.stderr.strip()
            if NO_NETWORK.search(said):
                missing("npm's registry cannot be reached")
            raise AssertionError(f"npm ci failed:\n{said[-2000:]}")
        stamp.write_text(lock)
    for program in (HERE / "programs").glob("*.mjs"):
        shutil.copy(program, FOLDER)


class Program:
    """A client as a process, which does what it is told; one of each is enough for all tests."""

    running = {}

    @classmethod
    def of(cls, name):
        if name not in cls.running:
            cls.running[name] = cls(name)
        return cls.running[name]

    @classmethod
    def close_all(cls):
        while cls.running:
            _, program = cls.running.popitem()
            program.process.popen.stdin.close()
            code = program.process.wait(PATIENCE_S)
            assert code == 0, f"{program.process.name} ended with {code}"

    def __init__(self, name):
        self.process = Process(name, ["node", FOLDER / f"{name}.mjs"], FOLDER,
                               stdin=subprocess.PIPE)
        self.runs = 0

    def say(self, **what):
        self.process.popen.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.popen.stdin.flush()

    def start(self, **told):
        self.runs += 1
        self.say(run=self.runs, **told)
        return Run(self, self.runs)


class Run:
    """What one client does at one time."""

    def __init__(self, program, number):
        self._program = program
        self._number = number

    def _wait_for(self, key):
        line = self._program.process.expect(rf'^{{"run":{self._number},"{key}":.*$', PATIENCE_S)
        return json.loads(line.group(0))[key]

    def wait_for_words(self):
        self._wait_for("words")

    def go_on(self):
        self._program.say(go_on=self._number)

    def seen(self):
        """What it saw in the end."""
        return self._wait_for("seen")
