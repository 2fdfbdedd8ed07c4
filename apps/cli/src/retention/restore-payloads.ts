import type { MissingPayloads, PayloadRestore } from '@basalt/ledger';
import { ProtocolError } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import type { PayloadSource } from './payload-source.ts';

export interface RestoreOptions {
  readonly restore: PayloadRestore;
  /** Asked in this order; one that lies or fails is not asked again. */
  readonly sources: readonly PayloadSource[];
  readonly downTo: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: { readonly payloads: number; readonly bytes: number }) => void;
  /** A source is not asked any more. */
  readonly onRefused: (refused: RefusedSource) => void;
}

export interface RefusedSource {
  readonly url: string;
  readonly why: string;
  /** It sent something false; else it did not answer. */
  readonly isLie: boolean;
}

/** Brings payloads back, newest first, each held against its header before it is stored. */
export async function restorePayloads(options: RestoreOptions): Promise<void> {
  const { restore, downTo, signal, onProgress } = options;
  let sources = [...options.sources];
  const done = { payloads: 0, bytes: 0 };
  for await (const missing of restore.missing(downTo)) {
    let left = missing;
    for (const source of sources) {
      signal.throwIfAborted();
      if (!left.wanted.some((bytes) => (bytes ?? 0) > 0)) break;
      const answer = await ask(source, left, restore);
      if ('why' in answer) {
        sources = sources.filter((other) => other !== source);
        options.onRefused({ url: source.url, ...answer });
        continue;
      }
      done.payloads += answer.payloads;
      done.bytes += answer.bytes;
      left = answer.left;
      onProgress(done);
    }
    if (sources.length === 0) return;
    // What nobody has: an older one may be somewhere, and then this is a gap.
    if (left === missing) await restore.add(missing, []);
  }
}

type Answer =
  | { readonly payloads: number; readonly bytes: number; readonly left: MissingPayloads }
  | Pick<RefusedSource, 'why' | 'isLie'>;

async function ask(
  source: PayloadSource,
  missing: MissingPayloads,
  restore: PayloadRestore,
): Promise<Answer> {
  try {
    const payloads = await source.fetch(missing);
    if (payloads.every((payload) => payload === undefined)) {
      return { payloads: 0, bytes: 0, left: missing };
    }
    const { from, wanted } = missing;
    const added = await restore.add(missing, payloads);
    const left = wanted.map((bytes, i) => (payloads[i] === undefined ? bytes : undefined));
    return { ...added, left: { from, wanted: left } };
  } catch (error) {
    if (error instanceof ProtocolError) {
      const index = error.metadata?.['index'];
      const where = typeof index === 'number' ? ` for block ${index}` : '';
      return { why: `sent what the headers here do not name${where}`, isLie: true };
    }
    if (!(error instanceof CliError)) throw error;
    return { why: error.message, isLie: error.code === 'response-too-large' };
  }
}
