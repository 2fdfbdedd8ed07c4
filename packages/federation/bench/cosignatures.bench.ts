/**
 * What witnesses cost. One witness: requests by which a log grows. Many witnesses over one note:
 * cosignature lines of C2SP against one BLS aggregate with a bitmap; bytes, and CPU time to check
 * them all, keys known and decoded before. Lines are what policies count; the aggregate is an extra
 * for large committees.
 */
import { createBlsSigner, createNativeProvider } from '@basalt/crypto';
import {
  consistencyProof,
  createCosigner,
  createNoteSigner,
  createSigner,
  EMPTY_ROOT,
  formatAddCheckpoint,
  formatCheckpoint,
  formatSignatureLine,
  type Hash32,
  type HashReader,
  leafHash,
  nodeHash,
  RangeBuilder,
  type Signer,
  signatureCheck,
  signCheckpoint,
  signNoteText,
  utf8,
} from '@basalt/protocol';
import { createLogStore, createMemoryEngine } from '@basalt/store';
import { cpuCompared, cpuTimed } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import {
  createBlsCommittee,
  encodeBlsAggregate,
  signBlsCosignature,
  verifyBlsAggregate,
} from '../src/witness/bls-cosignature.ts';
import { storeRecords } from '../src/witness/record-storage.ts';
import { Witness } from '../src/witness/witness.ts';

const provider = createNativeProvider();
const text = formatCheckpoint({ origin: 'bench.example/super', size: 0, root: EMPTY_ROOT });
const NOW_SECONDS = 1_800_000_000;
const PEER = 'Ed25519 lines';

for (const count of [3, 16, 64, 512]) {
  const names = Array.from({ length: count }, (_, i) => `witness-${i}.example`);
  const lines = names.map((name, i) => {
    const seed = new Uint8Array(32).fill(1 + (i & 0x7f)).fill(i >> 7, 31);
    const pair = provider.suite(1).keyPairFromSeed(seed);
    const cosigner = createCosigner(name, createSigner(pair, provider));
    return { key: cosigner.key, line: signNoteText(text, cosigner, NOW_SECONDS) };
  });
  const signers = names.map((_, i) => createBlsSigner(utf8(String(i).padStart(32, '0'))));
  const committee = createBlsCommittee(
    signers.map(({ publicKey, proofOfPossession }, i) => ({
      name: names[i] as string,
      publicKey,
      proofOfPossession,
    })),
  );
  const shares = new Map(signers.map((signer, i) => [i, signBlsCosignature(signer, text)]));
  const aggregate = encodeBlsAggregate(shares, committee);
  printResult(
    compare({
      name: `cosignatures of ${count} witnesses`,
      unit: 'bytes',
      better: 'lower',
      value: aggregate.length,
      peer: {
        name: PEER,
        value: lines.reduce((sum, { line }) => sum + utf8(formatSignatureLine(line)).length, 0),
      },
    }),
  );
  const ed25519 = provider.suite(1);
  const times = Math.max(1, Math.ceil(512 / count));
  const pair = await cpuCompared({
    ours: () => {
      for (let i = 0; i < times; i++) verifyBlsAggregate(aggregate, text, committee);
      return times;
    },
    peer: () => {
      for (let i = 0; i < times; i++) {
        for (const { line, key } of lines) {
          const check = signatureCheck(text, line, key);
          if (!ed25519.verify(check.signature, check.message, check.publicKey)) {
            throw new Error('a line does not hold');
          }
        }
      }
      return times;
    },
  });
  printResult(
    compare({
      name: `checking ${count} cosignatures`,
      unit: 'notes/CPU-s',
      value: pair.ours.perCpuSecond,
      peer: { name: PEER, value: pair.peer.perCpuSecond },
    }),
  );
}

/** Largest public list profile of witness-network.org, for 40,000 logs together. */
const LIST_REQUESTS_PER_SECOND = 100;
const ROUND_REQUESTS = 300;

async function witnessRequests(): Promise<void> {
  const seedOf = (value: number): Uint8Array => new Uint8Array(32).fill(value);
  const signerOf = (value: number): Signer =>
    createSigner(provider.suite(1).keyPairFromSeed(seedOf(value)), provider);
  const range = new RangeBuilder();
  const logSigner = createNoteSigner('bench.example/super', signerOf(1));
  const logs = [{ origin: logSigner.key.name, keys: [logSigner.key] }];
  const tree: Hash32[] = [];
  let size = 0;
  // A witness never goes back, so each round has one of its own.
  const bodies = Array.from({ length: ROUND_REQUESTS }, () => {
    const old = size;
    const leaf = leafHash(utf8(`leaf ${size}`));
    tree.push(leaf);
    range.append(leaf);
    size++;
    const read: HashReader = (level, index) =>
      level === 0
        ? (tree[index] as Hash32)
        : nodeHash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1));
    const proof = old === 0 ? [] : consistencyProof(old, size, read);
    const checkpoint = { origin: logSigner.key.name, size, root: range.root() };
    const note = signCheckpoint(checkpoint, logSigner);
    return utf8(formatAddCheckpoint({ oldSize: old, proof, note }));
  });
  const { perCpuSecond } = await cpuTimed(async () => {
    const witness = new Witness(
      { signers: [createCosigner('w.example', signerOf(2))], logs },
      {
        storage: storeRecords(await createLogStore(createMemoryEngine())),
        suites: provider,
        clock: { nowMs: () => NOW_SECONDS * 1000 },
        sha256: provider.sha256,
      },
    );
    for (const body of bodies) {
      const { status } = await witness.addCheckpoint(body);
      if (status !== 200) throw new Error(`the witness answered ${status}`);
    }
    return bodies.length;
  });
  printResult(
    compare({
      name: 'witness, add-checkpoint that grows, store in memory',
      unit: 'requests/CPU-s',
      value: perCpuSecond,
      target: { value: LIST_REQUESTS_PER_SECOND },
    }),
  );
}

await witnessRequests();
