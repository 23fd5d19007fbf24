"""The order of one turn's events, and the proof that a reply is whole."""
import itertools
import random
import unittest

from scripted import TEXT, at, completed, delta, seqs, text_of, whole_turn
from emostage import Cancelled, Failed, Reset, Started
from emostage._reader import ReplyCheck, TurnReader
from emostage.events import Unknown


def read(events, reader=None):
    reader = reader or TurnReader()
    return reader, [one for event in events for one in reader.on(event)]


class ReaderTest(unittest.TestCase):
    def check_whole(self, reader, events, text=TEXT):
        self.assertEqual(reader.state, "ended")
        self.assertEqual(text_of(events), text)
        self.assertEqual(events[-1].type, "completed")
        self.assertTrue(events[-1].verified)
        self.assertEqual(seqs(events), sorted(set(seqs(events))))

    def test_any_order_of_arrival_gives_the_same_reply(self):
        for order in itertools.permutations(whole_turn()):
            reader, events = read(order)
            self.check_whole(reader, events)
            self.assertEqual(seqs(events), [1, 2, 3, 4, 5, 6, 7])

    def test_events_that_come_again_change_nothing(self):
        reader, events = read([one for event in whole_turn() for one in (event, event)])
        self.check_whole(reader, events)
        self.assertEqual(read(whole_turn(), reader)[1], [])

    def test_a_hole_stops_the_reply_there_and_says_so(self):
        for missing in range(1, 7):
            reader, _ = read([one for one in whole_turn() if one.seq != missing])
            self.assertTrue(reader.behind)
            self.assertEqual((reader.state, reader.last), ("live", missing - 1))

    def test_a_lost_tail_is_known_by_what_a_beacon_says(self):
        reader, _ = read(whole_turn()[:4])
        self.assertFalse(reader.behind)
        reader.exists(7)
        self.assertTrue(reader.behind)

    def test_a_merged_delta_is_cut_to_what_is_new(self):
        for held in range(3, 7):
            for first in range(4, 7):
                merged = delta(6, "".join(one.text for one in whole_turn()[first - 1:6]), first)
                reader, events = read(whole_turn()[:held])
                read_on = read([*whole_turn()[:first - 1], merged, whole_turn()[6]], reader)[1]
                self.check_whole(reader, events + read_on)

    def test_a_merged_delta_fits_before_single_ones_that_came_early(self):
        events = whole_turn()
        reader, got = read([*events[:3], events[4], delta(6, TEXT, 4), events[6]])
        self.check_whole(reader, got)
        reader, got = read([*events[:3], events[4], delta(6, TEXT, 4)])
        self.assertEqual((seqs(got), reader._early, reader._early_bytes), ([1, 2, 3, 6], {}, 0))

    def test_a_merged_delta_that_cuts_through_another_waits_for_a_resume(self):
        reader, got = read([*whole_turn()[:3], delta(5, "つらい", 4), delta(6, "いですね", 5)])
        self.assertEqual((reader.last, reader.behind), (5, True))
        self.check_whole(reader, got + read([delta(6, "ですね"), whole_turn()[6]], reader)[1])

    def test_a_merged_delta_shorter_than_what_is_held_of_it_is_left(self):
        reader, _ = read([*whole_turn()[:5], delta(6, "つ", 4)])
        self.assertEqual((reader.last, reader.behind), (5, True))

    def test_numbers_that_cannot_be_are_left(self):
        reader, events = read([delta(0, "x"), delta(3, "x", 4), delta(5, "x", -1)])
        self.assertEqual((events, reader.behind), ([], False))

    def test_a_reset_forgets_the_deltas_before_it(self):
        again = [Reset(**at(7, 2), reason="worker_lost"), Started(**at(8, 2)),
                 delta(9, "はい", attempt=2), completed(10, "はい", 2)]
        events = [*whole_turn()[:6], *again]
        chance = random.Random(7)
        for _ in range(50):
            self.check_whole(*read(events), "はい")
            chance.shuffle(events)

    def test_a_reset_that_stands_for_lost_numbers_fills_them_whatever_is_held(self):
        lost = Reset(**at(9, 2), reason="broker_lost", from_seq=5)
        again = [lost, Started(**at(10, 2)), delta(11, "はい", attempt=2), completed(12, "はい", 2)]
        self.check_whole(*read([*whole_turn()[:4], *again]), "はい")
        reader, events = read([*whole_turn()[:6], *again])
        self.check_whole(reader, events, "はい")
        for end in (Failed(**at(9), code="worker_lost", from_seq=5),
                    Cancelled(**at(9), reason="requested", from_seq=5)):
            reader, events = read([*whole_turn()[:6], end])
            self.assertEqual((reader.state, events[-1]), ("ended", end))

    def test_deltas_of_two_attempts_join_without_a_reset(self):
        more = [Started(**at(7, 2)), delta(8, "ね", attempt=2), completed(9, TEXT + "ね", 2)]
        self.check_whole(*read([*whole_turn()[:6], *more]), TEXT + "ね")

    def test_an_attempt_that_was_over_breaks_the_reading(self):
        reader, _ = read([*whole_turn()[:4], Started(**at(5, 2)), delta(6, "!", attempt=1)])
        self.assertEqual(reader.state, "broken")

    def test_a_reply_that_does_not_verify_breaks_the_reading_and_never_ends_it(self):
        for other in ("つらいですよ", "つらいです", ""):
            reader, events = read([*whole_turn()[:6], completed(7, other)])
            self.assertEqual((reader.state, events[-1].type), ("broken", "delta"))

    def test_reading_again_gives_the_reply_once_more_and_stages_only_once(self):
        reader, events = read([*whole_turn()[:5], delta(6, "damaged"), whole_turn()[6]])
        self.assertEqual(reader.state, "broken")
        reader.restart()
        again = read(whole_turn(), reader)[1]
        self.assertEqual([one.type for one in again], ["delta"] * 3 + ["completed"])
        self.assertEqual(text_of(again), TEXT)

    def test_another_broker_gives_all_of_it_once_more(self):
        reader, _ = read(whole_turn()[:5])
        reader.forget()
        self.assertFalse(reader.behind)
        self.check_whole(*read(whole_turn(), reader))

    def test_unknown_events_are_counted_and_not_given_out(self):
        events = [*whole_turn()[:3], Unknown(**at(4), name="mood"), delta(5, "hi"), completed(6, "hi")]
        reader, got = read(events)
        self.assertEqual(seqs(got), [1, 2, 3, 5, 6])
        self.assertEqual(reader.state, "ended")

    def test_what_waits_for_a_hole_is_bounded_and_dropped_beyond(self):
        reader, _ = read([delta(n + 2, "x") for n in range(TurnReader.EARLY_EVENTS_MAX + 10)])
        self.assertLessEqual(len(reader._early), TurnReader.EARLY_EVENTS_MAX)
        large = "x" * (TurnReader.EARLY_BYTES_MAX // 16)
        reader, _ = read([delta(n + 2, large) for n in range(100)])
        self.assertLessEqual(reader._early_bytes, TurnReader.EARLY_BYTES_MAX)
        self.assertTrue(reader.behind)
        reader, events = read([*[delta(n, "x") for n in range(2, 200)], *whole_turn()[:1]])
        self.assertEqual((len(events), reader._early_bytes, reader._early), (199, 0, {}))

    def test_after_a_number_with_the_text_so_far_the_end_is_verified(self):
        for after in range(1, 8):
            text = text_of(whole_turn()[:after])
            reader, events = read(whole_turn()[after:], TurnReader(after, text))
            if events:
                self.assertEqual(text + text_of(events), TEXT)
                self.assertTrue(events[-1].verified)

    def test_after_a_number_without_the_text_the_end_says_that_it_is_not_verified(self):
        _, events = read(whole_turn()[4:], TurnReader(4))
        self.assertFalse(events[-1].verified)
        again = [Reset(**at(7, 2), reason="worker_lost"), delta(8, "はい", attempt=2), completed(9, "はい", 2)]
        _, events = read([*whole_turn()[4:6], *again], TurnReader(4))
        self.assertTrue(events[-1].verified, "it knows the reply from its new beginning")

    def test_a_wrong_text_so_far_is_found_out(self):
        reader, _ = read(whole_turn()[4:], TurnReader(4, "さむ"))
        self.assertEqual(reader.state, "broken")

    def test_marks_reach_back_over_the_newest_deltas_only(self):
        count = ReplyCheck.MARKS_MAX + 50
        reader, _ = read([*whole_turn()[:3], *[delta(n, "x") for n in range(4, 4 + count)]])
        last = reader.last
        self.assertEqual(read([delta(last + 1, "x" * (last - 3), 5)], reader)[1], [], "too far back")
        got = read([delta(last + 1, "x" * 11, last - 9)], reader)[1]
        self.assertEqual([one.text for one in got], ["x"])


if __name__ == "__main__":
    unittest.main()
