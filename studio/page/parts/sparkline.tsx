import type { JSX } from "preact";

const HEIGHT = 24;

/** How much happened in equal parts of a time, as bars, the newest at the right. */
export function Sparkline(
  { buckets, hue }: { buckets: number[]; hue: number },
): JSX.Element {
  const most = Math.max(1, ...buckets);
  return (
    <svg
      class={`sparkline hue-${hue}`}
      viewBox={`0 0 ${buckets.length * 4} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {buckets.map((events, index) => {
        const height = events === 0 ? 1 : Math.max(3, events / most * HEIGHT);
        return (
          <rect
            key={index}
            class={events === 0 ? "is-none" : undefined}
            x={index * 4}
            y={HEIGHT - height}
            width={3}
            height={height}
          />
        );
      })}
    </svg>
  );
}
