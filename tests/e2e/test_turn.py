"""The contract's checks by themselves: no processes. What is read in which order, tests/python has."""
import unittest

import msgpack
import xxhash

from turn import Turn
from emostage import Delta, Failed, Reset
from emostage._reader import TurnReader
from emostage._wire import decode


def event(kind, seq, attempt=1, **adds):
    if kind == "accepted":
        attempt, adds = 0, {"position": 0, **adds}
    if kind == "started":
        adds = {"worker": "w", **adds}
    return {"type": kind, "turn": "t", "session": "s", "seq": seq, "attempt": attempt, "at_ms": seq,
            **adds}


def delta(seq, text, first=None, attempt=1):
    return event("delta", seq, attempt, text=text, **({"from": first} if first else {}))


def completed(seq, text, attempt=1):
    raw = text.encode()
    return event("completed", seq, attempt, text_bytes=len(raw), finish_reason="stop",
                 text_hash=xxhash.xxh64(raw).hexdigest())


def whole_turn():
    return [event("accepted", 1), event("started", 2), delta(3, "つら"), delta(4, "い"),
            delta(5, "ですね"), completed(6, "つらいですね")]


class TurnTest(unittest.TestCase):
    def read(self, events):
        """As Gateway does it: seen as it came, then read by the package."""
        turn, reader = Turn("t"), TurnReader()
        for one in events:
            turn.see(one)
            if "text" in one or one["type"] != "delta":
                batch = decode(msgpack.packb({"v": 1, "broker": "b", "events": [one]}))
                for read in reader.on(batch.events[0]):
                    turn.take(read)
        return turn

    def test_a_whole_turn_breaks_nothing_however_often_it_comes(self):
        turn = self.read(whole_turn() + whole_turn())
        self.assertEqual((turn.status, turn.text, turn.violations), ("completed", "つらいですね", []))
        self.assertEqual([one["seq"] for one in turn.events], [1, 2, 3, 4, 5, 6])
        self.assertEqual(len(turn.received), 12)

    def test_what_breaks_the_contract_is_told(self):
        for events in ([delta(3, "か")],  # another content under number 3
                       [delta(7, "か")],  # after the end
                       [delta(5, "つらいですよ", 3)],  # merged, and another content
                       [delta(0, "")], [delta(5, "", 6)],  # numbers that cannot be
                       [{"type": "delta", "seq": 7}]):
            self.assertEqual(len(self.read(whole_turn() + events).violations), 1, events)
        self.assertEqual(len(self.read([event("started", 1)]).violations), 1)

    def test_numbers_that_a_reset_makes_void_may_come_with_another_content(self):
        lost = event("reset", 9, 2, reason="broker_lost", **{"from": 6})
        seen = [delta(6, "か"), delta(7, "?")]
        again = [lost, event("started", 10, 2), delta(11, "はい", attempt=2), completed(12, "はい", 2)]
        turn = self.read(whole_turn()[:5] + seen + again)
        self.assertEqual((turn.status, turn.text, turn.violations), ("completed", "はい", []))
        self.assertEqual([one["seq"] for one in turn.events], [1, 2, 3, 4, 5, 9, 10, 11, 12])

    def test_another_broker_has_numbers_of_its_own(self):
        turn = Turn("t")
        for one in whole_turn()[:5]:
            turn.see(one, "first")
        turn.take(Reset(turn="t", reason="broker_changed"))
        for one in [event("accepted", 1), event("started", 2), delta(3, "other")]:
            turn.see(one, "second")
        self.assertEqual((turn.violations, turn.restarts), ([], 1))
        turn.see(delta(3, "and another"), "second")
        self.assertEqual(len(turn.violations), 1)

    def test_a_reply_that_had_to_be_read_again_is_a_violation(self):
        turn = Turn("t")
        turn.take(Reset(turn="t", reason="damaged"))
        turn.take(Delta(turn="t", seq=3, attempt=1, text="x"))
        turn.take(Failed(turn="t", code="internal"))
        self.assertTrue(turn.damaged)
        self.assertIn("does not fit", turn.violations[0])

    def test_what_is_held_already_is_part_of_it(self):
        turn = Turn("t", held=whole_turn()[:4])
        self.assertEqual((turn.seq, turn.text, turn.end), (4, "つらい", None))
        turn = Turn("t", held=whole_turn())
        self.assertEqual((turn.seq, turn.status), (6, "completed"))


if __name__ == "__main__":
    unittest.main()
