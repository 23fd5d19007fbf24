"""Bytes that no broker would send: each is refused with a sentence, and none shows what it held."""
import random
import unittest

import msgpack

import paths  # noqa: F401
from test_golden import bytes_of, vectors
from emostage._wire import EVENTS_PER_BATCH_MAX, MESSAGE_BYTES_MAX, decode
from emostage.commands import utterances
from emostage.errors import WireError

DELTA = {"type": "delta", "turn": "t", "session": "s", "seq": 3, "attempt": 1, "at_ms": 5,
         "text": "secret"}
COMPLETED = {**DELTA, "type": "completed", "text_bytes": 6, "text_hash": "0" * 16,
             "finish_reason": "stop", "usage": {}, "timings_ms": {}, "degraded": []}
STAGE = {**DELTA, "type": "stage", "stage": "phase", "status": "done", "ms": 5, "result": {}}
CHANGED = 20_000


def batch(*events, **fields):
    return msgpack.packb({"v": 1, "broker": "b", "events": list(events), **fields})


class WireTest(unittest.TestCase):
    def refused(self, raw):
        with self.assertRaises(WireError) as caught:
            decode(raw)
        self.assertNotIn("secret", str(caught.exception))
        return str(caught.exception)

    def test_what_is_no_message_is_refused(self):
        whole = batch(DELTA)
        for raw in (b"", b"\xc1", whole[:-1], whole + b"\xc0", b"\xdd\xff\xff\xff\xff",
                    b"\xdb\xff\xff\xff\xffsecret", b"\x91" * 100_000, b"secret" * 100,
                    msgpack.packb(["secret"]), msgpack.packb({1: "secret"}), bytes(100),
                    batch(DELTA, v=2), batch(DELTA, v="1"), batch(DELTA, v=True),
                    batch(DELTA, broker="a b"), batch(DELTA, broker=None),
                    batch(events={}), batch("secret"), batch(7)):
            self.refused(raw)

    def test_more_than_the_limits_is_refused(self):
        self.assertIn("bytes", self.refused(batch({**DELTA, "text": "x" * MESSAGE_BYTES_MAX})))
        self.refused(batch(*[DELTA] * (EVENTS_PER_BATCH_MAX + 1)))
        self.assertEqual(len(decode(batch(*[DELTA] * EVENTS_PER_BATCH_MAX)).events), EVENTS_PER_BATCH_MAX)
        self.refused(batch({**STAGE, "result": {"secret": "x" * 17_000}}))
        self.refused(batch({**COMPLETED, "degraded": ["x"] * 300}))
        self.refused(batch({**COMPLETED, "timings_ms": {f"t{n}": 1 for n in range(300)}}))

    def test_fields_of_wrong_types_and_ranges_are_refused(self):
        for event, changes in (
                (DELTA, {"type": None, "turn": "a/b", "session": 7, "seq": -1, "attempt": 2**32,
                         "at_ms": "now", "text": 7}),
                (DELTA, {"type": ["delta"], "seq": 1.0, "attempt": True, "text": None, "from": -1}),
                (STAGE, {"status": "well", "stage": "a b", "result": ["secret"], "ms": "5",
                         "defaulted": [7]}),
                (COMPLETED, {"text_bytes": -1, "text_hash": "x" * 17, "usage": {"calls": "3"},
                             "timings_ms": {"first": "5"}, "degraded": "secret", "finish_reason": 7}),
                ({**DELTA, "type": "failed", "code": "x", "message": "x", "retryable": False},
                 {"code": 7, "message": "x" * 513, "retryable": 1}),
                ({**DELTA, "type": "rejected", "code": "x", "message": "x"}, {"retry_after_ms": -1}),
                ({"type": "beacon", "live": []}, {"live": [["t"]], "at_ms": 2**64 - 1}),
                ({"type": "beacon", "live": []}, {"live": [["t", -1]]}),
                ({"type": "hello", "protocol": 1, "limits": {}}, {"limits": {"text_bytes": -1}})):
            decode(batch(event))
            for field, value in changes.items():
                with self.subTest(type=event["type"], field=field, value=value):
                    self.assertIn(field, self.refused(batch({**event, field: value})))

    def test_what_an_event_must_have_is_missed(self):
        for event in (DELTA, COMPLETED, STAGE):
            for field in {"type", "text", "text_bytes", "text_hash", "stage", "finish_reason"} & event.keys():
                if field == "text" and event is not DELTA:
                    continue
                self.refused(batch({key: value for key, value in event.items() if key != field}))

    def test_text_that_is_no_utf_8_is_refused(self):
        whole = batch(DELTA)
        for bad in (b"secre\xff", b"\xed\xa0\x80sec", b"\xc0\xafsecr"):
            self.refused(whole.replace(b"secret", bad))

    def test_changed_cut_and_grown_messages_are_read_or_refused_and_nothing_else(self):
        chance = random.Random(20_26)
        wholes = [bytes_of(vector) for vector in vectors("events.json")]
        refused = 0
        for _ in range(CHANGED):
            raw = bytearray(chance.choice(wholes))
            for _ in range(chance.choice((1, 1, 2, 8))):
                kind, at = chance.randrange(4), chance.randrange(len(raw))
                if kind == 0:
                    raw[at] ^= 1 << chance.randrange(8)
                elif kind == 1:
                    raw[at] = chance.choice((0xC1, 0xDF, 0xDD, 0xDB, 0xC7, 0xD7, 0xFF, 0x00, 0x91, 0x81))
                elif kind == 2:
                    del raw[at:]
                else:
                    raw[at:at] = chance.randbytes(chance.choice((1, 4, 40)))
                raw = raw or bytearray(b"\x80")
            try:
                decode(bytes(raw))
            except WireError:
                refused += 1
        self.assertGreater(refused, CHANGED / 3)

    def test_histories_may_be_maps(self):
        given = [{"role": "user", "text": "Hi"}, {"role": "assistant", "text": "Hello"}]
        self.assertEqual([(one.role, one.text) for one in utterances(given)],
                         [("user", "Hi"), ("assistant", "Hello")])
        self.assertIsNone(utterances(None))
        self.assertEqual(utterances([]), ())
        with self.assertRaises(KeyError):
            utterances([{"role": "user", "content": "Hi"}])


if __name__ == "__main__":
    unittest.main()
