"""The Node programs of `programs/`, with the npm packages that they need in the build folder."""
import json
import os
import pathlib
import shutil
import subprocess

from processes import Process
from wanted import npm_packages

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = pathlib.Path(os.environ.get("EMOSTAGE_CLIENTS", "build/tests/clients/npm")).resolve()
PATIENCE_S = 60.0


def install():
    """Raises SkipTest where it cannot be."""
    npm_packages(HERE, FOLDER)
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
