/**
 * Verifying signatures: the batch kernel and the worker pool against single checks of node:crypto
 * with a kept KeyObject. CPU time of the whole process, so workers count in full. The normal case
 * is a batch of good signatures; the worst cases are one bad signature among good ones, nothing
 * but bad ones, and the smallest group that goes to the kernel.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ALGORITHM, nobleProvider, signedBytes } from '@basalt/protocol';
import { cpuCompared } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import {
  createNativeProvider,
  createVerifierPool,
  type SignedMessage,
  sha256,
  type VerificationItem,
  verifyBatchSync,
} from '../src/index.ts';
import { itemsOf, makeChain, withBadSignature } from '../test/support.ts';

const PEER = 'node:crypto verify, one by one';
/** Signatures a round and side: long enough for the clock, short enough for a shared machine. */
const ROUND_SIGNATURES = 4_000;
const BLOCKS = 1_000;

const provider = createNativeProvider();
const { kernel } = provider;
if (kernel === undefined) throw new Error('the kernel does not run here: nothing to measure');

const chain = makeChain({ count: BLOCKS, provider });
const items = itemsOf(chain);
const { publicKey } = chain.signer;
const signed: readonly SignedMessage[] = items.map(({ entry }) => ({
  signature: entry.signature,
  message: signedBytes(entry),
}));
const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
const key: KeyObject = createPublicKey({ key: spki, format: 'der', type: 'spki' });

function verifySingly(batch: readonly SignedMessage[], times: number): number {
  for (let i = 0; i < times; i++) {
    for (const { signature, message } of batch) verify(null, message, key, signature);
  }
  return times * batch.length;
}

async function kernelBatch(name: string, batch: readonly SignedMessage[], ratio?: number) {
  const times = Math.ceil(ROUND_SIGNATURES / batch.length);
  const pair = await cpuCompared({
    ours: () => {
      for (let i = 0; i < times; i++) kernel?.verifyMany(publicKey, batch);
      return times * batch.length;
    },
    peer: () => verifySingly(batch, Math.ceil(times / 4)),
  });
  printResult(
    compare({
      name,
      unit: 'signatures/CPU-s',
      value: pair.ours.perCpuSecond,
      peer: { name: PEER, value: pair.peer.perCpuSecond },
      ...(ratio === undefined ? {} : { target: { ratio } }),
    }),
  );
}

for (const count of [4, 16, 64, 256]) {
  await kernelBatch(`Ed25519, one key, batch of ${count}`, signed.slice(0, count));
}
await kernelBatch(`Ed25519, one key, batch of ${BLOCKS}`, signed, 3);

const spoil = (item: SignedMessage): SignedMessage => ({ ...item, message: new Uint8Array(160) });
const first = signed[0];
if (first !== undefined) {
  await kernelBatch(`Ed25519, batch of ${BLOCKS}, one bad`, signed.with(700, spoil(first)));
}
await kernelBatch(`Ed25519, batch of ${BLOCKS}, all bad`, signed.map(spoil));

async function blocksBatch(name: string, batch: readonly VerificationItem[]) {
  const times = Math.ceil(ROUND_SIGNATURES / batch.length);
  const pair = await cpuCompared({
    ours: () => {
      for (let i = 0; i < times; i++) verifyBatchSync(batch, { provider });
      return times * batch.length;
    },
    peer: () => verifySingly(signed, 1),
  });
  printResult(
    compare({
      name,
      unit: 'blocks/CPU-s',
      value: pair.ours.perCpuSecond,
      peer: { name: `${PEER} (Ed25519)`, value: pair.peer.perCpuSecond },
    }),
  );
}

await blocksBatch(`verifyBatch, ${BLOCKS} blocks of one writer`, items);
await blocksBatch(
  'verifyBatch, 1,000 blocks of 250 writers',
  Array.from({ length: 250 }, (_, i) =>
    itemsOf(makeChain({ count: 4, seed: i % 250, provider })),
  ).flat(),
);
await blocksBatch(
  'verifyBatch, 256 Merkle-signed blocks of one batch',
  itemsOf(makeChain({ count: 256, algorithm: ALGORITHM.merkleEd25519, provider })),
);
await blocksBatch(
  'verifyBatch, 100 ML-DSA-44 blocks',
  itemsOf(makeChain({ count: 100, algorithm: ALGORITHM.mlDsa44, provider })),
);

/** The target is wall time on two cores; other work on the machine counts against it. */
async function pooled(name: string, batch: readonly VerificationItem[]): Promise<void> {
  await using pool = createVerifierPool({ workers: 2 });
  const pair = await cpuCompared(
    {
      ours: async () => {
        await pool.verify(batch);
        return batch.length;
      },
      peer: () => verifySingly(signed, 1),
    },
    // The first rounds start threads and let them compile.
    { rounds: 15, warmups: 5 },
  );
  printResult(
    compare({
      name: `${name}, CPU of all threads`,
      unit: 'blocks/CPU-s',
      value: pair.ours.perCpuSecond,
      peer: { name: PEER, value: pair.peer.perCpuSecond },
    }),
  );
  printResult(
    compare({
      name: `${name}, wall time`,
      unit: 'ms',
      better: 'lower',
      value: 1000 * pair.ours.wallSeconds,
      peer: { name: PEER, value: 1000 * pair.peer.wallSeconds },
      target: { value: 50 },
    }),
  );
}

await pooled('worker pool of 2, 1,000 blocks', items);
const [sample] = items;
if (sample !== undefined) {
  await pooled('worker pool of 2, one bad block', items.with(700, withBadSignature(sample, 9)));
}

const PAYLOADS: readonly (readonly [string, number])[] = [
  ['256 B', 256],
  ['1 MiB', 1024 * 1024],
];
for (const [label, size] of PAYLOADS) {
  const payload = new Uint8Array(size).fill(7);
  const times = Math.ceil(4e6 / (size + 400));
  const run = (hash: (data: Uint8Array) => unknown, count: number): number => {
    for (let i = 0; i < count; i++) hash(payload);
    return count;
  };
  const noble = await cpuCompared({
    ours: () => run(provider.blake3, times),
    peer: () => run(nobleProvider.blake3, Math.ceil(times / 8)),
  });
  printResult(
    compare({
      name: `BLAKE3 of ${label}`,
      unit: 'hashes/CPU-s',
      value: noble.ours.perCpuSecond,
      peer: { name: '@noble/hashes', value: noble.peer.perCpuSecond },
    }),
  );
  const sha = await cpuCompared({
    ours: () => run(provider.blake3, times),
    peer: () => run(sha256, times),
  });
  printResult(
    compare({
      name: `BLAKE3 of ${label}, beside SHA-256`,
      unit: 'hashes/CPU-s',
      value: sha.ours.perCpuSecond,
      peer: { name: 'SHA-256, node:crypto', value: sha.peer.perCpuSecond },
    }),
  );
}
