"""What a fault looks like from the gateway: one test for each row of that table, named after it.

| Fault                                            | The gateway sees                                        |
|--------------------------------------------------|---------------------------------------------------------|
| `open` or `accepted` lost                        | it pushes the same turn again; delay                    |
| event lost, middle or tail                       | gap or beacon, resume, replay; a short stall            |
| gateway crash or slow                            | after reconnect: resume; jumps, no loss                 |
| worker killed, hung, stopped and woken, cut off  | the reply goes on or `reset`; one attempt's text only   |
| broker killed                                    | pause; then the same turns go on, same numbers          |
| broker's disk full                               | test_disk_full.py                                       |
| endpoint down, 429, 5xx                          | retry, within a budget; breaker; next endpoint          |
| endpoint cut or stalled mid-reply                | continued elsewhere, or `reset` and again, or `failed`  |
| turn that kills workers                          | `failed`, `attempts_exhausted`                          |
| deadline                                         | `failed`, `deadline_exceeded`; the connection closed    |
| SIGTERM to a worker                              | no new leases; turns finish or are handed over; exit 0  |

Whatever the fault, the histories of all gateways go through the checker.
"""
import json
import pathlib
import shutil
import signal
import tempfile
import time
import unittest
import urllib.request
import uuid

import paths  # noqa: F401
from arena import broker_is_durable
from arena_case import FAST_LEASES, SLOW_REPLY, ArenaCase
from cluster import PIPELINES
from gateway import wait_for_ends
from processes import until

LONG_REPLY = ["--ttft-ms", 30, "--itl-ms", 20, "--tokens", 2000]
SWALLOWED_MS = 400


class OpenOrAcceptedLost(ArenaCase):
    def test_open_or_accepted_lost(self):
        with self.arena("row-open-lost", workers=1) as arena:
            for link in ("commands", "events"):
                gateway = arena.gateway()
                begin = time.monotonic()
                arena.relay.tell("half_open", link=link, ms=SWALLOWED_MS)
                turns = self.open(arena, gateway, 3)
                wait_for_ends(turns, [gateway])
                self.check_completed(turns)
                self.assertGreater(gateway.asked, 0)
                self.assertGreater(turns[0].received[0][0] - begin, SWALLOWED_MS / 1000)
                arena.close_gateway(gateway)


class EventLost(ArenaCase):
    def test_event_lost_in_the_middle(self):
        with self.arena("row-middle-lost", workers=1) as arena:
            gateway = arena.gateway()
            turns = self.streaming(arena, gateway)
            arena.relay.tell("half_open", link="events", ms=SWALLOWED_MS)
            wait_for_ends(turns, [gateway])
            self.check_completed(turns)
            self.assertGreater(gateway.asked, 0)
            self.assertTrue(any("from" in delta for turn in turns for delta in turn.of_type("delta")))

    def test_event_lost_at_the_tail(self):
        with self.arena("row-tail-lost", workers=1) as arena:
            gateway = arena.gateway()
            lost = set()

            def lose_ends(event):
                if event["type"] != "completed" or event["turn"] in lost:
                    return True
                lost.add(event["turn"])
                return False

            gateway.keep = lose_ends
            turns = self.open(arena, gateway, 4)
            wait_for_ends(turns, [gateway])
            self.check_completed(turns)
            self.assertEqual(lost, {turn.id for turn in turns})
            self.assertGreater(gateway.beacons, 0)


class GatewayCrashOrSlow(ArenaCase):
    def test_gateway_crash(self):
        with self.arena("row-gateway-crash", workers=1) as arena:
            first = arena.gateway("g")
            before = self.streaming(arena, first)
            arena.close_gateway(first)
            second = arena.gateway("g")
            turns = [second.attach(turn.id) for turn in before[:2]]
            turns += [second.follow_bytes(turn.command, turn.raw) for turn in before[2:]]
            wait_for_ends(turns, [second])
            self.check_completed(turns)
            for held, turn in zip(before, turns):
                self.assertTrue(turn.text.startswith(held.text))
                self.assertEqual(turn.end["attempt"], 1)

    def test_gateway_slow(self):
        with self.arena("row-gateway-slow", workers=1, models=["--itl-ms", 10, "--tokens", 400], broker=[
                "--fanout-subscriber-messages-max", 10]) as arena:
            slow = arena.gateway("slow", receive_max=1, receive_bytes=4096, relayed=False)
            quick = arena.gateway("quick")
            # Long ids, so that it is more than the system's buffers take.
            turns = [turn for _ in range(50) for turn in self.open(
                arena, slow, pipeline="base", turn=2 * uuid.uuid4().hex, session=2 * uuid.uuid4().hex)]
            beside = self.open(arena, quick, 2, pipeline="base")
            wait_for_ends(beside, [quick])  # `slow` reads nothing meanwhile
            took = beside[0].end["at_ms"] - beside[0].events[0]["at_ms"]
            wait_for_ends(turns, [slow, quick])
            self.check_completed(turns + beside)
            self.assertGreater(slow.asked, 0)
            self.assertLess(took, 20_000)


class WorkerLost(ArenaCase):
    """Killed, hung, stopped and woken, cut off."""

    def lose(self, name, strike, mend=lambda arena, worker: None):
        with self.arena(name, workers=1, broker=FAST_LEASES) as arena:
            gateway = arena.gateway()
            turns = self.streaming(arena, gateway, 4)
            turns += self.open(arena, gateway, 2)  # these may have shown nothing yet
            gateway.wait(lambda: all(turn.of_type("started") for turn in turns), "their starts")
            arena.start_worker("w1")
            arena.wait_for_workers(2)
            worker = arena.worker("w0")
            strike(arena, worker)
            gateway.wait(lambda: all(len(turn.of_type("started")) == 2 for turn in turns), "w1")
            mend(arena, worker)
            wait_for_ends(turns, [gateway])
            self.check_completed(turns)
            for turn in turns:
                self.assertEqual([(one["worker"], one["attempt"]) for one in turn.of_type("started")],
                                 [("w0", 1), ("w1", 2)])
                self.assertEqual(turn.end["attempt"], 2)

    def test_worker_killed(self):
        self.lose("row-worker-killed", lambda arena, worker: arena.kill(worker))

    def test_worker_hung(self):
        self.lose("row-worker-hung", lambda arena, worker: worker.signal(signal.SIGSTOP),
                  lambda arena, worker: arena.kill(worker))

    def test_worker_stopped_and_woken(self):
        self.lose("row-worker-woken", lambda arena, worker: worker.signal(signal.SIGSTOP),
                  lambda arena, worker: worker.signal(signal.SIGCONT))

    def test_worker_cut_off(self):
        self.lose("row-worker-cut-off",
                  lambda arena, worker: arena.relay.tell("refuse", link="link-w0", ms=60_000),
                  lambda arena, worker: arena.settle())

    def test_a_connection_that_is_cut_for_a_moment_costs_no_attempt_where_state_is_durable(self):
        if not broker_is_durable():
            self.skipTest("this broker keeps no state: a cut costs an attempt")
        with self.arena("row-worker-cut", workers=1) as arena:
            gateway = arena.gateway()
            turns = self.streaming(arena, gateway)
            arena.relay.tell("cut", link="link-w0", how="rst")
            wait_for_ends(turns, [gateway])
            self.check_completed(turns)
            self.assertEqual({turn.end["attempt"] for turn in turns}, {1})
            self.assertFalse(any(turn.of_type("reset") for turn in turns))


class BrokerKilled(ArenaCase):
    def test_broker_killed(self):
        if not broker_is_durable():
            self.skipTest("this broker keeps no state on disk")
        with self.arena("row-broker-killed", workers=2) as arena:
            gateway = arena.gateway()
            turns = self.streaming(arena, gateway, 6)
            waiting = self.open(arena, gateway, 2, session="s", history=None)
            gateway.wait(lambda: all(turn.accepted for turn in waiting), "their acceptance")
            broker = gateway.broker
            for _ in range(2):
                arena.restart_broker()
                seen = {turn.id: turn.seq for turn in turns}
                gateway.wait(lambda: all(turn.end or turn.seq > seen[turn.id] for turn in turns),
                             "the next events")
            wait_for_ends(turns + waiting, [gateway])
            self.check_completed(turns)
            self.assertEqual([turn.status for turn in waiting], ["completed"] * 2)
            self.assertEqual(gateway.broker, broker)
            self.assertEqual({turn.restarts for turn in turns + waiting}, {0})
            self.assertEqual({turn.end["attempt"] for turn in turns}, {1})
            self.assertFalse(any(turn.of_type("reset") for turn in turns))

    def test_broker_killed_together_with_the_worker(self):
        if not broker_is_durable():
            self.skipTest("this broker keeps no state on disk")
        with self.arena("row-both-killed", workers=1) as arena:
            gateway = arena.gateway()
            turns = self.streaming(arena, gateway, 4, on_lost="continue")
            arena.kill(arena.worker("w0"))
            arena.restart_broker()
            arena.start_worker("w1")
            wait_for_ends(turns, [gateway])
            self.check_completed(turns)
            self.assertEqual({turn.end["attempt"] for turn in turns}, {2})


class EndpointFails(ArenaCase):
    """Down, 429, 5xx: the other one serves, and the one that is ill is left alone."""

    def run_on(self, name, models, strike=lambda arena: None, turns=12):
        with self.arena(name, workers=1, models=models) as arena:
            gateway = arena.gateway()
            strike(arena)
            opened = self.open(arena, gateway, turns)
            wait_for_ends(opened, [gateway])
            self.check_completed(opened)
            for turn in opened:
                self.assertEqual(turn.end["attempt"], 1)
            return stats(arena, "a") if arena.models["a"].running else None

    def test_endpoint_down(self):
        self.run_on("row-endpoint-down", SLOW_REPLY, lambda arena: arena.kill(arena.models["a"]))

    def test_endpoint_429(self):
        ill = [*SLOW_REPLY, "--fault-429", 100, "--retry-after-s", 30]
        asked = self.run_on("row-endpoint-429", [ill, SLOW_REPLY])["chats"]
        self.assertLess(asked, 3 * 12, "it is left alone for as long as it said")

    def test_endpoint_5xx(self):
        ill = [*SLOW_REPLY, "--fault-500", 100]
        asked = self.run_on("row-endpoint-5xx", [ill, SLOW_REPLY], turns=40)["chats"]
        self.assertLess(asked, 3 * 40, "its breaker is open")


class EndpointCutOrStalled(ArenaCase):
    def test_endpoint_cut_mid_reply(self):
        for on_lost in ("continue", "reset", "fail"):
            with self.subTest(on_lost), self.arena(f"row-endpoint-cut-{on_lost}", workers=1) as arena:
                gateway = arena.gateway()
                turns = self.streaming(arena, gateway, 6, on_lost=on_lost)
                arena.relay.tell("cut", link="model-a", how="rst")
                wait_for_ends(turns, [gateway])
                self.check_cut(turns, on_lost)

    def check_cut(self, turns, on_lost):
        completed = [turn for turn in turns if turn.status == "completed"]
        self.check_completed(completed)
        self.assertTrue(completed, "those of the other endpoint, at least")
        failed = [turn for turn in turns if turn.status != "completed"]
        if on_lost == "fail":
            self.assertFalse(any(turn.of_type("reset") for turn in turns))
            self.assertLessEqual({turn.status for turn in failed}, {"failed"})
        else:
            self.assertEqual(failed, [])

    def impatient_pipelines(self):
        """Those that ship, but a reply that is silent for half a second is given up."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        pipelines = pathlib.Path(folder.name) / "pipelines"
        shutil.copytree(PIPELINES, pipelines)
        file = pipelines / "emostage" / "pipeline.yaml"
        patient = "    streams: true\n"
        self.assertIn(patient, file.read_text())
        file.write_text(file.read_text().replace(
            patient, patient + "    timeouts: {silence_ms: 500}\n"))
        return pipelines

    def test_endpoint_stalled_mid_reply(self):
        ill = [*SLOW_REPLY, "--fault-stall", 100, "--fail-stage", "response"]
        with self.arena("row-endpoint-stalled", workers=1, models=[ill, SLOW_REPLY],
                        pipelines=self.impatient_pipelines()) as arena:
            gateway = arena.gateway()
            turns = self.open(arena, gateway, 6)
            wait_for_ends(turns, [gateway])
            self.check_cut(turns, "continue")


class TurnThatKillsWorkers(ArenaCase):
    def test_turn_that_kills_workers(self):
        with self.arena("row-poison", workers=3, models=LONG_REPLY) as arena:
            gateway = arena.gateway()
            (turn,) = self.open(arena, gateway)
            for attempt in range(1, 4):
                gateway.wait(lambda: turn.end or len(turn.of_type("started")) == attempt, "a start")
                arena.kill(arena.worker(turn.of_type("started")[-1]["worker"]))
            wait_for_ends([turn], [gateway])
            self.assertEqual((turn.status, turn.code), ("failed", "attempts_exhausted"))
            self.assertEqual(len({one["worker"] for one in turn.of_type("started")}), 3)
            self.assertEqual(turn.violations, [])
            arena.start_worker("w0")
            (after,) = self.open(arena, gateway, deadline_ms=20_000)
            gateway.wait(lambda: after.of_type("delta"), "the next turn's reply")
            gateway.cancel(after.id)
            wait_for_ends([after], [gateway])


class Deadline(ArenaCase):
    def test_deadline(self):
        with self.arena("row-deadline", workers=1, models=LONG_REPLY) as arena:
            gateway = arena.gateway()
            turns = self.open(arena, gateway, 4, deadline_ms=1000)
            wait_for_ends(turns, [gateway])
            for turn in turns:
                self.assertEqual((turn.status, turn.code), ("failed", "deadline_exceeded"))
                self.assertTrue(turn.of_type("delta"))
                took = turn.end["at_ms"] - turn.events[0]["at_ms"]
                self.assertGreaterEqual(took, 990)
                self.assertLess(took, 2000)
            until(lambda: sum(stats(arena, name)["chats_running"] for name in "ab") == 0,
                  "closed connections", 5)
            self.assertEqual(sum(stats(arena, name)["client_closed"] for name in "ab"), 4)


class WorkerToldToLeave(ArenaCase):
    def leave(self, name, drain_ms, attempts):
        with self.arena(name, workers=1, worker=["--drain-ms", drain_ms]) as arena:
            gateway = arena.gateway()
            turns = self.streaming(arena, gateway)
            arena.start_worker("w1")
            arena.wait_for_workers(2)
            leaving = arena.worker("w0")
            arena.leave(leaving)
            arena.wait_for_workers(1)  # it has said so
            later = self.open(arena, gateway, 3)
            wait_for_ends(turns + later, [gateway])
            self.check_completed(turns + later)
            self.assertEqual({turn.of_type("started")[0]["worker"] for turn in later}, {"w1"})
            self.assertEqual({turn.of_type("started")[-1]["worker"] for turn in turns}, attempts)
            self.assertEqual(leaving.wait(20), 0)

    def test_sigterm_to_a_worker_lets_its_turns_finish(self):
        self.leave("row-drain", 30_000, {"w0"})

    def test_sigterm_to_a_worker_hands_turns_over_at_the_drain_limit(self):
        self.leave("row-hand-over", 200, {"w1"})


def stats(arena, model):
    port = arena.model_port(model)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats", timeout=10) as answer:
        return json.load(answer)


if __name__ == "__main__":
    unittest.main()
