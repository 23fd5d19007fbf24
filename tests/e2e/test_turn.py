"""The ordered reader by itself: no processes."""
import itertools
import random
import unittest

import xxhash

from turn import Turn


def event(kind, seq, attempt=1, **adds):
    if kind == "accepted":
        attempt = 0
    return {"type": kind, "turn": "t", "session": "s", "seq": seq, "attempt": attempt, "at_ms": seq,
            **adds}


def delta(seq, text, first=None, attempt=1):
    return event("delta", seq, attempt, text=text, **({"from": first} if first else {}))


def completed(seq, text, attempt=1):
    raw = text.encode()
    return event("completed", seq, attempt, text_bytes=len(raw),
                 text_hash=xxhash.xxh64(raw).hexdigest())


def whole_turn():
    return [event("accepted", 1), event("started", 2), delta(3, "つら"), delta(4, "い"),
            delta(5, "ですね"), completed(6, "つらいですね")]


class TurnTest(unittest.TestCase):
    def read(self, events):
        turn = Turn("t")
        for one in events:
            turn.take(one)
        return turn

    def test_a_merged_replay_fits_where_it_begins_before_single_ones_that_came_early(self):
        events = whole_turn()
        turn = self.read([events[0], events[1], events[3]])  # 3 is lost, 4 came early
        turn.take(delta(5, "つらいですね", first=3))
        turn.take(events[5])
        self.check_whole(turn)

    def check_whole(self, turn, text="つらいですね"):
        self.assertEqual(turn.status, "completed")
        self.assertEqual(turn.text, text)
        self.assertEqual(turn.violations, [])
        self.assertFalse(turn.damaged)

    def test_any_order_of_arrival_gives_the_same_reply(self):
        for order in itertools.permutations(whole_turn()):
            self.check_whole(self.read(order))

    def test_events_that_come_again_change_nothing(self):
        self.check_whole(self.read(whole_turn() + whole_turn()))

    def test_a_hole_is_seen_and_stops_the_reply_there(self):
        for missing in range(1, 6):
            turn = self.read([one for one in whole_turn() if one["seq"] != missing])
            self.assertTrue(turn.incomplete)
            self.assertIsNone(turn.end)
            self.assertEqual(turn.seq, missing - 1)

    def test_a_lost_tail_shows_by_the_beacon(self):
        turn = self.read(whole_turn()[:4])
        self.assertFalse(turn.incomplete)
        turn.named = 6
        self.assertTrue(turn.incomplete)

    def test_a_merged_delta_replaces_what_is_held_of_its_numbers(self):
        for held in range(2, 6):
            for first in range(3, 6):
                text = "".join(one["text"] for one in whole_turn()[first - 1:5])
                turn = self.read(whole_turn()[:held] + whole_turn()[:first - 1] +
                                 [delta(5, text, first), whole_turn()[5]])
                self.check_whole(turn)

    def test_a_merged_delta_that_cuts_through_another_waits_for_a_resume(self):
        turn = self.read(whole_turn()[:2] + [delta(4, "つらい", 3), delta(5, "いですね", 4),
                                             whole_turn()[5]])
        self.assertTrue(turn.incomplete)
        self.assertEqual((turn.seq, turn.text), (4, "つらい"))
        turn.take(delta(5, "ですね", 5))
        self.check_whole(turn)

    def test_a_reset_forgets_the_deltas_before_it(self):
        again = [event("reset", 6, 2, reason="worker_lost"), event("started", 7, 2),
                 delta(8, "はい", attempt=2), completed(9, "はい", 2)]
        events = whole_turn()[:5] + again
        self.check_whole(self.read(events), "はい")
        chance = random.Random(7)
        for _ in range(50):
            chance.shuffle(events)
            self.check_whole(self.read(events), "はい")

    def test_a_reset_that_stands_for_lost_numbers_fills_them(self):
        lost = event("reset", 9, 2, reason="broker_lost", **{"from": 6})
        again = [lost, event("started", 10, 2), delta(11, "はい", attempt=2), completed(12, "はい", 2)]
        self.check_whole(self.read(whole_turn()[:5] + again), "はい")
        seen = [delta(6, "か"), delta(7, "?")]  # under numbers that are void
        turn = self.read(whole_turn()[:5] + seen + again)
        self.check_whole(turn, "はい")
        self.assertEqual(turn.seq, 12)

    def test_deltas_of_two_attempts_join_without_a_reset(self):
        text = "つらいですねね"
        turn = self.read(whole_turn()[:5] + [event("started", 6, 2), delta(7, "ね", attempt=2),
                                             completed(8, text, 2)])
        self.check_whole(turn, text)

    def test_an_attempt_that_was_over_says_nothing_more(self):
        turn = self.read(whole_turn()[:4] + [event("started", 5, 2), delta(6, "!", attempt=1)])
        self.assertEqual(len(turn.violations), 1)

    def test_a_reply_whose_hash_does_not_fit_is_damaged(self):
        turn = self.read(whole_turn()[:5] + [completed(6, "つらいですよ")])
        self.assertTrue(turn.damaged)
        turn = self.read(whole_turn()[:5] + [completed(6, "つらいです")])
        self.assertTrue(turn.damaged)

    def test_what_breaks_the_contract_is_told(self):
        for events in ([delta(3, "か")],  # another content under number 3
                       [delta(7, "か")],  # after the end
                       [delta(5, "つらいですよ", 3)],  # merged, and another content
                       [delta(0, "")], [delta(5, "", 6)],  # numbers that cannot be
                       [{"type": "delta", "seq": 7}]):
            self.assertEqual(len(self.read(whole_turn() + events).violations), 1, events)
        self.assertEqual(len(self.read([event("started", 1)]).violations), 1)

    def test_a_refused_command_ends_only_a_turn_that_was_not_accepted(self):
        rejected = {"type": "rejected", "turn": "t", "at_ms": 1, "code": "conflict", "message": "x"}
        self.assertEqual(self.read([rejected]).code, "conflict")
        turn = self.read(whole_turn()[:3] + [rejected] + whole_turn()[3:])
        self.check_whole(turn)
        self.assertEqual(turn.rejections, [rejected])

    def test_unknown_types_and_fields_are_skipped_and_counted(self):
        events = whole_turn()[:2] + [event("mood", 3, colour="blue"), delta(4, "hi"),
                                     completed(5, "hi")]
        self.check_whole(self.read([{**one, "new": 1} for one in events]), "hi")


if __name__ == "__main__":
    unittest.main()
