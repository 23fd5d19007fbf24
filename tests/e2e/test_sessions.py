"""What a session remembers, and in which order its turns run: seen from the model's side."""
import json
import unittest

from case import ClusterCase
from gateway import wait_for_ends
from model import ALL, ScriptedModel


class SessionsTest(ClusterCase):
    @classmethod
    def setUpClass(cls):
        cls.model = ScriptedModel()
        cls.addClassCleanup(cls.model.__exit__)
        cls.settings = {"endpoint": cls.model.endpoint}
        super().setUpClass()

    def setUp(self):
        self.model.allow(ALL)
        self.model.requests.clear()
        self.gateway = self.cluster.gateway()

    def run_turn(self, text, **fields):
        turn = self.gateway.open(self.say(text), **fields)
        self.ended([turn], self.gateway)
        self.check_completed(turn)
        return turn

    def prompt(self, stage="response"):
        return self.model.of_stage(stage)[-1].user

    def test_a_session_remembers_what_was_said_on_both_sides(self):
        self.run_turn("My cat Momo died.", session="s-memory")
        self.assertNotIn("I hear you.", self.prompt())
        self.run_turn("I miss her.", session="s-memory")
        prompt = self.prompt()
        places = [prompt.find(text) for text in ("My cat Momo died.", "I hear you.", "I miss her.")]
        self.assertEqual(places, sorted(places))
        self.assertNotIn(-1, places)
        self.run_turn("Hello there.", session="s-another")
        self.assertNotIn("Momo", self.prompt())

    def test_a_session_remembers_its_phase(self):
        closing = json.dumps({"phase": "closing", "confidence": "high"})
        self.model.answers["phase"], before = closing, self.model.answers["phase"]
        self.addCleanup(self.model.answers.__setitem__, "phase", before)
        self.run_turn("Thank you for listening.", session="s-phase")
        task = self.prompt("phase").rsplit("[stage:phase]")[-1]
        self.run_turn("Good night.", session="s-phase")
        later = self.prompt("phase").rsplit("[stage:phase]")[-1]
        self.assertNotEqual(task, later, "the last phase is in the prompt")
        self.assertGreater(later.count("closing"), task.count("closing"))

    def test_with_a_history_nothing_is_taken_from_the_session_or_kept_for_it(self):
        self.run_turn("I lost my keys.", session="s-stateless")
        given = [{"role": "user", "text": "My brother shouted."},
                 {"role": "assistant", "text": "That was loud."}]
        self.run_turn("He always does.", session="s-stateless", history=given)
        self.assertIn("My brother shouted.", self.prompt())
        self.assertIn("That was loud.", self.prompt())
        self.assertNotIn("lost my keys", self.prompt())
        self.run_turn("Something else.", session="s-stateless", history=[])
        self.assertNotIn("lost my keys", self.prompt())
        self.run_turn("Where are they?", session="s-stateless")
        self.assertIn("lost my keys", self.prompt())
        self.assertNotIn("My brother shouted.", self.prompt())
        self.assertNotIn("Something else.", self.prompt())

    def test_the_history_is_a_window_and_keeps_the_newest(self):
        utterances = [{"role": ("user", "assistant")[n % 2], "text": f"utterance-{n:03}."}
                      for n in range(200)]
        self.run_turn("And now?", history=utterances)
        self.assertIn("utterance-199.", self.prompt())
        self.assertNotIn("utterance-000.", self.prompt())
        kept = [n for n in range(200) if f"utterance-{n:03}." in self.prompt()]
        self.assertEqual(kept, list(range(kept[0], 200)))

    def test_all_stages_send_the_same_beginning(self):
        self.run_turn("We moved house.", session="s-prefix")
        first, second, reply = (self.model.of_stage(stage)[-1]
                                for stage in ("perspective", "phase", "response"))
        self.assertTrue(first.shared == second.shared == reply.shared)
        same = [one.user.split("[stage:")[0] for one in (first, second, reply)]
        self.assertTrue(same[0] == same[1] == same[2])
        self.assertIn("We moved house.", same[0])

    def test_the_trace_context_reaches_the_model(self):
        trace = self.cluster.trace().parent
        self.run_turn("Hello.", traceparent=trace)
        spans = {trace[36:52]}
        for stage in ("perspective", "phase", "response"):
            headers = {key.lower(): value
                       for key, value in self.model.of_stage(stage)[-1].headers.items()}
            sent = headers.get("traceparent", "")
            self.assertRegex(sent, "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$")
            self.assertEqual(sent[:35], trace[:35])
            spans.add(sent[36:52])
        self.assertEqual(len(spans), 4, "each request is a span of its own")

    def test_the_turns_of_a_session_run_one_at_a_time_in_their_order(self):
        turns = [self.gateway.open(self.say(f"message-{n:02}."), session="s-order")
                 for n in range(12)]
        self.assertEqual(self.ended(turns, self.gateway), {"completed": 12})
        replies = self.model.of_stage("response")
        for n, request in enumerate(replies):
            self.assertIn(f"message-{n:02}.", request.user)
            self.assertNotIn(f"message-{n + 1:02}.", request.user)
        self.assertEqual([turn.events[0]["position"] for turn in turns][0], 0)
        ends = [next(at for at, e in turn.received if e["type"] == "completed") for turn in turns]
        self.assertEqual(ends, sorted(ends))
        last_prompt = replies[-1].user
        self.assertEqual(last_prompt.count("I hear you."), 11)

    def test_a_busy_session_rejects_where_that_is_asked_for(self):
        self.model.allow(2)
        running = self.gateway.open(self.say("One."), session="s-reject")
        self.gateway.wait(lambda: running.of_type("delta"), "a delta")
        refused = self.gateway.open(self.say("Two."), session="s-reject", on_busy="reject")
        self.ended([refused], self.gateway)
        self.assertEqual(refused.code, "session_busy")
        self.model.allow(ALL)
        self.ended([running], self.gateway)
        self.check_completed(running)
        self.run_turn("Three.", session="s-reject", on_busy="reject")
        self.assertNotIn("Two.", self.prompt())

    def test_an_interrupt_cancels_what_runs_and_answers_all_of_it(self):
        self.model.allow(2)
        running = self.gateway.open(self.say("My flight is cancelled."), session="s-interrupt")
        self.gateway.wait(lambda: running.of_type("delta"), "a delta")
        waiting = self.gateway.open(self.say("And my bag is gone."), session="s-interrupt")
        self.gateway.wait(lambda: waiting.accepted, "its acceptance")
        last = self.gateway.open(self.say("What a day."), session="s-interrupt",
                                 on_busy="interrupt")
        self.ended([running, waiting], self.gateway)
        for turn in (running, waiting):
            self.assertEqual((turn.status, turn.end["reason"]), ("cancelled", "interrupted"))
        self.model.allow(ALL)
        self.ended([last], self.gateway)
        self.check_completed(last)
        places = [self.prompt().find(text) for text in
                  ("My flight is cancelled.", "And my bag is gone.", "What a day.")]
        self.assertEqual(places, sorted(places))
        self.assertNotIn(-1, places)

    def test_a_model_that_is_busy_for_a_moment_is_asked_again(self):
        self.model.failures = [429, 503]
        turn = self.run_turn("Hello again.")
        self.assertEqual(turn.end["degraded"], [])
        self.assertGreaterEqual(turn.end["usage"]["calls"], 4)

    def test_a_model_that_refuses_the_key_fails_the_turn_for_good(self):
        self.model.failures = [401] * 12
        turn = self.gateway.open(self.say("Hello."))
        self.ended([turn], self.gateway)
        self.model.failures = []
        self.assertEqual((turn.status, turn.code), ("failed", "model_refused"))
        self.assertFalse(turn.end["retryable"])

    def test_many_sessions_at_once_keep_their_own_order(self):
        turns = {session: [self.gateway.open(self.say(f"{session}-{n}."), session=f"s-{session}")
                           for n in range(6)] for session in range(10)}
        wait_for_ends([turn for one in turns.values() for turn in one], [self.gateway])
        for session, one in turns.items():
            said = [request.user for request in self.model.of_stage("response")
                    if f"({self.cluster.marker})" in request.user and f"{session}-0." in request.user]
            self.assertGreaterEqual(len(said), 6)
            starts = [turn.of_type("started")[0]["at_ms"] for turn in one]
            ends = [turn.end["at_ms"] for turn in one]
            for n in range(5):
                self.assertLessEqual(ends[n], starts[n + 1])


if __name__ == "__main__":
    unittest.main()
