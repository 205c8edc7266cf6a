import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { createAggregate } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { links } from "../../studio/page/links.ts";
import { inChromium, openPage, settled, startStudio } from "./browser.ts";
import { hostile } from "./hostile.ts";

await inChromium(
  "the studio: whoever uses it, and whatever happens",
  (browser) => {
    test("all of it can be reached by the keyboard", async (t) => {
      const studio = await startStudio(t);
      const { page, check } = await openPage(t, browser(), studio);
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
      const { page, check } = await openPage(t, browser(), studio, {
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
      const { page, show, check } = await openPage(t, browser(), studio, {
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

    test("an empty store, a lost server, and a broken address say so", async (t) => {
      const empty = await startStudio(t, {}, {
        provider: createProvider(),
        aggregates: {},
        handlers: [],
      } as any);
      const { page, show, check } = await openPage(t, browser(), empty);
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
      const { page, check } = await openPage(t, browser(), studio);
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

    test("what is rare is shown too: a fold that throws, a writer that blocks, what is encrypted", async (t) => {
      const broken = createAggregate({
        stream: "orders",
        create: () => ({ steps: 0 }),
        fold: (event: { type: string }, { steps }) => {
          if (event.type === "OrderPaid") throw new Error("no such case");
          return { steps: steps + 1 };
        },
      });
      const studio = await startStudio(t, { domain: { broken } });
      const { page, show, check } = await openPage(t, browser(), studio);
      const change = (path: string, edit: (answer: any) => void) =>
        page.route(path, async (route) => {
          const response = await route.fetch();
          const json = await response.json();
          edit(json);
          await route.fulfill({ response, json });
        });
      await show(links.aggregate("orders", "order-1003", 2));
      await page.getByText("The fold of broken has thrown").waitFor();
      await page.getByText("no such case").waitFor();
      await page.getByText("fold failed").waitFor();

      await change("**/api/overview", (answer) => {
        answer.horizon = {
          position: "1",
          blockedBy: [{ session: "pid 4711", ageMs: 120_000 }],
        };
      });
      await page.reload();
      await settled(page);
      await show(links.overview());
      await page.getByText("Handlers wait for a writer").waitFor();
      await page.getByText("pid 4711 for 2 min").waitFor();

      await change("**/api/events?**", (answer) => {
        answer.events[0].event.customer = null;
        answer.events[0].personal = { customer: "sealed" };
      });
      await show(links.events({ type: "OrderPlaced" }));
      await page.getByRole("button", { name: /^Details of/ }).first().click();
      await page.getByText("is encrypted in the store, and not shown")
        .waitFor();
      await check();
    });
  },
);

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
