import OpenAI from 'openai';
import { run, takeDelta, usageOf } from './scenario.mjs';

const clientOf = (told) => new OpenAI({ baseURL: told.url, apiKey: 'none', maxRetries: 0 });
const bodyOf = (told) => ({ model: told.model, input: told.messages, ...told.body });

function takeResponse(seen, response) {
  seen.id = response.id;
  seen.status = response.status;
  seen.text = response.output_text ?? response.output[0]?.content[0]?.text ?? '';
  seen.failure = response.error?.code ?? null;
  seen.usage =
    response.usage &&
    usageOf(response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens);
}

// Reads until the end, or so much text, as somebody whose connection breaks.
async function readEvents(told, seen, stream) {
  seen.events = [];
  seen.stages = [];
  for await (const event of stream) {
    seen.events.push([event.type, event.sequence_number]);
    if (event.emostage) seen.stages.push(event.emostage.stage);
    if (event.type === 'response.created') seen.id = event.response.id;
    if (event.response?.status) seen.status = event.response.status;
    if (event.type === 'response.completed') {
      const streamed = seen.text;
      takeResponse(seen, event.response);
      seen.whole = seen.text;
      seen.text = streamed;
    }
    if (event.type === 'response.failed') seen.failure = event.response.error?.code ?? null;
    if (event.type === 'response.output_text.delta' && takeDelta(told, seen, event.delta)) break;
  }
}

run({
  async whole(told, seen) {
    takeResponse(seen, await clientOf(told).responses.create(bodyOf(told)));
  },

  async stream(told, seen) {
    const stream = await clientOf(told).responses.create({ ...bodyOf(told), stream: true });
    await readEvents(told, seen, stream);
  },

  async resume(told, seen) {
    const stream = await clientOf(told).responses.retrieve(told.id, {
      stream: true,
      starting_after: told.after,
    });
    await readEvents(told, seen, stream);
  },

  // The library's own helper, which puts the response together from its events.
  async helper(told, seen) {
    const stream = clientOf(told).responses.stream(told.id ? { response_id: told.id } : bodyOf(told));
    stream.on('response.output_text.delta', (event) => {
      seen.deltas += 1;
      seen.snapshot = event.snapshot;
    });
    takeResponse(seen, await stream.finalResponse());
  },

  async background(told, seen) {
    takeResponse(seen, await clientOf(told).responses.create({ ...bodyOf(told), background: true }));
  },

  async retrieve(told, seen) {
    takeResponse(seen, await clientOf(told).responses.retrieve(told.id));
  },

  async cancel(told, seen) {
    takeResponse(seen, await clientOf(told).responses.cancel(told.id));
  },
});
