"""Clients of the HTTP gateway that go away, or read too slowly; and the gateway that goes away itself."""
import json
import signal
import socket
import struct
import time
import unittest
import urllib.request

from case import median, show
from http_case import HttpCase
from processes import until

GOODBYES = 9
CLOSED_MEDIAN_MS, CLOSED_MAX_MS = 20, 250  # the second: a busy machine may stop us for a moment
CHAT = "/v1/chat/completions"


def reset(connection):
    """Ends a connection as a crashed client's system does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Goodbyes(HttpCase):
    """Clients that leave; how long until the model's server sees it."""

    def chats_running(self):
        url = self.cluster.endpoint.removesuffix("/v1") + "/stats"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["chats_running"]

    def wait_for_deltas(self, connection):
        data = b""
        while data.count(b'"content":"') < 4:
            part = connection.recv(65536)
            self.assertTrue(part, "the stream was cut")
            data += part

    def close_times(self, body, until_reply, connections, goodbye):
        """How long after a client's end the model's server saw its connections closed, in ms."""
        closed = []
        for _ in range(GOODBYES):
            until(lambda: self.chats_running() == 0, "nothing runs")
            trace = self.cluster.trace()
            connection = self.raw(self.request_bytes(CHAT, body, f"traceparent: {trace.parent}\r\n"))
            if until_reply:
                self.wait_for_deltas(connection)
            until(lambda: self.chats_running() == connections, "the model is asked", pause=0.001)
            left = time.time() * 1000
            goodbye(connection)
            closed += [line["at_ms"] - left for line in trace.closed(connections)]
        show("a client went away", closed_median_ms=median(closed), closed_max_ms=max(closed))
        self.assertLessEqual(median(closed), CLOSED_MEDIAN_MS)
        self.assertLessEqual(max(closed), CLOSED_MAX_MS)


class GoodbyeTest(Goodbyes):
    # A reply of 2,000 tokens lasts until it is cancelled.
    settings = {"workers": 1, "slots": 2,
                "rehearsal": ["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 2000]}

    def test_in_mid_reply(self):
        self.close_times(self.chat("I had a hard day.", stream=True), True, 1, socket.socket.close)

    def test_by_a_reset(self):
        self.close_times(self.chat("I had a hard day.", stream=True), True, 1, reset)

    def test_with_a_second_request_behind_the_first(self):
        self.close_times(self.chat("I had a hard day.", stream=True), True, 1,
                         lambda connection: connection.sendall(
                             b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))

    def test_a_turn_goes_on_where_that_was_asked_for(self):
        body = self.chat("I had a hard day.", stream=True, emostage={"on_disconnect": "continue"})
        connection = self.raw(self.request_bytes(CHAT, body, "Idempotency-Key: goes-on\r\n"))
        self.wait_for_deltas(connection)
        connection.close()
        until(lambda: "turn=goes-on" in self.http.log.read_text(), "the client's end is noticed")
        self.assertEqual(self.ask("GET", "/v1/turns/goes-on")[2]["status"], "running")
        self.assertEqual(self.chats_running(), 1)
        gone = self.ask("DELETE", "/v1/turns/goes-on")
        self.assertEqual((gone[0], gone[2]["type"]), (200, "cancelled"))
        self.assertEqual(self.ask("GET", "/v1/turns/goes-on")[2]["status"], "cancelled")

    def test_a_client_that_asks_again_is_not_cut_off_by_its_lost_connection(self):
        trace = self.cluster.trace()
        body = self.chat("I had a hard day.", stream=True)
        headers = f"Idempotency-Key: again\r\ntraceparent: {trace.parent}\r\n"
        first, second = (self.raw(self.request_bytes(CHAT, body, headers + f"x-request-id: {name}\r\n"))
                         for name in ("lost", "again"))
        for connection in (first, second):
            self.wait_for_deltas(connection)
        first.close()
        self.http.expect("request=lost .*status=499")
        self.wait_for_deltas(second)
        self.assertEqual(self.ask("GET", "/v1/turns/again")[2]["status"], "running")
        second.close()
        (closed,) = trace.closed()
        self.assertEqual(closed["stage"], "response")

    def test_a_reader_of_events_ends_the_turn_only_if_it_says_so(self):
        made = self.ask("POST", "/v1/turns", {"text": self.say("I had a hard day.")})[2]
        first = self.stream("GET", made["events"])
        next(iter(first))
        first.close()
        second = self.stream("GET", made["events"] + "?on_disconnect=cancel")
        self.assertEqual(next(iter(second)).type, "accepted")
        self.assertEqual(self.ask("GET", f"/v1/turns/{made['turn']}")[2]["status"], "running")
        second.close()
        until(lambda: self.ask("GET", f"/v1/turns/{made['turn']}")[2]["status"] == "cancelled",
              "the turn is cancelled")


class SilentGoodbyeTest(Goodbyes):
    # Both analyses wait for their model until they are cancelled.
    settings = {"workers": 1, "slots": 2, "rehearsal": ["--ttft-ms", 5000]}

    def test_before_the_first_word(self):
        self.close_times(self.chat("I had a hard day.", stream=True), False, 2, socket.socket.close)

    def test_by_closing_only_its_side(self):
        self.close_times(self.chat("I had a hard day.", stream=True), False, 2,
                         lambda connection: connection.shutdown(socket.SHUT_WR))

    def test_while_it_waits_for_a_whole_answer(self):
        self.close_times(self.chat("I had a hard day."), False, 2, socket.socket.close)

    def test_though_it_asked_for_another_protocol(self):
        body = self.chat("I had a hard day.", stream=True)
        trace = self.cluster.trace()
        connection = self.raw(self.request_bytes(
            CHAT, body, f"traceparent: {trace.parent}\r\n"
                        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"))
        until(lambda: self.chats_running() == 2, "the model is asked")
        connection.close()
        trace.closed(2)


class SlowReaderTest(HttpCase):
    settings = {"workers": 1, "slots": 8,
                "rehearsal": ["--ttft-ms", 1, "--itl-ms", 1, "--tokens", 3000]}
    gateway_arguments = ["--limits-backlog-bytes", 16384, "--limits-streams-per-client", 3]

    def test_who_reads_too_slowly_is_cut_and_others_are_not(self):
        place = self.address.rpartition(":")[2]
        slow = socket.socket()
        self.addCleanup(slow.close)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        slow.connect(("127.0.0.1", int(place)))
        slow.sendall(self.request_bytes(CHAT, self.chat("I had a hard day.", stream=True)))
        other = self.stream("POST", CHAT, self.chat("I had a hard day.", stream=True))
        events = list(other)
        self.assertEqual(events[-1].data, "[DONE]")
        self.text_of(event.json for event in events[:-1])
        until(lambda: b"emostage_gateway_slow_readers_total 1" in self.ask("GET", "/metrics")[2],
              "the slow reader is cut")
        data = b""
        try:
            data = self.read_to_end(slow)
        except OSError:
            pass  # an error is as good as an end without the last chunk
        self.assertFalse(data.endswith(b"0\r\n\r\n"))
        self.assertNotIn(b"[DONE]", data)

    def test_too_many_streams_of_one_client_are_refused(self):
        body = self.request_bytes(CHAT, self.chat("Hm.", stream=True), "X-Session-Id: one\r\n")
        held = [self.raw(body) for _ in range(3)]  # of one session: they wait for one another
        until(lambda: b"emostage_gateway_streams 3" in self.ask("GET", "/metrics")[2], "three streams")
        answer = self.ask("POST", CHAT, self.chat("Hm."))
        self.check_error(answer, 429, "too_many_streams", "rate_limit_error")
        self.assertEqual(answer[1]["retry-after"], "1")
        for connection in held:
            reset(connection)
        until(lambda: b"emostage_gateway_streams 0" in self.ask("GET", "/metrics")[2], "none is left")


class DrainTest(HttpCase):
    settings = {"workers": 1, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 10, "--tokens", 100]}

    def start(self, name, drain_ms):
        gateway, address = self.cluster.start_http_gateway(name, ["--drain-ms", drain_ms])
        self.wait_until_ready(address)
        self.cluster._may_end.append(gateway)
        return gateway, address

    def begin(self, name, drain_ms):
        gateway, address = self.start(name, drain_ms)
        stream = self.stream("POST", CHAT, self.chat("I had a hard day.", stream=True), address=address)
        events = iter(stream)
        next(events)
        gateway.signal(signal.SIGTERM)
        gateway.expect("draining")
        return gateway, address, events

    def test_streams_end_and_nothing_new_begins(self):
        gateway, address, events = self.begin("patient", 20_000)
        self.assertEqual(self.ask("GET", "/readyz", address=address)[0], 503)
        refused = self.ask("POST", CHAT, self.chat("Hm."), address=address)
        self.check_error(refused, 503, "draining", "server_error")
        self.assertTrue(refused[1]["retry-after"])
        rest = list(events)
        self.assertEqual(rest[-1].data, "[DONE]")
        self.text_of(event.json for event in rest[:-1])
        self.assertEqual(gateway.wait(), 0)

    def test_what_does_not_end_in_time_ends_in_an_error(self):
        gateway, _, events = self.begin("hasty", 100)
        rest = list(events)
        self.assertEqual(rest[-1].json["error"]["code"], "draining")
        self.text_of(event.json for event in rest[:-1])
        self.assertEqual(gateway.wait(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        gateway, address = self.start("urgent", 20_000)
        connection = self.raw(self.request_bytes(CHAT, self.chat("I had a hard day.", stream=True)), address)
        connection.recv(1)
        gateway.signal(signal.SIGTERM)
        gateway.expect("draining")
        gateway.signal(signal.SIGTERM)
        self.assertEqual(gateway.wait(), 1)
        try:
            data = self.read_to_end(connection)
        except ConnectionError:
            return
        self.assertFalse(data.endswith(b"0\r\n\r\n"))


if __name__ == "__main__":
    unittest.main()
