import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut } from '../src/map/layout.ts';

const groups = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 14 });

function nodesOf(counts: readonly number[]): { readonly group: string }[] {
  return counts.flatMap((count, g) => Array.from({ length: count }, () => ({ group: `g${g}` })));
}

test('property: nodes do not lie on one another, groups neither, all within the radius', () => {
  fc.assert(
    fc.property(groups, (counts) => {
      const nodes = nodesOf(counts);
      const layout = layOut(nodes);
      assert.equal(layout.groups.length, counts.length);
      for (let at = 0; at < nodes.length; at++) {
        const [x, y] = [layout.x[at] ?? Number.NaN, layout.y[at] ?? Number.NaN];
        assert.ok(Math.hypot(x, y) <= layout.radius + 1e-3);
        const other = Math.max(0, at - 1);
        const near = Math.hypot(x - (layout.x[other] ?? 0), y - (layout.y[other] ?? 0));
        if (other !== at) assert.ok(near > 0.7, `${near}`);
      }
      for (const [i, a] of layout.groups.entries()) {
        for (const b of layout.groups.slice(i + 1)) {
          const between = Math.hypot(a.x - b.x, a.y - b.y);
          assert.ok(between >= (a.radius + b.radius) * 0.99, `${a.name} ${b.name} ${between}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('the same nodes make the same map, and no node makes an empty one', () => {
  const nodes = nodesOf([4, 9, 2]);
  assert.deepEqual(layOut(nodes), layOut(nodes));
  assert.equal(layOut([]).radius, 1);
  const [only] = layOut([{ group: '' }]).groups;
  assert.equal(only?.x, 0);
});
