/** Dashboards as files: whole, and every expression in them is PromQL of names that rules know. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dashboardExpressions, metricsOf, ruleExpressions } from './helpers/prometheus.ts';
import { REPOSITORY } from './helpers/run-cli.ts';

interface Source {
  readonly uid: string;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly description: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number };
    readonly datasource: Source;
    readonly targets: readonly { readonly expr: string; readonly datasource: Source }[];
  }[];
}

const FOLDER = join(REPOSITORY, 'ops', 'grafana');
const dashboards = globSync('*.json', { cwd: FOLDER }).map((file) => ({
  file,
  ...(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Dashboard),
}));

test('there is a dashboard for each walk, and each chooses its source and its nodes', () => {
  const names = ['chain', 'control', 'federation', 'ledger', 'overview', 'serving'];
  assert.deepEqual(
    dashboards.map(({ uid }) => uid).sort(),
    names.map((name) => `basalt-${name}`),
  );
  for (const { file, uid, templating, panels } of dashboards) {
    assert.equal(file, `${uid}.json`);
    const variables = templating.list.map(({ name }) => name);
    assert.deepEqual(variables, ['datasource', 'instance'], file);
    const places = panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
    assert.equal(new Set(places).size, panels.length, `${file}: no panel covers another`);
    for (const { title, description, gridPos, datasource, targets } of panels) {
      const place = `${file}: ${title}`;
      assert.ok(description.length > 5 && description.endsWith('.'), `${place} says what it shows`);
      assert.ok(gridPos.x + gridPos.w <= 24 && targets.length > 0, place);
      for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
        assert.equal(source.uid, '${' + 'datasource}', place);
      }
      for (const { expr } of targets) assert.match(expr, /instance=~"\$instance"/, place);
    }
  }
});

test('every expression of rules and dashboards is PromQL', () => {
  const expressions = [...ruleExpressions(), ...dashboardExpressions()];
  assert.ok(expressions.length > 100, String(expressions.length));
  for (const expression of expressions) {
    assert.ok(metricsOf(expression).length > 0, expression.place);
  }
  assert.throws(() => metricsOf({ place: 'x', expression: 'sum(rate(a[5m])' }), /x: no PromQL/);
});
