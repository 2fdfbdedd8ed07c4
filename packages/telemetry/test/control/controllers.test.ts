import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { skipReason } from '../../../../tools/testing/conformance.ts';
import { chooseLayers } from './kit/choices.ts';
import { cacheOutcomes, routeOutcomes } from './kit/on-traces.ts';
import { makeReport } from './kit/report.ts';
import { overshoot, settleTicks } from './kit/run.ts';
import { SCENARIOS } from './kit/scenarios.ts';
import { bestFixed, SUBJECTS } from './kit/subjects.ts';

const DOCS = resolve(import.meta.dirname, '..', '..', '..', '..', 'docs', 'control');
const scenario = (name: string): (typeof SCENARIOS)[number] => {
  const found = SCENARIOS.find((each) => each.name === name);
  assert.ok(found !== undefined);
  return found;
};

for (const subject of SUBJECTS) {
  test(`${subject.name}: settles after a step, without reversals at rest, and comes back`, () => {
    for (const seed of [1, 2, 3]) {
      const run = subject.control(scenario('step'), seed);
      assert.equal(run.steadyReversals, 0);
      assert.ok(settleTicks(run, 400, 800) < 250, `settles: ${settleTicks(run, 400, 800)}`);
      assert.ok(overshoot(run, 400, 800) < 0.25);
      // No ratchet: what the load raised, its end lowers, most of the way.
      const [before, during, after] = [399, 799, 1_199].map((tick) => run.values[tick] as number);
      assert.ok(before !== undefined && during !== undefined && after !== undefined);
      assert.ok(Math.abs(after - before) <= Math.abs(during - before) * 0.75 + before * 0.1);
    }
  });

  test(`${subject.name}: beats no control in every signal but those that it cannot answer`, () => {
    for (const each of SCENARIOS) {
      const run = subject.control(each);
      const none = subject.hold(subject.initial, each);
      // An impulse is over before the answer, and the answer costs.
      const allowed = each.name === 'impulse' ? none.cost * 1.35 : none.cost;
      assert.ok(run.cost <= allowed, `${each.name}: ${run.cost}, without control ${none.cost}`);
    }
  });

  test(`${subject.name}: a sensor that is late, lost or no number makes no swing`, () => {
    for (const name of ['delay', 'loss']) {
      // The price reads the parent block: no other delay exists for it.
      if (subject.name === 'fee' && name === 'delay') continue;
      const run = subject.control(scenario(name));
      assert.equal(run.steadyReversals, 0, name);
      assert.ok(run.values.every(Number.isFinite));
    }
  });
}

test('an EIP-1559 price under a late reading swings, and stays bounded', () => {
  const fee = SUBJECTS.find(({ name }) => name === 'fee');
  assert.ok(fee !== undefined);
  const run = fee.control(scenario('delay'));
  assert.ok(run.steadyReversals > 0);
  assert.ok(run.values.every((value) => value >= 10 && value <= 100_000));
});

test('the measures tell a bad controller: one that swings, and a ratchet', () => {
  const [first] = SUBJECTS;
  assert.ok(first !== undefined);
  const run = first.hold(256, scenario('step'));
  const swinging = { ...run, values: run.values.map((_, tick) => 200 + 100 * (tick % 2)) };
  assert.ok(settleTicks(swinging, 400, 800) > 250);
  const best = bestFixed(first, scenario('step'));
  assert.ok(best.run.cost < first.hold(first.initial, scenario('step')).cost / 5);
});

const skipCaches = skipReason('cache-traces-caffeine', 'lirs_loop.trace.gz');
test('a steered cache hits within 2 % of the best fixed size', { skip: skipCaches }, () => {
  const outcomes = cacheOutcomes();
  assert.ok(outcomes.length >= 6);
  for (const { title, hitRatio, bestFixedRatio } of outcomes) {
    assert.ok(hitRatio >= bestFixedRatio * 0.98, `${title}: ${hitRatio} of ${bestFixedRatio}`);
  }
  // And it gives memory back where memory brings nothing.
  const vault = outcomes.find(({ title }) => title.startsWith('corda'));
  assert.ok(vault !== undefined && vault.meanSizePart < 0.1);
});

test('who chooses is as cheap as the best fixed choice, and cheaper where he sees the size', () => {
  for (const scenario of SCENARIOS) {
    for (const seed of [1, 2, 3]) {
      const { linUcb, thompson, bestFixed: best, oracle } = chooseLayers(scenario, seed);
      assert.ok(linUcb <= best * 0.9 && linUcb <= oracle * 1.12, `${scenario.name}: ${linUcb}`);
      assert.ok(thompson <= best * 1.05, `${scenario.name}: ${thompson} of ${best}`);
    }
  }
});

const skipRoutes = skipReason('rtt-planetlab490-seattle99', 'seattle_every8th.tar.gz');
test('routes cost at most 5 % more than the best fixed one', { skip: skipRoutes }, () => {
  const outcomes = routeOutcomes();
  assert.ok(outcomes !== undefined && outcomes.length > 0);
  for (const { chosen, bestFixed: best } of outcomes) assert.ok(chosen <= best * 1.05);
});

test('docs/control is what these sources make', { skip: skipCaches || skipRoutes }, () => {
  for (const [name, text] of makeReport()) {
    assert.equal(readFileSync(join(DOCS, name), 'utf8'), text, `${name}: run control-report again`);
  }
});
