import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { createProvider } from "evtstore/provider/memory";
import { links } from "../../studio/page/links.ts";
import {
  findChromium,
  openBrowser,
  openPage,
  overflow,
  settled,
  startStudio,
} from "./browser.ts";
import { hostile } from "./seed.ts";

const program = await findChromium();

if (program) {
  describe("the studio in Chromium", () => {
    let browser: Browser;
    before(async () => {
      browser = await openBrowser(program);
    });
    after(() => browser.close());

    test("the token is taken out of the address, and without it nothing is shown", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio);
      await settled(page);
      assert.equal(new URL(page.url()).search, "");
      await page.reload();
      await page.getByRole("heading", { name: "Overview" }).waitFor();
      await check();
      const stranger = await browser.newContext();
      t.after(() => stranger.close());
      const other = await stranger.newPage();
      await other.goto(new URL(studio.url).origin);
      assert.doesNotMatch(await other.content(), /order-10/);
    });

    test("the overview has streams with rates, handlers, and what is parked", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio);
      const streams = page.getByRole("region", { name: "Streams" });
      const orders = streams.getByRole("row", { name: /^orders/ });
      await orders.waitFor();
      assert.match(await orders.innerText(), /orders\s+[\d.]+\s/);
      assert.equal(await orders.locator("rect").count(), 30);
      const handlers = page.getByRole("region", { name: "Handlers" });
      await handlers.getByText("up to date").first().waitFor();
      assert.match(await handlers.innerText(), /mails\s+\d+ behind, \d+ min/);
      await page.getByText("10 aggregates are parked.").waitFor();
      await page.getByRole("link", { name: "See what failed" }).click();
      await page.getByRole("heading", { name: "Parked events" }).waitFor();
      await check();
    });

    test("new events appear by themselves, and wait while the tail is paused", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio);
      const tail = page.getByRole("region", { name: "As it happens" });
      await tail.getByText("Live", { exact: true }).waitFor();
      await studio.shop.place(500);
      await tail.getByText("orders/order-1500@1").waitFor();
      assert.match(
        await tail.getByRole("listitem").first().innerText(),
        /OrderPlaced/,
      );
      await tail.locator("[aria-live=polite]", { hasText: "new events" })
        .waitFor({ state: "attached" });
      await tail.getByRole("button", { name: "Pause" }).click();
      await studio.shop.place(501);
      await tail.getByText("Paused, 1 new").waitFor();
      assert.equal(await tail.getByText("order-1501").count(), 0);
      await tail.getByRole("button", { name: "Go on" }).click();
      await tail.getByText("order-1501").waitFor();
      await check();
    });

    test("the tail goes on where it was after a lost connection, and rests while nobody looks", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio);
      const tails: string[] = [];
      page.on("request", (request) => {
        if (request.url().includes("/api/tail")) tails.push(request.url());
      });
      const tail = page.getByRole("region", { name: "As it happens" });
      await tail.getByText("Live", { exact: true }).waitFor();
      const look = (isHidden: boolean): Promise<void> =>
        page.evaluate((hidden) => {
          Object.defineProperty(document, "hidden", {
            configurable: true,
            value: hidden,
          });
          document.dispatchEvent(new Event("visibilitychange"));
        }, isHidden);
      await look(true);
      await studio.shop.place(510);
      const asked = tails.length;
      await look(false);
      await tail.getByText("orders/order-1510@1").waitFor();
      assert.equal(tails.length, asked + 1);

      await page.route("**/api/tail?**", (route) => route.abort(), {
        times: 1,
      });
      await look(true);
      await look(false);
      await tail.getByText("Connection lost").waitFor();
      await studio.shop.place(511);
      await tail.getByText("orders/order-1511@1").waitFor();
      assert.equal(await tail.getByText("orders/order-1510@1").count(), 1);
      // The browser itself says that the connection was lost.
      await check(/ERR_FAILED/);
    });

    test("events are filtered, paged, opened, and found again by their address", async (t) => {
      const studio = await startStudio(t);
      const { page, show, check } = await openPage(t, browser, studio);
      await show(links.events());
      const rows = page.locator("table.events tbody tr");
      assert.equal(await rows.count(), 50);
      await page.getByLabel("Stream").selectOption("orders");
      await page.getByLabel("Type").fill("OrderPlaced");
      await page.getByLabel("Text inside").fill("grace");
      await page.getByLabel("Text inside").press("Enter");
      await page.waitForURL(/text=grace/);
      await settled(page);
      assert.equal(await rows.count(), 15);
      const address = page.url();

      await rows.first().getByRole("button", { name: /^Details of/ }).click();
      const details = page.locator(".details");
      await details.getByText('"Grace"').waitFor();
      await details.getByText("orders-board handled").waitFor();
      await page.goto("about:blank");
      await page.goto(address);
      await settled(page);
      assert.equal(await rows.count(), 15);
      assert.equal(await page.getByLabel("Type").inputValue(), "OrderPlaced");

      await page.getByRole("link", { name: "Clear" }).click();
      await page.waitForFunction(() =>
        document.querySelectorAll("table.events tbody tr").length === 50
      );
      const first = await rows.first().innerText();
      await page.getByRole("link", { name: "Older" }).click();
      await page.waitForURL(/from=/);
      await settled(page);
      assert.notEqual(await rows.first().innerText(), first);
      await page.getByRole("button", { name: "Back" }).click();
      await page.waitForFunction(
        () => !location.hash.includes("from="),
      );
      await settled(page);

      await page.getByLabel("Until").fill("2020-01-01T00:00:00");
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await page.getByText("No event is like that").waitFor();
      await check();
    });

    test("an aggregate is shown as it was at each version, with what changed", async (t) => {
      const studio = await startStudio(t);
      const { page, show, check } = await openPage(t, browser, studio);
      await show(links.aggregate("orders", "order-1003"));
      const state = page.getByRole("region", { name: /^State/ });
      await state.getByText("2 changed").waitFor();
      assert.match(
        await state.getByRole("list").innerText(),
        /status\s*"paid"\s*"sent"\s*tracking\s*"NL/,
      );
      const slider = page.getByRole("slider", { name: "Version" });
      await slider.focus();
      await page.keyboard.press("ArrowLeft");
      await state.getByRole("heading", { name: "State at version 2" })
        .waitFor();
      assert.match(page.url(), /at=2$/);
      await page.getByRole("button", { name: "One version back" }).click();
      await page.getByRole("button", { name: "One version back" }).click();
      await state.getByText('"new"').waitFor();
      assert.ok(
        await page.getByRole("button", { name: "One version back" })
          .isDisabled(),
      );

      const timeline = page.getByRole("region", { name: "Timeline" });
      await timeline.getByRole("button", { name: /OrderPlaced/ }).click();
      await page.keyboard.press("ArrowDown");
      await state.getByText('"paid"').first().waitFor();
      assert.match(
        await timeline.locator("[aria-current=step]").innerText(),
        /OrderPaid/,
      );
      await page.reload();
      await state.getByRole("heading", { name: "State at version 2" })
        .waitFor();

      await show(links.aggregate("stock", "lamp"));
      await timeline.getByText("101–151").waitFor();
      await timeline.getByRole("button", { name: "Earlier" }).click();
      await timeline.getByText("1–100").waitFor();
      await state.getByRole("heading", { name: "State at version 100" })
        .waitFor();

      await show(links.aggregate("orders", "nobody"));
      await page.getByText("There is no such aggregate").waitFor();
      await check();
    });

    test("without a domain module the payloads are there, and how to get the state", async (t) => {
      const studio = await startStudio(t, { domain: undefined });
      const { page, show, check } = await openPage(t, browser, studio);
      await show(links.aggregate("orders", "order-1003", 1));
      await page.getByText("start the studio with a config file").waitFor();
      await page.locator(".json", { hasText: '"Barbara"' }).waitFor();
      await check();
    });

    test("causes and effects are a tree, from the command to the last event", async (t) => {
      const studio = await startStudio(t);
      const { page, show, check } = await openPage(t, browser, studio);
      await show(links.causation("orders", "order-1003", 2));
      const focus = page.locator(".node.is-focus");
      await focus.getByRole("link", { name: "OrderPaid" }).waitFor();
      // The nesting is the cause: placed, reserved, paid, sent.
      const nested = page.locator(
        ".command:has(> .node:has-text('OrderPlaced')) .command:has(> .node:has-text('Reserved')) .command:has(> .node:has-text('OrderPaid')) .command:has(> .node:has-text('OrderSent'))",
      );
      await nested.first().waitFor();
      await page.getByText("place-1003").waitFor();
      await page.getByText("invoices handled").first().waitFor();
      await focus.getByRole("link", { name: "OrderPaid" }).click();
      await page.getByRole("heading", { name: "State at version 2" })
        .waitFor();
      await check();
    });

    test("handlers have their place, owner and lag, also over time", async (t) => {
      const studio = await startStudio(t);
      studio.shop.board.start();
      t.after(() => studio.shop.board.stop());
      const { page, show, check } = await openPage(t, browser, studio);
      await show(links.handlers());
      const row = page.getByRole("row", { name: /^invoices/ });
      assert.match(await row.innerText(), /9 parked\s+TypeError: No tax rate/);
      const mails = page.getByRole("row", { name: /^mails/ });
      assert.match(
        await mails.innerText(),
        /\d+ behind, \d+ min\s+\d+\s+nobody/,
      );
      await page.waitForFunction(() => {
        const canvas = document.querySelector("canvas");
        const pixels = canvas?.getContext("2d")
          ?.getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels?.some((value) => value > 0);
      });
      await page.getByRole("radio", { name: "seconds" }).check();
      await page.getByRole("img", { name: /Lag in seconds/ }).waitFor();
      await page.getByRole("row", { name: /^orders-board/ })
        .filter({ hasText: /:\d+/ }).waitFor();
      await check();
    });

    test("nothing can be changed in a studio that only reads", async (t) => {
      const studio = await startStudio(t);
      const { page, show, check } = await openPage(t, browser, studio);
      await show(links.parked());
      await page.getByText("No tax rate for BE", { exact: true }).waitFor();
      await page.getByText("--write").waitFor();
      for (const name of [/^Retry/, /^Discard/]) {
        assert.equal(await page.getByRole("button", { name }).count(), 0);
      }
      await page.getByText("Read only").waitFor();
      await check();
    });

    test("what is parked is retried and discarded, after a question", async (t) => {
      const studio = await startStudio(t, { write: true });
      const { page, show, check } = await openPage(t, browser, studio);
      const [invoices] = studio.shop.handlers;
      const parked = async (): Promise<string[]> =>
        (await invoices!.parked()).map(({ aggregateId }) => aggregateId);
      const all = await parked();
      await show(links.parked("invoices"));

      // Asked, and left by Escape: nothing is done, and the place is kept.
      const retry = page.getByRole("button", { name: "Retry order-1002" });
      await retry.click();
      const dialog = page.getByRole("dialog", { name: "Retry" });
      await dialog.getByText("handles 3 events").waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      assert.ok(await retry.evaluate((it) => it === document.activeElement));
      assert.deepEqual(await parked(), all);

      // Not repaired yet.
      await retry.click();
      await dialog.getByRole("button", { name: "Retry" }).click();
      await page.getByRole("status").getByText("order-1002 failed again")
        .waitFor();

      // Given up, only the event that failed: what is behind it is handled.
      await page.getByRole("button", { name: "Discard order-1009" }).click();
      const discard = page.getByRole("dialog", { name: "Discard" });
      await discard.getByLabel(/All 3, up to version 3/).check();
      await discard.getByRole("button", { name: "Discard" }).click();
      await page.getByRole("status").getByText("3 events given up").waitFor();
      await page.getByRole("button", { name: "Discard order-1009" })
        .waitFor({ state: "detached" });
      assert.ok(!(await parked()).includes("order-1009"));

      // Repaired.
      studio.shop.taxes.set("BE", 21);
      await page.getByRole("button", { name: "Retry all" }).first().click();
      await page.getByRole("dialog").getByRole("button", { name: "Retry" })
        .click();
      await page.getByText("Nothing is parked").waitFor();
      assert.deepEqual(await parked(), []);
      await check();
    });

    test("one box finds ids, positions, keys, streams and texts", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio);
      await settled(page);
      const search = async (text: string): Promise<void> => {
        await page.keyboard.press("Escape");
        await page.keyboard.press("/");
        await page.keyboard.type(text);
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => url.hash.startsWith("#/search"));
        await page.getByRole("heading", { name: `“${text}”` }).waitFor();
        await settled(page);
      };
      const named = page.getByRole("region", { name: "By name" });
      const inside = page.getByRole("region", { name: "Inside of events" });
      await search("order-1003");
      assert.equal(
        await named.getByRole("list", { name: "Aggregates" })
          .getByRole("listitem").count(),
        2,
      );
      await search("orders/order-1003@2");
      await named.getByText("OrderPaid").waitFor();
      await search("stock");
      await named.getByRole("list", { name: "Streams" }).waitFor();
      await search("NL10037731");
      await inside.getByText("OrderSent").waitFor();
      await named.getByText("Nothing is called that").waitFor();
      await search("4");
      await named.getByText("OrderPlaced").waitFor();
      await check();
    });

    test("all of it can be reached by the keyboard", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio);
      await settled(page);
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "Skip to content");
      await page.keyboard.press("Enter");
      assert.equal(
        await page.evaluate(() => document.activeElement!.id),
        "main",
      );
      await page.keyboard.press("/");
      await page.keyboard.type("order-1003");
      await page.keyboard.press("Enter");
      await page.getByRole("list", { name: "Aggregates" }).waitFor();
      await tabTo(page, /^order-1003$/);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: /^State at version/ }).waitFor();
      await tabTo(page, /^Version$/);
      await page.keyboard.press("Home");
      await page.getByText("before the first event").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("heading", { name: "State at version 1" })
        .waitFor();
      await tabTo(page, /^Causes and effects$/);
      await page.keyboard.press("Enter");
      await page.locator(".node.is-focus").waitFor();
      const outline = await page.evaluate(() => {
        document.querySelector<HTMLElement>("nav a")!.focus();
        return getComputedStyle(document.activeElement!).outlineStyle;
      });
      assert.notEqual(outline, "none");
      await check();
    });

    test("the theme follows the system, or what was chosen", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio, {
        colorScheme: "dark",
      });
      await settled(page);
      const ground = (): Promise<string> =>
        page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await ground();
      await page.getByRole("button", { name: "Use the light theme" }).click();
      const light = await ground();
      assert.notEqual(light, dark);
      await page.reload();
      await settled(page);
      assert.equal(await ground(), light);
      await check();
    });

    test("what is copied is what is stored, not what is shown", async (t) => {
      const studio = await startStudio(t);
      const { page, show, check } = await openPage(t, browser, studio, {
        permissions: ["clipboard-read", "clipboard-write"],
      });
      await show(links.aggregate(hostile.stream, hostile.aggregateId, 1));
      const title = page.getByRole("heading", { level: 1 });
      await title.getByRole("button", { name: "Copy aggregate id" }).click();
      assert.equal(
        await page.evaluate(() => navigator.clipboard.readText()),
        hostile.aggregateId,
      );
      await page.getByRole("status").getByText("Copied").waitFor();
      await check();
    });

    test("what events contain is text, in every view", async (t) => {
      const studio = await startStudio(t, { write: true });
      const { page, show, check } = await openPage(t, browser, studio);
      const { stream, aggregateId, type } = hostile;
      await settled(page);
      await page.getByText(type).first().waitFor();
      for (
        const link of [
          links.events({ stream }),
          links.events({ text: hostile.text }),
          links.events({ type: hostile.type }),
          links.aggregate(stream, aggregateId, 1),
          links.aggregate(stream, aggregateId, 3),
          links.causation(stream, aggregateId, 1),
          links.correlation(hostile.text),
          links.handlers(),
          links.parked("archive"),
          links.search(aggregateId),
          links.search(type),
        ]
      ) {
        await show(link);
        for (const opener of await page.locator(".opener").all()) {
          await opener.click();
        }
        const more = page.locator("main .more");
        if (await more.count() > 0) await more.first().click();
        assert.equal(
          await page.locator("main script, main img, main b").count(),
          0,
          link,
        );
        const foreign = await page.locator("a:not([href^='#/'])").all();
        assert.equal(foreign.length, 1, "only the link that skips"); // #main
        assert.match(
          await page.locator("main").innerText(),
          /<img src=x|window\.attacked|No event/,
          link,
        );
        assert.ok(await overflow(page) <= 0, link);
      }
      // What turns a line around is written out.
      await show(links.aggregate(stream, aggregateId, 1));
      await page.locator(".unseen", { hasText: "\\u202e" }).first().waitFor();
      await check();
    });

    test("an empty store, a lost server, and a broken address say so", async (t) => {
      const empty = await startStudio(t, {}, {
        provider: createProvider(),
        aggregates: {},
        handlers: [],
      } as any);
      const { page, show, check } = await openPage(t, browser, empty);
      await page.getByText("No events yet").waitFor();
      await page.getByText("No handler has a bookmark yet").waitFor();
      await page.getByText("Nothing yet", { exact: true }).waitFor();
      await show(links.events());
      await page.getByText("No events yet").waitFor();
      await show(links.parked());
      await page.getByText("Nothing is parked").waitFor();
      await show("#/nothing/at/all");
      await page.getByText("No view has this address").waitFor();
      await show("#/aggregate/%zz");
      await page.getByText("No view has this address").waitFor();
      await show("#/causation/orders/o/1");
      await page.getByRole("alert").getByText("Not found").waitFor();
      // The browser itself says so of every answer that is an error.
      await check(/status of 404/);
      const cookies = await page.context().cookies();
      await page.context().clearCookies();
      await show(links.events());
      await page.getByText("This page may not ask").waitFor();
      await page.getByText("Open the address that was printed").waitFor();
      await page.context().addCookies(cookies);
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByText("No events yet").waitFor();
      await empty.stop();
      await show(links.handlers());
      await page.getByText("The studio does not answer").waitFor();
      await page.getByRole("button", { name: "Try again" }).waitFor();
    });

    test("while an answer is on its way, that is shown", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser, studio);
      await settled(page);
      let answer = (): void => {};
      const held = new Promise<void>((resolve) => answer = resolve);
      await page.route("**/api/events?**", async (route) => {
        await held;
        await route.continue();
      });
      await page.evaluate(() => {
        location.hash = "#/events?type=OrderPaid";
      });
      await page.getByRole("status").getByText("Reading events").waitFor();
      answer();
      await page.locator("table.events").waitFor();
      await check();
    });
  });
}

/** The name of what has the keyboard. */
async function focused(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    return element.getAttribute("aria-label") ?? element.innerText ?? "";
  });
}

async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let count = 0; count < 80; count++) {
    await page.keyboard.press("Tab");
    if (name.test((await focused(page)).trim())) return;
  }
  throw new Error(`No Tab leads to ${name}`);
}
