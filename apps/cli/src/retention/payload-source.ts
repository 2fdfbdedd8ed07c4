import type { MissingPayloads } from '@basalt/ledger';
import { decodeBlockPrefix, type NamespaceId, ProtocolError } from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { PAGE_BODY_BYTES_MAX } from '../limits.ts';
import { type ChainView, fetchFrom, fetchJson } from '../node-api.ts';

/** A node that may have payloads; it is trusted with nothing. */
export interface PayloadSource {
  readonly url: string;
  /**
   * Payloads as it sends them, not checked; undefined where it has none, or none is wanted.
   *
   * @throws CliError; ProtocolError where it sends what is no block
   */
  fetch(missing: MissingPayloads): Promise<(Uint8Array | undefined)[]>;
}

/** @throws CliError where it does not answer, or has not got the namespace */
export async function openPayloadSource(
  url: string,
  namespace: NamespaceId,
  signal: AbortSignal,
): Promise<PayloadSource> {
  const { payloadsFrom, size } = await fetchJson<ChainView>(url, `/chains/${namespace}`, signal);
  return {
    url,
    async fetch({ from, wanted }) {
      const payloads: (Uint8Array | undefined)[] = wanted.map(() => undefined);
      for (let at = 0; at < wanted.length; ) {
        const index = from + at;
        const isWanted = (wanted[at] ?? 0) > 0 && index >= payloadsFrom && index < size;
        if (!isWanted) {
          at++;
          continue;
        }
        const page = await fetchPage(url, namespace, index, wanted.length - at, signal);
        for (const [i, payload] of page.entries()) {
          if (wanted[at + i] !== undefined) payloads[at + i] = payload;
        }
        // An empty page: the payload of its first block is one of those that went there too.
        at += Math.max(1, page.length);
      }
      return payloads;
    },
  };
}

async function fetchPage(
  url: string,
  namespace: NamespaceId,
  from: number,
  count: number,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const path = `/chains/${namespace}/blocks?from=${from}&count=${count}`;
  let answer: Response;
  try {
    answer = await fetchFrom(url, path, 'application/x-basalt-blocks', signal);
  } catch (error) {
    if (error instanceof CliError && error.code === 'pruned') return [];
    throw error;
  }
  const bytes = await readBounded(answer, url);
  const payloads: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length && payloads.length < count; ) {
    const { block, end } = decodeBlockPrefix(bytes, offset);
    payloads.push(block.payload ?? new Uint8Array(0));
    offset = end;
  }
  if (payloads.length === 0) throw new ProtocolError('malformed', 'expected at least one block');
  return payloads;
}

/** @throws CliError `response-too-large`: an answer without an end fills no memory */
async function readBounded(answer: Response, url: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of answer.body ?? []) {
    length += piece.length;
    if (length > PAGE_BODY_BYTES_MAX) {
      const message = `${url} sends more than a page of blocks can have`;
      throw new CliError(EXIT.failedCheck, 'response-too-large', message);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
