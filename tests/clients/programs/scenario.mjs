// One client, told on standard input what to do, answers on standard output: lines of JSON.
//
//     {"run": 3, "scenario": "stream", "url": …}     many may run at once
//     {"go_on": 3}                                    what that run waits for has come
//     {"run": 3, "words": true}                       its first words are there
//     {"run": 3, "seen": {…}}                         what it saw in the end
//
// It lives until its input ends: what closes a connection is the client's doing and not its death.
import { createInterface } from 'node:readline';

const waiting = new Map();

// Resolves when the test says so.
export const toldToGoOn = (told) => new Promise((resolve) => waiting.set(told.run, resolve));

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

function describe(error) {
  const body = error?.error ?? error?.data?.error ?? {};
  const headers = error?.headers ?? error?.responseHeaders ?? {};
  const header = (name) => (headers.get ? headers.get(name) : headers[name]) ?? null;
  return {
    name: error?.name ?? typeof error,
    message: String(error?.message ?? error),
    status: error?.status ?? error?.statusCode ?? null,
    code: error?.code ?? body.code ?? null,
    retry_after: header('retry-after'),
  };
}

async function play(scenarios, told) {
  const seen = { text: '', deltas: 0, finish: null, usage: null, error: null };
  try {
    await scenarios[told.scenario](told, seen);
  } catch (error) {
    seen.error = describe(error);
  }
  say({ run: told.run, seen });
}

export function run(scenarios) {
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    const told = JSON.parse(line);
    if ('go_on' in told) waiting.get(told.go_on)();
    else play(scenarios, told);
  });
  input.on('close', () => process.exit(0));
}

export const usageOf = (input_tokens, output_tokens, total_tokens) => ({
  input: input_tokens,
  output: output_tokens,
  total: total_tokens,
});

// Counts a delta, and says when the first one came; true where the client has got so much text that
// it shall go away.
export function takeDelta(told, seen, text) {
  if (!text) return false;
  seen.text += text;
  seen.deltas += 1;
  if (seen.deltas === 1) say({ run: told.run, words: true });
  return told.characters > 0 && seen.text.length >= told.characters;
}
