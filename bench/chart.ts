import type { Result } from "./results.ts";

const WIDTH = 760;
const LEFT = 290;
const BAR = 13;
const COLOURS: { readonly [contender: string]: string } = {
  "evtstore": "#2563eb",
  "evtstore 12": "#9ca3af",
  "Emmett": "#d97706",
};

/** The ratios of one suite as bars, with a line where the reference is. */
export function toChart(results: readonly Result[], suite: string): string {
  const own = results.filter((one) =>
    one.suite === suite && one.contender in COLOURS &&
    one.ratio.median > 0
  );
  const measures = [...new Set(own.map(({ measure }) => measure))];
  const x = scaleOf(own);
  let y = 64;
  const parts: string[] = [];
  for (const measure of measures) {
    const bars = own.filter((one) => one.measure === measure);
    const middle = y + bars.length * BAR / 2 + 4;
    parts.push(text(LEFT - 10, middle, measure, "end"));
    for (const { contender, ratio } of bars) {
      const end = x(ratio.median);
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${
          (end - LEFT).toFixed(1)
        }" height="${BAR - 2}" fill="${COLOURS[contender]}"/>`,
        text(end + 5, y + BAR - 4, ratio.median.toPrecision(2), "start"),
      );
      y += BAR;
    }
    y += 12;
  }
  const one = x(1);
  const legend = Object.entries(COLOURS)
    .filter(([name]) => own.some(({ contender }) => contender === name))
    .map(([name, colour], index) =>
      `<rect x="${
        LEFT + index * 120
      }" y="34" width="11" height="11" fill="${colour}"/>${
        text(LEFT + index * 120 + 16, 44, name, "start")
      }`
    );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
    y + 10
  }" font-family="system-ui, sans-serif" font-size="12" role="img" aria-labelledby="title">
<title id="title">${escape(suite)}: times as fast as plain SQL</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${text(LEFT, 22, `${suite}: times as fast as plain SQL (logarithmic)`, "start")}
${legend.join("\n")}
${parts.join("\n")}
<line x1="${one}" y1="54" x2="${one}" y2="${y}" stroke="#111827" stroke-dasharray="3 3"/>
</svg>
`;
}

/** From a ratio to a place; each step of the scale is ten times. */
function scaleOf(results: readonly Result[]): (ratio: number) => number {
  const logs = results.map(({ ratio }) => Math.log10(ratio.median));
  const low = Math.min(-1, ...logs) - 0.1;
  const high = Math.max(1, ...logs);
  return (ratio) =>
    LEFT + (WIDTH - LEFT - 60) * (Math.log10(ratio) - low) / (high - low);
}

function text(x: number, y: number, value: string, anchor: string): string {
  return `<text x="${x.toFixed(1)}" y="${
    y.toFixed(1)
  }" text-anchor="${anchor}" fill="#111827">${escape(value)}</text>`;
}

function escape(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
