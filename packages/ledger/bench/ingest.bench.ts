/** Foreign blocks: rules, signatures, tree and store; and what validation alone costs. */

import { verifyBatch } from '@basalt/crypto';
import { blockHash, leafHash, type NamespaceId, RangeBuilder } from '@basalt/protocol';
import { cpuTimed } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { foreignChain, openBenchLedger, provider, randomPayloads } from './support.ts';

const BATCH = 256;
const chains = Array.from({ length: 7 }, () => foreignChain(randomPayloads(12_800, 256)));

{
  await using bench = await openBenchLedger(1);
  let next = 0;
  const ingest = await cpuTimed(
    async () => {
      const chain = chains[next++ % chains.length] ?? [];
      const waiting: Promise<unknown>[] = [];
      for (let i = 0; i < chain.length; i += BATCH) {
        waiting.push(bench.ledger.submit(chain.slice(i, i + BATCH)));
      }
      await Promise.all(waiting);
      return chain.length;
    },
    { rounds: 5, warmups: 2 },
  );
  printResult(
    compare({
      name: 'ingest of foreign blocks: verify, tree, store (in process, two threads)',
      unit: 'blocks/s',
      value: ingest.perWallSecond,
      target: { value: 20_000 },
    }),
  );
  printResult(
    compare({
      name: 'the same, per CPU-second',
      unit: 'blocks/CPU-s',
      value: ingest.perCpuSecond,
    }),
  );

  const thousand = (chains[0] ?? []).slice(1, 1_001);
  const publicKey = (await bench.ledger.keyState(namespaceOf()))?.periods[0]?.publicKey;
  if (publicKey === undefined) throw new Error('the chain was not taken');
  const items = thousand.map(({ entry, payload }) => ({ entry, publicKey, payload }));
  const full = await cpuTimed(async () => {
    const verdicts = await verifyBatch(items, { provider, parallel: bench.pool });
    const hashes = thousand.map(({ entry }) => blockHash(entry, undefined, provider.sha256));
    if (verdicts.some((verdict) => verdict !== undefined)) throw new Error('a valid block failed');
    return hashes.length;
  });
  printResult(
    compare({
      name: 'validate 1,000 blocks, all signatures',
      unit: 'ms',
      better: 'lower',
      value: full.wallSeconds * 1000,
      target: { value: 50 },
    }),
  );
  const covered = await cpuTimed(() => {
    const range = new RangeBuilder(undefined, provider.sha256);
    for (const { entry } of thousand) range.append(leafHash(entry.bytes, provider.sha256));
    range.root();
    return thousand.length;
  });
  printResult(
    compare({
      name: 'validate 1,000 blocks against a checkpoint',
      unit: 'ms',
      better: 'lower',
      value: covered.wallSeconds * 1000,
      target: { value: 3 },
    }),
  );
}

function namespaceOf(): NamespaceId {
  const namespace = chains[0]?.[0]?.entry.header.namespace;
  if (namespace === undefined) throw new Error('no chain');
  return namespace;
}
