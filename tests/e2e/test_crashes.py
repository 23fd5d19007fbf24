"""Processes that die, hang, wake up again, or are asked to leave."""
import signal
import unittest

from case import show
from cluster import Cluster
from gateway import wait_for_ends

# A tenth of the usual times, so that a lease is lost within two seconds.
FAST_LEASES = ["--leases-beat-ms", 200, "--leases-fence-ms", 900, "--leases-lease-ms", 1500]
SLOW_REPLY = ["--ttft-ms", 30, "--itl-ms", 20, "--tokens", 60]


class CrashTest(unittest.TestCase):
    def check_whole(self, turns):
        for turn in turns:
            self.assertEqual(turn.status, "completed", turn.end)
            self.assertFalse(turn.damaged)
            self.assertEqual(turn.violations, [])

    def check_run_again(self, turns, worker, shown):
        """By the contract: attempt 2 on `worker`, and a reset where deltas had been shown."""
        self.check_whole(turns)
        for turn in turns:
            starts = turn.of_type("started")
            self.assertEqual([one["attempt"] for one in starts], [1, 2])
            self.assertEqual(starts[-1]["worker"], worker)
            self.assertEqual(turn.end["attempt"], 2)
            self.assertEqual(len(turn.of_type("reset")), int(turn.id in shown))

    def test_a_worker_killed_with_20_running_turns_loses_none(self):
        with Cluster("kill-worker", workers=1, rehearsal=SLOW_REPLY) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say("I had a hard day.")) for _ in range(14)]
            gateway.wait(lambda: all(turn.of_type("delta") for turn in turns), "their deltas")
            turns += [gateway.open(cluster.say("I had a hard day.")) for _ in range(6)]
            gateway.wait(lambda: all(turn.of_type("started") for turn in turns), "their starts")
            cluster.start_worker("w1")
            cluster.kill(cluster.worker("w0"))
            gateway.wait(lambda: all(len(t.of_type("started")) == 2 for t in turns), "w1's starts")
            shown = {turn.id for turn in turns
                     if any(e["type"] == "delta" and e["attempt"] == 1 for _, e in turn.received)}
            wait_for_ends(turns, [gateway])
            self.check_run_again(turns, "w1", shown)
            gaps = [starts[1]["at_ms"] - starts[0]["at_ms"]
                    for starts in (turn.of_type("started") for turn in turns)]
            show("kill -9 of a worker, 20 turns", with_deltas=len(shown), run_again_after_ms=max(gaps))
            self.assertGreaterEqual(len(shown), 14)
            self.assertLess(max(gaps), 6000)

    def test_a_worker_that_hangs_and_wakes_up_is_fenced(self):
        with Cluster("hang", workers=1, rehearsal=SLOW_REPLY, broker=FAST_LEASES) as cluster:
            gateway = cluster.gateway()
            hung = cluster.worker("w0")
            turns = [gateway.open(cluster.say("I had a hard day.")) for _ in range(6)]
            gateway.wait(lambda: all(turn.of_type("delta") for turn in turns), "their deltas")
            cluster.start_worker("w1")
            cluster.wait_for_workers(2)
            hung.signal(signal.SIGSTOP)
            gateway.wait(lambda: all(len(t.of_type("started")) == 2 for t in turns), "w1's starts")
            gateway.wait(lambda: any(t.of_type("reset") for t in turns), "a reset")
            hung.signal(signal.SIGCONT)  # what it still has to say belongs to attempt 1
            wait_for_ends(turns, [gateway])
            self.check_run_again(turns, "w1", {turn.id for turn in turns})
            cluster.wait_for_workers(2)
            cluster.stop(cluster.worker("w1"))
            again = gateway.open(cluster.say("And again."))
            wait_for_ends([again], [gateway])
            self.check_whole([again])
            self.assertEqual(again.of_type("started")[0]["worker"], "w0")

    def test_a_worker_that_is_told_to_leave_finishes_its_turns_and_takes_no_more(self):
        with Cluster("drain", workers=1, rehearsal=SLOW_REPLY) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say("I had a hard day.")) for _ in range(10)]
            gateway.wait(lambda: all(turn.of_type("started") for turn in turns), "their starts")
            cluster.start_worker("w1")
            cluster.wait_for_workers(2)
            leaving = cluster.worker("w0")
            leaving.signal(signal.SIGTERM)
            cluster._may_end.append(leaving)
            cluster.wait_for_workers(1)  # it has said so
            later = [gateway.open(cluster.say("I had a hard day.")) for _ in range(6)]
            wait_for_ends(turns + later, [gateway])
            self.check_whole(turns + later)
            for turn in turns + later:
                self.assertEqual(turn.end["attempt"], 1)
            self.assertEqual({turn.of_type("started")[0]["worker"] for turn in turns}, {"w0"})
            self.assertEqual({turn.of_type("started")[0]["worker"] for turn in later}, {"w1"})
            self.assertEqual(leaving.wait(10), 0)

    def test_a_broker_that_is_told_to_leave_lets_turns_finish_and_refuses_new_ones(self):
        with Cluster("drain-broker", workers=1, rehearsal=SLOW_REPLY) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say("I had a hard day.")) for _ in range(4)]
            gateway.wait(lambda: all(turn.of_type("delta") for turn in turns), "their deltas")
            cluster._may_end.append(cluster.broker)
            cluster.broker.signal(signal.SIGTERM)
            cluster.broker.expect("draining")
            late = gateway.open(cluster.say("Is somebody there?"))
            wait_for_ends([*turns, late], [gateway])
            self.check_whole(turns)
            self.assertEqual(late.code, "unavailable")
            self.assertEqual(cluster.broker.wait(20), 0)

    def test_a_broker_killed_twice_answers_what_is_pushed_again(self):
        with Cluster("kill-broker", workers=2, rehearsal=SLOW_REPLY) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say("I had a hard day.")) for _ in range(8)]
            brokers = {gateway.broker}
            for _ in range(2):
                gateway.wait(lambda: all(turn.of_type("delta") for turn in turns), "their deltas")
                cluster.restart_broker()
                gateway.wait(lambda: gateway.broker not in brokers, "the new broker")
                brokers.add(gateway.broker)
            wait_for_ends(turns, [gateway])
            self.check_whole(turns)
            self.assertEqual({turn.restarts for turn in turns}, {2})
            self.assertEqual(len(brokers), 3)
            cluster.wait_for_workers(2)


if __name__ == "__main__":
    unittest.main()
