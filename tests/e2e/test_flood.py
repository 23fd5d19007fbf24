"""A flood from one gateway: the others wait hardly longer than before, and are told nothing but answers."""
import time
import unittest

import zmq

from case import median, show
from cluster import Cluster
from gateway import wait, wait_for_ends

SLOTS, GATEWAYS, ROUNDS = 8, 8, 6
GAP_S = 0.3  # between two turns of one gateway: the slots are about a third busy
TTFT_MS, ITL_MS, TOKENS = 60, 4, 10  # a turn takes some 100 ms
FLOOD = 2_000
SLACK_MS = 250  # a slot has to come free, and a shared machine has other things to do


class FloodTest(unittest.TestCase):
    def test_a_flood_from_one_gateway_leaves_the_others_their_place(self):
        with Cluster("flood", workers=1, slots=SLOTS, rehearsal=[
                "--ttft-ms", TTFT_MS, "--itl-ms", ITL_MS, "--tokens", TOKENS],
                broker=["--queue-deadline-default-ms", 600_000]) as cluster:
            people = [cluster.gateway() for _ in range(GATEWAYS)]
            alone = self.waits_ms(cluster, people)

            flood = cluster.gateway("flood", mends=False)
            for number in range(FLOOD):
                flood.push({"type": "open", "v": 1, "gateway": flood.name, "turn": f"flood-{number}",
                            "session": f"flood-{number}", "text": cluster.say("More."),
                            "pipeline": "base"})
            wait(lambda: len(flood.strangers) >= FLOOD, "what became of the flood", [flood])
            self.assertLess(sum(event["type"] == "rejected" for event in flood.strangers), FLOOD / 10)

            beside = self.waits_ms(cluster, people)
            left = cluster.queue()["waiting"]
            show("waiting for a worker", alone_median_ms=median(alone), beside_median_ms=median(beside),
                 alone_max_ms=max(alone), beside_max_ms=max(beside), flood_left=left)
            self.assertGreater(left, FLOOD / 10, "the flood lasts as long as is measured")
            self.assertLess(median(beside), 2 * median(alone) + SLACK_MS)

    def waits_ms(self, cluster, people):
        """From `accepted` to `started`, by the broker's clock."""
        turns = []
        for number in range(ROUNDS * len(people)):
            turns.append(people[number % len(people)].open(cluster.say("I had a hard day."),
                                                           pipeline="base"))
            until = time.monotonic() + GAP_S / len(people)
            poller = zmq.Poller()
            for gateway in people:
                poller.register(gateway.sub, zmq.POLLIN)
            while (left := until - time.monotonic()) > 0:
                for gateway in people:
                    gateway.receive()
                poller.poll(max(1, int(1000 * left)))
        wait_for_ends(turns, people)
        self.assertEqual({turn.status for turn in turns}, {"completed"})
        return [turn.of_type("started")[0]["at_ms"] - turn.of_type("accepted")[0]["at_ms"]
                for turn in turns]


if __name__ == "__main__":
    unittest.main()
