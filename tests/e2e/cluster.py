"""Broker, workers and rehearsal server as real processes on free ports.

    with Cluster("name", rehearsal=["--itl-ms", 5]) as cluster:
        gateway = cluster.gateway()
        turn = gateway.open(cluster.say("I had a hard day."))

What clients say carries a marker (`say`). When the cluster closes, nothing that anybody said and
nothing that the model answered may stand in a log, in the metrics or in the queue page; every turn
that a gateway followed must have kept the contract; and no program may have ended by itself.
"""
import json
import os
import pathlib
import shutil
import urllib.error
import urllib.request
import uuid

from gateway import Gateway
from processes import Lines, Process, until

BIN = pathlib.Path(os.environ.get("EMOSTAGE_BIN", "build/bin")).resolve()
LOGS = pathlib.Path(os.environ.get("EMOSTAGE_LOGS", "build/tests/e2e")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
PIPELINES = SOURCE / "schemas" / "pipelines"
REPLY_CHARS_SHOWN_MIN = 12  # so much of a reply in a log is no chance


class Trace:
    """The trace of one turn: by it the connections that a turn closed are told from all others."""

    def __init__(self, closes):
        self._closes = closes
        self.id = uuid.uuid4().hex
        self.parent = f"00-{self.id}-b7ad6b7169203331-01"

    def closed(self, count=1, timeout=10.0):
        """What the model's server says of each connection that was closed in mid-answer, once it is so many."""
        return [json.loads(line) for line in self._closes.wait_for_count(count, timeout, self.id)]


class Cluster:
    def __init__(self, name, workers=2, rehearsal=(), broker=(), worker=(), slots=64,
                 pipelines=PIPELINES, endpoint=None, continues=None):
        self.folder = LOGS / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.marker = "Qz" + uuid.uuid4().hex[:10]
        self._broker_arguments = list(broker)
        self._worker_arguments = list(worker)
        self._rehearsal_arguments = list(rehearsal)
        self._workers_wanted = workers
        self._slots = slots
        self._pipelines = pipelines
        self._continues = continues  # how the model server is asked to: `prefill` or `vllm`
        self._processes = []
        self._may_end = []
        self._gateways = []
        self._said = []
        self._heard = []
        self._pages = []
        self.endpoint = endpoint  # of another model server than the rehearsal
        self.rehearsal = self.closes = self.broker = None
        self.workers = []

    # --- from start to end -----------------------------------------------------------------------

    def __enter__(self):
        try:
            if self.endpoint is None:
                self.rehearsal, self.endpoint, self.closes = self.start_rehearsal(
                    "rehearsal", self._rehearsal_arguments)
            self.broker = self.start_broker("tcp://127.0.0.1:0", "tcp://127.0.0.1:0",
                                            "tcp://127.0.0.1:0", "127.0.0.1:0")
            for number in range(self._workers_wanted):
                self.start_worker(f"w{number}")
            self.wait_for_workers(self._workers_wanted)
        except BaseException:
            self._kill_all()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self._check_contract()
                self._keep_pages()
                self._check_processes()
        finally:
            self._kill_all()
        if kind is None:
            self._check_privacy()
            shutil.rmtree(self.folder)

    def _kill_all(self):
        for gateway in self._gateways:
            gateway.close()
        for process in self._processes:
            process.kill()

    # --- processes -------------------------------------------------------------------------------

    def _start(self, name, program, arguments):
        process = Process(name, [BIN / program, *arguments], self.folder)
        self._processes.append(process)
        return process

    def start_rehearsal(self, name, arguments, listen="127.0.0.1:0"):
        """The process, its endpoint, and the lines of its close log."""
        # A pipe in place of a file: its lines can be waited for.
        path = self.folder / f"{name}-closes"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDWR)  # as a writer too: so it has no end before ours
        closes = Lines(os.fdopen(reader, "rb", buffering=0), self.folder / f"{name}-closes.log")
        process = self._start(name, "emostage-rehearsal", [
            "--listen", listen, "--close-log", path, *arguments])
        address = process.expect(r"listening on (127\.0\.0\.1:\d+)").group(1)
        return process, f"http://{address}/v1", closes

    def start_broker(self, commands, events, workers, admin):
        number = sum(process.name.startswith("broker") for process in self._processes)
        broker = self._start(f"broker{number or ''}", "emostage-broker", [
            "--commands", commands, "--events", events, "--workers", workers, "--admin", admin,
            "--log-format", "text", *self._broker_arguments])
        line = broker.expect("broker started .*").group(0)
        told = dict(part.split("=", 1) for part in line.split() if "=" in part)
        self.commands, self.events, self.links = (
            told[key] for key in ("commands", "events", "workers"))
        self.admin = told["admin"]
        return broker

    def restart_broker(self):
        """kill -9, and a new one on the same ports."""
        self.kill(self.broker)
        self.broker = self.start_broker(self.commands, self.events, self.links, self.admin)

    def start_worker(self, name, arguments=(), config=None):
        """`config`: YAML with the endpoints and more, in place of the cluster's one endpoint."""
        if config is None and self._continues:
            config = f"endpoints: [{{url: {self.endpoint!r}, continues: {self._continues}}}]\n"
        endpoint = ["--endpoint", self.endpoint]
        if config is not None:
            path = self.folder / f"{name}.yaml"
            path.write_text(config)
            endpoint = ["--config", path]
        worker = self._start(name, "emostage-worker", [
            "--broker", self.links, *endpoint, "--model", "rehearsal",
            "--pipelines", self._pipelines, "--slots", self._slots, "--name", name,
            *self._worker_arguments, *arguments])
        self.workers.append(worker)
        return worker

    def start_http_gateway(self, name="http", arguments=(), listen="127.0.0.1:0"):
        """The process and its address, `http://127.0.0.1:PORT`."""
        gateway = self._start(name, "emostage-gateway", [
            "--listen", listen, "--commands", self.commands, "--events", self.events,
            "--log-format", "text", *arguments])
        line = gateway.expect("gateway started .*").group(0)
        told = dict(part.split("=", 1) for part in line.split() if "=" in part)
        return gateway, f"http://{told['listen']}"

    def worker(self, name):
        return next(worker for worker in self.workers if worker.name == name)

    def kill(self, process):
        self._may_end.append(process)
        process.kill()

    def stop(self, process, timeout=20.0):
        self._may_end.append(process)
        return process.stop(timeout)

    # --- looking in ------------------------------------------------------------------------------

    def page(self, path):
        """Status and body of an admin page; None where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.admin}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None

    def queue(self):
        status, body = self.page("/queue")
        assert status == 200, status
        return json.loads(body)

    def metrics(self):
        """Samples by name, labels included."""
        samples = (line.rsplit(" ", 1) for line in self.page("/metrics")[1].splitlines()
                   if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def wait_for_workers(self, count, timeout=30.0):
        def ready():
            for worker in self.workers:
                if not worker.running and worker not in self._may_end:
                    worker.expect("^there is no such line")  # says how it ended
            page = self.page("/readyz")
            return count == 0 or (page and page[0] == 200 and self.queue()["workers"] == count)
        until(ready, f"{count} workers at the broker", timeout)

    # --- gateways --------------------------------------------------------------------------------

    def gateway(self, name=None, wait=True, **settings):
        gateway = Gateway(self.commands, self.events, name, **settings)
        self._gateways.append(gateway)
        if wait:
            gateway.wait_for_hello()
        return gateway

    def say(self, text):
        """The text with the marker that must not be found outside of the conversation."""
        marked = f"{text} ({self.marker})"
        self._said.append(text)
        return marked

    def trace(self):
        return Trace(self.closes)

    def heard(self, reply):
        """A reply that did not come over a gateway of ours: it is as private as the others."""
        self._heard.append(reply)

    # --- what must hold at the end ---------------------------------------------------------------

    def _check_contract(self):
        for gateway in self._gateways:
            assert not gateway.violations, gateway.violations
            for turn in gateway.turns.values():
                assert not turn.violations, (turn.id, turn.violations)

    def _check_processes(self):
        for process in self._processes:
            if process not in self._may_end:
                assert process.running, f"{process.name} ended with {process.popen.returncode}"

    def _keep_pages(self):
        if self.broker.running:
            self._pages = [self.page(path)[1] for path in ("/metrics", "/queue", "/readyz")]

    def _check_privacy(self):
        replies = [turn.text for gateway in self._gateways for turn in gateway.turns.values()]
        replies = {text[:REPLY_CHARS_SHOWN_MIN] for text in (*replies, *self._heard)
                   if len(text) >= REPLY_CHARS_SHOWN_MIN}
        places = [(process.name, process.log.read_text(errors="replace"))
                  for process in self._processes]
        places += [("a page", page) for page in self._pages]
        for place, text in places:
            assert "AddressSanitizer" not in text and "runtime error:" not in text, place
            for secret in {self.marker, *self._said, *replies}:
                assert secret not in text, f"{place} shows what was said"
