"""Chat completions with the clients that people have, against the whole system.

Each of them streams, takes a whole answer, sees a failure as a failure and never as an end, is told
when to come back, and closes the model's connection when it goes away.
"""
import unittest

from client_case import CHAT_CLIENTS, MODEL, ClientCase, setUpModule  # noqa: F401
from model import ScriptedModel
from processes import until

REPLY = "I hear how tired you are."
USAGE = {"input": 30, "output": 14, "total": 44}  # of a turn's three calls
SLOW = ["--ttft-ms", 5, "--itl-ms", 40, "--tokens", 400]
DEADLINE = {"emostage": {"deadline_ms": 8000}}


class TalkTest(ClientCase):
    @classmethod
    def setUpClass(cls):
        cls.model = cls.enterClassContext(ScriptedModel())
        cls.model.tokens = ["I ", "hear ", "how ", "tired ", "you are."]
        cls.settings = {"endpoint": cls.model.endpoint}
        super().setUpClass()

    def setUp(self):
        self.model.allow(1 << 30)

    def check_completed(self, seen):
        self.assertIsNone(seen["error"], seen)
        self.assertEqual((seen["text"], seen["finish"], seen["usage"]), (REPLY, "stop", USAGE))

    def test_a_stream_has_its_text_its_end_and_its_usage(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                seen = self.run_client(program, "stream")
                self.check_completed(seen)
                self.assertGreater(seen["deltas"], 0)

    def test_a_whole_answer_has_them_too(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                self.check_completed(self.run_client(program, "whole"))

    def test_openais_own_helper_puts_the_answer_together(self):
        self.check_completed(self.run_client("openai", "helper"))

    def test_words_come_while_the_model_still_speaks(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                self.model.allow(2)
                seen = self.run_client(program, "stream", characters=len("I hear "))
                self.assertEqual((seen["text"], seen["finish"]), ("I hear ", None))
                if seen["error"]:  # LangChain says so where it was aborted
                    self.assertEqual(seen["error"]["name"], "AbortError")

    def test_earlier_messages_are_the_history(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                earlier = [{"role": "system", "content": self.cluster.say("Talk like a pirate.")},
                           {"role": "user", "content": self.cluster.say(f"My first word to {program}.")},
                           {"role": "assistant", "content": "Go on."}]
                self.check_completed(self.run_client(program, "whole", messages=earlier + self.say()))
                told = self.model.of_stage("response")[-1].user
                self.assertIn(f"My first word to {program}.", told)
                self.assertIn("Go on.", told)
                self.assertNotIn("pirate", told)

    def test_a_named_session_remembers(self):
        body = {"user": "somebody@example.org"}
        for number, text in enumerate(("I lost my work.", "And now?")):
            self.check_completed(self.run_client("openai", "whole", messages=self.say(text), body=body))
            told = self.model.of_stage("response")[-1].user
            self.assertEqual("I lost my work." in told and REPLY in told, number == 1)

    def test_stages_are_seen_by_those_who_ask_and_disturb_nobody(self):
        options = {"include_usage": True, "include_stages": True}
        seen = self.run_client("openai", "stream", body={"stream_options": options})
        self.check_completed(seen)
        self.assertEqual({stage["stage"] for stage in seen["stages"]}, {"perspective", "phase"})
        self.assertEqual(self.run_client("openai", "stream")["stages"], [])
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                body = {"emostage": {"include_stages": True}}
                self.check_completed(self.run_client(program, "stream", body=body))
        whole = self.run_client("openai", "whole", body=body)
        self.assertEqual(len(whole["emostage"]["stages"]), 2)

    def test_pipelines_are_models(self):
        seen = self.run_client("openai", "models")
        self.assertIsNone(seen["error"])
        self.assertIn(MODEL, [model["id"] for model in seen["models"]])
        self.assertEqual(seen["one"]["id"], MODEL)

    def test_a_model_that_nobody_serves_is_not_found(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                for scenario in ("stream", "whole"):
                    for model in ("nobody-serves-this", "openai/gpt-5"):
                        self.check_failed(self.run_client(program, scenario, model=model), 404)

    def test_a_request_that_is_wrong_names_its_field(self):
        messages = [{"role": "user", "content": ""}]
        for scenario in ("stream", "whole"):
            seen = self.run_client("openai", scenario, messages=messages)
            self.check_failed(seen, 400)
            self.assertIn("messages.0.content", seen["error"]["message"])


class FailureTest(ClientCase):
    """A model server that always fails, before a word is said."""

    settings = {"rehearsal": ["--fault-500", 100, "--fail-stage", "response"]}

    def test_it_is_an_error_in_the_stream_and_a_status_without(self):
        for (program, scenario), seen in self.run_all("stream", "whole", body=DEADLINE):
            with self.subTest(program, scenario=scenario):
                self.check_failed(seen)
                self.assertEqual(seen["text"], "")
                if scenario == "whole":
                    self.assertIn(seen["error"]["status"], (502, 504))


class CutTest(ClientCase):
    """A model server that always breaks off in mid-answer."""

    settings = {"rehearsal": ["--fault-cut", 100, "--fail-stage", "response", "--ttft-ms", 5,
                              "--itl-ms", 5, "--tokens", 40]}

    def test_a_cut_is_an_error_in_each_and_success_in_none(self):
        for (program, scenario), seen in self.run_all("stream", "whole", body=DEADLINE):
            with self.subTest(program, scenario=scenario):
                self.check_failed(seen)

    def test_openais_own_helper_sees_it_too(self):
        self.check_failed(self.run_client("openai", "helper", body=DEADLINE))


class BusyTest(ClientCase):
    """A broker whose queue is full."""

    settings = {"rehearsal": SLOW, "slots": 1, "broker": [
        f"--queue-{name}-max=1" for name in ("turns", "turns-per-gateway", "turns-per-session")]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        gateway = cls.cluster.gateway()
        turns = []
        while not any(turn.status == "rejected" for turn in turns):
            turns.append(gateway.open(cls.cluster.say("Hello."), deadline_ms=120_000))
            gateway.wait(lambda: turns[-1].accepted or turns[-1].end, "an answer")
            assert len(turns) < 10, "the queue is never full"

    def test_too_many_are_told_when_to_come_back(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                for scenario in ("stream", "whole"):
                    seen = self.run_client(program, scenario)
                    self.check_failed(seen, 429)
                    if seen["error"]["retry_after"] is not None:
                        self.assertGreater(int(seen["error"]["retry_after"]), 0)
        self.assertIsNotNone(self.run_client("openai", "whole")["error"]["retry_after"])


class AbortTest(ClientCase):
    settings = {"rehearsal": SLOW}

    def test_a_stream_that_is_left_closes_the_models_connection(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                before = len(self.cluster.closes.all)
                seen = self.run_client(program, "stream", characters=20)
                self.assertIsNone(seen["finish"])
                closed = self.wait_for_closed(before)
                self.assertEqual((closed["stage"], closed["phase_of_answer"]), ("response", "streaming"))
                self.wait_until_running(0)

    def test_an_answer_that_nobody_waits_for_any_more_does_too(self):
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                before = len(self.cluster.closes.all)
                asked = self.replies_asked_for()
                client = self.start(program, "abort_whole")
                until(lambda: self.replies_asked_for() > asked, "the model is asked for a reply")
                client.go_on()
                self.check_failed(client.seen())
                self.wait_for_closed(before)
                self.wait_until_running(0)


class LeftBehindTest(ClientCase):
    settings = {"rehearsal": SLOW}

    def test_on_request_the_turn_goes_on_without_its_client(self):
        for turns, program in enumerate(CHAT_CLIENTS, 1):
            with self.subTest(program):
                seen = self.run_client(program, "stream", characters=20,
                                       body={"emostage": {"on_disconnect": "continue"}})
                self.assertIsNone(seen["finish"])
                # What a client that comes and goes closes is its own turn, and none of those.
                self.run_client(program, "stream", characters=20)
                self.wait_for_closed(turns - 1)
                self.wait_until_running(turns)
        self.assertEqual(len(self.cluster.closes.all), len(CHAT_CLIENTS))


class DyingGatewayTest(ClientCase):
    settings = {"rehearsal": SLOW}

    def test_a_gateway_that_dies_in_mid_reply_is_an_error(self):
        clients = []
        for program in CHAT_CLIENTS:
            with self.subTest(program):
                clients.append(self.start(program, "stream"))
                clients[-1].wait_for_words()
        self.cluster.kill(self.http)
        for client in clients:
            seen = client.seen()
            self.check_failed(seen)
            self.assertGreater(seen["deltas"], 0)


if __name__ == "__main__":
    unittest.main()
