import type { Ledger } from '@basalt/ledger';
import { type NamespaceId, sha256, toHex, utf8 } from '@basalt/protocol';
import { type LogName, logKey, type Origin, type Origins } from '../relay/origins.ts';

/** A log that this node may mirror. */
export interface MirroredLog {
  readonly origin: Origin;
  readonly name: LogName;
  /** First line of its checkpoints. */
  readonly line: string;
  /** SHA-256 of that line in hex: its place below the monitoring prefix. */
  readonly hash: string;
  /** Where its blocks are in the own ledger. */
  readonly namespace: NamespaceId;
}

/** The log with that origin line, if it is one of an origin that is known here. */
export function findLog(origins: Origins, line: string): MirroredLog | undefined {
  for (const origin of origins.all()) {
    if (!origin.isMirrored || !line.startsWith(`${origin.name}/`)) continue;
    const rest = line.slice(origin.name.length + 1);
    const uuid = /^ns\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(rest)?.[1];
    const name = rest === 'super' ? rest : (uuid as LogName | undefined);
    const namespace = name === 'super' ? origins.superOf(origin) : (name as NamespaceId);
    if (name === undefined || namespace === undefined) continue;
    return { origin, name, line, hash: lineHash(line), namespace };
  }
  return undefined;
}

/** The log with that hash, among those with a checkpoint here. */
export function findLogByHash(origins: Origins, hash: string): MirroredLog | undefined {
  for (const origin of origins.all()) {
    if (!origin.isMirrored) continue;
    for (const name of origins.logs(origin)) {
      const line = logKey(origin, name).name;
      if (lineHash(line) === hash) return findLog(origins, line);
    }
  }
  return undefined;
}

export function lineHash(line: string): string {
  return toHex(sha256(utf8(line)));
}

/** First index whose payload is still here: what a mirror holds starts there. */
export async function minimumIndex(ledger: Ledger, namespace: NamespaceId): Promise<number> {
  return (await ledger.info(namespace))?.payloadsFrom ?? 0;
}
