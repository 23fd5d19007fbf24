"""A model server that misbehaves: every turn ends, and what is completed is whole."""
import unicodedata
import unittest

from case import show
from cluster import Cluster
from gateway import wait_for_ends

PACE = ["--ttft-ms", 10, "--itl-ms", 2, "--tokens", 40]
TURNS = 30
# What the client of the model server mends by itself, whatever the dice say.
HARMLESS = {"split", "slow-headers"}
CODES = {"model_unreachable", "model_busy", "model_failed", "model_cut", "model_timeout",
         "model_output", "deadline_exceeded"}


class FaultsTest(unittest.TestCase):
    def run_turns(self, name, arguments, count=TURNS, text="I had a hard day.", **fields):
        with Cluster(name, workers=1, rehearsal=[*PACE, *arguments]) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say(text), deadline_ms=8000, **fields)
                     for _ in range(count)]
            wait_for_ends(turns, [gateway], 30)
            after = gateway.open(cluster.say(text), deadline_ms=8000)
            wait_for_ends([after], [gateway], 30)
        for turn in turns:
            self.assertIn(turn.status, ("completed", "failed"))
            self.assertFalse(turn.damaged)
            self.assertEqual(turn.violations, [])
            if turn.status == "failed":
                self.assertIn(turn.code, CODES)
                self.assertNotIn("hard day", turn.end["message"])
        return turns

    def check(self, fault, percent=20, arguments=(), completed_min=TURNS // 2):
        turns = self.run_turns(f"fault-{fault}", [f"--fault-{fault}", percent, *arguments])
        completed = [turn for turn in turns if turn.status == "completed"]
        show(f"{fault} at {percent} %", turns=len(turns), completed=len(completed),
             degraded=sum(bool(turn.end["degraded"]) for turn in completed),
             begun_again=sum(bool(turn.of_type("reset")) for turn in turns),
             codes=str(sorted({turn.code for turn in turns if turn.code})))
        self.assertGreaterEqual(len(completed), completed_min)
        for turn in completed:
            # 40 tokens were asked for; a reply that was cut is shorter, whatever its hash says.
            self.assertEqual(turn.end["finish_reason"], "stop")
            self.assertEqual(turn.text, completed[0].text if fault in HARMLESS else turn.text)
        return turns

    def test_http_500(self):
        self.check("500")

    def test_http_429_with_retry_after(self):
        self.check("429", arguments=["--retry-after-s", 1])

    def test_streams_that_are_cut(self):
        self.check_cut("cut")

    def test_streams_that_end_without_saying_so(self):
        self.check_cut("unended")

    def check_cut(self, fault):
        turns = self.check(fault)
        lengths = {len(turn.text) for turn in turns if turn.status == "completed"}
        self.assertEqual(len(lengths), 1, "all completed replies have all their tokens")

    def test_streams_that_stall(self):
        self.check("stall", arguments=["--stall-ms", 1500])

    def test_streams_that_stall_for_ever(self):
        turns = self.check("stall", percent=10, completed_min=0)
        self.assertTrue(all(turn.end["at_ms"] - turn.events[0]["at_ms"] < 8600 for turn in turns))

    def test_chunks_that_are_broken(self):
        self.check("malformed")

    def test_chunks_that_come_in_pieces(self):
        turns = self.check("split", percent=100, completed_min=TURNS)
        self.assertTrue(all(turn.end["attempt"] == 1 and not turn.end["degraded"] for turn in turns))

    def test_headers_that_dribble_in(self):
        self.check("slow-headers", percent=50, arguments=["--slow-headers-ms", 300],
                   completed_min=TURNS)

    def test_a_model_server_that_is_not_there(self):
        with Cluster("no-model", workers=1, endpoint="http://127.0.0.1:9/v1") as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say("Hello."), deadline_ms=10_000) for _ in range(4)]
            wait_for_ends(turns, [gateway], 30)
            for turn in turns:
                self.assertEqual((turn.status, turn.code), ("failed", "model_unreachable"))
                self.assertTrue(turn.end["retryable"])

    def check_garbage(self, stage, language, text):
        turns = self.run_turns(f"garbage-{stage}", ["--garbage-stage", stage], 12, text,
                               locale=language)
        for turn in turns:
            self.assertEqual(turn.status, "completed", turn.end)
            self.assertLessEqual(len(turn.text.encode()), 65536)
            bad = [c for c in turn.text if unicodedata.category(c) == "Cc" and c not in "\n\t"]
            self.assertEqual(bad, [])
        return turns

    def test_hostile_answers_to_an_analysis_degrade_it_and_nothing_else(self):
        for stage, language, text in (("perspective", "en", "I had a hard day."),
                                      ("phase", "ja", "仕事がつらいです。")):
            turns = self.check_garbage(stage, language, text)
            degraded = [turn for turn in turns
                        if any(name.split(".")[0] == stage for name in turn.end["degraded"])]
            show(f"garbage for {stage}", turns=len(turns), degraded=len(degraded))
            self.assertGreater(len(degraded), len(turns) // 2)
            for turn in turns:
                self.assertLessEqual({n.split(".")[0] for n in turn.end["degraded"]}, {stage})
                result = turn.stages()[stage].get("result") or {}
                self.assertIn(result.get("risk", "none"), ("none", "concern", "alert"))
                self.assertIn(result.get("phase", "opening"),
                              ("opening", "exploring", "understanding", "acting", "closing"))
                for emotion in result.get("emotions", []):
                    self.assertIn(emotion["strength"], (1, 2, 3))

    def test_a_hostile_reply_is_bounded_and_cleaned(self):
        with Cluster("garbage-response", workers=1,
                     rehearsal=[*PACE, "--garbage-stage", "response"]) as cluster:
            gateway = cluster.gateway()
            turns = [gateway.open(cluster.say("Hello."), deadline_ms=8000) for _ in range(12)]
            wait_for_ends(turns, [gateway], 30)
            for turn in turns:
                self.assertIn(turn.status, ("completed", "failed"))
                self.assertFalse(turn.damaged)
                self.assertLessEqual(len(turn.text.encode()), 65536)
                bad = {c for c in turn.text
                       if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"}
                self.assertEqual(bad, set())
            self.assertTrue(any(turn.status == "completed" for turn in turns))


if __name__ == "__main__":
    unittest.main()
