import assert from "node:assert/strict";
import { test } from "node:test";
import { links } from "../../studio/page/links.ts";
import { inChromium, openPage, settled, startStudio } from "./browser.ts";

await inChromium("the studio: the log", (browser) => {
  test("new events appear by themselves, and wait while the tail is paused", async (t) => {
    const studio = await startStudio(t);
    const { page, check } = await openPage(t, browser(), studio);
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
    const { page, check } = await openPage(t, browser(), studio);
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
    const { page, show, check } = await openPage(t, browser(), studio);
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

  test("one box finds ids, positions, keys, streams and texts", async (t) => {
    const studio = await startStudio(t);
    const { page, check } = await openPage(t, browser(), studio);
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
});
