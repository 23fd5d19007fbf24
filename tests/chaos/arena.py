"""A cluster whose every connection goes through the relay, and whose gateways write down what they see.

    two rehearsals ◀─ model-a, model-b ─ workers ─ link-w0… ─▶ broker ◀─ commands, events ─ gateways
"""
import json
import shutil
import signal
import subprocess

import paths  # noqa: F401
from cluster import BIN, LOGS, Cluster
from history import RecordedGateway, Recorder
from relay_control import RelayControl

MODELS = ("a", "b")
CONTINUES = {"a": "no", "b": "prefill"}  # how each goes on with a reply that was begun


class Arena(Cluster):
    def __init__(self, name, seed=1, workers=3, durable=True, models=(), broker=(), state=None,
                 **settings):
        """`models`: arguments of the rehearsals, one list for each of MODELS, or one for all. `state`: the
        broker's folder; default: one in the cluster's own."""
        self.histories = LOGS / f"{name}-histories"
        shutil.rmtree(self.histories, ignore_errors=True)
        self.durable = durable and broker_is_durable()
        super().__init__(name, workers=workers, endpoint="by the relay", broker=broker, **settings)
        if self.durable:
            self._broker_arguments += ["--state", state or self.folder / "state"]
        self.histories.mkdir(parents=True)
        self.seed = seed
        self.faults = Recorder(self.histories / "faults.jsonl")
        self._models = dict(zip(MODELS, models if models and isinstance(models[0], list)
                                else [list(models)] * len(MODELS)))
        self._model_ports = {}
        self._relayed = {}  # link: its address at the relay
        self.models = {}
        self.relay = None

    # --- from start to end -----------------------------------------------------------------------

    def __enter__(self):
        (self.histories / "run.json").write_text(json.dumps({
            "seed": self.seed, "durable": self.durable}))
        try:
            self.relay = RelayControl(self.folder, self.seed)
            self._processes.append(self.relay.process)
            for name in MODELS:
                self.start_model(name)
            self._write_worker_file()
        except BaseException:
            self._kill_all()
            raise
        return super().__enter__()

    def _kill_all(self):
        super()._kill_all()
        self.faults.close()
        if self.relay:
            self.relay.close()

    def settle(self):
        """Nothing is broken any more: faults of the relay end."""
        self.relay.tell("calm")

    # --- processes -------------------------------------------------------------------------------

    def start_model(self, name):
        """The first time on a free port, later on that one again."""
        model = self._start(f"model-{name}", "emostage-rehearsal", [
            "--listen", f"127.0.0.1:{self._model_ports.get(name, 0)}", "--seed", self.seed,
            *self._models[name]])
        port = model.expect(r"listening on 127\.0\.0\.1:(\d+)").group(1)
        if name not in self._model_ports:
            self._model_ports[name] = port
            self._relay(f"model-{name}", f"127.0.0.1:{port}")
        self.models[name] = model
        return model

    def model_port(self, name):
        return self._model_ports[name]

    def _relay(self, link, target):
        self._relayed[link] = self.relay.listen(link, target)

    def start_broker(self, commands, events, workers, admin):
        broker = super().start_broker(commands, events, workers, admin)
        if "commands" not in self._relayed:
            self._relay("commands", self.commands)
            self._relay("events", self.events)
        return broker

    def _write_worker_file(self):
        endpoints = "".join(f"  - {{url: 'http://{self._relayed[f'model-{name}']}/v1', name: {name}, "
                            f"model: rehearsal, continues: {CONTINUES[name]}}}\n" for name in MODELS)
        (self.folder / "worker.yaml").write_text(f"endpoints:\n{endpoints}")

    def start_worker(self, name, arguments=()):
        link = f"link-{name}"
        if link not in self._relayed:
            self._relay(link, self.links)
        worker = self._start(name, "emostage-worker", [
            "--config", self.folder / "worker.yaml", "--broker", self._relayed[link],
            "--pipelines", self._pipelines, "--slots", self._slots, "--name", name,
            *self._worker_arguments, *arguments])
        self.workers = [one for one in self.workers if one.name != name] + [worker]
        return worker

    def start_broker_again(self):
        """After its end, on the same ports and the same state."""
        self.broker = self.start_broker(self.commands, self.events, self.links, self.admin)

    def leave(self, process):
        """SIGTERM, and nobody waits for it."""
        self._may_end.append(process)
        process.signal(signal.SIGTERM)

    # --- gateways --------------------------------------------------------------------------------

    def gateway(self, name=None, wait=True, relayed=True, **settings):
        """`relayed`: behind the relay; else at the broker itself."""
        addresses = ((self._relayed["commands"], self._relayed["events"]) if relayed
                     else (self.commands, self.events))
        name = name or f"g{len(self._gateways)}"
        gateway = RecordedGateway(*addresses, name, self.histories, **settings)
        self._gateways.append(gateway)
        if wait:
            gateway.wait_for_hello()
        return gateway

    def close_gateway(self, gateway):
        self._gateways.remove(gateway)
        gateway.close()


def says(program, flag):
    """True where this build of the program has the flag."""
    return flag in subprocess.run([BIN / program, "--help"], capture_output=True, text=True,
                                  timeout=30).stdout


def broker_is_durable():
    return says("emostage-broker", "--state")


