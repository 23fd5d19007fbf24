"""What breaks, and how the page mends it: gateways killed, reloads, refusals, Stop."""
import json
import unittest

import paths  # noqa: F401
from model import ALL
from page_case import PageCase, controlled

TOKENS = ["眠れない", "夜が", "続いて", "いるの", "ですね。", "それは", "本当に", "つらい", "ことだと", "思います。"]


def text(tokens):
    return "".join(TOKENS[:tokens])


class BrokenTest(PageCase):
    @classmethod
    def cluster_settings(cls):
        return controlled(cls)

    def setUp(self):
        self.model.tokens = list(TOKENS)
        self.model.allow(ALL)

    def half_a_reply(self, tokens=4, **settings):
        self.model.allow(tokens)
        tab = self.tab(locale="ja-JP", **settings)
        tab.say(self.say("最近ずっと眠れません。"))
        tab.wait_for_text(".reply", text(tokens))
        return tab

    def end(self, tab):
        self.model.allow(ALL)
        tab.wait_for_end()
        self.assertEqual(self.check_whole(tab), text(len(TOKENS)))

    def test_a_gateway_that_is_killed_in_mid_reply_and_started_costs_no_word(self):
        tab = self.half_a_reply()
        self.cluster.kill(self.gateway)
        tab.wait_for_text(".status", "つなぎ直しています")
        self.assertEqual(tab.text(".reply"), text(4))
        self.look(tab, "gateway-gone")
        self.check_accessible(tab, "without a gateway")
        self.model.allow(7)  # the turn goes on meanwhile
        self.restart_gateway()
        tab.wait_for_text(".reply", text(7))
        tab.wait("document.querySelector('.status').textContent === ''")
        self.end(tab)

    def test_a_reply_that_ended_while_the_gateway_was_away_is_whole_too(self):
        tab = self.half_a_reply()
        self.cluster.kill(self.gateway)
        tab.wait_for_text(".status", "つなぎ直しています")
        self.model.allow(ALL)
        self.restart_gateway()
        self.end(tab)

    def test_a_broker_that_forgets_all_gets_the_turn_again(self):
        tab = self.half_a_reply()
        self.cluster.restart_broker()
        self.model.allow(7)
        tab.wait_for_text(".reply", text(7), 60)
        self.assertEqual(tab.text(".reply"), text(7))  # the words of before are not there twice
        self.end(tab)

    def test_what_is_written_while_the_gateway_is_away_is_sent_once_it_is_back(self):
        tab = self.tab(locale="ja-JP")
        self.cluster.kill(self.gateway)
        tab.say(self.say("聞こえますか。"))
        tab.wait_for_text(".status", "つなぎ直しています")
        self.restart_gateway()
        self.end(tab)
        self.assertEqual(tab.count(".turn"), 1)

    def test_a_reload_in_mid_reply_goes_on(self):
        tab = self.half_a_reply()
        tab.reload()
        tab.wait_for_text(".reply", text(4))
        self.model.allow(8)
        tab.wait_for_text(".reply", text(8))
        tab.reload()
        self.end(tab)
        self.assertEqual(tab.count(".turn"), 1)

    def test_writing_again_while_a_reply_runs_answers_both_together(self):
        tab = self.half_a_reply()
        tab.say(self.say("それに、仕事も休めません。"))
        tab.wait("JSON.parse(sessionStorage.getItem('emostage.conversation')).turns[0].outcome")
        self.assertIn("次のメッセージと合わせて",
                      tab.evaluate("document.querySelector('.status').textContent"))
        self.end(tab)
        self.assertEqual(tab.count(".turn"), 2)

    def test_a_refusal_for_a_while_is_said_kindly_and_the_message_sent_again(self):
        tab = self.tab(locale="en-GB")
        error = {"error": {"message": "busy", "type": "rate_limit_error", "param": None, "code": "overloaded"}}
        tab.answer("**/v1/turns", "POST", times=1, status=429,
                   headers={"retry-after": "2"}, body=json.dumps(error))
        tab.say(self.say("Is there somebody?"))
        tab.wait_for_text(".status", "by itself in about 2 s")
        self.look(tab, "busy")
        self.check_accessible(tab, "while it is busy")
        self.assertEqual(tab.evaluate("document.querySelector('#send').ariaDisabled"), "true")
        self.end(tab)

    def test_too_many_streams_are_waited_for_too(self):
        tab = self.tab(locale="en-GB")
        error = {"error": {"message": "busy", "type": "rate_limit_error", "param": None, "code": "too_many_streams"}}
        tab.answer("**/events", "GET", times=2, status=429,
                   headers={"retry-after-ms": "1200", "retry-after": "2"}, body=json.dumps(error))
        tab.say(self.say("Is there somebody?"))
        tab.wait_for_text(".status", "much to do")
        self.end(tab)

    def test_a_failure_is_said_in_words_and_may_be_tried_again(self):
        tab = self.tab(locale="zh-CN")
        error = {"error": {"message": "no", "type": "server_error", "param": None, "code": "model_refused"}}
        tab.answer("**/v1/turns", "POST", times=1, status=403, body=json.dumps(error))
        tab.say(self.say("你好，最近我总是睡不着。"))
        tab.wait_for_text(".status", "请再试一次")
        self.look(tab, "failed")
        self.check_accessible(tab, "a failure")
        tab.click(".offers button")
        self.end(tab)
        self.assertEqual(tab.count(".turn"), 1)

    def test_a_model_that_fails_in_the_turn_is_said_softly(self):
        tab = self.tab(locale="en-GB")
        self.model.answers, kept = {**self.model.answers, "phase": "no label", "perspective": "{"}, self.model.answers
        try:
            tab.say(self.say("Nobody listens."))
            self.end(tab)
        finally:
            self.model.answers = kept
        notes = tab.text(".notes-body")
        for stage in ("the phase", "feelings and needs"):
            self.assertIn(stage, notes)
        self.assertEqual(tab.count(".pending, .feelings, .path"), 0)
        self.look(tab, "degraded")
        self.check_accessible(tab, "without its analyses")

    def restart_gateway(self):
        type(self).start_gateway()


class LimitTest(PageCase):
    """A gateway that lets one client have one stream."""

    @classmethod
    def cluster_settings(cls):
        return controlled(cls)

    @classmethod
    def gateway_arguments(cls):
        path = cls.cluster.folder / "gateway.yaml"
        path.write_text(json.dumps({"limits": {"streams_per_client": 1}}))
        return ["--config", path]

    def test_a_second_tab_waits_until_the_first_one_has_its_reply(self):
        self.model.tokens = list(TOKENS)
        self.model.allow(3)
        first, second = self.tab(locale="ja-JP"), self.tab(locale="ja-JP")
        first.say(self.say("最近ずっと眠れません。"))
        first.wait_for_text(".reply", text(3))
        second.say(self.say("聞こえますか。"))
        second.wait_for_text(".status", "混み合っています")
        self.look(second, "too-many-streams")
        self.model.allow(ALL)
        for tab in (first, second):
            tab.wait_for_end()
            self.assertEqual(self.check_whole(tab), text(len(TOKENS)))


class StopTest(PageCase):
    @classmethod
    def cluster_settings(cls):
        return {"rehearsal": ["--itl-ms", 30, "--tokens", 400]}

    def stop(self, how):
        before = len(self.cluster.closes.all)
        tab = self.tab(locale="en-GB")
        tab.say(self.say("I could not sleep again."))
        tab.wait_for_reply_chars(20)
        how(tab)
        line = json.loads(self.cluster.closes.wait_for_count(before + 1, 10)[-1])
        self.assertEqual(line["phase_of_answer"], "streaming")
        tab.wait_for_end()
        self.assertEqual(tab.text(".status"), "Stopped.")
        end = tab.turns()[-1]["reply"]["end"]
        self.assertEqual((end["type"], end["reason"]), ("cancelled", "requested"))
        shown = tab.text(".reply")
        self.assertTrue(shown)
        self.assertEqual(tab.evaluate("document.querySelector('#stop').hidden"), True)
        return tab

    def test_stop_closes_the_models_connection(self):
        tab = self.stop(lambda tab: tab.click("#stop"))
        self.assertEqual(tab.evaluate("document.activeElement.id"), "say")
        self.look(tab, "stopped")
        self.check_accessible(tab, "a reply that was stopped")

    def test_esc_does_too(self):
        self.stop(lambda tab: tab.press("Escape"))

    def test_forgetting_stops_what_runs(self):
        before = len(self.cluster.closes.all)
        tab = self.tab(locale="en-GB")
        tab.say(self.say("I could not sleep again."))
        tab.wait_for_reply_chars(20)
        tab.click("#forget")
        tab.click("#forget_yes")
        self.cluster.closes.wait_for_count(before + 1, 10)
        self.assertEqual(tab.count(".turn"), 0)


if __name__ == "__main__":
    unittest.main()
