// The gateway's native interface over fetch: schemas/HTTP.md, "Turns".

// Milliseconds of `retry-after-ms` or `Retry-After`; undefined where neither is a number.
export function retry_ms(headers) {
  const exact = Number.parseInt(headers.get("retry-after-ms") ?? "", 10);
  if (exact >= 0) return exact;
  const seconds = Number.parseInt(headers.get("retry-after") ?? "", 10);
  return seconds >= 0 ? seconds * 1000 : undefined;
}

async function answer_of(response) {
  const out = { status: response.status, retry_ms: retry_ms(response.headers) };
  if (response.ok) {
    await response.body?.cancel();
    return out;
  }
  try {
    const code = (await response.json()).error.code;
    if (typeof code === "string") out.code = code;
  } catch {
    // Not the gateway's own words: the status says enough.
  }
  return out;
}

export class Api {
  key = null;

  // {status, retry_ms, code}. Throws where there is no answer.
  async post(turn, body, signal) {
    const headers = { "content-type": "application/json", "idempotency-key": turn };
    return answer_of(await this.#fetch("/v1/turns", { method: "POST", headers, body, signal }));
  }

  // The same, with `stream` where there are events to read.
  async events(turn, after, signal) {
    const headers = { accept: "text/event-stream", ...(after > 0 && { "last-event-id": `${after}` }) };
    const path = `/v1/turns/${encodeURIComponent(turn)}/events`;
    const response = await this.#fetch(path, { headers, signal });
    if (response.status !== 200) return answer_of(response);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      throw new TypeError("no event stream");
    }
    return { status: 200, stream: response.body };
  }

  // The status; 0: there is no answer. Goes out even where the page is being closed.
  async remove(turn) {
    try {
      const path = `/v1/turns/${encodeURIComponent(turn)}`;
      return (await answer_of(await this.#fetch(path, { method: "DELETE", keepalive: true }))).status;
    } catch {
      return 0;
    }
  }

  async page() {
    const response = await this.#fetch("/page.json", {});
    if (!response.ok) throw new TypeError("no settings");
    return response.json();
  }

  #fetch(path, options) {
    const headers = { ...options.headers };
    if (this.key) headers.authorization = `Bearer ${this.key}`;
    return fetch(path, { ...options, headers, cache: "no-store", credentials: "same-origin" });
  }
}
