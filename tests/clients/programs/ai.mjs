import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, streamText } from 'ai';
import { run, takeDelta, toldToGoOn, usageOf } from './scenario.mjs';

const callOf = (told, abortSignal) => ({
  model: createOpenAICompatible({ name: 'emostage', baseURL: told.url, includeUsage: true })(
    told.model,
  ),
  messages: told.messages,
  providerOptions: { emostage: told.body ?? {} },
  maxRetries: 0,
  abortSignal,
});
const tokens = (usage) => usageOf(usage.inputTokens, usage.outputTokens, usage.totalTokens);

run({
  async whole(told, seen) {
    const answer = await generateText(callOf(told));
    seen.text = answer.text;
    seen.finish = answer.finishReason;
    seen.usage = tokens(answer.usage);
  },

  async stream(told, seen) {
    const controller = new AbortController();
    const result = streamText({ ...callOf(told, controller.signal), onError() {} });
    for await (const part of result.fullStream) {
      if (part.type === 'error') throw part.error;
      if (part.type === 'text-delta' && takeDelta(told, seen, part.text)) controller.abort();
      if (part.type === 'finish') {
        seen.finish = part.finishReason;
        seen.usage = tokens(part.totalUsage);
      }
    }
  },

  async abort_whole(told, seen) {
    const controller = new AbortController();
    toldToGoOn(told).then(() => controller.abort());
    await generateText(callOf(told, controller.signal));
  },
});
