import assert from "node:assert/strict";
import { test } from "node:test";
import { links } from "../../studio/page/links.ts";
import { inChromium, openPage, startStudio } from "./browser.ts";

await inChromium("the studio: handlers and what they parked", (browser) => {
  test("the overview has streams with rates, handlers, and what is parked", async (t) => {
    const studio = await startStudio(t);
    const { page, check } = await openPage(t, browser(), studio);
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

  test("handlers have their place, owner and lag, also over time", async (t) => {
    const studio = await startStudio(t);
    studio.shop.board.start();
    t.after(() => studio.shop.board.stop());
    const { page, show, check } = await openPage(t, browser(), studio);
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
    const { page, show, check } = await openPage(t, browser(), studio);
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
    const { page, show, check } = await openPage(t, browser(), studio);
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
});
