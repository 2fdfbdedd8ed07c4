#!/usr/bin/env node
// Builds the page into dist/ where its sources changed (tools/pages/build.mjs).
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from '../../../tools/pages/build.mjs';

/** What of the chart library no page here draws, and what stands in its place. */
const UNUSED = [
  ['(paths.bars    = bars);', ''],
  ['(paths.spline  = monotoneCubic);', ''],
  ['uPlot.join = join;', ''],
  ['uPlot.tzDate  = tzDate;', ''],
  ['uPlot.rangeAsinh = rangeAsinh;', ''],
  ['const showLegend = legend.show;', 'const showLegend = false;'],
  ['const cursorFocus = focus.prox >= 0;', 'const cursorFocus = false;'],
];

await buildPage(dirname(dirname(fileURLToPath(import.meta.url))), {
  plugins: [linesOnly()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Styles say light and dark in one; browsers since 2024 read that as it is.
  build: { cssTarget: ['chrome123', 'firefox120', 'safari17.5'] },
});

/** The chart library's bars, splines, joins and legend are left out: 4 KB. */
function linesOnly() {
  return {
    name: 'lines-only',
    transform(code, id) {
      if (!id.endsWith('uPlot.esm.js')) return undefined;
      return UNUSED.reduce((text, [line, instead]) => {
        if (!text.includes(line)) throw new Error(`uPlot has changed: no ${line} in it`);
        return text.replace(line, instead);
      }, code);
    },
  };
}
