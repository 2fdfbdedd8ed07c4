/**
 * Whether choosing the zstd level of payloads while running pays: levels 1, 3 and 6 on packs of
 * mixed payloads, each pack at each level. A cost is processor time and bytes at a price; the
 * choice is by size class, learns from what each call took, and may try another level once in 16.
 * The answer is in docs/decisions.md: it does not pay, so nothing is wired.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { compare, printResult } from '../../../tools/bench/report.ts';
import { seededBytes } from '../test/support/chain.ts';

const LEVELS = [1, 3, 6] as const;
const FIXED = LEVELS.indexOf(3);
/** Ends of the size classes, in bytes of a pack. */
const CLASS_ENDS = [4_096, 32_768, Number.POSITIVE_INFINITY] as const;
/** At most one choice of so many tries another than the best known. */
const EXPLORE_EVERY = 16;
/** Of what was measured, at each new look. */
const DISCOUNT = 0.98;
/** Nanoseconds of a core that a kept byte is worth: what it saves on the disk, at three ideas. */
const PRICES_NS = [10, 50, 250] as const;
const PACKS = Number(process.env['BASALT_BENCH_PACKS'] ?? 600);
const ROOT = join(import.meta.dirname, '../../..');

interface Pack {
  readonly bytes: number;
  /** By level: the least and the first of several calls, nanoseconds. */
  readonly leastNs: readonly number[];
  readonly firstNs: readonly number[];
  /** By level; as they are where nothing is saved. */
  readonly packed: readonly number[];
}

function measure(raw: Uint8Array): Pack {
  const rounds = LEVELS.map(() => [] as number[]);
  const packed = LEVELS.map(() => raw.length);
  for (let round = 0; round < 4; round++) {
    for (const [i, level] of LEVELS.entries()) {
      const params = { [constants.ZSTD_c_compressionLevel]: level };
      const startNs = process.hrtime.bigint();
      const frame = zstdCompressSync(raw, { params, chunkSize: raw.length + 1_024 });
      rounds[i]?.push(Number(process.hrtime.bigint() - startNs));
      if (frame.length < raw.length * (31 / 32)) packed[i] = frame.length;
    }
  }
  return {
    bytes: raw.length,
    leastNs: rounds.map((times) => Math.min(...times)),
    firstNs: rounds.map(([first = 0]) => first),
    packed,
  };
}

/** Text as it comes: records, log lines, sources and documents of this repository. */
function readTexts(): Uint8Array[] {
  const paths = globSync(['packages/*/src/**/*.ts', 'docs/*.md', 'ops/**/*.json'], { cwd: ROOT });
  return paths.toSorted().map((path) => readFileSync(join(ROOT, path)));
}

function jsonRecords(seed: number, bytes: number): Uint8Array {
  const random = seededBytes(String(seed), bytes);
  let text = '';
  for (let i = 0; text.length < bytes; i++) {
    const value = (random[i] ?? 0) / 256;
    text += `{"sensor":"meter-${(random[i + 1] ?? 0) % 40}","at":${1_760_000_000 + i * 10},`;
    text += `"celsius":${(20 + value * 5).toFixed(2)},"state":"ok"}\n`;
  }
  return Buffer.from(text.slice(0, bytes));
}

/** Transfers in binary: selectors and padding repeat, signatures and addresses do not. */
function transfers(seed: number, bytes: number): Uint8Array {
  const raw = seededBytes(String(seed), bytes);
  for (let at = 0; at + 180 <= bytes; at += 180) raw.fill(0, at, at + 60);
  return raw;
}

function makePacks(): Uint8Array[] {
  const texts = readTexts();
  const sizes = [1_200, 3_000, 8_000, 24_000, 65_000, 200_000];
  return Array.from({ length: PACKS }, (_, i) => {
    const bytes = sizes[i % sizes.length] ?? 1_200;
    const kind = Math.floor(i / sizes.length) % 4;
    if (kind === 0) return jsonRecords(i, bytes);
    if (kind === 1) return transfers(i, bytes);
    if (kind === 2) return seededBytes(String(i), bytes);
    const start = (i * 7) % texts.length;
    return Buffer.concat([...texts.slice(start), ...texts.slice(0, start)]).subarray(0, bytes);
  });
}

/** Discounted means by class, the least one chosen, all by turns to learn of. */
function choose(packs: readonly Pack[], priceNs: number): number {
  const means = CLASS_ENDS.map(() => LEVELS.map(() => ({ looks: 0, mean: 0 })));
  const turns = CLASS_ENDS.map(() => 0);
  let total = 0;
  for (const pack of packs) {
    const at = CLASS_ENDS.findIndex((end) => pack.bytes <= end);
    const known = means[at] ?? [];
    const turn = turns[at] ?? 0;
    turns[at] = turn + 1;
    const costs = known.map(({ looks, mean }) => (looks === 0 ? Number.NEGATIVE_INFINITY : mean));
    const isTrial = turn % EXPLORE_EVERY === 0 && costs.every(Number.isFinite);
    const trial = Math.floor(turn / EXPLORE_EVERY) % LEVELS.length;
    const level = isTrial ? trial : costs.indexOf(Math.min(...costs));
    total += costOf(pack, level, priceNs, pack.leastNs);
    const entry = known[level];
    if (entry === undefined) continue;
    for (const other of known) other.looks *= DISCOUNT;
    entry.looks += 1;
    const cost = costOf(pack, level, priceNs, pack.firstNs) / pack.bytes;
    entry.mean += (cost - entry.mean) / entry.looks;
  }
  return total;
}

function costOf(pack: Pack, level: number, priceNs: number, times: readonly number[]): number {
  return (times[level] ?? 0) + (pack.packed[level] ?? 0) * priceNs;
}

function main(): void {
  const raws = makePacks();
  for (const raw of raws.slice(0, 60)) measure(raw);
  const packs = raws.map(measure);
  const kib = packs.reduce((sum, { bytes }) => sum + bytes, 0) / 1_024;
  for (const [i, level] of LEVELS.entries()) {
    const us = packs.reduce((sum, { leastNs }) => sum + (leastNs[i] ?? 0), 0) / 1_000;
    const part = packs.reduce((sum, { packed }) => sum + (packed[i] ?? 0), 0) / (kib * 1_024);
    process.stderr.write(`level ${level}: ${(us / kib).toFixed(2)} us/KiB, ${part.toFixed(4)}\n`);
  }
  for (const priceNs of PRICES_NS) {
    const fixed = LEVELS.map((_, level) =>
      packs.reduce((sum, pack) => sum + costOf(pack, level, priceNs, pack.leastNs), 0),
    );
    const known = packs.reduce((sum, pack) => {
      return sum + Math.min(...LEVELS.map((_, i) => costOf(pack, i, priceNs, pack.leastNs)));
    }, 0);
    const us = (cost: number): number => cost / 1_000 / kib;
    const chosen = us(choose(packs, priceNs));
    const peers = { 'always level 3': us(fixed[FIXED] ?? 0), 'best fixed': us(Math.min(...fixed)) };
    for (const [name, value] of [
      ...Object.entries(peers),
      ['best of each pack', us(known)] as const,
    ])
      printResult(
        compare({
          name: `payload level by size class, a byte at ${priceNs} ns`,
          unit: 'us/KiB',
          better: 'lower',
          value: chosen,
          peer: { name, value },
        }),
      );
  }
}

main();
