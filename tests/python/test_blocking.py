"""The blocking client against real processes."""
import concurrent.futures
import random
import signal
import threading
import time
import unittest

import paths  # noqa: F401
import emostage
from case import show
from cluster import Cluster
from emostage import Delta, TurnCancelled, TurnFailed, TurnRejected
from emostage.blocking import Client

SAID = "I had a hard day."
THREADS, MANY = 50, 200
SIGNALS = 20
CLOSED_MAX_S = 5.0


class BlockingCase(unittest.TestCase):
    settings = {"workers": 2, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 3]}

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(f"{cls.__module__}-{cls.__name__}", **cls.settings)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)

    def client(self, **settings):
        return Client(self.cluster.commands, self.cluster.events, **settings)

    def say(self, text=SAID):
        return self.cluster.say(text)


class BlockingTest(BlockingCase):
    def test_a_turn_streams_and_is_verified(self):
        with self.client() as client:
            events = list(client.turn(self.say(), session="anna"))
        self.assertTrue(events[-1].verified)
        self.assertEqual([event.seq for event in events], list(range(1, len(events) + 1)))
        text = "".join(event.text for event in events if isinstance(event, Delta))
        self.assertEqual(len(text.encode()), events[-1].text_bytes)

    def test_a_reply_and_one_more_by_resume(self):
        with self.client() as client:
            reply = client.reply(self.say(), locale="en", turn="blocking-1")
            again = client.resume("blocking-1").reply()
        self.assertEqual((reply.text, set(reply.stages)), (again.text, {"perspective", "phase"}))
        self.assertTrue(reply.verified and again.verified)

    def test_failures_raise_or_come_as_events(self):
        with self.client() as client:
            with self.assertRaises(TurnRejected):
                client.reply(self.say(), pipeline="emostaeg")
            with self.assertRaises(TurnRejected):
                list(client.turn(self.say(), pipeline="emostaeg"))
            (event,) = client.turn(self.say(), pipeline="emostaeg", raise_on_failure=False)
            self.assertEqual(event.code, "unknown_pipeline")
            with self.assertRaises(TurnRejected):
                client.turn("")
            with self.assertRaises(TurnFailed):
                client.reply(self.say(), deadline=0.01)

    def test_many_threads_share_a_client(self):
        begin = time.monotonic()
        with self.client() as client, concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            replies = list(pool.map(lambda _: client.reply(self.say(), history=[]), range(MANY)))
            self.assertEqual(client.turns, 0)
        show(f"{MANY} turns of {THREADS} threads", seconds=time.monotonic() - begin)
        self.assertTrue(all(reply.verified for reply in replies))

    def test_ready_link_and_limits_tell_of_the_broker(self):
        client = self.client()
        with self.assertRaises(emostage.ClientClosed):
            client.reply(self.say())
        with client:
            client.ready()
            self.assertEqual((client.link, client.limits.text_bytes), ("ready", 32768))
            self.assertGreaterEqual(client.counters.opened, 0)
        client.close()
        with self.assertRaises(emostage.ClientClosed):
            client.reply(self.say())

    def test_addresses_and_names_that_are_none_are_refused(self):
        with self.assertRaises(ValueError):
            with self.client(name="my gateway"):
                self.fail("it has no name")
        with self.assertRaises(Exception):
            with Client("nowhere"):
                self.fail("it has no address")
        self.assertEqual([one.name for one in threading.enumerate() if one.name == "emostage"], [])


class LeavingTest(BlockingCase):
    # A reply of 2,000 tokens lasts until somebody ends it.
    settings = {"workers": 1, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 2000]}

    def check_closed(self, trace):
        """The model's server saw the turn's one connection close in mid-stream."""
        (line,) = trace.closed(1, CLOSED_MAX_S)
        self.assertEqual(line["phase_of_answer"], "streaming")

    def test_breaking_out_of_the_loop_cancels(self):
        trace = self.cluster.trace()
        with self.client() as client:
            for event in client.turn(self.say(), traceparent=trace.parent):
                if isinstance(event, Delta):
                    break
            self.check_closed(trace)

    def test_cancel_ends_the_stream(self):
        trace = self.cluster.trace()
        with self.client() as client:
            stream = client.turn(self.say(), traceparent=trace.parent)
            with self.assertRaises(TurnCancelled):
                for event in stream:
                    if isinstance(event, Delta):
                        stream.cancel()
            self.check_closed(trace)

    def test_a_signal_while_it_waits_leaves_the_turn(self):
        class Stop(Exception):
            pass

        def stop(*_):
            raise Stop

        before_handler = signal.signal(signal.SIGALRM, stop)
        self.addCleanup(signal.signal, signal.SIGALRM, before_handler)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        chance = random.Random(3)
        with self.client() as client:
            for _ in range(SIGNALS):  # wherever it strikes, nothing stays locked
                trace, armed = self.cluster.trace(), False
                with self.assertRaises(Stop):
                    for event in client.turn(self.say(), traceparent=trace.parent):
                        if isinstance(event, Delta) and not armed:
                            armed = True
                            signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.001, 0.05))
                self.check_closed(trace)

    def test_closing_the_client_wakes_who_waits(self):
        client = self.client()
        with client:
            stream = client.turn(self.say())
            closer = threading.Timer(0.2, client.close)
            closer.start()
            with self.assertRaises(emostage.ClientClosed):
                for _ in stream:
                    pass
            closer.join()

    def test_a_turn_that_is_to_go_on_goes_on(self):
        trace = self.cluster.trace()
        with self.client() as client:
            with client.turn(self.say(), on_leave="continue", traceparent=trace.parent) as stream:
                self.assertEqual(next(iter(stream)).type, "accepted")
        with self.client() as later:
            with self.assertRaises(TurnCancelled):
                for event in later.resume(stream.id):
                    if isinstance(event, Delta):
                        later.cancel(stream.id)
            self.check_closed(trace)


if __name__ == "__main__":
    unittest.main()
