"""What the tests of the HTTP gateway share: a cluster with a gateway, requests, and server-sent events."""
import http.client
import json
import socket
from urllib.parse import urlsplit

from case import ClusterCase

TIMEOUT = 30.0


class Event:
    def __init__(self, fields):
        self.id = fields.get("id")
        self.type = fields.get("event", "message")
        self.data = fields["data"]

    @property
    def json(self):
        return json.loads(self.data)


class Stream:
    """The events of one answer. Comments are counted, not given."""

    def __init__(self, connection, answer):
        self.connection, self.answer = connection, answer
        self.status = answer.status
        self.pings = 0

    def __iter__(self):
        """To its end; then its connection is closed."""
        fields = {}
        while line := self.answer.readline():
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                self.pings += 1
            elif line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
            elif fields:
                yield Event(fields)
                fields = {}
        self.close()

    def close(self):
        self.answer.close()
        self.connection.close()


class HttpCase(ClusterCase):
    """One cluster with one HTTP gateway for all tests of a class."""

    gateway_arguments = ()

    @classmethod
    def setUpClass(cls):
        if not cls.settings:
            return  # a base
        super().setUpClass()
        cls.http, cls.address = cls.cluster.start_http_gateway(arguments=cls.gateway_arguments)
        cls.wait_until_ready(cls.address)

    @classmethod
    def wait_until_ready(cls, address):
        from processes import until
        until(lambda: cls.ask("GET", "/readyz", address=address)[0] == 200, "the gateway is ready")

    @classmethod
    def connect(cls, address=None):
        return http.client.HTTPConnection(urlsplit(address or cls.address).netloc, timeout=TIMEOUT)

    @classmethod
    def send(cls, method, path, body=None, headers=None, address=None):
        """The connection and its answer, whose body has not been read."""
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
            headers.setdefault("content-type", "application/json")
        connection = cls.connect(address)
        connection.request(method, path, body, headers)
        return connection, connection.getresponse()

    @classmethod
    def ask(cls, method, path, body=None, headers=None, address=None):
        """Status, headers and body; the body parsed where it is JSON."""
        connection, answer = cls.send(method, path, body, headers, address)
        raw = answer.read()
        connection.close()
        if answer.getheader("content-type") == "application/json" and raw:
            raw = json.loads(raw)
        return answer.status, answer.headers, raw

    @classmethod
    def stream(cls, method, path, body=None, headers=None, address=None):
        return Stream(*cls.send(method, path, body, headers, address))

    def chat(self, text, **more):
        return {"model": "emostage", "messages": [{"role": "user", "content": self.say(text)}], **more}

    def text_of(self, chunks):
        text = "".join(choice["delta"].get("content", "")
                       for chunk in chunks for choice in chunk["choices"])
        self.cluster.heard(text)
        return text

    def check_error(self, answer, status, code, kind="invalid_request_error"):
        self.assertEqual(answer[0], status, answer[2])
        error = answer[2]["error"]
        self.assertEqual((error["code"], error["type"]), (code, kind))
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertTrue(answer[1]["x-request-id"])

    # --- by hand, for what no library sends ------------------------------------------------------

    def raw(self, data, address=None):
        place = urlsplit(address or self.address)
        connection = socket.create_connection((place.hostname, place.port), TIMEOUT)
        self.addCleanup(connection.close)
        connection.sendall(data)
        return connection

    def request_bytes(self, path, body, headers=""):
        raw = json.dumps(body).encode()
        return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"{headers}Content-Length: {len(raw)}\r\n\r\n").encode() + raw

    def read_to_end(self, connection):
        data = b""
        while part := connection.recv(65536):
            data += part
        return data
