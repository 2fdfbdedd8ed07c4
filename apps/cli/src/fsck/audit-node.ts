import { type Client, ClientError, createSnapshotDownload } from '@basalt/client';
import { createVerifierPool, type VerifierPool } from '@basalt/crypto';
import {
  type Block,
  decodeBlockPrefix,
  decodeBundle,
  decodeEntry,
  entriesPath,
  equalBytes,
  type NamespaceId,
  openSnapshotChunk,
  ProtocolError,
  replayKeyBlocks,
  TILE_WIDTH,
  TileBuilder,
} from '@basalt/protocol';
import { type ChainBegin, ChainVerifier } from '../archive/chain-verifier.ts';
import { clientOptions, connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { type ChainView, fetchFrom, fetchJson } from '../node-api.ts';
import { requireNamespace } from '../open-namespace.ts';
import type { AuditReport, AuditWatch } from './audit-report.ts';

export interface NodeAuditOptions {
  readonly url: string;
  readonly namespace?: string;
  readonly policy?: string;
}

/**
 * Reads a log through its tiles and checks it from the first entry on that the node has: places,
 * links, writers, signatures, and the tree against the signed checkpoint. Payloads stay where they
 * are, except those of key blocks: the header's hash of a payload is under the signature.
 */
export async function auditNode(
  context: Context,
  options: NodeAuditOptions,
  watch: AuditWatch,
): Promise<AuditReport> {
  const { url, policy } = options;
  const client = await connect(context, { url, ...(policy === undefined ? {} : { policy }) });
  const targets: { namespace: NamespaceId; size: number }[] = [];
  if (options.namespace !== undefined) {
    targets.push(await requireNamespace(client, options.namespace));
  } else {
    for await (const summary of client.namespaces()) targets.push(summary);
  }
  const total = targets.reduce((sum, target) => sum + target.size, 0);
  await using pool = createVerifierPool();
  let findings = 0;
  let blocks = 0;
  for (const { namespace } of targets) {
    const begin = await readBegin(context, options, namespace);
    const provider = context.provider();
    const verifier = new ChainVerifier({ namespace, provider, pool, ...begin });
    const first = verifier.size;
    const onPage = (): void =>
      watch.onProgress(blocks + verifier.size - first, Math.max(total, blocks));
    try {
      await auditLog(context, { client, url, namespace, verifier, pool, onPage });
    } catch (error) {
      const isFinding =
        error instanceof ProtocolError ||
        (error instanceof ClientError && error.kind === 'refused');
      if (!isFinding) throw error;
      findings++;
      const { code, message } = error;
      watch.onFinding({ code, namespace, index: verifier.size, message });
    }
    blocks += verifier.size - first;
  }
  const checked = 'every entry, link, writer and signature, the tree under the signed checkpoint';
  return { namespaces: targets.length, blocks, findings, checked };
}

interface LogAudit {
  readonly client: Client;
  readonly url: string;
  readonly namespace: NamespaceId;
  readonly verifier: ChainVerifier;
  readonly pool: VerifierPool;
  readonly onPage: () => void;
}

async function auditLog(context: Context, audit: LogAudit): Promise<void> {
  const { client, url, namespace, verifier, onPage } = audit;
  const { signal } = context;
  const { checkpoint } = await client.checkpoint(namespace, { signal });
  const payloads = await readKeyPayloads(url, namespace, signal);
  for (let index = verifier.size / TILE_WIDTH; verifier.size < checkpoint.size; index++) {
    const width = Math.min(TILE_WIDTH, checkpoint.size - index * TILE_WIDTH);
    const path = `/ns/${namespace}/${entriesPath({ index, width })}`;
    const answer = await fetchFrom(url, path, '*/*', signal);
    const entries = decodeBundle(new Uint8Array(await answer.arrayBuffer()), width);
    const blocks = entries.map((bytes): Block => {
      const entry = decodeEntry(bytes);
      return { entry, payload: payloads.get(entry.header.index) };
    });
    await verifier.add(blocks);
    onPage();
  }
  if (equalBytes(verifier.root(), checkpoint.root)) return;
  throw new ProtocolError(
    'inconsistent-checkpoint',
    `the ${checkpoint.size} entries have another tree than the signed checkpoint`,
  );
}

/** What is before the first block of a copy, verified; nothing for a whole namespace. */
async function readBegin(
  context: Context,
  { url, policy }: NodeAuditOptions,
  namespace: NamespaceId,
): Promise<{ readonly begin?: ChainBegin }> {
  const { signal } = context;
  const view = await fetchJson<ChainView>(url, `/chains/${namespace}`, signal);
  const { beginsAt = 0, checkpointSize } = view;
  if (beginsAt === 0) return {};
  const trust = policy === undefined ? { url } : { url, policy };
  const download = createSnapshotDownload(await clientOptions(context, trust));
  const blocks = checkpointSize - beginsAt;
  const { manifest } = await download.manifest({
    namespace,
    height: checkpointSize,
    blocks,
    signal,
  });
  const { from: size, edge, keyBlocks } = manifest;
  const older: Block[] = [];
  const provider = context.provider();
  for (const [chunk, index] of keyBlocks.entries()) {
    if (index >= size) break;
    const bytes = await download.chunk(manifest, chunk, { signal });
    const opened = openSnapshotChunk(manifest, chunk, bytes, provider);
    if (opened.kind === 'key-block') older.push(opened.block);
  }
  const { sha256 } = provider;
  const range = new TileBuilder({ size, leaves: new Uint8Array(0), edge }, sha256).range();
  return { begin: { range, keys: replayKeyBlocks(older, provider) } };
}

/** Payloads of key blocks by index; their hashes are checked with the entries. */
async function readKeyPayloads(
  url: string,
  namespace: NamespaceId,
  signal: AbortSignal,
): Promise<Map<number, Uint8Array>> {
  const path = `/chains/${namespace}/keys`;
  const answer = await fetchFrom(url, path, 'application/x-basalt-blocks', signal);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const payloads = new Map<number, Uint8Array>();
  for (let offset = 0; offset < bytes.length; ) {
    const { block, end } = decodeBlockPrefix(bytes, offset);
    if (block.payload !== undefined) payloads.set(block.entry.header.index, block.payload);
    offset = end;
  }
  return payloads;
}
