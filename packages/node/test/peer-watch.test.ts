import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from '@basalt/telemetry';
import { createPeerWatch } from '../src/federation/peers-shell.ts';

test('the log has a line for what begins at a peer, and one for its end', () => {
  const lines: unknown[][] = [];
  const at =
    (level: string) =>
    (...words: unknown[]): void => {
      lines.push([level, ...words]);
    };
  const watch = createPeerWatch({ info: at('info'), warn: at('warn') } as unknown as Logger);
  const url = 'http://peer.test';
  watch.onPeerProblem?.(url, 'connection refused');
  watch.onPeerProblem?.(url, undefined);
  watch.onClockOff?.(url, -600);
  watch.onClockOff?.(url, undefined);
  watch.onProblem?.(new Error('disk full'));
  assert.deepEqual(
    lines.map(([level]) => level),
    ['warn', 'info', 'warn', 'info', 'warn'],
  );
  assert.deepEqual(lines[0]?.[2], { url, problem: 'connection refused' });
  assert.deepEqual(lines[2]?.[2], { url, secondsAhead: -600 });
  assert.match(String(lines[2]?.[1]), /this node’s if several peers differ alike/);
  assert.deepEqual(lines[4]?.[2], { error: 'Error: disk full' });
});
