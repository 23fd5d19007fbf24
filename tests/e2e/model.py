"""A model server that a test holds in its hands: it keeps every request, and streams when it is told to.

OpenAI's chat completions, as far as the worker asks for them. The pipelines' requests say which stage
they are for: `[stage:NAME]` in the last message.
"""
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ALL = 1 << 30
PERSPECTIVE = {"state": "tired and alone with it", "emotions": [{"name": "sadness", "strength": 2}],
               "needs": ["heard"], "risk": "none"}


class Request:
    def __init__(self, body, headers):
        self.body = body
        self.headers = headers
        self.user = body["messages"][-1]["content"]
        self.shared = body["messages"][0]["content"]
        tags = re.findall(r"\[stage:([\w-]+)\]", self.user)
        self.stage = tags[-1] if tags else None


class ScriptedModel:
    def __init__(self):
        self.requests = []
        self.tokens = ["I ", "hear ", "you", "."]
        self.answers = {"perspective": json.dumps(PERSPECTIVE),
                        "phase": json.dumps({"phase": "exploring", "confidence": "high"})}
        self.failures = []  # statuses of the next requests
        self._allowed = ALL  # tokens of each reply that may be sent
        self._closing = False
        self._changed = threading.Condition()
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                model._serve(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.request_queue_size = 256
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # --- the test's side -------------------------------------------------------------------------

    def allow(self, tokens):
        """Each reply may send so many tokens; 0: none, not even its end."""
        with self._changed:
            self._allowed = tokens
            self._changed.notify_all()

    def of_stage(self, stage):
        with self._changed:
            return [request for request in self.requests if request.stage == stage]

    def wait_for_requests(self, stage, count, timeout=30.0):
        def enough():
            return sum(request.stage == stage for request in self.requests) >= count
        with self._changed:
            if not self._changed.wait_for(enough, timeout):
                raise AssertionError(f"not {count} requests of {stage} within {timeout} s")
        return self.of_stage(stage)

    # --- the worker's side -----------------------------------------------------------------------

    def _serve(self, http):
        try:
            raw = http.rfile.read(int(http.headers["Content-Length"]))
            request = Request(json.loads(raw), dict(http.headers))
            with self._changed:
                self.requests.append(request)
                status = self.failures.pop(0) if self.failures else 200
                self._changed.notify_all()
            if status != 200:
                self._answer(http, {"error": {"message": "as told"}}, status)
            elif request.body.get("stream"):
                self._stream(http)
            else:
                text = self.answers.get(request.stage, "")
                self._answer(http, {"choices": [{"index": 0, "finish_reason": "stop", "message": {
                    "role": "assistant", "content": text}}],
                    "usage": {"prompt_tokens": 10, "completion_tokens": 5}})
        except OSError:
            http.close_connection = True  # the worker has closed: a cancel

    def _answer(self, http, body, status=200):
        raw = json.dumps(body).encode()
        http.send_response(status)
        http.send_header("Content-Type", "application/json")
        http.send_header("Content-Length", str(len(raw)))
        http.end_headers()
        http.wfile.write(raw)

    def _stream(self, http):
        http.send_response(200)
        http.send_header("Content-Type", "text/event-stream")
        http.send_header("Transfer-Encoding", "chunked")
        http.end_headers()

        def send(data):
            raw = f"data: {data}\n\n".encode()
            http.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
            http.wfile.flush()

        def chunk(delta, finish=None):
            send(json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))

        chunk({"role": "assistant", "content": ""})
        for number, token in enumerate(self.tokens):
            self._wait_until_allowed(number + 1)
            chunk({"content": token})
        self._wait_until_allowed(len(self.tokens) + 1)
        chunk({}, "stop")
        send(json.dumps({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 4}}))
        send("[DONE]")
        http.wfile.write(b"0\r\n\r\n")

    def _wait_until_allowed(self, tokens):
        with self._changed:
            self._changed.wait_for(lambda: self._allowed >= tokens or self._closing)
        if self._closing:
            raise OSError
