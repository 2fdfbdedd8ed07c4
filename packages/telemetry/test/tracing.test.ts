import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { inSpan, setTracing, spanHere, type TraceBeginning, traceparent } from '../src/index.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

after(() => setTracing(undefined));

test('work runs and fails the same way, traced or not', async () => {
  for (const keeps of [undefined, () => false, () => true]) {
    setTracing(keeps);
    assert.equal(await inSpan('a', { kind: 'server' }, async () => 7), 7);
    await assert.rejects(
      inSpan('b', { kind: 'server' }, () => Promise.reject(new Error('x'))),
      /x/,
    );
  }
});

test('who may begin a trace is asked: requests and callers, not each piece of work', async () => {
  const asked: TraceBeginning[] = [];
  setTracing((by) => {
    asked.push(by);
    return false;
  });
  await inSpan('work', {}, async () => undefined);
  await inSpan('request', { kind: 'server' }, async () => undefined);
  await inSpan('block', { begins: true }, async () => undefined);
  await inSpan('called', { kind: 'server', parent }, async (span) => {
    span.tell({ a: 1 });
    // Not kept: nothing of the caller's trace is here, and nothing goes on from it.
    assert.equal(spanHere(), undefined);
    assert.equal(traceparent(), undefined);
  });
  // A caller who says himself that his trace is not kept is taken at his word.
  const unsampled = `${parent.slice(0, -2)}00`;
  await inSpan('unsampled', { kind: 'server', parent: unsampled }, async () => undefined);
  assert.deepEqual(asked, ['here', 'here', 'caller']);
});
