"""The HTTP gateway from outside: its interfaces, refusals and limits."""
import json
import re
import unittest

from http_case import HttpCase
from processes import until


class HttpTest(HttpCase):
    settings = {"workers": 1, "rehearsal": ["--ttft-ms", 20, "--itl-ms", 2, "--tokens", 40]}
    gateway_arguments = ["--page-operator", "Example Clinic", "--help-lines-en", "Call 000",
                         "--cors-origins", "https://chat.example.org"]

    # --- chat completions ------------------------------------------------------------------------

    def test_a_chat_completion_streams(self):
        stream = self.stream("POST", "/v1/chat/completions", self.chat(
            "I could not sleep again.", stream=True, stream_options={"include_usage": True}))
        self.assertEqual(stream.status, 200)
        self.assertEqual(stream.answer.getheader("content-type"), "text/event-stream")
        self.assertEqual(stream.answer.getheader("x-accel-buffering"), "no")
        turn = stream.answer.getheader("x-emostage-turn")
        events = list(stream)
        self.assertEqual(events[-1].data, "[DONE]")
        chunks = [event.json for event in events[:-1]]
        self.assertEqual({chunk["id"] for chunk in chunks}, {"chatcmpl-" + turn})
        self.assertEqual(chunks[0]["choices"][0]["delta"]["role"], "assistant")
        self.assertEqual(chunks[-2]["choices"][0]["finish_reason"], "stop")
        self.assertGreater(chunks[-1]["usage"]["completion_tokens"], 0)
        self.assertTrue(self.text_of(chunks))
        self.assertFalse(any("emostage" in chunk for chunk in chunks))

    def test_stages_come_to_who_asks(self):
        stream = self.stream("POST", "/v1/chat/completions", self.chat(
            "I could not sleep again.", stream=True, stream_options={"include_stages": True}))
        chunks = [event.json for event in stream if event.data != "[DONE]"]
        stages = {chunk["emostage"]["stage"]["stage"] for chunk in chunks
                  if "stage" in chunk.get("emostage", {})}
        self.assertEqual(stages, {"perspective", "phase"})
        self.text_of(chunks)

    def test_a_chat_completion_comes_whole(self):
        status, headers, answer = self.ask("POST", "/v1/chat/completions",
                                           self.chat("I could not sleep again.", temperature=1))
        self.assertEqual(status, 200, answer)
        self.assertEqual(headers["x-emostage-ignored"], "temperature")
        self.assertEqual(answer["object"], "chat.completion")
        self.cluster.heard(answer["choices"][0]["message"]["content"])
        self.assertTrue(answer["choices"][0]["message"]["content"])

    def test_the_same_request_again_is_the_same_turn(self):
        body = self.chat("I could not sleep again.")
        headers = {"idempotency-key": "again-1"}
        first, second = (self.ask("POST", "/v1/chat/completions", body, headers) for _ in range(2))
        self.assertEqual(first[0], 200, first[2])
        self.assertEqual(first[1]["x-emostage-turn"], "again-1")
        self.assertEqual(first[2]["choices"], second[2]["choices"])
        self.cluster.heard(first[2]["choices"][0]["message"]["content"])
        other = self.ask("POST", "/v1/chat/completions", self.chat("Another."), headers)
        self.check_error(other, 409, "conflict")

    def test_an_unknown_model_is_none(self):
        answer = self.ask("POST", "/v1/chat/completions", {**self.chat("Hm."), "model": "gpt-none"})
        self.check_error(answer, 404, "model_not_found")

    def test_models_are_the_pipelines(self):
        until(lambda: self.ask("GET", "/v1/models")[2]["data"], "the pipelines are told")
        models = self.ask("GET", "/v1/models")[2]
        self.assertIn("emostage", [model["id"] for model in models["data"]])
        self.assertEqual(self.ask("GET", "/v1/models/emostage")[2]["object"], "model")
        self.check_error(self.ask("GET", "/v1/models/none"), 404, "model_not_found")

    # --- responses -------------------------------------------------------------------------------

    def test_a_response_in_the_background_is_read_again_from_a_number(self):
        status, _, made = self.ask("POST", "/v1/responses", {
            "model": "emostage", "input": self.say("I could not sleep again."), "background": True})
        self.assertEqual(status, 200, made)
        self.assertIn(made["status"], ("queued", "in_progress"))
        path = f"/v1/responses/{made['id']}"
        whole = list(self.stream("GET", path + "?stream=true"))
        self.assertEqual(whole[-1].type, "response.completed")
        text = whole[-1].json["response"]["output"][0]["content"][0]["text"]
        self.cluster.heard(text)
        deltas = [event.json for event in whole if event.type == "response.output_text.delta"]
        self.assertEqual("".join(delta["delta"] for delta in deltas), text)
        middle = deltas[len(deltas) // 2]["sequence_number"]
        rest = list(self.stream("GET", f"{path}?stream=true&starting_after={middle}"))
        self.assertEqual("".join(event.json["delta"] for event in rest
                                 if event.type == "response.output_text.delta"),
                         "".join(delta["delta"] for delta in deltas
                                 if delta["sequence_number"] > middle))
        self.assertEqual(rest[-1].json["response"]["output"][0]["content"][0]["text"], text)
        now = self.ask("GET", path)[2]
        self.assertEqual((now["status"], now["output"][0]["content"][0]["text"]), ("completed", text))

    # --- turns -----------------------------------------------------------------------------------

    def test_a_turn_is_read_from_any_number_at_any_gateway(self):
        status, _, made = self.ask("POST", "/v1/turns", {"text": self.say("I could not sleep.")})
        self.assertEqual(status, 202, made)
        whole = list(self.stream("GET", made["events"]))
        self.assertEqual([int(event.id) for event in whole][-1], len(whole))
        self.assertEqual(whole[-1].type, "completed")
        other, address = self.cluster.start_http_gateway("other")
        self.wait_until_ready(address)
        rest = list(self.stream("GET", made["events"], headers={"last-event-id": "2"}, address=address))
        self.assertEqual(int(rest[-1].id), int(whole[-1].id))
        text = "".join(event.json["text"] for event in whole if event.type == "delta")
        self.cluster.heard(text)
        self.assertEqual("".join(e.json["text"] for e in rest if e.type == "delta"), text)
        self.assertEqual(self.ask("GET", f"/v1/turns/{made['turn']}", address=address)[2]["text"], text)
        after = self.ask("GET", made["events"], headers={"last-event-id": whole[-1].id})
        self.assertEqual((after[0], after[2]), (204, b""))
        self.assertEqual(self.cluster.stop(other), 0)

    def test_an_unknown_turn_is_none(self):
        for method, path in (("GET", "/v1/turns/none"), ("GET", "/v1/turns/none/events"),
                             ("DELETE", "/v1/turns/none"), ("GET", "/v1/responses/resp_none"),
                             ("POST", "/v1/responses/resp_none/cancel")):
            self.check_error(self.ask(method, path), 404, "unknown_turn")
        self.check_error(self.ask("GET", "/v1/responses/none"), 404, "not_found")

    # --- refusals --------------------------------------------------------------------------------

    def test_what_is_wrong_is_said_in_the_standard_shape(self):
        chat = "/v1/chat/completions"
        self.check_error(self.ask("GET", "/nothing"), 404, "not_found")
        self.check_error(self.ask("GET", "/v1/nothing"), 404, "not_found")
        wrong = self.ask("PUT", chat)
        self.check_error(wrong, 405, "method_not_allowed")
        self.assertEqual(wrong[1]["allow"], "POST")
        self.check_error(self.ask("POST", chat, "{}", {"content-type": "text/plain"}), 415,
                         "unsupported_media_type")
        self.check_error(self.ask("POST", chat, "{", {"content-type": "application/json"}), 400,
                         "invalid_json")
        self.check_error(self.ask("POST", chat, self.chat("Hm."), {"idempotency-key": "a b"}), 400,
                         "invalid_value")
        self.check_error(self.ask("GET", "/v1/turns/t/events?after=x"), 400, "invalid_value")

    def test_what_the_server_refuses_to_read_is_answered_too(self):
        large = b"x" * (3 << 20)
        head = b"POST /v1/turns HTTP/1.1\r\nHost: localhost\r\n"
        length = b"Content-Length: %d\r\n\r\n" % len(large)
        chunked = b"Transfer-Encoding: chunked\r\n\r\n300000\r\n"
        for data, status in ((head + length + large, 413), (head + chunked + large, 413),
                             (head + b"X: " + b"y" * 9000 + b"\r\n\r\n", 431),
                             (head + b"X: y\r\n" * 100 + b"\r\n", 431),
                             (b"GET /" + b"z" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
                             (b"no http\r\n\r\n", 400)):
            connection = self.raw(b"")
            try:
                connection.sendall(data)
            except OSError:
                pass  # what was said is there to be read all the same
            answer = self.read_to_end(connection)
            self.assertRegex(answer, b"^HTTP/1.1 %d " % status)
            error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            self.assertEqual(error["type"], "invalid_request_error")

    def test_only_own_names_are_served_without_keys(self):
        connection = self.raw(b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        self.assertRegex(self.read_to_end(connection), b"^HTTP/1.1 403 ")
        connection = self.raw(b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertRegex(self.read_to_end(connection), b"^HTTP/1.1 400 ")

    def test_pages_of_listed_origins_may_ask(self):
        wish = {"access-control-request-method": "POST",
                "access-control-request-headers": "content-type,x-stainless-os"}
        good = self.ask("OPTIONS", "/v1/chat/completions", headers={
            "origin": "https://chat.example.org", **wish})
        self.assertEqual(good[0], 204)
        self.assertEqual(good[1]["access-control-allow-origin"], "https://chat.example.org")
        self.assertEqual(good[1]["access-control-allow-headers"], wish["access-control-request-headers"])
        bad = self.ask("OPTIONS", "/v1/chat/completions", headers={"origin": "https://evil.example", **wish})
        self.check_error(bad, 403, "origin_not_allowed", "permission_error")
        self.assertNotIn("access-control-allow-origin", bad[1])
        asked = self.ask("GET", "/v1/models", headers={"origin": "https://chat.example.org"})
        self.assertEqual(asked[1]["access-control-allow-origin"], "https://chat.example.org")
        asked = self.ask("GET", "/v1/models", headers={"origin": "https://evil.example"})
        self.assertNotIn("access-control-allow-origin", asked[1])

    # --- what is no turn -------------------------------------------------------------------------

    def test_the_page_is_served_with_its_policy_and_not_twice(self):
        status, headers, body = self.ask("GET", "/")
        self.assertEqual(status, 200)
        self.assertEqual(headers["content-type"], "text/html; charset=utf-8")
        self.assertIn("default-src 'none'; script-src 'self'", headers["content-security-policy"])
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        for path in re.findall(rb'(?:src|href)="(/[\w.]+)"', body):
            self.assertEqual(self.ask("GET", path.decode())[0], 200, path)
        again = self.ask("GET", "/", headers={"if-none-match": headers["etag"]})
        self.assertEqual((again[0], again[2]), (304, b""))
        settings = self.ask("GET", "/page.json")[2]
        self.assertEqual(settings["help"], {"ja": [], "zh": [], "en": ["Call 000"]})
        self.assertEqual((settings["operator"], settings["keys"]), ("Example Clinic", False))

    def test_head_has_a_length_and_no_body(self):
        for path in ("/", "/healthz", "/v1/models"):
            status, headers, body = self.ask("HEAD", path)
            self.assertEqual((status, body), (200, b""))
            self.assertGreater(int(headers["content-length"]), 0)

    def test_metrics_and_logs_name_requests_by_their_pattern(self):
        self.ask("GET", "/v1/turns/very-secret-name?after=hush", headers={"x-request-id": "mine-1"})
        metrics = self.ask("GET", "/metrics")[2].decode()
        self.assertIn('emostage_gateway_requests_total{route="/v1/turns/{id}",status="4xx"}', metrics)
        self.assertIn("emostage_gateway_link_up 1", metrics)
        self.assertNotIn("very-secret-name", metrics)
        self.http.expect(r"request=mine-1 .*status=404")
        self.assertNotIn("hush", self.http.log.read_text())

    def test_a_requests_line_names_its_turn_and_trace(self):
        trace = self.cluster.trace()
        status, headers, answer = self.ask(
            "POST", "/v1/chat/completions", self.chat("I could not sleep again."),
            {"traceparent": trace.parent})
        self.assertEqual(status, 200, answer)
        self.cluster.heard(answer["choices"][0]["message"]["content"])
        self.http.expect(f"turn={headers['x-emostage-turn']} trace={trace.id}")

    def test_a_connection_serves_one_request_after_the_other(self):
        connection = self.connect()
        for _ in range(3):
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            self.assertEqual(answer.read(), b'{"alive":true}\n')
        connection.request("POST", "/v1/chat/completions", json.dumps(self.chat("Hm.", stream=True)),
                           {"content-type": "application/json"})
        streamed = connection.getresponse().read()
        self.assertTrue(streamed.endswith(b"data: [DONE]\n\n"))
        self.text_of(json.loads(line[6:]) for line in streamed.decode().splitlines()
                     if line.startswith("data: {"))
        connection.request("GET", "/healthz")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


if __name__ == "__main__":
    unittest.main()
