import assert from "node:assert/strict";
import { test } from "node:test";
import { links } from "../../studio/page/links.ts";
import {
  checkAccessible,
  inChromium,
  keepScreenshot,
  openPage,
  overflow,
  startStudio,
} from "./browser.ts";
import { hostile } from "./hostile.ts";

await inChromium("the studio: every view", (browser) => {
  const views: [name: string, link: string][] = [
    ["overview", links.overview()],
    ["events", links.events()],
    ["aggregate", links.aggregate("orders", "order-1003", 2)],
    ["aggregate-long", links.aggregate("stock", "lamp", 120)],
    [
      "aggregate-hostile",
      links.aggregate(hostile.stream, hostile.aggregateId, 1),
    ],
    ["causation", links.causation("orders", "order-1003", 1)],
    ["handlers", links.handlers()],
    ["parked", links.parked()],
    ["search", links.search("order-1003")],
    ["not-found", "#/nothing"],
  ];
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1440, 390]) {
      test(`every view fits ${width} px, ${colorScheme}, and everybody can use it`, async (t) => {
        const studio = await startStudio(t, { write: true });
        const { page, show, check } = await openPage(t, browser(), studio, {
          colorScheme,
          viewport: { width, height: width === 390 ? 844 : 900 },
          hasTouch: width === 390,
        });
        for (const [name, link] of views) {
          await show(link);
          if (name === "events") {
            await page.locator(".opener").nth(1).click();
          }
          assert.ok(await overflow(page) <= 0, `${name} is too wide`);
          const at = `${name}-${width}-${colorScheme}`;
          await keepScreenshot(page, at);
          await checkAccessible(page, at);
        }
        await check();
      });
    }
  }
});
