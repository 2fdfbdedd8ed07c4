import { chooseLayers } from './choices.ts';
import { cacheOutcomes, type RouteOutcome, routeOutcomes } from './on-traces.ts';
import { plot } from './plot.ts';
import { overshoot, type Run, settleTicks } from './run.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { bestFixed, SUBJECTS } from './subjects.ts';

/** Files of `docs/control`, by name. The same sources give the same files. */
export function makeReport(): Map<string, string> {
  const files = new Map<string, string>();
  const tables: string[] = [];
  for (const subject of SUBJECTS) {
    const rows: string[] = [];
    const panels = SCENARIOS.map((scenario) => {
      const run = subject.control(scenario);
      const best = bestFixed(subject, scenario);
      const none = subject.hold(subject.initial, scenario);
      rows.push(row(scenario, { run, best, none }));
      return { title: scenario.name, run, best: best.value };
    });
    files.set(`${subject.name}.svg`, plot(subject.title, subject.unit, panels));
    tables.push(
      `## ${subject.title}\n\n![${subject.title}](${subject.name}.svg)\n\n${HEAD}${rows.join('')}`,
    );
  }
  files.set('README.md', `${INTRODUCTION}\n${tables.join('\n')}\n${choices()}\n${onTraces()}`);
  return files;
}

const HEAD =
  '| signal | cost | best fixed | its cost | no control | over the limit: ' +
  'controlled / fixed / none | changes | reversals at rest | settles after | overshoot |\n' +
  '|---|---|---|---|---|---|---|---|---|---|\n';

interface Compared {
  readonly run: Run;
  readonly best: { readonly value: number; readonly run: Run };
  readonly none: Run;
}

function row(scenario: Scenario, { run, best, none }: Compared): string {
  const cells = [
    scenario.name,
    run.cost.toFixed(3),
    String(best.value),
    best.run.cost.toFixed(3),
    none.cost.toFixed(3),
    `${run.ticksOver} / ${best.run.ticksOver} / ${none.ticksOver}`,
    String(run.changes),
    scenario.steady.length === 0 ? 'no rest' : String(run.steadyReversals),
    ...(hasStep(scenario)
      ? [`${settleTicks(run, 400, 800)} ticks`, `${Math.round(overshoot(run, 400, 800) * 100)} %`]
      : ['', '']),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

function hasStep({ name }: Scenario): boolean {
  return ['step', 'noise', 'delay', 'loss'].includes(name);
}

const INTRODUCTION = `# Controllers under test

Written by \`node packages/telemetry/test/control/make-report.ts\`; a test holds these files against
a new run. The five controllers of \`@basalt/telemetry\` that set a number and the two that choose
among a few ways are driven through seven signals on a small model of what they steer
(\`packages/telemetry/test/control/kit\`): a step of the load and back, a ramp, an impulse, a square
wave, noise of 10 %, a sensor and an actuator that are five ticks late each, and a sensor that is
lost over the step and tells NaN before it. A tick is one second. The size of a cache follows what
is asked of it and not a load: it is shown on recorded traces, and so is the choice of a route.

**Cost** is the model's own (processor time, lack of throughput, distance from the target; a broken
limit counts ten), lower is better, beside the fixed value that would have been best for that very
run, known only afterwards, and beside no control at all. Real systems differ from models: what a
controller does on a node is at \`/control\`.

Where a controller does worse than the best fixed value: an impulse is over before anything can
answer it, and the answer itself costs; a square wave is as fast as the cool-downs; with a late
sensor the price in the form of EIP-1559 swings, which is why it reads the parent block, where
nothing is late; a lost sensor holds the last value over the step; a concurrency limit keeps a
little room above what is needed, or it would never find out that there is more.
`;

/** Whoever chooses has no value that could swing: what counts is what the choices cost. */
function choices(): string {
  const rows = SCENARIOS.map((scenario) => {
    const { linUcb, thompson, bestFixed: best, none, oracle } = chooseLayers(scenario);
    const costs = [linUcb, thompson, best, none, oracle].map((cost) => cost.toFixed(3));
    return `| ${scenario.name} | ${costs.join(' | ')} |\n`;
  });
  return `## LinUCB and Thompson sampling: one of three layers

Data of any size goes to one of three layers: one grows dearer with the load, one with the size, one
is dear to enter and cheap by size. LinUCB sees the size, Thompson sampling does not. Mean cost:

| signal | LinUCB | Thompson | best fixed | always the first | best each time, known beforehand |
|---|---|---|---|---|---|
${rows.join('')}`;
}

function onTraces(): string {
  const caches = cacheOutcomes();
  const routes = routeOutcomes();
  if (caches.length === 0 || routes === undefined) throw new Error('no recorded traces');
  const rows = caches.map(({ title, hitRatio, bestFixedRatio, meanSizePart, changes }) => {
    const cells = [title, percent(hitRatio), percent(bestFixedRatio), percent(meanSizePart)];
    return `| ${cells.join(' | ')} | ${changes} |\n`;
  });
  return `## Cache size, on recorded traces

An LRU that the shadow cache resizes, its cap a fifth of the trace's keys, beside the same LRU fixed
at the cap, which is the best fixed size there is.

| trace | hits | hits, fixed at the cap | mean size, of the cap | changes |
|---|---|---|---|---|
${rows.join('')}
## Route choice, on recorded round trips

Discounted Thompson sampling: ${routes.length} devices choose among six others over 86 measurements
(Seattle, 99 devices), 60 requests a measurement, a tenth of jitter.

${routeTable(routes)}`;
}

function routeTable(routes: readonly RouteOutcome[]): string {
  const sum = (pick: (route: RouteOutcome) => number): number =>
    routes.reduce((all, route) => all + pick(route), 0) / routes.length;
  const ratios = routes.map(({ chosen, bestFixed: best }) => chosen / best);
  const rows = [
    ['chosen', sum(({ chosen }) => chosen)],
    ['best fixed, known afterwards', sum(({ bestFixed: best }) => best)],
    ['always the first', sum(({ none }) => none)],
    ['best of each moment, known beforehand', sum(({ oracle }) => oracle)],
  ] as const;
  const table = rows.map(([what, seconds]) => `| ${what} | ${(seconds * 1_000).toFixed(1)} ms |\n`);
  const worst = Math.max(...ratios).toFixed(2);
  const end = `Worst device: ${worst} of its best fixed provider.`;
  return `| provider | mean round trip |\n|---|---|\n${table.join('')}\n${end}\n`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
