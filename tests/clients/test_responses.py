"""OpenAI's responses with OpenAI's library: streamed, in the background, resumed, cancelled."""
import unittest

from client_case import ClientCase, setUpModule  # noqa: F401
from model import ScriptedModel
from processes import until

TOKENS = ["I ", "hear ", "how ", "tired ", "you are."]
REPLY = "".join(TOKENS)
USAGE = {"input": 30, "output": 14, "total": 44}


class ResponsesTest(ClientCase):
    @classmethod
    def setUpClass(cls):
        cls.model = cls.enterClassContext(ScriptedModel())
        cls.model.tokens = TOKENS
        cls.settings = {"endpoint": cls.model.endpoint}
        super().setUpClass()

    def setUp(self):
        self.model.allow(1 << 30)

    def respond(self, scenario, **told):
        seen = self.run_client("responses", scenario, **told)
        self.assertIsNone(seen["error"], seen)
        return seen

    def wait_for_status(self, identity, *statuses):
        def reached():
            return self.respond("retrieve", id=identity)["status"] in statuses
        until(reached, f"a response that is {statuses}", pause=0.1)

    def test_whole(self):
        seen = self.respond("whole")
        self.assertEqual((seen["status"], seen["text"], seen["usage"]), ("completed", REPLY, USAGE))

    def test_streamed(self):
        seen = self.respond("stream")
        self.assertEqual((seen["status"], seen["text"], seen["whole"], seen["usage"]),
                         ("completed", REPLY, REPLY, USAGE))
        types = [kind for kind, _ in seen["events"]]
        self.assertEqual(types[:4], ["response.created", "response.in_progress",
                                     "response.output_item.added", "response.content_part.added"])
        self.assertEqual(types[-4:], ["response.output_text.done", "response.content_part.done",
                                      "response.output_item.done", "response.completed"])
        numbers = [number for _, number in seen["events"]]
        self.assertEqual(numbers, sorted(numbers))

    def test_the_librarys_helper_puts_it_together(self):
        seen = self.respond("helper")
        self.assertEqual((seen["status"], seen["text"], seen["snapshot"]), ("completed", REPLY, REPLY))
        again = self.respond("helper", id=seen["id"])
        self.assertEqual((again["status"], again["text"]), ("completed", REPLY))

    def test_stages_do_not_disturb_it(self):
        body = {"emostage": {"include_stages": True}}
        seen = self.respond("stream", body=body)
        self.assertEqual({stage["stage"] for stage in seen["stages"]}, {"perspective", "phase"})
        self.assertEqual(self.respond("helper", body=body)["text"], REPLY)

    def test_in_the_background(self):
        self.model.allow(2)
        seen = self.respond("background")
        self.assertIn(seen["status"], ("queued", "in_progress"))
        self.wait_for_status(seen["id"], "in_progress")
        self.model.allow(1 << 30)
        self.wait_for_status(seen["id"], "completed")
        whole = self.respond("retrieve", id=seen["id"])
        self.assertEqual((whole["text"], whole["usage"]), (REPLY, USAGE))

    def test_a_stream_that_broke_is_resumed_without_loss(self):
        # Of one in the background, which goes on: cut while it runs, and after each of its events.
        self.model.allow(2)
        first = self.respond("stream", body={"background": True}, characters=len("I hear "))
        after = first["events"][-1][1]
        resumed = self.start("responses", "resume", id=first["id"], after=after)
        self.model.allow(1 << 30)
        second = resumed.seen()
        self.assertIsNone(second["error"], second)
        self.assertEqual(first["text"] + second["text"], REPLY)
        self.assertEqual((second["status"], second["whole"]), ("completed", REPLY))
        self.assertTrue(all(number >= after for _, number in second["events"]))

        whole = self.respond("resume", id=first["id"], after=0)
        self.assertEqual((whole["text"], whole["whole"]), (REPLY, REPLY))

    def test_after_its_end_there_is_nothing_to_resume(self):
        seen = self.respond("stream")
        again = self.respond("resume", id=seen["id"], after=seen["events"][-1][1])
        self.assertEqual(again["events"], [])

    def test_cancelled(self):
        self.model.allow(2)
        seen = self.respond("stream", body={"background": True}, characters=len("I hear "))
        cancelled = self.respond("cancel", id=seen["id"])
        self.assertEqual((cancelled["status"], cancelled["id"]), ("cancelled", seen["id"]))
        self.wait_until_running(0)
        self.assertEqual(self.respond("retrieve", id=seen["id"])["status"], "cancelled")

    def test_what_is_not_kept_is_not_found(self):
        for scenario in ("retrieve", "cancel", "resume"):
            seen = self.run_client("responses", scenario, id="resp_nobody", after=3)
            self.check_failed(seen, 404)


class FailureTest(ClientCase):
    settings = {"rehearsal": ["--fault-cut", 100, "--fail-stage", "response", "--ttft-ms", 5,
                              "--itl-ms", 5, "--tokens", 40]}
    BODY = {"emostage": {"deadline_ms": 8000}}

    def test_a_cut_upstream_fails_the_response(self):
        seen = self.run_client("responses", "stream", body=self.BODY)
        self.assertEqual(seen["status"], "failed", seen)
        self.assertIsNotNone(seen["failure"])
        self.assertNotIn("response.completed", [kind for kind, _ in seen["events"]])
        self.assertEqual(self.run_client("responses", "helper", body=self.BODY)["status"], "failed")

    def test_in_the_background_its_object_says_so(self):
        seen = self.run_client("responses", "background", body=self.BODY)

        def failed():
            self.now = self.run_client("responses", "retrieve", id=seen["id"])
            return self.now["status"] == "failed"
        until(failed, "the response's failure", pause=0.1)
        self.assertIsNotNone(self.now["failure"])


class AbortTest(ClientCase):
    settings = {"rehearsal": ["--ttft-ms", 5, "--itl-ms", 40, "--tokens", 400]}

    def test_a_stream_that_is_left_closes_the_models_connection(self):
        before = len(self.cluster.closes.all)
        self.run_client("responses", "stream", characters=20)
        self.assertEqual(self.wait_for_closed(before)["phase_of_answer"], "streaming")
        self.wait_until_running(0)

    def test_a_cancel_closes_it_too(self):
        seen = self.run_client("responses", "stream", body={"background": True}, characters=20)
        before = len(self.cluster.closes.all)
        self.run_client("responses", "cancel", id=seen["id"])
        self.assertEqual(self.wait_for_closed(before)["phase_of_answer"], "streaming")


if __name__ == "__main__":
    unittest.main()
