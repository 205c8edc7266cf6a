import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { LagSample } from "../../api.ts";
import { exact } from "../time.ts";
import { HEIGHT, hueAt, type Measure, optionsOf } from "./lag_chart_options.ts";
import { shorten, Text } from "./text.tsx";
import { THEME_CHANGED } from "./theme_button.tsx";

const MOST = 8;

/** The lags of handlers over time, those that were furthest behind. */
export function LagChart({ samples }: { samples: LagSample[] }): JSX.Element {
  const [measure, setMeasure] = useState<Measure>("events");
  const place = useRef<HTMLDivElement>(null);
  const names = worstOf(samples, measure);
  const key = `${measure} ${JSON.stringify(names)}`;
  const chart = useRef<uPlot | undefined>(undefined);
  const data = dataOf(samples, names, measure);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current!;
    const draw = (): void => {
      chart.current?.destroy();
      chart.current = new uPlot(
        optionsOf(element, names, measure),
        latest.current,
        element,
      );
    };
    draw();
    const resized = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT })
    );
    resized.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    addEventListener(THEME_CHANGED, draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      removeEventListener(THEME_CHANGED, draw);
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [key]);
  useEffect(() => chart.current?.setData(data), [samples]);

  return (
    <section class="panel" aria-labelledby="lag">
      <header>
        <h2 id="lag">Lag over time</h2>
        <fieldset class="switch">
          <legend class="unseen-label">Measure</legend>
          {(["events", "seconds"] as const).map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="measure"
                checked={measure === name}
                onChange={() => setMeasure(name)}
              />
              {name}
            </label>
          ))}
        </fieldset>
      </header>
      <div
        ref={place}
        class="chart"
        role="img"
        aria-label={`Lag in ${measure}: the numbers of now stand in the table below`}
      />
      <ul class="legend">
        {names.map((name, index) => (
          <li key={name}>
            <span class={`dot hue-${hueAt(names, index)}`} aria-hidden="true" />
            <Text value={shorten(name, 40)} />
          </li>
        ))}
        {samples.length > 0 && (
          <li class="quiet grow is-end">
            since{" "}
            {exact(samples[0]!.at).split(" ")[1]!.slice(0, 8)}, while somebody
            looked
          </li>
        )}
      </ul>
    </section>
  );
}

function worstOf(samples: LagSample[], measure: Measure): string[] {
  const most = new Map<string, number>();
  for (const { lags } of samples) {
    for (const [name, lag] of Object.entries(lags)) {
      most.set(name, Math.max(most.get(name) ?? 0, lag[measure]));
    }
  }
  return [...most]
    .sort(([one, a], [two, b]) => b - a || (one < two ? -1 : 1))
    .slice(0, MOST)
    .map(([name]) => name)
    .sort();
}

function dataOf(
  samples: LagSample[],
  names: string[],
  measure: Measure,
): uPlot.AlignedData {
  return [
    samples.map(({ at }) => Date.parse(at) / 1000),
    ...names.map((name) =>
      samples.map(({ lags }) => lags[name]?.[measure] ?? null)
    ),
  ];
}
