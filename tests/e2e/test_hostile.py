"""Bytes that no gateway and no worker would send; and the turns beside them go on undisturbed."""
import random
import socket
import unittest
import uuid

import msgpack
import zmq

from case import ClusterCase, show
from gateway import wait
from test_golden import bytes_of, vectors

CHANGED_COMMANDS = 3_000
STALL_MS_MAX = 400  # of the undisturbed turn: a token comes each 10 ms
FULL = next(one["means"] for one in vectors("commands.json") if "every field" in one["name"])


class HostileTest(ClusterCase):
    settings = {"workers": 1, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 150]}

    def setUp(self):
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, linger=0)
        self.gateway = self.cluster.gateway()
        self.calm = self.cluster.gateway()
        self.turn = self.calm.open(self.say("I had a hard day."))
        self.calm.wait(lambda: self.turn.of_type("delta"), "a delta")

    def pump(self):
        """Both gateways read on, so that delays are the broker's and not ours."""
        self.gateway.receive()
        self.calm.receive()

    def check_undisturbed(self):
        wait(lambda: self.turn.end, "the calm turn's end", [self.gateway, self.calm])
        self.check_completed(self.turn)
        times = [event["at_ms"] for _, event in self.turn.received if event["type"] == "delta"]
        pauses = [later - sooner for sooner, later in zip(times, times[1:])]
        show("the turn beside it", deltas=len(times), longest_pause_ms=max(pauses))
        self.assertLess(max(pauses), STALL_MS_MAX)
        # The broker and its worker are as they were.
        after = self.calm.open(self.say("Still there?"), pipeline="base")
        self.calm.wait(lambda: after.of_type("delta"), "a delta afterwards")
        self.calm.cancel(after.id)
        self.ended([after], self.calm)

    def rejections(self, gateway):
        return [e for e in gateway.strangers if e["type"] == "rejected"]

    def bad_commands(self):
        return sum(value for name, value in self.cluster.metrics().items()
                   if "bad" in name and "commands" in name)

    def test_every_golden_refusal_is_told_with_its_code(self):
        listener = self.cluster.gateway("g1")
        told = [vector for vector in vectors("refusals.json") if len(vector["told"]) == 2]
        for vector in vectors("refusals.json"):
            self.gateway.push_bytes(bytes_of(vector))
            self.pump()
        wait(lambda: len(self.rejections(listener)) >= len(told), "all refusals",
             [listener, self.gateway, self.calm])
        for vector, event in zip(told, self.rejections(listener), strict=True):
            with self.subTest(vector["name"]):
                self.assertEqual((event["code"], event["turn"]),
                                 (vector["code"], vector["told"]["turn"]))
                self.assertTrue(0 < len(event["message"]) <= 512)
        self.check_undisturbed()
        listener.close()
        self.cluster._gateways.remove(listener)

    def test_a_text_of_1_mb_is_too_large_and_the_turn_is_named(self):
        turn = self.gateway.open("\u3042" * 350_000)
        wait(lambda: turn.end, "the refusal", [self.gateway, self.calm])
        self.assertEqual(turn.code, "too_large")
        self.assertIn("text", turn.end["message"])
        self.assertNotIn("\u3042", turn.end["message"])
        self.check_undisturbed()

    def test_changed_cut_and_grown_commands_never_disturb_a_turn(self):
        chance = random.Random(20_26)
        for number in range(CHANGED_COMMANDS):
            command = {**FULL, "gateway": self.gateway.name, "turn": f"h{number}",
                       "session": f"hostile-{number % 50}", "deadline_ms": 50, "on_busy": "reject"}
            raw = bytearray(msgpack.packb(command))
            for _ in range(chance.choice((1, 1, 2, 8))):
                kind, at = chance.randrange(5), chance.randrange(len(raw))
                if kind == 0:
                    raw[at] ^= 1 << chance.randrange(8)
                elif kind == 1:
                    raw[at] = chance.choice((0xC1, 0xDF, 0xDD, 0xDB, 0xC7, 0xFF, 0x00, 0x91, 0x81))
                elif kind == 2:
                    del raw[at:]
                elif kind == 3:
                    raw[at:at] = chance.randbytes(chance.choice((1, 4, 40)))
                else:
                    raw[at:at] = raw[: chance.randrange(len(raw))]
                raw = raw or bytearray(b"\x80")
            self.gateway.push_bytes(bytes(raw))
            if number % 50 == 0:
                self.pump()
        last = self.gateway.open(self.say("The last one."), pipeline="base")
        wait(lambda: last.accepted, "an answer after them", [self.gateway, self.calm])
        self.gateway.cancel(last.id)
        codes = {event["code"] for event in self.rejections(self.gateway)}
        self.assertIn("invalid_field", codes)
        self.assertLessEqual(codes, {"invalid_field", "too_large", "unsupported_version",
                                     "unknown_pipeline", "session_busy", "unknown_turn", "malformed",
                                     "overloaded", "conflict"})
        self.check_undisturbed()

    def test_bad_commands_without_names_are_counted(self):
        before = self.bad_commands()
        for _ in range(50):
            self.gateway.push_bytes(b"\xc1")
        self.gateway.push({"type": "resume", "v": 1, "gateway": self.gateway.name, "turn": "x",
                           "after": 0})
        wait(lambda: self.rejections(self.gateway), "what came after them",
             [self.gateway, self.calm])
        self.assertGreaterEqual(self.bad_commands() - before, 50)
        self.check_undisturbed()

    def test_wrong_frames_on_the_commands_socket(self):
        good = msgpack.packb({"type": "cancel", "v": 1, "gateway": self.gateway.name,
                              "turn": self.turn.id})
        for frames in ([good, good], [b"", good], [good, b""], [b""], [b"", b"", b""],
                       [b"x" * 100] * 200):
            self.gateway.push_frames(frames)
            self.pump()
        self.check_undisturbed()

    def test_wrong_frames_on_the_events_socket(self):
        wild = self.context.socket(zmq.XSUB)
        wild.setsockopt(zmq.LINGER, 0)
        wild.connect(self.cluster.events)
        for frames in ([b"\x01" + b"x" * 300 + b"/"], [b"\x01"], [b"\x01/"], [b"\x01\xff\xfe/"],
                       [b"\x00never/"], [b"hello"], [b"\x02g1/"], [b""], [b"\x01g1/", b"g2/"],
                       [b"\x01" + self.calm.name.encode() + b"/"]):
            wild.send_multipart(frames)
            self.pump()
        for number in range(300):
            wild.send(b"\x01wild-%d/" % number)
        self.pump()
        wild.close()
        hello_again = self.cluster.gateway()
        self.assertTrue(hello_again.hellos)
        self.check_undisturbed()

    def test_wrong_frames_and_foreign_leases_on_the_workers_socket(self):
        wild = self.context.socket(zmq.DEALER)
        wild.setsockopt(zmq.LINGER, 0)
        wild.connect(self.cluster.links)
        forged = [{"type": "output", "lease": lease, "ordinal": ordinal,
                   "events": [{"type": "delta", "text": "FORGED"},
                              {"type": "cancelled", "reason": "requested"}]}
                  for lease in range(1, 60) for ordinal in (1, 5)]
        forged += [{"type": "return", "lease": lease, "reason": "x"} for lease in range(1, 60)]
        forged += [{"type": "beat", "instance": "nobody", "number": 1, "leases": [1, 2, 3],
                    "draining": False}, {"type": "ready"}, {"type": "lease"}, {"type": 7}, [], None]
        for message in forged:
            wild.send(msgpack.packb(message))
            self.pump()
        for frames in ([b"", b""], [b""], [b"\xc1"], [b"x"] * 50, [b"\xdf\xff\xff\xff\xff"],
                       [b"\x91" * 5000]):
            wild.send_multipart(frames)
            self.pump()
        self.check_undisturbed()
        self.assertNotIn("FORGED", self.turn.text)
        wild.close()

    def test_bytes_that_are_not_zeromq_on_every_port(self):
        chance = random.Random(7)
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)
        for endpoint in (self.cluster.commands, self.cluster.events, self.cluster.links,
                         "tcp://" + self.cluster.admin):
            host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
            for raw in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 2000, chance.randbytes(4000),
                        greeting + chance.randbytes(200), greeting[:20],
                        greeting + b"\x06" + b"\xff" * 8, b"POST /queue HTTP/1.1\r\n" + b"A" * 100_000):
                with socket.create_connection((host, int(port)), timeout=5) as wire:
                    try:
                        wire.sendall(raw)
                    except OSError:
                        pass  # closed already: a good answer
                self.pump()
        self.check_undisturbed()

    def test_a_message_of_more_than_4_mib_costs_its_sender_the_connection(self):
        push = self.context.socket(zmq.PUSH)
        push.setsockopt(zmq.LINGER, 0)
        push.connect(self.cluster.commands)
        push.send(b"\xdb" + bytes(5 * 1024 * 1024))
        self.pump()
        self.check_undisturbed()
        push.close()

    def test_a_gateway_that_claims_many_names_fills_no_memory(self):
        names = [f"many-{uuid.uuid4().hex}" for _ in range(2_000)]
        for number, name in enumerate(names):
            self.gateway.push({"type": "resume", "v": 1, "gateway": name, "turn": self.turn.id,
                               "after": 0})
            if number % 50 == 0:
                self.pump()
        self.check_undisturbed()


if __name__ == "__main__":
    unittest.main()
