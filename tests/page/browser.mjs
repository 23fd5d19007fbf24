// Debian's Chromium, driven over lines of JSON: {"id", "do", ...} on stdin, {"id", "value"|"error"} on
// stdout. browser.py is the other end; what is done and expected stands in the Python tests.
//
// EMOSTAGE_NODE: the folder whose node_modules has playwright-core and axe-core.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const require = createRequire(`${process.env.EMOSTAGE_NODE}/`);
const { chromium } = require("playwright-core");
const axe_source = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: process.env.EMOSTAGE_CHROMIUM,
  // Root has no sandbox; containers have a small /dev/shm.
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"],
});
const pages = new Map();
let pages_made = 0;

const commands = {
  // A tab with a storage of its own. Everything wrong that it says of itself is kept.
  async open({ width, height, scheme, locale, motion, touch }) {
    const context = await browser.newContext({
      viewport: { width, height }, colorScheme: scheme, locale, reducedMotion: motion, hasTouch: touch,
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const wrongs = [];
    page.on("pageerror", (error) => wrongs.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") wrongs.push(message.text());
    });
    const name = ++pages_made;
    pages.set(name, { page, context, wrongs });
    return name;
  },
  async close({ page }) {
    await pages.get(page).context.close();
    pages.delete(page);
  },
  wrongs: ({ page }) => pages.get(page).wrongs.splice(0),
  call: ({ page, method, args }) => pages.get(page).page[method](...args),
  keyboard: ({ page, method, args }) => pages.get(page).page.keyboard[method](...args),
  evaluate: ({ page, expression }) => pages.get(page).page.evaluate(expression),
  // Asks again and again: what Playwright has for this evaluates text in the page, which its policy forbids.
  async wait({ page, expression, ms }) {
    const until = Date.now() + ms;
    for (let wrong = null; ; await new Promise((resume) => setTimeout(resume, 15))) {
      try {
        if (await pages.get(page).page.evaluate(expression)) return;
      } catch (error) {
        wrong = error; // the page is being loaded again
      }
      if (Date.now() > until) throw new Error(`not within ${ms} ms: ${expression} ${wrong?.message ?? ""}`);
    }
  },
  async cdp({ page, method, params }) {
    const held = pages.get(page);
    held.cdp ??= await held.context.newCDPSession(held.page);
    return held.cdp.send(method, params);
  },
  // The next `times` requests get this answer, and do not reach the gateway.
  async answer({ page, url, method, times, status, headers, body }) {
    let left = times;
    await pages.get(page).page.route(url, (route) => {
      if (route.request().method() !== method || left === 0) return route.fallback();
      left -= 1;
      return route.fulfill({ status, headers, body, contentType: "application/json" });
    });
  },
  async look({ page, path, full }) {
    await pages.get(page).page.screenshot({ path, fullPage: full, animations: "disabled" });
  },
  async axe({ page }) {
    const { page: tab } = pages.get(page);
    await tab.evaluate(axe_source);
    const { violations, passes } = await tab.evaluate("axe.run(document)");
    return {
      passes: passes.length,
      violations: violations.map(({ id, help, nodes }) => ({
        id, help, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
      })),
    };
  },
};

async function obey(line) {
  const { id, do: command, ...more } = JSON.parse(line);
  let out;
  try {
    const value = await commands[command](more);
    // Handles of Playwright are nothing to send.
    out = { id, value: value === undefined || command === "call" && typeof value === "object" ? null : value };
  } catch (error) {
    out = { id, error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(out)}\n`);
}

process.stdout.write(`${JSON.stringify({ id: 0, value: browser.version() })}\n`);
for await (const line of createInterface({ input: process.stdin })) await obey(line);
await browser.close();
