/** How fast a new node, and a light client, begins at a namespace of a million blocks. */
import { compare, printResult } from '../../../tools/bench/report.ts';
import { measureSnapshotBootstrap } from './snapshot-bootstrap.ts';

const MIB = 1024 * 1024;

for (const result of await measureSnapshotBootstrap()) {
  const { who, blocks, height, ms, bytes, peakRssBytes, startRssBytes } = result;
  const what = who === 'node' ? `a node with the newest ${blocks} blocks` : 'a light client';
  const name = `bootstrap at ${height} blocks, ${what}`;
  const atMost = (value: number) => ({ better: 'lower', target: { value } }) as const;
  const wallMs = who === 'client' ? 1_000 : 60_000;
  printResult(compare({ name: `${name}: time`, unit: 'ms', value: ms, ...atMost(wallMs) }));
  const sent = { name: `${name}: bytes`, unit: 'B', value: bytes, better: 'lower' } as const;
  printResult(compare(who === 'client' ? { ...sent, target: { value: 10_000 } } : sent));
  const grown = Math.max(1, peakRssBytes - startRssBytes) / MIB;
  printResult(
    compare({ name: `${name}: memory above start`, unit: 'MiB', value: grown, better: 'lower' }),
  );
}
