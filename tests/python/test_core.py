"""What the core asks for, when, and when it gives up: against a broker that is played by hand."""
import unittest

from scripted import TEXT, CoreCase, at, completed, delta, seqs, taken, text_of, whole_turn
from emostage import Accepted, Cancelled, Config, Failed, Rejected, Reset, TurnRejected
from emostage.commands import Open, Utterance
from emostage.errors import error_of


def rejected(code, turn="t", **adds):
    return Rejected(turn=turn, at_ms=1, code=code, message="because", **adds)


class OpenTest(CoreCase):
    def test_nothing_is_pushed_before_the_subscription_is_live(self):
        self.open()
        self.pass_time(3)
        self.assertEqual(self.port.take(), [])
        self.hello()
        self.assertEqual(self.port.take(), [("open", "t")])
        self.assertEqual(self.port.links, ["ready"])

    def test_turns_that_waited_go_out_in_their_order(self):
        for name in "cab":
            self.open(name)
        self.hello()
        self.assertEqual(self.port.take(), [("open", "c"), ("open", "a"), ("open", "b")])

    def test_an_open_without_an_answer_is_pushed_again_with_growing_pauses(self):
        self.hello()
        self.open()
        times = []
        begin = self.now
        while self.now < begin + 25:
            self.pass_time(0.5, beacons=[])
            times += [round(self.now - begin, 1) for _ in self.port.take()]
            self.say()  # the broker is there, and says nothing of the turn
        self.assertEqual(times, [0.5, 1.0, 3.0, 7.0, 15.0, 23.0])

    def test_an_accepted_open_is_not_pushed_again(self):
        self.hello()
        self.open()
        self.say(whole_turn()[0])
        self.port.take()
        self.pass_time(20, beacons=[("t", 1)])
        self.assertEqual(self.port.take(), [])

    def test_a_beacon_that_names_it_is_as_good_as_its_acceptance(self):
        self.hello()
        self.open()
        self.port.take()
        self.beacon(("t", 1))
        self.pass_time(0.02)
        self.assertEqual(self.port.take(), [("resume", 0)])

    def test_a_rejection_ends_a_turn_that_was_not_accepted(self):
        self.hello()
        inbox = self.open()
        self.say(rejected("overloaded", retry_after_ms=1500))
        (event,) = taken(inbox)
        error = error_of(event)
        self.assertEqual((error.code, error.retry_after, error.turn), ("overloaded", 1.5, "t"))
        self.assertEqual(self.core.turns, 0)

    def test_a_rejection_of_one_push_of_several_stops_what_another_may_have_begun(self):
        self.hello()
        self.open()
        self.pass_time(1.5)
        self.port.take()
        self.say(rejected("overloaded"))
        self.assertEqual(self.port.take(), [("cancel", "t")])

    def test_a_rejection_does_not_disturb_an_accepted_turn(self):
        self.hello()
        inbox = self.open()
        self.say(*whole_turn()[:4], rejected("conflict"), *whole_turn()[4:])
        self.assertEqual(text_of(taken(inbox)), TEXT)

    def test_a_pipe_that_is_full_is_tried_again(self):
        self.hello()
        self.port.room = False
        self.open()
        self.assertEqual(self.core.counters.pipe_full, 1)
        self.pass_time(0.05)
        self.port.room = True
        self.pass_time(0.05)
        self.assertEqual(self.port.take(), [("open", "t")])


class LossTest(CoreCase):
    def setUp(self):
        super().setUp()
        self.hello()
        self.inbox = self.open()
        self.port.take()

    def test_a_whole_turn_asks_for_nothing_and_sets_no_timer_while_it_flows(self):
        self.say(whole_turn()[0])
        due = self.core.next_time()
        for event in whole_turn()[1:6]:
            self.say(event)
            self.assertEqual(self.core.next_time(), due)
        self.say(whole_turn()[6])
        self.assertEqual(seqs(taken(self.inbox)), [1, 2, 3, 4, 5, 6, 7])
        self.assertEqual((self.port.take(), self.core.turns), ([], 0))
        self.assertEqual(self.woken, 7)

    def test_a_gap_is_asked_for_after_a_moment_and_then_more_seldom(self):
        events = whole_turn()
        self.say(*events[:3], events[4])
        self.pass_time(0.015)
        self.assertEqual(self.port.take(), [], "it may be on its way")
        self.pass_time(0.01)
        self.assertEqual(self.port.take(), [("resume", 3)])
        begin, times = self.now, []
        while self.now < begin + 12:
            self.pass_time(0.25, beacons=[("t", 5)])
            self.beacon(("t", 5))
            times += [round(self.now - begin, 2) for _ in self.port.take()]
        self.assertEqual(times, [0.25, 0.75, 1.75, 3.75, 7.75])

    def test_a_gap_that_fills_by_itself_is_not_asked_for(self):
        events = whole_turn()
        self.say(*events[:3], events[4])
        self.pass_time(0.01)
        self.say(events[3])
        self.pass_time(1.0, beacons=[("t", 5)])
        self.assertEqual(self.port.take(), [])
        self.assertEqual(self.core.counters.gaps, 1)

    def test_progress_makes_the_pauses_short_again(self):
        events = whole_turn()
        self.say(*events[:2], events[6])
        self.pass_time(0.6)
        self.port.take()
        self.say(events[2])
        self.pass_time(0.6)
        self.assertEqual(self.port.take()[0], ("resume", 3))

    def test_a_lost_tail_is_found_by_a_beacon(self):
        self.say(*whole_turn()[:5])
        self.beacon(("t", 7))
        self.pass_time(0.02)
        self.assertEqual(self.port.take(), [("resume", 5)])
        self.say(delta(6, "ですね", 6), whole_turn()[6])
        self.assertTrue(taken(self.inbox)[-1].verified)

    def test_a_turn_that_no_beacon_names_is_asked_for(self):
        self.say(*whole_turn()[:4])
        self.pass_time(5, beacons=[("another", 1)])
        self.assertIn(("resume", 4), self.port.take())

    def test_silence_makes_it_subscribe_anew_and_a_hello_makes_it_resume(self):
        self.say(*whole_turn()[:4])
        self.pass_time(3.6)
        self.assertEqual((self.core.link, self.port.resubscribed), ("reconnecting", 1))
        self.assertEqual(self.port.take(), [], "commands wait")
        self.hello()
        self.assertEqual(self.port.take(), [("resume", 4)])
        self.assertEqual(self.port.links, ["ready", "reconnecting", "ready"])

    def test_a_hello_in_mid_work_resumes_each_turn(self):
        self.say(*whole_turn()[:4])
        self.open("u")
        self.port.take()
        self.hello()
        self.assertEqual(self.port.take(), [("resume", 4), ("open", "u")])

    def test_without_turns_nothing_is_due(self):
        self.say(*whole_turn())
        self.assertIsNone(self.core.next_time())
        self.pass_time(100)
        self.assertEqual((self.core.link, self.port.resubscribed), ("ready", 0))

    def test_resumes_are_rationed(self):
        self.core = type(self.core)("g1", self.port, self.now, Config(resumes_per_second=10, resumes_at_once=5))
        self.hello()
        for number in range(20):
            self.join(f"t{number}")
        self.assertEqual(len(self.port.take()), 5)
        self.pass_time(1.0)
        self.assertEqual(len(self.port.take()), 10)


class OtherBrokerTest(CoreCase):
    def setUp(self):
        super().setUp()
        self.hello()
        self.inbox = self.open()
        self.say(*whole_turn()[:5])
        self.port.take()

    def test_opens_are_pushed_again_and_the_reader_forgets_what_it_has(self):
        self.hello(broker="c")
        self.assertEqual(self.port.take(), [("open", "t")])
        self.say(*whole_turn(), broker="c")
        events = taken(self.inbox)
        (reset,) = [one for one in events if one.type == "reset"]
        self.assertEqual((reset.reason, reset.seq), ("broker_changed", 0))
        self.assertEqual(text_of(events), TEXT)
        self.assertEqual(seqs(events), [1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7])

    def test_what_still_comes_of_the_old_one_is_ignored(self):
        self.hello(broker="c")
        self.say(whole_turn()[5], broker="b")
        self.say(*whole_turn(), broker="c")
        events = taken(self.inbox)
        self.assertEqual((text_of(events), [one.type for one in events].count("reset")), (TEXT, 1))
        self.assertEqual((self.core.broker, self.core.counters.brokers_lost), ("c", 1))

    def test_a_joined_turn_that_went_with_it_fails(self):
        joined = self.join("j")
        self.hello(broker="c")
        self.assertEqual(taken(joined)[-1].code, "unknown_turn")

    def test_a_cancelled_turn_that_went_with_it_is_cancelled(self):
        self.core.cancel("t", self.now)
        self.hello(broker="c")
        self.assertIsInstance(taken(self.inbox)[-1], Cancelled)
        self.assertEqual(self.port.take(), [("cancel", "t")])

    def test_a_turn_that_the_same_broker_has_lost_is_pushed_once_more_and_then_fails(self):
        self.say(rejected("unknown_turn"))
        self.assertEqual(self.port.take(), [("open", "t")])
        self.assertEqual(taken(self.inbox)[-1].reason, "turn_lost")
        self.say(*whole_turn()[:2])
        self.say(rejected("unknown_turn"))
        end = taken(self.inbox)[-1]
        self.assertEqual((end.code, end.retryable), ("unknown_turn", True))

    def test_a_turn_that_nobody_keeps_cannot_be_joined(self):
        inbox = self.join("j")
        self.say(rejected("unknown_turn", "j"))
        (end,) = taken(inbox)
        self.assertIsInstance(end, Rejected)


class DamageTest(CoreCase):
    def setUp(self):
        super().setUp()
        self.hello()
        self.inbox = self.open()
        self.say(*whole_turn()[:5], delta(6, "damaged"), whole_turn()[6])
        self.port.pushed = self.port.pushed[1:]

    def test_a_reply_that_does_not_verify_is_read_again_from_the_start(self):
        self.assertEqual(self.port.take(), [("resume", 0)])
        self.say(*whole_turn())
        events = taken(self.inbox)
        self.assertEqual([one.reason for one in events if one.type == "reset"], ["damaged"])
        self.assertEqual((text_of(events), events[-1].verified), (TEXT, True))

    def test_the_second_time_it_fails_and_is_never_a_success(self):
        self.say(*whole_turn()[:6], completed(7, "something else"))
        end = taken(self.inbox)[-1]
        self.assertEqual((end.type, end.code, end.retryable), ("failed", "internal", True))
        self.assertEqual(self.port.take(), [("resume", 0), ("cancel", "t")])


class CancelTest(CoreCase):
    def setUp(self):
        super().setUp()
        self.hello()

    def test_a_cancel_is_said_at_once_and_until_the_end_comes(self):
        inbox = self.open()
        self.say(*whole_turn()[:4])
        self.port.take()
        self.core.cancel("t", self.now)
        self.core.cancel("t", self.now)
        self.assertEqual(self.port.take(), [("cancel", "t")])
        self.pass_time(4, beacons=[("t", 4)])
        self.assertEqual(self.port.take(), [("cancel", "t")] * 3)
        self.say(Cancelled(**at(5), reason="requested"))
        self.pass_time(20, beacons=[])
        self.assertEqual(self.port.take(), [])
        self.assertEqual(taken(inbox)[-1].reason, "requested")

    def test_a_turn_that_was_never_sent_ends_by_itself(self):
        self.core = type(self.core)("g1", self.port, self.now)
        inbox = self.open()
        self.core.cancel("t", self.now)
        self.assertEqual(taken(inbox), [], "not from inside the call")
        self.pass_time(0.01)
        self.assertIsInstance(taken(inbox)[0], Cancelled)
        self.hello()
        self.assertEqual(self.port.take(), [])

    def test_a_turn_of_somebody_else_is_cancelled_until_its_end_or_that_nobody_has_it(self):
        self.core.cancel("other", self.now)
        self.pass_time(0.6)
        self.assertEqual(self.port.take(), [("cancel", "other")] * 2)
        self.say(Cancelled(turn="other", seq=9, attempt=1, reason="requested"))
        self.assertEqual(self.core.turns, 0)
        self.core.cancel("none", self.now)
        self.say(rejected("unknown_turn", "none"))
        self.assertEqual(self.core.turns, 0)

    def test_leaving_a_turn_cancels_it_and_reads_no_more(self):
        inbox = self.open()
        self.say(*whole_turn()[:4])
        self.port.take()
        self.core.leave("t", inbox, self.now)
        self.assertTrue(inbox.closed)
        taken(inbox)
        self.say(whole_turn()[4])
        self.pass_time(0.6, beacons=[("t", 9)])
        self.assertEqual(self.port.take(), [("cancel", "t")] * 2, "and does not resume")
        self.say(Cancelled(**at(20), reason="requested"))
        self.assertEqual((self.core.turns, taken(inbox)), (0, []))

    def test_leaving_a_turn_that_is_to_go_on_forgets_it_when_the_broker_has_it(self):
        self.core.leave("t", self.open(on_leave="continue"), self.now)
        self.pass_time(1.1)
        self.assertEqual(self.port.take(), [("open", "t")] * 2, "it may have been lost")
        self.say(whole_turn()[0])
        self.assertEqual(self.core.turns, 0)
        self.pass_time(20)
        self.assertEqual(self.port.take(), [])
        inbox = self.open("u", on_leave="continue")
        self.beacon(("u", 1))
        self.core.leave("u", inbox, self.now)
        self.assertEqual(self.core.turns, 0)

    def test_leaving_a_joined_turn_leaves_it_to_its_own(self):
        inbox = self.join()
        self.port.take()
        self.core.leave("t", inbox, self.now)
        self.assertEqual((self.port.take(), self.core.turns), ([], 0))

    def test_leaving_what_has_ended_does_not_touch_a_new_turn_of_the_same_id(self):
        first = self.open()
        self.say(rejected("overloaded"))
        self.open()
        self.port.take()
        self.core.leave("t", first, self.now)
        self.assertEqual((self.port.take(), self.core.turns), ([], 1))

    def test_a_turn_that_was_left_or_cancelled_unread_can_be_read_again(self):
        self.core.leave("t", self.open(), self.now)
        self.core.cancel("u", self.now)
        for name in "tu":
            inbox = self.join(name, on_leave="cancel")
            self.port.take()
            self.pass_time(1.2)
            self.assertIn(("cancel", name), self.port.take())
            self.say(Accepted(turn=name, seq=1), Cancelled(turn=name, seq=2, reason="requested"))
            self.assertEqual([one.type for one in taken(inbox)], ["accepted", "cancelled"])
        self.core.leave("v", self.open("v", on_leave="continue"), self.now)
        inbox = self.join("v")
        self.port.take()
        self.pass_time(1.1)
        self.assertEqual(self.port.take(), [("open", "v")], "it is not known to be accepted")

    def test_leaving_all_leaves_each_as_it_wants(self):
        self.open("a")
        self.open("b", on_leave="continue")
        self.say(Accepted(turn="b", seq=1))
        self.port.take()
        self.core.leave_all(self.now)
        self.assertEqual((self.port.take(), self.core.turns), ([("cancel", "a")], 1))


class GivingUpTest(CoreCase):
    def test_a_broker_that_is_not_there_fails_the_turn(self):
        inbox = self.open()
        self.pass_time(31)
        (end,) = taken(inbox)
        self.assertEqual((end.code, end.message, end.retryable),
                         ("unavailable", "the broker cannot be reached", True))
        self.assertGreaterEqual(self.port.resubscribed, 2)
        self.assertLess(self.port.resubscribed, 8)

    def test_a_turn_of_which_nothing_is_heard_any_more_fails(self):
        self.hello()
        inbox = self.open()
        self.say(*whole_turn()[:4])
        self.pass_time(29, beacons=[])
        self.assertEqual(len(taken(inbox)), 4)
        self.pass_time(3, beacons=[])
        self.assertEqual(taken(inbox)[0].code, "unavailable")
        self.assertEqual(self.port.take()[-1], ("cancel", "t"))

    def test_an_end_that_is_overdue_fails_the_turn_for_good(self):
        self.hello()
        inbox = self.open(deadline_ms=2000)
        self.say(whole_turn()[0])
        self.pass_time(6.9, beacons=[("t", 1)])
        self.assertEqual(len(taken(inbox)), 1)
        self.pass_time(0.2, beacons=[("t", 1)])
        (end,) = taken(inbox)
        self.assertIsInstance(end, Failed)
        self.assertEqual((end.code, end.retryable), ("deadline_exceeded", False))


class SlowReaderTest(CoreCase):
    config = Config(inbox_events_max=4)

    def setUp(self):
        super().setUp()
        self.hello()
        self.inbox = self.open()
        self.port.take()

    def test_what_does_not_fit_is_dropped_and_asked_for_when_there_is_room(self):
        events = whole_turn()
        self.say(*events)
        self.assertTrue(self.inbox.paused)
        self.pass_time(2.5, beacons=[("t", 7)])
        self.assertEqual(self.port.take(), [], "while there is no room")
        first = [self.inbox.take() for _ in range(2)]
        self.assertTrue(self.inbox.low)
        first += taken(self.inbox)
        self.core.drained("t", self.now)
        self.assertEqual(self.port.take(), [("resume", 4)])
        self.say(*events[4:])
        got = first + taken(self.inbox)
        self.assertEqual((seqs(got), text_of(got)), ([1, 2, 3, 4, 5, 6, 7], TEXT))
        self.assertEqual(self.core.counters.pauses, 1)

    def test_a_reader_that_rests_is_not_taken_for_a_turn_that_is_silent_or_late(self):
        self.say(*whole_turn())
        self.pass_time(700, beacons=[])
        self.assertEqual(len(taken(self.inbox)), 4)
        self.core.drained("t", self.now)
        self.assertEqual(self.port.take()[-1], ("resume", 4))
        self.say(*whole_turn()[4:])
        self.assertTrue(taken(self.inbox)[-1].verified)

    def test_an_inbox_is_bounded_in_bytes_too(self):
        self.core = type(self.core)("g1", self.port, self.now, Config(inbox_bytes_max=10_000))
        self.hello()
        inbox = self.open()
        self.say(*whole_turn()[:2], *[delta(n, "x" * 1000) for n in range(3, 40)])
        self.assertLess(len(inbox), 8)
        self.assertTrue(inbox.paused)


class LimitsTest(CoreCase):
    config = Config(turns_max=3, open_bytes_max=100_000)

    def refused(self, **fields):
        with self.assertRaises(TurnRejected) as caught:
            self.open(**fields)
        self.assertNotIn("secret", str(caught.exception))
        return caught.exception.code

    def test_so_many_turns_and_no_more(self):
        for name in "abc":
            self.open(name)
        self.assertEqual(self.refused(turn="d"), "overloaded")
        self.core.forget("a")
        self.open("d")

    def test_an_id_that_runs_here_is_a_conflict(self):
        self.open()
        self.assertEqual(self.refused(), "conflict")
        with self.assertRaises(TurnRejected):
            self.join()

    def test_so_much_text_and_no_more_until_a_turn_has_ended(self):
        self.hello(text_bytes=90_000)
        for text in ("x" * 80_000,):
            self.open("a", text=text)
            self.assertEqual(self.refused(turn="b", text=text), "overloaded")
            self.core.forget("a")
            self.open("b", text=text)

    def test_what_the_broker_would_refuse_is_not_sent(self):
        said = Utterance("user", "secret")
        for code, fields in (
                ("invalid_field", {"turn": "a b"}), ("invalid_field", {"turn": "x" * 65}),
                ("invalid_field", {"session": "ä"}), ("invalid_field", {"pipeline": ""}),
                ("invalid_field", {"text": ""}), ("invalid_field", {"text": "secret \ud800"}),
                ("invalid_field", {"text": b"secret"}), ("too_large", {"text": "secret" * 6000}),
                ("too_large", {"history": (said,) * 201}),
                ("too_large", {"history": (Utterance("user", "secret" * 50_000),)}),
                ("invalid_field", {"history": (Utterance("system", "secret"),)}),
                ("invalid_field", {"locale": "secret!"}), ("too_large", {"locale": "x" * 36}),
                ("invalid_field", {"deadline_ms": 0}), ("invalid_field", {"deadline_ms": 600_001}),
                ("invalid_field", {"priority": "urgent"}), ("invalid_field", {"on_busy": "wait"}),
                ("invalid_field", {"on_lost": "retry"}), ("invalid_field", {"traceparent": "00-1-2-3"})):
            with self.subTest(fields=list(fields)):
                self.assertEqual(self.refused(**fields), code)
        self.assertEqual((self.core.turns, self.port.take()), (0, []))

    def test_the_brokers_limits_hold_once_it_has_told_them(self):
        self.hello(text_bytes=10, deadline_ms=1000)
        self.assertEqual(self.refused(text="secret" * 2), "too_large")
        self.assertEqual(self.refused(deadline_ms=1001), "invalid_field")
        self.assertEqual(self.core.limits.reply_bytes, 64 * 1024, "not told, so not changed")

    def test_bad_names_are_refused_everywhere(self):
        with self.assertRaises(ValueError):
            type(self.core)("my gateway", self.port, self.now)
        for call in (lambda: self.join("a/b"), lambda: self.core.cancel("", self.now),
                     lambda: self.join(after=-1), lambda: self.join(after=2**64)):
            with self.assertRaises(TurnRejected):
                call()

    def test_a_way_to_leave_that_is_none_is_refused(self):
        with self.assertRaises(ValueError):
            self.open(on_leave="stop")

    def test_a_configuration_that_cannot_be_says_what_is_wrong(self):
        for wrong in ({"turns_max": 0}, {"open_again_s": -1}, {"open_again_s": 9}, {"scan_s": 0},
                      {"resubscribe_most_s": 1}, {"silent_max_s": float("nan")}):
            with self.assertRaises(ValueError) as caught:
                Config(**wrong)
            self.assertRegex(str(caught.exception), "must")
        Config(rereads_max=0, reopens_max=0)

    def test_nothing_that_was_said_is_in_a_repr(self):
        for one in (Open(turn="t", session="s", text="secret", history=(Utterance("user", "secret"),)),
                    delta(1, "secret"), Utterance("user", "secret"), Reset(turn="t", reason="x")):
            self.assertNotIn("secret", repr(one))

    def test_outdated_timers_do_not_gather(self):
        self.hello()
        for number in range(2000):
            self.open(f"t{number}")
            self.say(Accepted(turn=f"t{number}", seq=1), Failed(turn=f"t{number}", seq=2, code="x"))
        self.assertEqual(self.core.turns, 0)
        self.assertLess(len(self.core._pushes._timers), 300)


if __name__ == "__main__":
    unittest.main()
