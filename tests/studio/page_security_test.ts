import assert from "node:assert/strict";
import { test } from "node:test";
import { links } from "../../studio/page/links.ts";
import {
  inChromium,
  openPage,
  overflow,
  settled,
  startStudio,
} from "./browser.ts";
import { hostile } from "./hostile.ts";

await inChromium("the studio: whoever attacks it", (browser) => {
  test("the token is taken out of the address, and without it nothing is shown", async (t) => {
    const studio = await startStudio(t);
    const { page, check } = await openPage(t, browser(), studio);
    await settled(page);
    assert.equal(new URL(page.url()).search, "");
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await check();
    const stranger = await browser().newContext();
    t.after(() => stranger.close());
    const other = await stranger.newPage();
    await other.goto(new URL(studio.url).origin);
    assert.doesNotMatch(await other.content(), /order-10/);
  });

  test("what events contain is text, in every view", async (t) => {
    const studio = await startStudio(t, { write: true });
    const { page, show, check } = await openPage(t, browser(), studio);
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
});
