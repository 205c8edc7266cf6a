import axe from "axe-core";
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, type TestContext } from "node:test";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { serveLoopback } from "../../cli/loopback_server.ts";
import { chromiumIfThere } from "../../scripts/chromium.ts";
import { isContinuousIntegration } from "../../scripts/databases/install_policy.ts";
import { createStudio, type StudioOptions } from "../../studio/mod.ts";
import { createShop, type Shop } from "./seed.ts";

const TOKEN = "a-token-of-the-tests-0";

/** Where screenshots are kept. */
const screenshots = process.env["EVTSTORE_SCREENSHOTS"] ??
  ".cache/studio-screenshots";

/** A studio that runs, over a shop of its own. */
export type RunningStudio = {
  shop: Shop;
  /** The address with the token, as it is printed at start. */
  url: string;
  /** Stops answering. */
  stop(): Promise<void>;
};

/** Starts a studio over a new shop. */
export async function startStudio(
  t: TestContext,
  options: Partial<StudioOptions> = {},
  shop?: Shop,
): Promise<RunningStudio> {
  const over = shop ?? await createShop();
  const server = await serveLoopback(0, () =>
    createStudio(over.provider, {
      token: TOKEN,
      domain: over.aggregates,
      handlers: over.handlers,
      libraryVersion: "13.0.0",
      ...options,
    }));
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    await server.close();
  };
  t.after(stop);
  return {
    shop: over,
    url: `http://127.0.0.1:${server.port}/?token=${TOKEN}`,
    stop,
  };
}

/**
 * Registers tests that need Chromium. Where there is none one line says so and
 * they are left out; in CI that is an error.
 *
 * @param tests Registers them; what it is given is the browser, once one runs.
 */
export async function inChromium(
  name: string,
  tests: (browser: () => Browser) => void,
): Promise<void> {
  const program = await chromiumIfThere(console.warn);
  if (!program) {
    if (!isContinuousIntegration(process.env)) return;
    throw new Error("The studio's page was not tested: there is no Chromium");
  }
  describe(name, () => {
    let browser: Browser | undefined;
    before(async () => {
      browser = await chromium.launch({
        executablePath: program,
        // Chromium's own sandbox does not run as root.
        args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
      });
    });
    after(() => browser?.close());
    tests(() => browser!);
  });
}

/** A page, and all that it must not have done. */
export type WatchedPage = {
  page: Page;
  /** Goes to a view, and waits until it shows an answer. */
  show(link: string): Promise<void>;
  /**
   * Fails if something went wrong in the page, or a script of an event ran.
   *
   * @param expected What the browser's console may say.
   */
  check(expected?: RegExp): Promise<void>;
};

/** Opens a studio in a page of its own, which is closed after the test. */
export async function openPage(
  t: TestContext,
  browser: Browser,
  { url }: { url: string },
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    reducedMotion: "reduce",
    ...options,
  });
  t.after(() => context.close());
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const wrong: string[] = [];
  const origin = new URL(url).origin;
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    wrong.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => wrong.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    const isOwn = request.url().startsWith(`${origin}/`) ||
      request.url().startsWith("data:");
    if (!isOwn) wrong.push(`asked for ${request.url()}`);
  });
  // The browser says so in its console too, unless it is the page's own.
  await page.addInitScript(() => {
    document.addEventListener(
      "securitypolicyviolation",
      ({ violatedDirective }) => console.error(`CSP: ${violatedDirective}`),
    );
  });
  await page.goto(url);
  return {
    page,
    async show(link) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, link);
      await settled(page);
    },
    async check(expected) {
      const isAttacked = await page.evaluate(() => "attacked" in globalThis);
      assert.equal(isAttacked, false, "a script of an event has run");
      const rest = wrong.filter((one) => !expected?.test(one));
      assert.deepEqual(rest, []);
    },
  };
}

/** Waits until nothing is being read any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const said = document.querySelector("main h1");
    return said !== null && !document.querySelector("main .bars");
  });
}

/** How many pixels the page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth
  );
}

/** Keeps a picture of what is shown. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

/** Fails where somebody could not use the page: WCAG 2.2, A and AA. */
export async function checkAccessible(page: Page, name: string): Promise<void> {
  // By the debugger, not by an element: the page lets no script in.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations } = await (globalThis as any).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    });
    return violations.map(({ id, nodes }: any) =>
      `${id}: ${
        nodes.slice(0, 3).map((node: any) =>
          `${node.html.slice(0, 160)} ${node.failureSummary}`
        ).join("; ")
      }`
    );
  });
  assert.deepEqual(violations, [], name);
}
