"""Replies that break off: they go on where the model's server can, else as the gateway asked."""
import unittest

from case import show
from cluster import Cluster
from gateway import wait_for_ends

TURNS = 30
SLOW_REPLY = ["--ttft-ms", 20, "--itl-ms", 20, "--tokens", 60]
SAID = "I had a hard day."


class ContinuesTest(unittest.TestCase):
    def check_whole(self, turns, text):
        for turn in turns:
            self.assertEqual(turn.status, "completed", turn.end)
            self.assertEqual(turn.violations, [])
            self.assertEqual(turn.text, text)
            self.assertEqual(turn.end["finish_reason"], "stop")

    def whole_reply(self, cluster, gateway):
        turn = gateway.open(cluster.say(SAID))
        wait_for_ends([turn], [gateway])
        return turn.text

    def check_cuts(self, way):
        with Cluster(f"cuts-{way}", workers=1, continues=way,
                     rehearsal=["--ttft-ms", 5, "--itl-ms", 1, "--tokens", 40, "--fault-cut", 15,
                                "--fail-stage", "response"]) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say(SAID)) for _ in range(TURNS)]
            wait_for_ends(turns, [gateway], 30)
        completed = [turn for turn in turns if turn.status == "completed"]
        continued = [turn for turn in completed if turn.end["usage"]["calls"] > 3]
        show(f"cut at 15 %, continues: {way}", turns=len(turns), completed=len(completed),
             continued=len(continued))
        self.assertGreaterEqual(len(completed), TURNS - 2)
        self.assertGreater(len(continued), 0)
        self.check_whole(completed, completed[0].text)
        for turn in turns:
            self.assertEqual(turn.of_type("reset"), [], "nothing is taken back")

    def test_a_reply_that_is_cut_goes_on_by_prefill(self):
        self.check_cuts("prefill")

    def test_a_reply_that_is_cut_goes_on_by_continue_final_message(self):
        self.check_cuts("vllm")

    def kill_in_mid_reply(self, name, continues, **fields):
        """Eight replies whose worker is killed, and how the same words are answered undisturbed."""
        with Cluster(name, workers=1, continues=continues, rehearsal=SLOW_REPLY) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say(SAID), **fields) for _ in range(8)]
            gateway.wait(lambda: all(len(turn.of_type("delta")) > 5 for turn in turns), "deltas")
            cluster.start_worker("w1")
            cluster.kill(cluster.worker("w0"))
            wait_for_ends(turns, [gateway], 30)
            return turns, self.whole_reply(cluster, gateway)

    def test_a_reply_whose_worker_is_killed_goes_on_in_another_one(self):
        turns, text = self.kill_in_mid_reply("kill-continues", "prefill")
        self.check_whole(turns, text)
        for turn in turns:
            self.assertEqual(turn.end["attempt"], 2)
            self.assertEqual(turn.of_type("reset"), [])
            stages = [event["stage"] for event in turn.of_type("stage")]
            self.assertEqual(sorted(stages), ["perspective", "phase"], "each was found out once")

    def test_a_reply_that_is_to_be_reset_is(self):
        turns, text = self.kill_in_mid_reply("kill-reset", "prefill", on_lost="reset")
        self.check_whole(turns, text)
        for turn in turns:
            self.assertEqual([reset["reason"] for reset in turn.of_type("reset")], ["worker_lost"])

    def test_a_reply_that_cannot_go_on_and_may_not_be_taken_back_fails(self):
        turns, _ = self.kill_in_mid_reply("kill-fail", None, on_lost="fail")
        for turn in turns:
            self.assertEqual((turn.status, turn.code), ("failed", "worker_lost"))
            self.assertTrue(turn.end["retryable"])
            self.assertEqual(turn.of_type("reset"), [])
            self.assertTrue(turn.of_type("delta"), "what was said stays said")


if __name__ == "__main__":
    unittest.main()
