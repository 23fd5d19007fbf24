"""The HTTP gateway's keys, and a broker that is away."""
import hashlib
import signal
import subprocess
import unittest

from cluster import BIN
from http_case import HttpCase
from processes import until

CHAT = "/v1/chat/completions"


def line(name, key):
    return f"{name} {hashlib.sha256(key.encode()).hexdigest()}\n"


def bearer(key):
    return {"authorization": "Bearer " + key}


class KeysTest(HttpCase):
    settings = {"workers": 1, "rehearsal": ["--ttft-ms", 1, "--itl-ms", 1, "--tokens", 10]}

    @classmethod
    def setUpClass(cls):
        # The cluster's folder is there only with the cluster.
        super().setUpClass()
        cls.file = cls.cluster.folder / "keys"
        cls.file.write_text("# who may\n" + line("anna", "key-a") + line("ben", "key-b"))
        cls.keyed, cls.address = cls.cluster.start_http_gateway("keyed", ["--keys", cls.file])
        cls.wait_until_ready(cls.address)

    def test_only_known_keys_open_the_interfaces(self):
        for path in ("/v1/models", "/v1/turns/t", "/v1/nothing", "/v1"):
            for headers in ({}, bearer("key-c"), bearer(""), {"authorization": "Basic key-a"}):
                answer = self.ask("GET", path, headers=headers)
                self.check_error(answer, 401, "invalid_api_key", "authentication_error")
                self.assertEqual(answer[1]["www-authenticate"], "Bearer")
                self.assertNotIn("key-c", str(answer[2]))
        self.assertEqual(self.ask("GET", "/v1/models", headers=bearer("key-a"))[0], 200)
        self.assertEqual(self.ask("GET", "/healthz")[0], 200)
        self.assertTrue(self.ask("GET", "/page.json")[2]["keys"])

    def test_turns_of_one_key_cannot_be_reached_with_another(self):
        body = self.chat("I could not sleep.")
        headers = {"idempotency-key": "mine", "x-session-id": "same"}
        status, sent, answer = self.ask("POST", CHAT, body, {**headers, **bearer("key-a")})
        self.assertEqual(status, 200, answer)
        self.assertEqual(sent["x-emostage-turn"], "mine")
        self.cluster.heard(answer["choices"][0]["message"]["content"])
        self.assertEqual(self.ask("GET", "/v1/turns/mine", headers=bearer("key-a"))[0], 200)
        self.check_error(self.ask("GET", "/v1/turns/mine", headers=bearer("key-b")), 404, "unknown_turn")
        self.check_error(self.ask("GET", "/v1/turns/anna:mine", headers=bearer("key-b")), 404,
                         "unknown_turn")
        # The other's own turn may have that name too.
        other = self.ask("POST", CHAT, self.chat("Another."), {**headers, **bearer("key-b")})
        self.assertEqual(other[0], 200, other[2])
        self.cluster.heard(other[2]["choices"][0]["message"]["content"])

    def test_keys_are_read_again(self):
        def status(key):
            return self.ask("GET", "/v1/models", headers=bearer(key), address=address)[0]
        file = self.cluster.folder / "changing"
        file.write_text(line("one", "key-1"))
        gateway, address = self.cluster.start_http_gateway("changing", ["--keys", file])
        self.assertEqual((status("key-1"), status("key-2")), (200, 401))
        file.write_text(line("two", "key-2"))
        gateway.signal(signal.SIGHUP)
        gateway.expect("keys read")
        self.assertEqual((status("key-1"), status("key-2")), (401, 200))
        file.write_text("nonsense\n")
        gateway.signal(signal.SIGHUP)
        gateway.expect("the keys stay as they were")
        self.assertEqual(status("key-2"), 200)
        self.assertEqual(self.cluster.stop(gateway), 0)
        said = gateway.log.read_text()
        self.assertFalse([secret for secret in ("key-1", "key-2") if secret in said])

    def test_a_new_key_opens_with_its_line(self):
        made = subprocess.run([BIN / "emostage-gateway", "--new-key", "carla"], capture_output=True,
                              text=True, check=True).stdout.splitlines()
        file = self.cluster.folder / "made"
        file.write_text(made[3] + "\n")
        gateway, address = self.cluster.start_http_gateway("made", ["--keys", file])
        self.assertEqual(self.ask("GET", "/v1/models", headers=bearer(made[1]), address=address)[0], 200)
        gateway.expect(r"request=\S+ .*key=carla")
        self.assertEqual(self.cluster.stop(gateway), 0)

    def test_without_the_page_there_is_none(self):
        gateway, address = self.cluster.start_http_gateway("bare", ["--page-serve", "off"])
        for path in ("/", "/page.css", "/page.json", "/nothing"):
            self.check_error(self.ask("GET", path, address=address), 404, "not_found")
            self.check_error(self.ask("POST", path, address=address), 404, "not_found")
        self.assertEqual(self.ask("GET", "/healthz", address=address)[0], 200)
        self.assertEqual(self.cluster.stop(gateway), 0)

    def test_without_keys_nobody_listens_to_the_world(self):
        ran = subprocess.run([BIN / "emostage-gateway", "--listen", "0.0.0.0:0"], capture_output=True,
                             text=True, timeout=30)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("no `keys` are asked for", ran.stderr)


class BrokerTest(HttpCase):
    settings = {"workers": 1, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 100],
                "broker": ["--state", ":memory:"]}
    gateway_arguments = ["--limits-head-wait-ms", 200, "--limits-ping-ms", 100]

    def test_a_broker_that_is_away_is_waited_for_with_pings(self):
        self.cluster.kill(self.cluster.broker)
        until(lambda: self.ask("GET", "/readyz")[0] == 503 or self.turn_waits(), "it is missed")
        stream = self.stream("POST", CHAT, self.chat("I had a hard day.", stream=True))
        self.assertEqual(stream.status, 200)
        line_ = stream.answer.readline()
        self.assertEqual(line_, b": ping\n")
        self.cluster.broker = self.cluster.start_broker(
            self.cluster.commands, self.cluster.events, self.cluster.links, self.cluster.admin)
        events = list(stream)
        self.assertEqual(events[-1].data, "[DONE]")
        self.text_of(event.json for event in events[:-1])

    def turn_waits(self):
        return not self.cluster.broker.running


if __name__ == "__main__":
    unittest.main()
