"""A reply that does not begin is asked of a second model server, within a share of the calls."""
import json
import re
import unittest

from case import median, show
from cluster import Cluster
from gateway import wait_for_ends

PACE = ["--ttft-ms", 20, "--itl-ms", 2, "--tokens", 20]
SILENT_MS = 2000
# The analyses stay as fast as they were.
SILENT = ["--fault-slow-headers", 100, "--slow-headers-ms", SILENT_MS, "--fail-stage", "response"]
SAID = "I had a hard day."


class HedgesTest(unittest.TestCase):
    def run_turns(self, name, percent):
        """20 turns on two servers, then 12 with one that has become silent; the worker's last count."""
        with Cluster(name, workers=0) as cluster:
            one, slow, _ = cluster.start_rehearsal("slow", PACE)
            _, fast, _ = cluster.start_rehearsal("fast", PACE)
            worker = cluster.start_worker("w0", config=(
                f"endpoints:\n  - {{name: slow, url: {slow!r}}}\n  - {{name: fast, url: {fast!r}}}\n"
                f"hedge: {{after_percentile: 50, extra_calls_max_percent: {percent}, "
                "min_delay_ms: 100}\n"))
            cluster.wait_for_workers(1)
            gateway = cluster.gateway()
            for number in range(20):
                wait_for_ends([gateway.open(cluster.say(SAID), session=f"a{number}")], [gateway])
            cluster.kill(one)
            address = re.search(r"127\.0\.0\.1:\d+", slow).group(0)
            _, _, closes = cluster.start_rehearsal("silent", [*PACE, *SILENT], address)
            turns = []
            for number in range(12):
                turns.append(gateway.open(cluster.say(SAID), session=f"b{number}"))
                wait_for_ends(turns[-1:], [gateway])
            self.assertEqual(cluster.stop(worker), 0)
            closed = [json.loads(line) for line in closes.all]
            said = [line for line in worker.lines.all if " hedges " in line]
        for turn in turns:
            self.assertEqual(turn.status, "completed", turn.end)
            self.assertEqual(turn.violations, [])
            self.assertEqual(turn.of_type("reset"), [])
        waits = [turn.end["timings_ms"]["first_delta"] for turn in turns]
        counted = {key: int(value)
                   for key, value in re.findall(r"(calls|hedged|won)=(\d+)", said[-1])} if said else {}
        show(f"one of two servers silent for {SILENT_MS} ms, at most {percent} % hedged",
             first_delta_ms_median=median(waits), worst=max(waits), **counted)
        return turns, waits, counted, closed

    def test_a_reply_that_does_not_begin_comes_from_the_other_server(self):
        turns, waits, counted, closed = self.run_turns("hedges", 100)
        self.assertLess(max(waits), SILENT_MS / 2)
        hedged = [turn for turn in turns if turn.end["usage"]["calls"] == 4]
        self.assertGreater(len(hedged), 0)
        self.assertGreaterEqual(counted["hedged"], len(hedged))
        self.assertGreaterEqual(counted["won"], len(hedged))
        self.assertEqual(counted["calls"], 32)
        self.assertEqual([line["stage"] for line in closed], ["response"] * len(closed))
        self.assertGreaterEqual(len(closed), len(hedged), "who is not heard is closed")
        self.assertLess(max(line["after_ms"] for line in closed), SILENT_MS / 2)

    def test_no_more_than_the_share_is_hedged(self):
        _, waits, counted, _ = self.run_turns("hedges-share", 5)
        self.assertEqual(counted["hedged"], 1, "5 % of 32")
        self.assertGreater(max(waits), SILENT_MS / 2, "the others wait, as they did before")


if __name__ == "__main__":
    unittest.main()
