import assert from "node:assert/strict";
import { test } from "node:test";
import { links } from "../../studio/page/links.ts";
import { inChromium, openPage, startStudio } from "./browser.ts";

await inChromium(
  "the studio: one aggregate, and what caused what",
  (browser) => {
    test("an aggregate is shown as it was at each version, with what changed", async (t) => {
      const studio = await startStudio(t);
      const { page, show, check } = await openPage(t, browser(), studio);
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
      const { page, show, check } = await openPage(t, browser(), studio);
      await show(links.aggregate("orders", "order-1003", 1));
      await page.getByText("start the studio with a config file").waitFor();
      await page.locator(".json", { hasText: '"Barbara"' }).waitFor();
      await check();
    });

    test("causes and effects are a tree, from the command to the last event", async (t) => {
      const studio = await startStudio(t);
      const { page, show, check } = await openPage(t, browser(), studio);
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
  },
);
