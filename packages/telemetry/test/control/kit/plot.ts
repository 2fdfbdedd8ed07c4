import type { Run } from './run.ts';

/** One small picture: what came, what the controller made of it, and the best fixed value. */
export interface Panel {
  readonly title: string;
  readonly run: Run;
  readonly best: number;
}

const WIDTH = 240;
const HEIGHT = 120;
const COLUMNS = 4;
const GAP = 16;
const HEADING = 34;
const POINTS_MAX = 240;

/** A picture as text; light and dark by the reader's setting, nothing loaded from anywhere. */
export function plot(title: string, unit: string, panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = COLUMNS * (WIDTH + GAP) + GAP;
  const height = HEADING + rows * (HEIGHT + HEADING + GAP);
  const body = panels.map((panel, i) => {
    const x = GAP + (i % COLUMNS) * (WIDTH + GAP);
    const y = HEADING + Math.floor(i / COLUMNS) * (HEIGHT + HEADING + GAP);
    return `<g transform="translate(${x} ${y})">${drawPanel(panel)}</g>`;
  });
  const legend = `${unit}: line; best fixed value: dashes; load: grey area`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text x="${GAP}" y="20" class="heading">${title}</text>`,
    `<text x="${width - GAP}" y="20" text-anchor="end">${legend}</text>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = [
  '.ground{fill:#fff}text{font:11px system-ui,sans-serif;fill:#555}',
  '.heading{font-weight:600;font-size:13px;fill:#111}.frame{fill:none;stroke:#bbb}',
  '.load{fill:#d8d8d8}.value{fill:none;stroke:#1458c8;stroke-width:1.5}',
  '.best{stroke:#c04a00;stroke-dasharray:5 4;stroke-width:1.2}',
  '@media(prefers-color-scheme:dark){.ground{fill:#16181c}text{fill:#aaa}.heading{fill:#eee}',
  '.frame{stroke:#444}.load{fill:#33373d}.value{stroke:#7fb0ff}.best{stroke:#ff9a5c}}',
].join('');

function drawPanel({ title, run, best }: Panel): string {
  const most = Math.max(best, ...run.values) * 1.1;
  const y = (value: number): string => (HEADING + HEIGHT * (1 - value / most)).toFixed(1);
  const loads = thin(run.loads).map((load, i, all) => {
    const top = HEADING + HEIGHT * (1 - Math.min(1, load / 1.5));
    return `${((i * WIDTH) / (all.length - 1)).toFixed(1)},${top.toFixed(1)}`;
  });
  const values = thin(run.values).map(
    (value, i, all) => `${((i * WIDTH) / (all.length - 1)).toFixed(1)},${y(value)}`,
  );
  const bottom = HEADING + HEIGHT;
  return [
    `<text y="${HEADING - 18}" class="heading">${title}</text>`,
    `<text y="${HEADING - 5}">up to ${Math.round(most)}</text>`,
    `<polygon class="load" points="0,${bottom} ${loads.join(' ')} ${WIDTH},${bottom}"/>`,
    `<line class="best" x1="0" x2="${WIDTH}" y1="${y(best)}" y2="${y(best)}"/>`,
    `<polyline class="value" points="${values.join(' ')}"/>`,
    `<rect class="frame" y="${HEADING}" width="${WIDTH}" height="${HEIGHT}"/>`,
  ].join('');
}

function thin(values: readonly number[]): number[] {
  const step = Math.max(1, Math.ceil(values.length / POINTS_MAX));
  return values.filter((_, i) => i % step === 0);
}
