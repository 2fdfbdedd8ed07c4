/**
 * Traces that nobody here wrote, among the conformance data: look-ups of caches (Caffeine's
 * collection) and round trips between real machines (PlanetLab and Seattle measurements).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { conformanceFile } from './conformance.ts';

const XZ = '/usr/bin/xz';
const TAR = '/bin/tar';
const OUTPUT_BYTES_MAX = 2 ** 28;

/** Files of the cache traces: a ledger's vault, web and object caches, and the LIRS authors'. */
export const CACHE_TRACES: readonly string[] = [
  'corda_trace_vaultservice.gz',
  'cache2k_orm-busy.trace.xz',
  'cache2k_web07.trace.xz',
  'cache2k_web12.trace.xz',
  'lirs_2_pools.trace.gz',
  'lirs_loop.trace.gz',
  'lirs_multi1.trace.gz',
  'lirs_multi3.trace.gz',
  'lirs_sprite.trace.gz',
];

/** The name without its endings. */
export function cacheTraceTitle(file: string): string {
  return file.replace(/\.(trace\.)?(gz|xz)$/, '');
}

/** Keys in the order of their use, at most so many; undefined where file or unpacker is missing. */
export function readCacheTrace(file: string, requestsMax: number): number[] | undefined {
  const bytes = unpack(conformanceFile('cache-traces-caffeine', file));
  if (bytes === undefined) return undefined;
  if (file.startsWith('lirs')) {
    const lines = new TextDecoder().decode(bytes).split('\n');
    const numbers = lines.filter((line) => /^\d/.test(line));
    return numbers.slice(0, requestsMax).map(Number);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = file.startsWith('corda') ? 8 : 4;
  const keys: number[] = [];
  for (let at = 0; at + width <= bytes.length && keys.length < requestsMax; at += width) {
    keys.push(width === 8 ? Number(view.getBigInt64(at)) : view.getInt32(at));
  }
  return keys;
}

/**
 * Round trips in seconds between 99 personal devices, one matrix per time slice (86 of them, about
 * half an hour apart); NaN where none was measured. Undefined where the files are missing.
 */
export function readSeattleTimes(): number[][][] | undefined {
  const path = conformanceFile('rtt-planetlab490-seattle99', 'seattle_every8th.tar.gz');
  if (path === undefined) return undefined;
  const names = run(TAR, ['-tzf', path])?.toString('utf8').trim().split('\n');
  return names?.toSorted().map((name) => {
    const text = run(TAR, ['-xzOf', path, name])?.toString('utf8') ?? '';
    return text
      .trim()
      .split('\n')
      .map((row) => row.trim().split(/\s+/).map(secondsOf));
  });
}

function secondsOf(text: string): number {
  const value = Number(text);
  // The measurements write 0 where there was no answer.
  return value > 0 ? value : Number.NaN;
}

function unpack(path: string | undefined): Uint8Array | undefined {
  if (path === undefined) return undefined;
  return path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : run(XZ, ['-dc', path]);
}

function run(command: string, args: readonly string[]): Buffer | undefined {
  const { status, stdout } = spawnSync(command, args, { maxBuffer: OUTPUT_BYTES_MAX });
  return status === 0 ? stdout : undefined;
}
