import { ChatOpenAI } from '@langchain/openai';
import { run, takeDelta, toldToGoOn, usageOf } from './scenario.mjs';

const modelOf = (told) =>
  new ChatOpenAI({
    model: told.model,
    apiKey: 'none',
    maxRetries: 0,
    streamUsage: true,
    configuration: { baseURL: told.url },
    modelKwargs: told.body ?? {},
  });
const tokens = (usage) =>
  usage && usageOf(usage.input_tokens, usage.output_tokens, usage.total_tokens);

run({
  async whole(told, seen) {
    const answer = await modelOf(told).invoke(told.messages);
    seen.text = answer.content;
    seen.finish = answer.response_metadata.finish_reason;
    seen.usage = tokens(answer.usage_metadata);
  },

  async stream(told, seen) {
    const controller = new AbortController();
    const stream = await modelOf(told).stream(told.messages, { signal: controller.signal });
    for await (const chunk of stream) {
      if (chunk.response_metadata?.finish_reason) seen.finish = chunk.response_metadata.finish_reason;
      if (chunk.usage_metadata) seen.usage = tokens(chunk.usage_metadata);
      if (takeDelta(told, seen, chunk.content)) controller.abort();
    }
  },

  async abort_whole(told, seen) {
    const controller = new AbortController();
    toldToGoOn(told).then(() => controller.abort());
    await modelOf(told).invoke(told.messages, { signal: controller.signal });
  },
});
