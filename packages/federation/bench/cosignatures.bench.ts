/**
 * Many witnesses over one note: cosignature lines of C2SP against one BLS aggregate with a bitmap.
 * Bytes and CPU time to check them all, keys known and decoded before. Lines are what policies
 * count; the aggregate is an extra for large committees.
 */
import { createBlsSigner, createNativeProvider } from '@basalt/crypto';
import {
  createCosigner,
  createSigner,
  EMPTY_ROOT,
  formatCheckpoint,
  formatSignatureLine,
  signatureCheck,
  signNoteText,
  utf8,
} from '@basalt/protocol';
import { cpuCompared } from '../../../tools/bench/cpu-time.ts';
import { compare, printResult } from '../../../tools/bench/report.ts';
import {
  createBlsCommittee,
  encodeBlsAggregate,
  signBlsCosignature,
  verifyBlsAggregate,
} from '../src/witness/bls-cosignature.ts';

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
