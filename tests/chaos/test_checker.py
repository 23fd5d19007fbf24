"""The checker by itself: a history that keeps the contract passes, and each way to break it is found."""
import json
import pathlib
import tempfile
import unittest

import msgpack
import xxhash

from checker import Histories, check
from history import Recorder

TURN, SESSION, GATEWAY = "t1", "s1", "g1"


def event(kind, seq, attempt=1, turn=TURN, at_ms=None, **adds):
    attempt = 0 if kind == "accepted" else attempt
    at_ms = 1000 + seq if at_ms is None else at_ms
    return {"type": kind, "turn": turn, "session": SESSION, "seq": seq, "attempt": attempt,
            "at_ms": at_ms, **adds}


def delta(seq, text, attempt=1, first=None, turn=TURN):
    return event("delta", seq, attempt, turn, text=text, **({"from": first} if first else {}))


def completed(seq, text, attempt=1, turn=TURN, **adds):
    raw = text if isinstance(text, bytes) else text.encode()
    return event("completed", seq, attempt, turn, text_bytes=len(raw),
                 text_hash=xxhash.xxh64(raw).hexdigest(), finish_reason="stop",
                 **{"degraded": [], **adds})


def rejected(code, at_ms=2000, turn=TURN):
    return {"type": "rejected", "turn": turn, "session": SESSION, "at_ms": at_ms, "code": code,
            "message": "x"}


def opens(turn=TURN, **fields):
    return {"type": "open", "v": 1, "gateway": GATEWAY, "turn": turn, "session": SESSION,
            "text": "hello", **fields}


def whole(turn=TURN):
    return [event("accepted", 1, turn=turn), event("started", 2, turn=turn, worker="w"),
            delta(3, "つら", turn=turn), delta(4, "い", turn=turn), delta(5, "ですね", turn=turn),
            completed(6, "つらいですね", turn=turn)]


RESUME = {"type": "resume", "v": 1, "gateway": "g2", "turn": TURN, "after": 0}
CANCEL = {"type": "cancel", "v": 1, "gateway": GATEWAY, "turn": TURN}


class CheckerTest(unittest.TestCase):
    def found(self, events, pushes=None, others=(), durable=True, brokers=("b",), topic=None):
        """What the checker says: `others` are (gateway, pushes, events)."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "run.json").write_text(json.dumps({"durable": durable}))
            told = [(GATEWAY, [opens()] if pushes is None else pushes, events), *others]
            for gateway, commands, got in told:
                recorder = Recorder(folder / f"gateway-{gateway}.jsonl")
                for command in commands:
                    recorder.pushed(msgpack.packb(command))
                for number, one in enumerate(got):
                    body = msgpack.packb({"v": 1, "broker": brokers[number % len(brokers)],
                                          "events": [one]}, unicode_errors="surrogateescape")
                    recorder.received([(topic or f"{gateway}/").encode(), body])
                recorder.close()
            return [what for _, what in check(Histories(folder))]

    def check_found(self, pattern, events, **more):
        found = self.found(events, **more)
        self.assertTrue(found, "nothing was found")
        self.assertRegex("\n".join(found), pattern)

    def check_well(self, events, **more):
        self.assertEqual(self.found(events, **more), [])

    def test_a_whole_turn_is_well(self):
        self.check_well(whole())

    def test_in_any_order_and_twice_it_is_well(self):
        self.check_well([*reversed(whole()), *whole()])

    def test_merged_deltas_of_a_replay_are_well(self):
        for first in range(3, 6):
            for last in range(first + 1, 6):
                text = "".join(one["text"] for one in whole()[first - 1:last])
                replay = [one for one in whole() if not first <= one["seq"] <= last]
                self.check_well([*replay, delta(last, text, first=first)])
                self.check_well([*whole(), delta(last, text, first=first)])

    def test_a_missing_number_is_found(self):
        for missing in range(1, 6):
            self.check_found("never got all", [one for one in whole() if one["seq"] != missing])

    def test_what_another_gateway_saw_does_not_fill_a_hole(self):
        self.check_found("g1 never got all of 1 to 6: it has 1-3, 5-6", [*whole()[:3], *whole()[4:]],
                         others=[("g2", [RESUME], whole())])

    def test_a_gateway_that_resumed_after_a_number_needs_only_what_follows(self):
        later = [{**RESUME, "after": 4}]
        self.check_well(whole(), others=[("g2", later, whole()[4:])])
        self.check_found("g2 never got all of 5 to 6", whole(), others=[("g2", later, whole()[5:])])

    def test_two_contents_of_a_number_are_found(self):
        self.check_found("number 4 has two contents", [*whole(), delta(4, "く")])
        self.check_found("number 2 has two contents", [*whole(), event("started", 2, worker="x")])
        self.check_found("number 4 has two contents", whole(),
                         others=[("g2", [RESUME], [*whole()[:3], delta(4, "く"), *whole()[4:]])])
        self.check_found("number 4 has two contents", [*whole(), delta(4, "い", attempt=2)])

    def test_a_merged_delta_that_says_something_else_is_found(self):
        self.check_found("two contents", [*whole(), delta(5, "つらくですね", first=3)])
        self.check_found("two (lengths|contents)", [*whole(), delta(5, "つらいで", first=3)])
        self.check_found("2 is a started", [*whole(), delta(3, "つら", first=2)])

    def test_merged_deltas_that_overlap_agree_where_they_meet(self):
        alone = [*whole()[:2], whole()[5]]
        self.check_well([*alone, delta(5, "つらいですね", first=3), delta(4, "つらい", first=3),
                         delta(5, "ですね")])
        self.check_found("two contents", [*alone, delta(5, "つらいですね", first=3),
                                          delta(4, "つらく", first=3), delta(5, "ですね")])

    def test_an_end_too_many_or_too_few_is_found(self):
        self.check_found("2 ends: cancelled, completed",
                         [*whole(), event("cancelled", 7, reason="requested")])
        self.check_found("0 ends", whole()[:5])
        self.check_found("2 ends: completed, completed", [*whole(), completed(6, "つらいですよ")])

    def test_an_event_after_the_end_is_found(self):
        self.check_found("delta 7 after the end", [*whole(), delta(7, "!")])

    def test_a_reply_that_the_end_does_not_prove_is_found(self):
        self.check_found("are not the 21", [*whole()[:5], completed(6, "つらいですよね")])
        self.check_found("are not the 18", [*whole()[:5], completed(6, "つらいですよ")])

    def test_a_reset_forgets_what_was_before_it(self):
        again = [event("reset", 6, reason="worker_lost"), event("started", 7, 2, worker="x"),
                 delta(8, "はい", 2), completed(9, "はい", 2)]
        self.check_well([*whole()[:5], *again])
        self.check_found("which are not", [*whole()[:5], *again[1:2], delta(8, "はい", 2),
                                           completed(9, "はい", 2)][:5] +
                         [event("stage", 6, stage="phase"), *again[1:]])

    def test_a_stage_that_is_run_again_is_found(self):
        phases = [event("stage", seq, attempt, stage="phase", status="done") for seq, attempt in
                  ((3, 1), (5, 2))]
        turn = [*whole()[:2], phases[0], event("started", 4, 2, worker="x"), phases[1], completed(6, "", 2)]
        self.check_found("stage phase ended 2 times", turn)
        self.check_well([*turn[:4], {**phases[1], "stage": "perspective"}, turn[5]])

    def test_a_reply_that_is_continued_by_another_attempt_is_well(self):
        self.check_well([*whole()[:5], event("started", 6, 2, worker="x"), delta(7, "!", 2),
                         completed(8, "つらいですね!", 2)])

    def test_an_event_of_an_old_attempt_after_a_newer_one_is_found(self):
        self.check_found("delta 7 is of attempt 1, after 2",
                         [*whole()[:5], event("started", 6, 2, worker="x"), delta(7, "!"),
                          completed(8, "つらいですね!", 2)])
        self.check_found("attempt 2, which has not started",
                         [*whole()[:5], delta(6, "!", 2), completed(7, "つらいですね!", 2)])

    def test_a_reset_that_voids_numbers_makes_them_never_have_been(self):
        lost = [*whole()[:4], event("reset", 515, reason="worker_lost", **{"from": 4}),
                event("started", 516, 2, worker="x"), delta(517, "はい", 2), completed(518, "はい", 2)]
        self.check_well(lost)
        self.check_well([*lost[:3], *lost[4:]])  # 4 was never seen
        self.check_well([*whole()[:5], *lost[4:]])
        self.check_found("after the reset that voids it", [*lost, whole()[3]])
        self.check_found("must be durable", [*whole(), *lost[4:]])

    def test_a_merged_delta_that_reaches_into_what_is_voided_later_is_well(self):
        self.check_well([*whole()[:2], delta(4, "つらい", first=3),
                         event("reset", 515, reason="worker_lost", **{"from": 4}),
                         event("started", 516, 2, worker="x"), completed(517, "", 2)])

    def test_text_that_is_no_utf_8_is_found(self):
        self.check_found("delta 4 is not UTF-8", [*whole()[:3], delta(4, "\udcff"), *whole()[4:]])

    def test_a_turn_that_begins_otherwise_than_accepted_is_found(self):
        self.check_found("started is number 1", [event("started", 1, worker="w"), completed(2, "")])
        self.check_found("accepted is number 3",
                         [*whole()[:2], event("accepted", 3), *whole()[3:]])

    def test_events_that_cannot_be_are_found(self):
        self.check_found("without seq", [*whole(), {"type": "delta", "turn": TURN, "session": SESSION,
                                                    "attempt": 1, "at_ms": 1, "text": ""}])
        self.check_found("numbers 5 to 4", [*whole(), delta(4, "い", first=5)])
        self.check_found("names another session", [*whole()[:5], {**whole()[5], "session": "s2"}])
        self.check_found("not in the contract", [*whole()[:4], event("mood", 5),
                                                 completed(6, "つらい")])
        self.check_found("a message for g2", whole(), topic="g2/")

    def test_on_lost_is_kept_to(self):
        continued = [*whole()[:5], event("started", 6, 2, worker="x"), delta(7, "!", 2),
                     completed(8, "つらいですね!", 2)]
        again = [*whole()[:5], event("reset", 6, reason="worker_lost"),
                 event("started", 7, 2, worker="x"), delta(8, "はい", 2), completed(9, "はい", 2)]
        for wish, ours in (("continue", continued), ("continue", again), ("reset", again),
                           ("fail", continued)):
            self.check_well(ours, pushes=[opens(on_lost=wish)])
        self.check_found("goes on from attempt 1", continued, pushes=[opens(on_lost="reset")])
        self.check_found("takes words back", again, pushes=[opens(on_lost="fail")])

    def test_an_open_without_an_answer_is_found(self):
        self.check_found("never answered", [])
        self.check_well([rejected("overloaded")])
        self.check_found("never answered", [rejected("unknown_turn")])
        self.check_found("rejected as invalid_field", [rejected("invalid_field")])

    def test_a_turn_that_was_accepted_is_never_unknown_later(self):
        self.check_found("unknown later", [*whole(), rejected("unknown_turn")])
        self.check_well([rejected("unknown_turn", at_ms=1000), *whole()])  # a cancel before the open

    def test_a_conflict_needs_other_content(self):
        self.check_found("all opens were the same", [*whole(), rejected("conflict")])
        self.check_well([*whole(), rejected("conflict")], pushes=[opens(), opens(text="other")])

    def test_a_cancel_needs_somebody_who_asked(self):
        ended = [*whole()[:5], event("cancelled", 6, reason="requested")]
        self.check_found("nobody did", ended)
        self.check_well(ended, pushes=[opens(), CANCEL])
        ended = [*whole()[:5], event("cancelled", 6, reason="interrupted")]
        self.check_found("no turn of its session does that", ended)
        self.check_well([*ended, rejected("overloaded", turn="t2")],
                        pushes=[opens(), opens("t2", on_busy="interrupt")])
        self.check_found("cancelled as shutdown",
                         [*whole()[:5], event("cancelled", 6, reason="shutdown")])

    def test_turns_of_a_session_that_overlap_or_swap_are_found(self):
        second = [{**one, "at_ms": one["at_ms"] + 100} for one in whole("t2")]
        both = [opens(), opens("t2")]
        self.check_well([*whole(), *second], pushes=both)
        early = [{**one, "at_ms": one["at_ms"] + 2} for one in whole("t2")]
        self.check_found("started 2 ms before t1", [*whole(), *early], pushes=both)
        swapped = [{**second[0], "at_ms": 900}, *second[1:]]
        self.check_found("accepted before it", [*whole(), *swapped], pushes=both)

    def test_another_reply_to_the_same_words_is_found(self):
        cut = [*whole("t2")[:4], completed(5, "つらい", turn="t2")]
        cut = [{**one, "at_ms": one["at_ms"] + 100} for one in cut]
        stateless = [opens(history=[]), opens("t2", history=[])]
        self.check_found("another reply", [*whole(), *cut], pushes=stateless)
        self.check_well([*whole(), *cut], pushes=[opens(), opens("t2")])

    def test_a_turn_pushed_again_after_the_run_gives_the_same_end(self):
        self.check_well(whole(), others=[("audit-0", [opens()], whole())])
        self.check_found("did not get it", whole(), others=[("audit-0", [opens()], whole()[:5])])

    def test_a_store_keeps_its_broker_id(self):
        self.check_found("2 broker ids", whole(), brokers=("b", "c"))
        self.check_well(whole(), brokers=("b", "c"), durable=False)


if __name__ == "__main__":
    unittest.main()
