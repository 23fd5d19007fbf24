"""What the tests of clients share: a cluster with an HTTP gateway for a class, and its clients."""
import json
import unittest
import urllib.request

import paths  # noqa: F401  makes the end-to-end tests' modules importable
from cluster import Cluster
from node_clients import Program, install
from processes import until

CHAT_CLIENTS = ("openai", "ai", "langchain")
MODEL = "emostage"
SAID = "I could not sleep again."


def setUpModule():  # each test file takes it over
    install()
    unittest.addModuleCleanup(Program.close_all)


class ClientCase(unittest.TestCase):
    """`settings` are those of Cluster, `gateway` the arguments of emostage-gateway."""

    settings = {}
    gateway = ()

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(f"{cls.__module__}-{cls.__name__}", **{"workers": 1, **cls.settings})
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        cls.http, cls.url = cls.cluster.start_http_gateway(arguments=cls.gateway)

    def say(self, text=SAID):
        return [{"role": "user", "content": self.cluster.say(text)}]

    def start(self, program, scenario, **told):
        """A client that goes on beside the test."""
        told = {"model": MODEL, "messages": self.say(), **told}
        return Program.of(program).start(url=f"{self.url}/v1", scenario=scenario, **told)

    def run_client(self, program, scenario, **told):
        seen = self.start(program, scenario, **told).seen()
        self.cluster.heard(seen["text"])
        return seen

    def wait_until_running(self, turns):
        until(lambda: self.cluster.queue()["running"] == turns, f"{turns} running turns")

    def run_all(self, *scenarios, **told):
        """What each of the chat clients sees, all at the same time: (client, scenario), seen."""
        runs = [((program, scenario), self.start(program, scenario, **told))
                for program in CHAT_CLIENTS for scenario in scenarios]
        for name, run in runs:
            seen = run.seen()
            self.cluster.heard(seen["text"])
            yield name, seen

    def replies_asked_for(self):
        """Of the rehearsal, since its start."""
        url = self.cluster.endpoint.removesuffix("/v1") + "/stats"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["stages"].get("response", 0)

    def wait_for_closed(self, before):
        """The line of the next connection to the model that was closed after the first `before`."""
        return json.loads(self.cluster.closes.wait_for_count(before + 1)[before])

    def check_failed(self, seen, status=None):
        """A failure is an error for the client, and nothing that looks like an end."""
        self.assertIsNotNone(seen["error"], seen)
        self.assertIsNone(seen["finish"], seen)
        if status is not None:
            self.assertEqual(seen["error"]["status"], status, seen)
