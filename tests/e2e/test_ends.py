"""How a turn ends before its time: cancelled, too late, too many."""
import json
import time
import unittest
import urllib.request

from case import ClusterCase, median, show
from cluster import Cluster
from gateway import wait_for_ends

CANCELS = 9
CLOSED_MEDIAN_MS, CLOSED_MAX_MS = 20, 250  # the second: a busy machine may stop us for a moment


class CancelTest(ClusterCase):
    # Analyses answer after 60 ms; a reply of 2,000 tokens lasts until it is cancelled.
    settings = {"workers": 1, "slots": 2,
                "rehearsal": ["--ttft-ms", 60, "--itl-ms", 10, "--tokens", 2000]}

    def setUp(self):
        self.gateway = self.cluster.gateway()

    def cancel_and_wait(self, turn):
        """How long the `cancelled` took, in ms."""
        sent = time.monotonic()
        self.gateway.cancel(turn.id)
        self.gateway.wait(lambda: turn.end, "the end", 10)
        self.assertEqual((turn.status, turn.end["reason"]), ("cancelled", "requested"))
        return 1000 * (turn.received[-1][0] - sent)

    def wait_for_requests(self, count):
        """Until the model's server has so many: a turn tells of its calls before they arrive there."""
        patience = time.monotonic() + 10
        url = self.cluster.endpoint.removesuffix("/v1") + "/stats"
        while time.monotonic() < patience:
            with urllib.request.urlopen(url, timeout=10) as answer:
                if json.load(answer)["chats_running"] == count:
                    return
        self.fail(f"not {count} requests at the model's server within 10 s")

    def close_times(self, when, connections, expected):
        """Opens and cancels turns; how long until the model's server saw the connection closed."""
        closed, told = [], []
        for _ in range(CANCELS):
            trace = self.cluster.trace()
            turn = self.gateway.open(self.say("I had a hard day."), traceparent=trace.parent)
            self.gateway.wait(lambda: when(turn), "the moment to cancel")
            self.wait_for_requests(connections)
            sent = time.time() * 1000
            told.append(self.cancel_and_wait(turn))
            for line in trace.closed(connections):
                self.assertEqual(line["phase_of_answer"], expected)
                closed.append(line["at_ms"] - sent)
        show(f"cancelled while {expected}", closed_median_ms=median(closed),
             closed_max_ms=max(closed), told_median_ms=median(told))
        self.assertLessEqual(median(closed), CLOSED_MEDIAN_MS)
        self.assertLessEqual(max(closed), CLOSED_MAX_MS)

    def test_cancelling_a_reply_that_streams_closes_the_connection(self):
        self.close_times(lambda turn: len(turn.of_type("delta")) >= 3, 1, "streaming")

    def test_cancelling_while_the_model_is_silent_closes_its_connections(self):
        self.close_times(lambda turn: turn.of_type("started"), 2, "silent")

    def test_cancelling_a_reply_that_has_not_begun_closes_the_connection(self):
        self.close_times(lambda turn: len(turn.of_type("stage")) == 2, 1, "silent")

    def test_a_turn_that_waits_is_cancelled_at_once_and_never_reaches_a_model(self):
        running = [self.gateway.open(self.say("One.")) for _ in range(2)]
        self.gateway.wait(lambda: all(turn.of_type("delta") for turn in running), "their deltas")
        told = []
        for _ in range(CANCELS):
            turn = self.gateway.open(self.say("I had a hard day."))
            self.gateway.wait(lambda: turn.accepted, "its acceptance")
            told.append(self.cancel_and_wait(turn))
            self.assertEqual(turn.of_type("started"), [])
        show("cancelled while waiting", told_median_ms=median(told))
        self.assertLessEqual(median(told), CLOSED_MEDIAN_MS)
        self.assertTrue(all(turn.end is None for turn in running))
        for turn in running:
            self.cancel_and_wait(turn)

    def test_another_gateway_may_cancel_and_cancelling_again_changes_nothing(self):
        other = self.cluster.gateway()
        turn = self.gateway.open(self.say("I had a hard day."))
        self.gateway.wait(lambda: turn.of_type("delta"), "a delta")
        other.cancel(turn.id)
        self.ended([turn], self.gateway)
        self.assertEqual(turn.status, "cancelled")
        came = len(turn.received)
        self.gateway.cancel(turn.id)
        self.gateway.wait(lambda: len(turn.received) > came, "the end once more")
        self.assertEqual(turn.received[-1][1], turn.end)

    def test_after_a_cancel_the_slot_is_free_again(self):
        for _ in range(6):
            turns = [self.gateway.open(self.say("Hello."), session="s-slot") for _ in range(1)]
            self.gateway.wait(lambda: turns[0].of_type("delta"), "a delta", 10)
            self.cancel_and_wait(turns[0])

    def test_a_deadline_ends_a_turn_that_runs_and_one_that_waits(self):
        traces = [self.cluster.trace() for _ in range(2)]
        asked = time.monotonic()
        running = [self.gateway.open(self.say("One."), deadline_ms=700, traceparent=trace.parent)
                   for trace in traces]
        self.gateway.wait(lambda: all(turn.of_type("started") for turn in running), "their starts")
        waiting = [self.gateway.open(self.say("Two."), deadline_ms=300) for _ in range(2)]
        wait_for_ends(running + waiting, [self.gateway], 10)
        for turn in running + waiting:
            self.assertEqual((turn.status, turn.code), ("failed", "deadline_exceeded"))
        for turn, deadline in [(one, 0.7) for one in running] + [(one, 0.3) for one in waiting]:
            late = turn.received[-1][0] - asked - deadline
            self.assertGreater(late, -0.05)
            self.assertLess(late, 0.6)
        self.assertTrue(all(turn.of_type("delta") for turn in running))
        for trace in traces:
            trace.closed()


class BusyTest(unittest.TestCase):
    def test_a_full_queue_says_when_to_come_back(self):
        settings = {"workers": 1, "slots": 1, "rehearsal": ["--itl-ms", 20, "--tokens", 30],
                    "broker": ["--queue-turns-max", 8, "--queue-turns-per-gateway-max", 5,
                               "--queue-turns-per-session-max", 5]}
        with Cluster("full-queue", **settings) as cluster:
            first, second, third = (cluster.gateway() for _ in range(3))
            running = first.open(cluster.say("Zero."))
            first.wait(lambda: running.of_type("started"), "its start")
            mine = [first.open(cluster.say("One.")) for _ in range(7)]
            first.wait(lambda: all(t.accepted or t.end for t in mine), "an answer to each")
            self.assertEqual([turn.code for turn in mine], [None] * 5 + ["overloaded"] * 2)
            theirs = [second.open(cluster.say("Two.")) for _ in range(5)]
            second.wait(lambda: all(t.accepted or t.end for t in theirs), "an answer to each")
            self.assertEqual([turn.code for turn in theirs], [None] * 3 + ["overloaded"] * 2)
            refused = [turn for turn in mine + theirs if turn.end]
            for turn in refused:
                self.assertGreater(turn.end["retry_after_ms"], 0)
            for turn in mine + theirs:
                if not turn.end:
                    first.cancel(turn.id)
            wait_for_ends([running, *mine, *theirs], [first, second])
            self.assertEqual(running.status, "completed")
            again = third.open(cluster.say("Three."))
            wait_for_ends([again], [third])
            self.assertEqual(again.status, "completed")

    def test_a_session_does_not_queue_without_end(self):
        settings = {"workers": 1, "rehearsal": ["--itl-ms", 20, "--tokens", 200],
                    "broker": ["--queue-turns-per-session-max", 3]}
        with Cluster("full-session", **settings) as cluster:
            gateway = cluster.gateway()
            running = gateway.open(cluster.say("Zero."), session="s")
            gateway.wait(lambda: running.of_type("started"), "its start")
            turns = [gateway.open(cluster.say("One."), session="s") for _ in range(5)]
            gateway.wait(lambda: sum(t.code == "overloaded" for t in turns) == 2, "two refusals")
            for turn in [*turns, running]:
                gateway.cancel(turn.id)
            wait_for_ends([running, *turns], [gateway])

    def test_a_flood_of_one_gateway_does_not_make_another_wait(self):
        settings = {"workers": 1, "slots": 2, "rehearsal": ["--ttft-ms", 4, "--itl-ms", 1,
                                                            "--tokens", 20]}
        with Cluster("fairness", **settings) as cluster:
            flood, calm = cluster.gateway(), cluster.gateway()
            many = [flood.open(cluster.say("Flood.")) for _ in range(150)]
            flood.wait(lambda: all(turn.accepted for turn in many), "their acceptance")
            few = [calm.open(cluster.say("Calm.")) for _ in range(10)]
            wait_for_ends([*many, *few], [flood, calm])
            self.assertTrue(all(turn.status == "completed" for turn in [*many, *few]))

            def started(turn):
                return turn.of_type("started")[0]["at_ms"]

            asked = few[0].events[0]["at_ms"]
            left = sum(started(turn) > asked for turn in many)
            self.assertGreater(left, 60, "the flood was over before the test began")
            before = [sum(asked < started(one) <= started(turn) for one in many) for turn in few]
            show("turns of the flood before each calm one", count=str(before))
            for number, count in enumerate(sorted(before)):
                self.assertLessEqual(count, 2 * (number + 1) + 4)

    def test_a_higher_priority_goes_first_within_a_gateway(self):
        settings = {"workers": 1, "slots": 1, "rehearsal": ["--itl-ms", 2, "--tokens", 20]}
        with Cluster("priority", **settings) as cluster:
            gateway = cluster.gateway()
            order = ["low", "normal", "high", "low", "normal", "high"]
            blocker = gateway.open(cluster.say("First."))
            gateway.wait(lambda: blocker.of_type("started"), "its start")
            turns = [gateway.open(cluster.say("Next."), priority=name) for name in order]
            wait_for_ends([blocker, *turns], [gateway])
            ran = sorted(turns, key=lambda turn: turn.first_at("started"))
            self.assertEqual([turn.command["priority"] for turn in ran],
                             ["high"] * 2 + ["normal"] * 2 + ["low"] * 2)


if __name__ == "__main__":
    unittest.main()
