import type uPlot from "uplot";
import { exact } from "../time.ts";
import { hueOf } from "./stream_name.tsx";

/** In what a lag is counted. */
export type Measure = "events" | "seconds";

/** How high the chart is, in pixels. */
export const HEIGHT = 220;
/** The least time that is shown, in seconds. */
const LEAST_S = 120;
const HUES = 8;

/** How lags are drawn, in the colours of the theme. */
export function optionsOf(
  element: HTMLElement,
  names: string[],
  measure: Measure,
): uPlot.Options {
  const token = (name: string): string => colourOf(element, name);
  const axis: uPlot.Axis = {
    stroke: token("--ink-2"),
    grid: { stroke: token("--line"), width: 1 },
    ticks: { stroke: token("--line"), width: 1 },
    font: `12px ${getComputedStyle(element).fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false },
    scales: {
      x: { range: timesOf },
      y: { range: (_, __, most) => [0, Math.max(most * 1.1, 5)] },
    },
    axes: [{
      ...axis,
      values: (_, values) =>
        values.map((value) => exact(value * 1000).slice(11, 19)),
      space: 90,
      size: 34,
    }, {
      ...axis,
      size: 56,
      values: (_, values) =>
        values.map((value) => measure === "events" ? `${value}` : `${value} s`),
    }],
    series: [
      {},
      ...names.map((name, index) => ({
        label: name,
        stroke: token(`--hue-${hueAt(names, index)}`),
        width: 2,
        points: { show: ({ data }: uPlot) => data[0].length < 3 },
      })),
    ],
  };
}

/** The colour of its name, or the next that no line before it has. */
export function hueAt(names: string[], index: number): number {
  const taken: number[] = [];
  for (const name of names.slice(0, index + 1)) {
    let hue = hueOf(name);
    while (taken.includes(hue)) hue = (hue + 1) % HUES;
    taken.push(hue);
  }
  return taken[index]!;
}

/** From the first to the last sample, and at least some minutes. */
function timesOf({ data: [times] }: uPlot): uPlot.Range.MinMax {
  const last = times.at(-1) ?? Date.now() / 1000;
  return [Math.min(times[0] ?? last, last - LEAST_S), last];
}

/** What a custom property is as a colour: one of two themes is not resolved. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
