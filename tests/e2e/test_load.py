"""Speed as a gateway sees it: the first token, and that one slow reader slows nobody else."""
import os
import time
import unittest

import zmq

from case import median, show
from cluster import Cluster
from gateway import wait, wait_for_ends

IN_FLIGHT, ROUNDS = 64, 3
TTFT_MS, ITL_MS, TOKENS = 50, 10, 60
IDEAL_MS = 2 * TTFT_MS  # both analyses at once, then the reply's first token
# The aim is IDEAL + 5 ms at the median, on a machine that has nothing else to do. A test must also hold
# on a shared machine with two cores: the bound asserted is wider, and with sanitizers there is none. The
# figure is shown.
OVER_MEDIAN_MS = float(os.environ.get("EMOSTAGE_FIRST_TOKEN_OVER_MS", 60))
SANITIZED = "EMOSTAGE_SANITIZED" in os.environ


def wait_until(due, gateway):
    """Receives until then: `due` is on the monotonic clock."""
    poller = zmq.Poller()
    poller.register(gateway.sub, zmq.POLLIN)
    while (left := due - time.monotonic()) > 0:
        gateway.receive()
        poller.poll(max(1, int(1000 * left)))


class LoadTest(unittest.TestCase):
    def test_the_first_token_with_64_turns_in_flight_on_one_worker(self):
        with Cluster("first-token", workers=1, slots=IN_FLIGHT, rehearsal=[
                "--ttft-ms", TTFT_MS, "--itl-ms", ITL_MS, "--tokens", TOKENS]) as cluster:
            gateway = cluster.gateway()
            opened, turns = {}, []

            def in_flight():
                return sum(turn.end is None for turn in turns[-2 * IN_FLIGHT:])

            # One after the other, as real people come: 64 at once stay in flight.
            life_s = (IDEAL_MS + TOKENS * ITL_MS) / 1000
            begin = time.monotonic()
            for number in range(ROUNDS * IN_FLIGHT):
                due = begin + number * life_s / IN_FLIGHT
                wait_until(due, gateway)
                gateway.wait(lambda: in_flight() < IN_FLIGHT, "a slot")
                turn = gateway.open(cluster.say("I had a hard day."))
                opened[turn.id] = time.monotonic()
                turns.append(turn)
            wait_for_ends(turns, [gateway])
            self.assertEqual({turn.status for turn in turns}, {"completed"})
            over = sorted(1000 * (turn.first_at("delta") - opened[turn.id]) - IDEAL_MS
                          for turn in turns[IN_FLIGHT:])
            by_broker = [turn.of_type("delta")[0]["at_ms"] - turn.events[0]["at_ms"] - IDEAL_MS
                         for turn in turns[IN_FLIGHT:]]
            show(f"first token over the ideal of {IDEAL_MS} ms, {IN_FLIGHT} in flight",
                 median_ms=median(over), p90_ms=over[int(0.9 * len(over))], max_ms=over[-1],
                 broker_median_ms=median(by_broker), aim_ms=5)
            if not SANITIZED:
                self.assertLess(median(over), OVER_MEDIAN_MS)

    def test_a_reader_that_does_not_read_slows_nobody_and_gets_all_later(self):
        with Cluster("slow-reader", workers=1, rehearsal=["--itl-ms", 4, "--tokens", 400],
                     broker=["--fanout-subscriber-messages-max", 200]) as cluster:
            quick = cluster.gateway()
            alone = quick.open(cluster.say("Alone."), pipeline="base")
            wait_for_ends([alone], [quick])
            slow = cluster.gateway("slow", receive_max=1, receive_bytes=4096)
            stuck = [slow.open(cluster.say("Slow."), pipeline="base") for _ in range(12)]
            beside = quick.open(cluster.say("Beside."), pipeline="base")
            wait_for_ends([beside], [quick])  # `slow` reads nothing meanwhile

            def took(turn):
                return turn.end["at_ms"] - turn.events[0]["at_ms"]

            show("a reply beside a reader that does not read", alone_ms=took(alone),
                 beside_ms=took(beside))
            self.assertLess(took(beside), 1.5 * took(alone) + 300)
            self.assertEqual({alone.status, beside.status}, {"completed"})
            wait(lambda: all(turn.end for turn in stuck), "what it had not read", [slow, quick], 60)
            self.assertEqual({turn.status for turn in stuck}, {"completed"})


if __name__ == "__main__":
    unittest.main()
