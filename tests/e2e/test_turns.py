"""Whole turns: languages, pipelines, pushing again, resuming, joining."""
import random
import unittest

from case import ClusterCase
from gateway import wait, wait_for_ends

TEXTS = {"ja": "仕事がつらくて、最近ねむれません。", "zh": "我最近总是睡不着，压力很大。",
         "en": "I can't sleep lately, and work is too much."}


def script_of(text):
    if any("\u3041" <= c <= "\u30ff" for c in text):
        return "ja"
    return "zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"


class TurnsTest(ClusterCase):
    settings = {"rehearsal": ["--ttft-ms", 20, "--itl-ms", 3]}

    def setUp(self):
        self.gateway = self.cluster.gateway()

    def open(self, text="I had a hard day.", **fields):
        return self.gateway.open(self.say(text), **fields)

    def test_a_turn_in_each_language_streams_with_its_stages(self):
        turns = {language: self.open(text, locale=language) for language, text in TEXTS.items()}
        wait_for_ends(turns.values(), [self.gateway])
        for language, turn in turns.items():
            with self.subTest(language):
                self.check_completed(turn)
                kinds = [event["type"] for event in turn.events]
                self.assertEqual(kinds[:2], ["accepted", "started"])
                self.assertEqual(sorted(kinds[2:4]), ["stage", "stage"])
                self.assertEqual(set(kinds[4:-1]), {"delta"})
                self.assertEqual(script_of(turn.text), language)
                self.assertEqual(turn.end["degraded"], [])
                self.assertEqual(turn.end["finish_reason"], "stop")
                self.assertGreaterEqual(turn.end["usage"]["calls"], 3)
                self.assertTrue(all(e["attempt"] == 1 for e in turn.events[1:]))
                perspective = turn.stages()["perspective"]["result"]
                self.assertIn(perspective["risk"], ("none", "concern", "alert"))
                for emotion in perspective["emotions"]:
                    self.assertIn(emotion["strength"], (1, 2, 3))
                self.assertIn(turn.stages()["phase"]["result"]["phase"],
                              ("opening", "exploring", "understanding", "acting", "closing"))

    def test_without_a_locale_the_language_is_that_of_the_text(self):
        turns = {language: self.gateway.open(text) for language, text in TEXTS.items()}
        wait_for_ends(turns.values(), [self.gateway])
        for language, turn in turns.items():
            self.check_completed(turn)
            self.assertEqual(script_of(turn.text), language)

    def test_deltas_come_one_by_one_as_the_model_says_them(self):
        turn = self.open(TEXTS["en"])
        self.ended([turn], self.gateway)
        arrivals = sorted({at for at, event in turn.received if event["type"] == "delta"})
        self.assertGreater(len(arrivals), len(turn.of_type("delta")) / 3)

    def test_the_ablations_leave_their_stage_out(self):
        expected = {"base": set(), "emostage-no-phase": {"perspective"},
                    "emostage-no-perspective": {"phase"}, "emostage": {"perspective", "phase"}}
        turns = {name: self.open(pipeline=name) for name in expected}
        wait_for_ends(turns.values(), [self.gateway])
        for name, stages in expected.items():
            with self.subTest(name):
                self.check_completed(turns[name])
                self.assertEqual(set(turns[name].stages()), stages)
                self.assertEqual(turns[name].end["degraded"], [])

    def test_an_unknown_pipeline_is_rejected(self):
        turn = self.open(pipeline="emostaeg")
        self.ended([turn], self.gateway)
        self.assertEqual(turn.code, "unknown_pipeline")

    def test_the_same_turn_pushed_again_joins_it_while_it_runs_and_after(self):
        turn = self.open()
        self.gateway.wait(lambda: turn.of_type("delta"), "a delta")
        self.gateway.push_again(turn)
        self.ended([turn], self.gateway)
        self.check_completed(turn)
        events, text = len(turn.received), turn.text
        self.gateway.push_again(turn)
        self.gateway.wait(lambda: turn.received[-1][1]["type"] == "completed"
                          and len(turn.received) > events, "the end once more")
        replay = [event for _, event in turn.received[events:]]
        self.assertEqual(replay[0]["seq"], 1)
        self.assertEqual("".join(e["text"] for e in replay if e["type"] == "delta"), text)
        self.assertEqual(turn.violations, [])

    def test_the_same_turn_with_other_content_is_a_conflict_and_disturbs_nothing(self):
        turn = self.open()
        self.gateway.wait(lambda: turn.of_type("delta"), "a delta")
        changes = ({"text": "Another text."}, {"session": "another"}, {"locale": "ja"},
                   {"pipeline": "base"}, {"history": []})
        for change in changes:
            self.gateway.push({**turn.command, **change})
        self.gateway.wait(lambda: len(turn.rejections) == len(changes), "the conflicts")
        self.assertEqual({event["code"] for event in turn.rejections}, {"conflict"})
        self.ended([turn], self.gateway)
        self.check_completed(turn)

    def test_a_running_turn_is_resumed_from_every_number(self):
        first = self.open()
        self.gateway.wait(lambda: len(first.of_type("delta")) >= 5, "some deltas")
        others = [self.cluster.gateway() for _ in range(first.seq + 1)]
        joined = [other.attach(first.id, first.events[:held]) for held, other in enumerate(others)]
        wait_for_ends([first, *joined], [self.gateway, *others])
        for turn in joined:
            self.check_completed(turn)
            self.assertEqual(turn.text, first.text)
            self.assertEqual(turn.end, first.end)

    def test_an_ended_turn_is_resumed_from_every_number(self):
        first = self.open()
        self.ended([first], self.gateway)
        for held in range(len(first.events) + 1):
            other = first if held == 0 else None
            self.gateway.forget(first)
            other = self.gateway.attach(first.id, first.events[:held])
            if held < len(first.events):
                self.ended([other], self.gateway)
                missing = [e for _, e in other.received[held:]]
                self.assertEqual(missing[0].get("from", missing[0]["seq"]), held + 1)
            self.check_completed(other)
            self.assertEqual(other.text, first.text)

    def test_events_that_get_lost_are_mended(self):
        chance = random.Random(11)
        self.gateway.keep = lambda event: "seq" not in event or chance.random() > 0.3
        turns = [self.open() for _ in range(6)]
        self.ended(turns, self.gateway)
        for turn in turns:
            self.check_completed(turn)
        self.assertGreater(self.gateway.asked, 0)

    def test_a_lost_end_is_found_by_the_beacon(self):
        lost = []

        def lose_the_end(event):
            if event["type"] == "completed" and not lost:
                lost.append(event)
                return False
            return True

        self.gateway.keep = lose_the_end
        turn = self.open()
        self.ended([turn], self.gateway)
        self.check_completed(turn)
        self.assertTrue(lost)
        self.assertGreater(self.gateway.beacons, 0)

    def test_a_second_gateway_joins_a_running_turn(self):
        other = self.cluster.gateway()
        turn = self.open()
        self.gateway.wait(lambda: turn.of_type("delta"), "a delta")
        joined = other.attach(turn.id)
        wait_for_ends([turn, joined], [self.gateway, other])
        self.check_completed(joined)
        self.assertEqual(joined.events[-1], turn.events[-1])
        self.assertEqual(other.strangers, [])

    def test_a_gateway_gets_only_what_is_for_it(self):
        name = self.gateway.name
        near = [self.cluster.gateway(name + "0"), self.cluster.gateway(name[:-1])]
        turn = self.open()
        wait(lambda: turn.end, "the end", [self.gateway, *near])
        for other in near:
            self.assertEqual((other.strangers, other.violations), ([], []))

    def test_a_turn_that_nobody_knows_is_rejected(self):
        for verb in (self.gateway.cancel, lambda turn: self.gateway.resume(turn, 0)):
            before = len(self.gateway.strangers)
            verb("no-such-turn")
            self.gateway.wait(lambda: len(self.gateway.strangers) > before, "the rejection")
            event = self.gateway.strangers[-1]
            self.assertEqual((event["type"], event["code"], event["turn"]),
                             ("rejected", "unknown_turn", "no-such-turn"))
            self.assertNotIn("seq", event)

    def test_hello_tells_the_limits(self):
        (hello,) = self.gateway.hellos
        self.assertEqual(hello["protocol"], 1)
        self.assertEqual(set(hello["limits"]), {"text_bytes", "history_utterances", "history_bytes",
                                                "reply_bytes", "deadline_ms", "retention_ms"})
        self.assertEqual(hello["limits"]["text_bytes"], 32768)


if __name__ == "__main__":
    unittest.main()
