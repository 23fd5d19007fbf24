"""The asyncio client against real processes."""
import asyncio
import gc
import re
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

from paths import PACKAGE, ROOT
import emostage
from case import show
from cluster import Cluster
from emostage import Config, Delta, TurnCancelled, TurnFailed, TurnRejected

SAID = "I had a hard day."
MANY = 200
PATIENCE_S = 60
CLOSED_MAX_S = 5.0


def run(test):
    """An async test, within its patience."""
    def sync(self):
        async def bounded():
            await asyncio.wait_for(test(self), PATIENCE_S)
        asyncio.run(bounded())
    sync.__name__ = test.__name__
    return sync


def text_of(events):
    text = ""
    for event in events:
        text = "" if event.type == "reset" else text + getattr(event, "text", "")
    return text


class ClientCase(unittest.TestCase):
    settings = {"workers": 2, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 3]}

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(f"{cls.__module__}-{cls.__name__}", **cls.settings)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)

    def client(self, **settings):
        return emostage.Client(self.cluster.commands, self.cluster.events, **settings)

    def say(self, text=SAID):
        return self.cluster.say(text)


class ClientTest(ClientCase):
    @run
    async def test_a_turn_streams_and_is_verified(self):
        async with self.client() as client:
            events = [event async for event in client.turn(self.say(), session="anna")]
        self.assertEqual([event.type for event in events[:2]], ["accepted", "started"])
        end = events[-1]
        self.assertTrue(end.verified)
        self.assertEqual((end.session, end.degraded, end.finish_reason), ("anna", (), "stop"))
        self.assertEqual(len(text_of(events).encode()), end.text_bytes)
        self.assertEqual([event.seq for event in events], list(range(1, len(events) + 1)))

    @run
    async def test_a_reply_has_the_text_the_stages_and_the_usage(self):
        async with self.client() as client:
            reply = await client.reply(self.say(), locale="en", history=[], deadline=30.0, priority="high",
                                       on_busy="enqueue", on_lost="reset", pipeline="emostage")
        self.assertTrue(reply.verified and reply.text)
        self.assertEqual(set(reply.stages), {"perspective", "phase"})
        self.assertIn(reply.stages["perspective"].result["risk"], ("none", "concern", "alert"))
        self.assertGreaterEqual(reply.usage.calls, 3)
        self.assertGreater(reply.timings_ms["first_delta"], 0)
        self.assertNotIn(reply.text, repr(reply))

    @run
    async def test_a_session_goes_on_and_a_busy_one_can_refuse(self):
        async with self.client() as client:
            first = client.turn(self.say(), session="busy")
            self.assertEqual((await anext(aiter(first))).type, "accepted")
        async with self.client() as client:
            running = client.turn(self.say(), session="busy-2")
            await running.take(1)
            with self.assertRaises(TurnRejected) as caught:
                await client.reply(self.say(), session="busy-2", on_busy="reject")
            self.assertEqual(caught.exception.code, "session_busy")
            await running.reply()

    @run
    async def test_failures_raise_or_come_as_events(self):
        async with self.client() as client:
            with self.assertRaises(TurnRejected) as caught:
                await client.reply(self.say(), pipeline="emostaeg")
            self.assertEqual(caught.exception.code, "unknown_pipeline")
            events = [one async for one in client.turn(self.say(), pipeline="emostaeg", raise_on_failure=False)]
            self.assertEqual([(one.type, one.code) for one in events], [("rejected", "unknown_pipeline")])
            with self.assertRaises(TurnFailed) as caught:
                await client.reply(self.say(), deadline=0.01)
            self.assertIn(caught.exception.code, ("deadline_exceeded", "model_timeout"))
            for deadline in (0, -1, float("nan"), float("inf"), 1e9):
                with self.assertRaises(TurnRejected):
                    client.turn(self.say(), deadline=deadline)
            with self.assertRaises(TurnRejected) as caught:
                client.turn("x" * 40_000)
            self.assertEqual(caught.exception.code, "too_large")
            with self.assertRaises(TurnRejected):
                async for _ in client.resume("no-such-turn"):
                    self.fail("nobody keeps it")

    @run
    async def test_the_same_turn_sent_again_joins_it_and_another_content_is_a_conflict(self):
        text = self.say()
        async with self.client() as one, self.client() as other:
            first, second = await asyncio.gather(one.reply(text, session="s", turn="twice-1"),
                                                 other.reply(text, session="s", turn="twice-1"))
            self.assertEqual(first.text, second.text)
            with self.assertRaises(TurnRejected) as caught:
                await other.reply(text + "?", session="s", turn="twice-1")
            self.assertEqual(caught.exception.code, "conflict")

    @run
    async def test_another_client_resumes_in_mid_reply_from_the_start_and_from_where_one_was(self):
        async with self.client() as one, self.client() as other:
            stream = one.turn(self.say())
            held = []
            async for event in stream:
                held.append(event)
                if sum(isinstance(known, Delta) for known in held) == 5:
                    break_at = len(held)
                    from_start = other.resume(stream.id)
                    async with self.client() as third:
                        from_there = third.resume(stream.id, held[-1].seq, text=text_of(held))
                        later, whole = await asyncio.gather(from_there.reply(), from_start.reply())
                        blind = [seen async for seen in other.resume(stream.id, held[-1].seq)]
            self.assertEqual(whole.text, text_of(held))
            self.assertEqual(text_of(held[:break_at]) + later.text, whole.text)
            self.assertTrue(later.verified)
            self.assertFalse(blind[-1].verified, "it never knew the beginning")
            self.assertEqual(whole.stages.keys(), {"perspective", "phase"})

    def test_the_programs_of_the_readmes_run(self):
        for path in (ROOT / "README.md", PACKAGE / "README.md"):
            with self.subTest(path.parent.name):
                (program,) = [block for block in re.findall(r"(?:^(?: {4}.*)?\n)+", path.read_text(), re.M)
                              if "asyncio.run(main())" in block]
                addresses = f"{self.cluster.commands!r}, {self.cluster.events!r}"
                program = re.sub(r"emostage\.Client\([^)]*\)", f"emostage.Client({addresses})",
                                 textwrap.dedent(program))
                done = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True,
                                      timeout=PATIENCE_S, env={"PYTHONPATH": str(PACKAGE / "src")})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertGreater(len(done.stdout), 20)

    @run
    async def test_200_turns_at_once(self):
        async with self.client() as client:
            begin = time.monotonic()
            replies = await asyncio.gather(*[client.reply(self.say(), history=[]) for _ in range(MANY)])
            self.assertEqual(client.turns, 0)
            show(f"{MANY} turns at once", seconds=time.monotonic() - begin,
                 resumes=client.counters.resumes_pushed, pauses=client.counters.pauses)
        self.assertTrue(all(reply.verified and not reply.degraded for reply in replies))

    @run
    async def test_a_reader_that_is_too_slow_gets_all_of_it(self):
        async with self.client(config=Config(inbox_events_max=4)) as client:
            stream = client.turn(self.say())
            events = await stream.take(1)
            while client.counters.pauses == 0:
                await asyncio.sleep(0.01)
            async for event in stream:
                events.append(event)
            self.assertGreater(client.counters.resumes_pushed, 0)
            self.assertEqual(len(text_of(events).encode()), events[-1].text_bytes)

    @run
    async def test_ready_link_and_limits_tell_of_the_broker(self):
        client = self.client()
        self.assertEqual((client.link, client.turns), ("connecting", 0))
        async with client:
            await client.ready()
            self.assertEqual((client.link, client.limits.text_bytes), ("ready", 32768))
        with self.assertRaises(emostage.ClientClosed):
            client.turn(self.say())
        with self.assertRaises(RuntimeError):
            async with client:
                self.fail("it is used once")

    @run
    async def test_messages_that_are_none_are_counted_and_disturb_nothing(self):
        async with self.client() as client:
            await client.ready()
            topic = client._sockets.topic
            for frames in ([], [b"x"], [topic, b"\xc1"], [b"other/", b"\x80"], [topic, b"", b""]):
                client._on_message(frames)
            self.assertEqual(client.counters.undecodable, 5)
            self.assertTrue((await client.reply(self.say())).verified)

    @run
    async def test_addresses_and_names_that_are_none_are_refused(self):
        for wrong in ({"commands": "nowhere"}, {"events": "tcp://"}, {"name": "my gateway"}):
            with self.assertRaises(Exception):
                async with emostage.Client(**{"commands": self.cluster.commands,
                                              "events": self.cluster.events, **wrong}):
                    self.fail(wrong)

    @run
    async def test_a_broker_that_is_not_there_fails_the_turn(self):
        config = Config(silent_max_s=0.5, scan_s=0.1, close_wait_s=0.2)
        async with emostage.Client("tcp://127.0.0.1:9", "tcp://127.0.0.1:9", config=config) as client:
            with self.assertRaises(TimeoutError):
                await client.ready(0.1)
            with self.assertRaises(TurnFailed) as caught:
                await client.reply(self.say())
            self.assertEqual((caught.exception.code, caught.exception.retryable), ("unavailable", True))

    @run
    async def test_a_reader_whose_client_is_closed_is_told(self):
        async with self.client() as client:
            stream = client.turn(self.say())
            await stream.take(1)
            asyncio.get_running_loop().call_later(0.01, asyncio.ensure_future, client.close())
            with self.assertRaises(emostage.ClientClosed):
                while await stream.take(1):
                    pass


class LeavingTest(ClientCase):
    # A reply of 2,000 tokens lasts until somebody ends it.
    settings = {"workers": 1, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 2000]}

    async def check_closed(self, trace):
        """The model's server saw the turn's one connection close in mid-stream."""
        (line,) = await asyncio.to_thread(trace.closed, 1, CLOSED_MAX_S)
        self.assertEqual(line["phase_of_answer"], "streaming")

    async def streaming(self, client):
        """A turn with some of its reply, and its trace."""
        trace = self.cluster.trace()
        stream = client.turn(self.say(), traceparent=trace.parent)
        while not isinstance((await stream.take(1))[0], Delta):
            pass
        return stream, trace

    @run
    async def test_cancel_closes_the_models_connection_and_the_stream_says_so(self):
        async with self.client() as client, self.client() as other:
            for canceller in (client, other):
                stream, trace = await self.streaming(client)
                canceller.cancel(stream.id)
                with self.assertRaises(TurnCancelled) as caught:
                    async for _ in stream:
                        pass
                self.assertEqual(caught.exception.reason, "requested")
                await self.check_closed(trace)

    @run
    async def test_breaking_out_of_the_loop_cancels(self):
        async with self.client() as client:
            trace = self.cluster.trace()
            async for event in client.turn(self.say(), traceparent=trace.parent):
                if isinstance(event, Delta):
                    break
            await self.check_closed(trace)
            while client.turns:
                await asyncio.sleep(0.01)

    @run
    async def test_a_cancelled_task_cancels(self):
        async with self.client() as client:
            seen = asyncio.Event()
            trace = self.cluster.trace()

            async def read():
                async for event in client.turn(self.say(), traceparent=trace.parent):
                    if isinstance(event, Delta):
                        seen.set()

            task = asyncio.create_task(read())
            await seen.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            await self.check_closed(trace)

    @run
    async def test_an_error_in_the_loop_and_the_end_of_a_with_block_cancel(self):
        async with self.client() as client:
            trace = self.cluster.trace()
            with self.assertRaises(ZeroDivisionError):
                async for event in client.turn(self.say(), traceparent=trace.parent):
                    if isinstance(event, Delta):
                        1 / 0
            await self.check_closed(trace)
            stream, trace = await self.streaming(client)
            async with stream:
                pass
            await self.check_closed(trace)
            self.assertEqual(await stream.take(1), [])

    @run
    async def test_dropping_a_stream_cancels(self):
        async with self.client() as client:
            stream, trace = await self.streaming(client)
            del stream
            gc.collect()
            await self.check_closed(trace)

    @run
    async def test_closing_the_client_cancels_before_it_is_gone(self):
        async with self.client() as client:
            stream, trace = await self.streaming(client)
        self.assertEqual(client.turns, 0, "the end was heard")
        await self.check_closed(trace)
        with self.assertRaises(emostage.ClientClosed):
            while await stream.take(10):
                pass

    @run
    async def test_a_turn_that_is_to_go_on_goes_on(self):
        async with self.client() as client:
            trace = self.cluster.trace()
            stream = client.turn(self.say(), on_leave="continue", traceparent=trace.parent)
            async for event in stream:
                if isinstance(event, Delta):
                    break
        async with self.client() as later:
            joined = later.resume(stream.id, event.seq)
            self.assertTrue(await joined.take(1), "it goes on")
            self.assertEqual(trace.closed(0), [])
            later.cancel(stream.id)
            with self.assertRaises(TurnCancelled):
                await joined.reply()
            await self.check_closed(trace)

    @run
    async def test_a_turn_that_goes_on_is_accepted_before_the_client_is_gone(self):
        async with self.client() as client:
            turn = client.turn(self.say(), on_leave="continue").id
        async with self.client() as later:
            self.assertEqual((await later.resume(turn).take(1))[0].type, "accepted")
            later.cancel(turn)


class BrokerKilledTest(unittest.TestCase):
    @run
    async def test_a_broker_that_is_killed_and_started_again_costs_a_pause(self):
        state = tempfile.TemporaryDirectory()
        self.addCleanup(state.cleanup)
        with Cluster("python-killed", workers=2,
                     rehearsal=["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 150], broker=["--state", state.name]) as cluster:
            async with emostage.Client(cluster.commands, cluster.events) as client:
                streams = [client.turn(cluster.say(SAID), history=[]) for _ in range(8)]
                replies = [asyncio.ensure_future(stream.reply()) for stream in streams]
                while client.counters.events < 8 * 10:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(cluster.restart_broker)
                done = await asyncio.gather(*replies)
                self.assertEqual(client.counters.brokers_lost, 0, "its state has the same name")
        self.assertEqual({reply.text for reply in done}, {done[0].text})
        self.assertTrue(all(reply.verified for reply in done))

    @run
    async def test_a_broker_without_state_that_is_killed_is_given_the_turns_again(self):
        with Cluster("python-forgot", workers=2,
                     rehearsal=["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 100]) as cluster:
            async with emostage.Client(cluster.commands, cluster.events) as client:
                stream = client.turn(cluster.say(SAID), history=[])
                events = []
                async for event in stream:
                    events.append(event)
                    if sum(isinstance(one, Delta) for one in events) == 5 and not client.counters.brokers_lost:
                        await asyncio.to_thread(cluster.restart_broker)
                self.assertEqual(client.counters.brokers_lost, 1)
        self.assertIn("broker_changed", [one.reason for one in events if one.type == "reset"])
        self.assertTrue(events[-1].verified)
        self.assertEqual(len(text_of(events).encode()), events[-1].text_bytes)


if __name__ == "__main__":
    unittest.main()
