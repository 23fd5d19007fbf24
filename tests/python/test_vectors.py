"""The golden vectors of schemas/golden through the package: each read, each written."""
import unittest

import msgpack

import paths  # noqa: F401
from test_golden import bytes_of, vectors
from emostage._reader import TurnReader
from emostage._wire import as_map, decode, encode, encode_batch
from emostage.commands import Cancel, Open, Resume, check, utterances
from emostage.events import Batch, Limits, Unknown


def command_of(means):
    fields = {key: value for key, value in means.items() if key not in ("type", "v", "gateway")}
    if means["type"] == "open":
        return Open(**{**fields, "history": utterances(fields.get("history"))})
    return (Cancel if means["type"] == "cancel" else Resume)(**fields)


class VectorsTest(unittest.TestCase):
    def test_every_command_is_written_as_it_means(self):
        kinds = set()
        for vector in vectors("commands.json"):
            with self.subTest(vector["name"]):
                means = vector["means"]
                command = command_of(means)
                kinds.add(type(command))
                if isinstance(command, Open):
                    check(command, Limits())
                written = encode(command, means["gateway"])
                self.assertEqual(msgpack.unpackb(written), means)
                self.assertEqual(len(written), len(msgpack.packb(means)), "in the shortest encoding")
        self.assertEqual(kinds, {Open, Cancel, Resume})

    def test_every_event_is_read_and_written_again_as_it_means(self):
        for vector in vectors("events.json"):
            with self.subTest(vector["name"]):
                batch, means = decode(bytes_of(vector)), vector["means"]
                self.assertEqual(batch.broker, means["broker"])
                self.assertEqual(len(batch.events), len(means["events"]))
                if vector.get("newer"):
                    self.check_known_part(batch, means)
                    continue
                self.assertEqual([as_map(event) for event in batch.events], means["events"])
                self.assertEqual(msgpack.unpackb(encode_batch(batch)), means)
                self.assertEqual(decode(encode_batch(batch)), batch)

    def check_known_part(self, batch, means):
        """Of a version to come: what is known is read, the number of the rest counts."""
        for event, meant in zip(batch.events, means["events"]):
            self.assertLessEqual(as_map(event).items(), meant.items())
            if "seq" in meant:
                self.assertEqual(event.seq, meant["seq"])
        self.assertTrue(all(isinstance(event, Unknown) or event.type for event in batch.events))

    def test_the_whole_turn_is_read_as_whole(self):
        (vector,) = [one for one in vectors("events.json") if "whole turn" in one["name"]]
        reader = TurnReader()
        events = [one for event in decode(bytes_of(vector)).events for one in reader.on(event)]
        self.assertEqual("".join(one.text for one in events if one.type == "delta"), "Hello.")
        self.assertTrue(events[-1].verified)

    def test_a_batch_of_nothing_is_a_batch(self):
        self.assertEqual(decode(encode_batch(Batch(broker="b", events=()))).events, ())


if __name__ == "__main__":
    unittest.main()
