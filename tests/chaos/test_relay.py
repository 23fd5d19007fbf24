"""The relay by itself: what goes through, and each way in which it goes wrong."""
import pathlib
import random
import socket
import tempfile
import threading
import unittest

import paths  # noqa: F401
from processes import until
from relay_control import RelayControl

PATIENCE_S = 20.0
SOON_MS, LONG_MS = 150, 600_000


class Echo:
    """Sends back what comes; counts how its connections ended."""

    def __init__(self):
        self.ends = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                while data := connection.recv(65536):
                    connection.sendall(data)
                self.ends.append("fin")
            except OSError:
                self.ends.append("rst")

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(PATIENCE_S)


class RelayTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.echo = Echo()
        self.addCleanup(self.echo.close)
        self.relay = RelayControl(pathlib.Path(folder.name), seed=5)
        self.addCleanup(self.relay.close)
        self.address = self.relay.listen("link", self.echo.address)

    def connect(self):
        host, port = self.address.split(":")
        connection = socket.create_connection((host, int(port)), PATIENCE_S)
        self.addCleanup(connection.close)
        return connection

    def say(self, connection, data):
        connection.sendall(data)
        got = b""
        while len(got) < len(data):
            piece = connection.recv(65536)
            self.assertTrue(piece, f"closed after {len(got)} bytes of {len(data)}")
            got += piece
        self.assertEqual(got, data)

    def ended(self, connection):
        """How: "fin", "rst", or None where it is open."""
        connection.settimeout(PATIENCE_S)
        try:
            return "fin" if connection.recv(1) == b"" else None
        except ConnectionResetError:
            return "rst"

    def is_silent(self, connection, seconds):
        connection.settimeout(seconds)
        try:
            return connection.recv(1) is None
        except TimeoutError:
            return True
        finally:
            connection.settimeout(PATIENCE_S)

    def open_connections(self):
        return self.relay.tell("links")["links"]["link"]["open"]

    def test_bytes_go_both_ways_unchanged(self):
        connection = self.connect()
        self.say(connection, b"hello")
        self.say(connection, random.Random(1).randbytes(50_000))
        self.assertEqual(self.relay.tell("links")["links"]["link"],
                         {"open": 1, "carried": 2 * 50_005})

    def test_an_end_is_told_to_the_other_side(self):
        connection = self.connect()
        self.say(connection, b"hello")
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(self.ended(connection), "fin")
        until(lambda: self.echo.ends == ["fin"], "the end")
        until(lambda: self.open_connections() == 0, "no connection")

    def test_a_cut_ends_connections_as_it_was_told(self):
        for how in ("rst", "fin"):
            connection = self.connect()
            self.say(connection, b"hello")
            self.assertEqual(self.relay.tell("cut", link="link", how=how), {"cut": 1})
            self.assertEqual(self.ended(connection), how)
            self.say(self.connect(), b"again")
            self.relay.tell("cut", link="link", how="rst")
        until(lambda: len(self.echo.ends) == 4, "the other side's ends")
        self.assertEqual(sorted(self.echo.ends), ["fin", "rst", "rst", "rst"])

    def test_a_share_is_cut_by_the_seed(self):
        connections = [self.connect() for _ in range(40)]
        for connection in connections:
            self.say(connection, b"hello")
        chance = random.Random(5)
        expected = [chance.random() < 0.5 for _ in connections]
        self.assertEqual(self.relay.tell("cut", link="link", how="rst", share=0.5),
                         {"cut": sum(expected)})
        for connection, cut in zip(connections, expected):
            if cut:
                self.assertEqual(self.ended(connection), "rst")
            else:
                self.say(connection, b"still here")

    def test_a_stall_holds_all_and_loses_nothing(self):
        connection = self.connect()
        self.say(connection, b"hello")
        self.relay.tell("stall", link="link", ms=LONG_MS)
        connection.sendall(b"later")
        self.assertTrue(self.is_silent(connection, 0.1))
        self.relay.tell("calm")
        self.assertEqual(connection.recv(5), b"later")
        self.relay.tell("stall", link="link", ms=SOON_MS)
        self.say(connection, b"it ends by itself")

    def test_a_link_that_refuses_takes_connections_again_later(self):
        connection = self.connect()
        self.say(connection, b"hello")
        self.relay.tell("refuse", link="link", ms=LONG_MS)
        self.assertEqual(self.ended(connection), "rst")
        self.assertEqual(self.ended(self.connect()), "rst")
        self.relay.tell("calm")
        self.say(self.connect(), b"again")

    def test_half_open_swallows_in_silence_and_ends_with_a_reset(self):
        connection = self.connect()
        self.say(connection, b"hello")
        self.assertEqual(self.relay.tell("half_open", link="link", ms=LONG_MS), {"cut": 1})
        connection.sendall(b"nobody hears this")
        self.assertTrue(self.is_silent(connection, 0.1))
        self.say(self.connect(), b"new connections are well")
        self.relay.tell("calm")
        self.assertEqual(self.ended(connection), "rst")

    def test_a_delay_keeps_the_order(self):
        self.relay.tell("delay", link="link", ms=5)
        connection = self.connect()
        for number in range(10):
            self.say(connection, b"piece %d" % number)
        self.relay.tell("delay", link="link", ms=0)
        self.say(connection, b"at once")

    def test_a_target_that_is_not_there_resets(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            target = "127.0.0.1:%d" % gone.getsockname()[1]
        self.address = self.relay.listen("gone", target)
        try:
            how = self.ended(self.connect())
        except ConnectionResetError:
            how = "rst"  # before connect() had looked
        self.assertEqual(how, "rst")

    def test_what_cannot_be_done_is_refused_and_changes_nothing(self):
        connection = self.connect()
        self.say(connection, b"hello")
        for told in ({"do": "cut", "link": "link"}, {"do": "cut", "link": "no", "how": "rst"},
                     {"do": "cut", "link": "link", "how": "gently"}, {"do": "stall", "link": "link"},
                     {"do": "stall", "link": "link", "ms": -1},
                     {"do": "delay", "link": "link", "ms": 1e9}, {"do": "melt", "link": "link", "ms": 1},
                     {"do": "listen", "link": "link", "target": self.echo.address},
                     {"do": "listen", "link": "new", "target": "nowhere"}):
            with self.assertRaises(ValueError, msg=told):
                self.relay.tell(told.pop("do"), **told)
        self.say(connection, b"still here")


if __name__ == "__main__":
    unittest.main()
