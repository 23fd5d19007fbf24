import OpenAI from 'openai';
import { run, takeDelta, toldToGoOn, usageOf } from './scenario.mjs';

const clientOf = (told) => new OpenAI({ baseURL: told.url, apiKey: 'none', maxRetries: 0 });
const bodyOf = (told) => ({ model: told.model, messages: told.messages, ...told.body });
const tokens = (usage) =>
  usage && usageOf(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens);

run({
  async whole(told, seen) {
    const answer = await clientOf(told).chat.completions.create(bodyOf(told));
    seen.text = answer.choices[0].message.content;
    seen.finish = answer.choices[0].finish_reason;
    seen.usage = tokens(answer.usage);
    seen.emostage = answer.emostage;
  },

  async stream(told, seen) {
    seen.stages = [];
    const stream = await clientOf(told).chat.completions.create({
      stream: true,
      stream_options: { include_usage: true },
      ...bodyOf(told),
    });
    for await (const chunk of stream) {
      if (chunk.emostage?.stage) seen.stages.push(chunk.emostage.stage);
      if (chunk.usage) seen.usage = tokens(chunk.usage);
      const choice = chunk.choices[0];
      if (choice?.finish_reason) seen.finish = choice.finish_reason;
      if (takeDelta(told, seen, choice?.delta.content)) stream.controller.abort();
    }
  },

  // The library's own helper, which puts the answer together and checks it as it does so.
  async helper(told, seen) {
    const stream = clientOf(told).chat.completions.stream({
      stream_options: { include_usage: true },
      ...bodyOf(told),
    });
    stream.on('content', (delta) => takeDelta(told, seen, delta));
    const answer = await stream.finalChatCompletion();
    seen.text = answer.choices[0].message.content;
    seen.finish = answer.choices[0].finish_reason;
    seen.usage = tokens(answer.usage);
  },

  async abort_whole(told, seen) {
    const controller = new AbortController();
    toldToGoOn(told).then(() => controller.abort());
    await clientOf(told).chat.completions.create(bodyOf(told), { signal: controller.signal });
  },

  async models(told, seen) {
    seen.models = [];
    for await (const model of clientOf(told).models.list()) seen.models.push(model);
    seen.one = await clientOf(told).models.retrieve(told.model);
  },
});
