import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  completeGenesis,
  createStateEngine,
  decodeChainPayload,
  exportSnapshot,
  importSnapshot,
  readGenesis,
  type SnapshotTarget,
} from '@basalt/execution';
import { LedgerError } from '@basalt/ledger';
import {
  checkPayload,
  decodeEntry,
  equalBytes,
  fromHex,
  leafHash,
  toHex,
  verifyInclusion,
} from '@basalt/protocol';
import type { Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import { openNodeKey } from '../node-keys-shell.ts';
import { Parts } from '../parts.ts';
import { readChainFile } from './chain-file-shell.ts';
import { type LedgerBlockLog, openLedgerBlockLog } from './ledger-block-log-shell.ts';
import type { OpenChainComponents } from './open-chain-shell.ts';
import { openChainOf, openFolder } from './open-folder-shell.ts';
import { readStateFile, type StateFileHead, stateFile } from './state-file.ts';

export interface ChainStateOptions {
  readonly config: NodeConfig;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Told after each chunk. */
  readonly onProgress: (progress: { readonly chunks: number; readonly bytes: number }) => void;
}

export interface ExportStateOptions extends ChainStateOptions {
  /** The newest block where absent. */
  readonly block: number | undefined;
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

export interface ImportStateOptions extends ChainStateOptions {
  /** What an export wrote, in pieces of any size. */
  readonly source: AsyncIterable<Uint8Array>;
}

export interface ChainStateInfo extends SnapshotTarget {
  readonly chunks: number;
  readonly bytes: number;
}

/**
 * Writes the state of a chain after a block, in chunks of which each verifies alone. No other
 * process may have the folder open.
 *
 * @throws NodeError as `startNode`; ExecutionError `unknown-state` for a block whose state is not
 *   kept
 */
export async function exportChainState(options: ExportStateOptions): Promise<ChainStateInfo> {
  const { config, logger, signal, write, onProgress } = options;
  requireChain(config);
  return await withParts(async (parts) => {
    const folder = await openFolder(config, logger, parts);
    const { chain, world } = await openChainOf(folder, config, () => undefined, parts);
    const number = options.block ?? Number(chain.head().header.number);
    const block = await chain.block(number);
    if (block === undefined) {
      throw new NodeError('bad-config', `the chain ends before block ${number}`);
    }
    const target = { number, blockHash: block.hash, root: block.header.stateRoot };
    let [chunks, bytes] = [0, 0];
    for (const piece of stateFile(target, exportSnapshot(world, number))) {
      signal.throwIfAborted();
      await write(piece.bytes);
      bytes += piece.bytes.length;
      if (piece.isChunk) onProgress({ chunks: ++chunks, bytes });
    }
    return { ...target, chunks, bytes };
  });
}

/**
 * Fills a chain that has its log but no state: the block is looked up in the log, must be under the
 * ledger's newest checkpoint, and its root is what every chunk is verified against. What is there
 * already of the same block is stepped over. Blocks above are run at the next start.
 *
 * @throws NodeError as `startNode`, `bad-config` where the log has another block or none;
 *   ExecutionError `invalid-snapshot`: what was verified before stays
 */
export async function importChainState(options: ImportStateOptions): Promise<ChainStateInfo> {
  const { config, logger, signal, source, onProgress } = options;
  requireChain(config);
  return await withParts(async (parts) => {
    const folder = await openFolder(config, logger, parts);
    const file = readStateFile(source);
    const target = await provenTarget(folder, await file.head());
    const engine = await createStateEngine({ path: join(folder.dataDir, 'chain', 'state') });
    parts.onStop(() => engine.close());
    let [chunks, bytes] = [0, 0];
    async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of file.chunks()) {
        signal.throwIfAborted();
        yield chunk;
        bytes += chunk.length;
        onProgress({ chunks: ++chunks, bytes });
      }
    }
    await importSnapshot({ engine, ...target, chunks: counted() });
    return { ...target, chunks, bytes };
  });
}

/** The block that a file says it is of, as the ledger has it: nothing else of the file counts. */
async function provenTarget(
  folder: OpenChainComponents,
  head: StateFileHead,
): Promise<SnapshotTarget> {
  const { ledger, crypto, dataDir } = folder;
  const { signer } = await openNodeKey(join(dataDir, 'chain.key'), crypto, undefined);
  const log = await openLedgerBlockLog({ ledger, signer, crypto });
  const { number } = head;
  if (number === 0) return requireSame(head, await genesisTarget(dataDir));
  const logIndex = await findEntry(log, number);
  if (logIndex === undefined) {
    throw new NodeError('bad-config', `the chain in ${dataDir} has no block ${number}`);
  }
  const { namespace } = log;
  const index = log.ledgerIndex(logIndex);
  const [view, proof] = await Promise.all([
    ledger.blockAt(namespace, index),
    ledger.inclusionProof(namespace, index).catch(explainUncovered(number)),
  ]);
  const payload = await log.read(logIndex);
  if (view === undefined) throw new NodeError('data-damaged', `entry ${index} is not there`);
  checkPayload(decodeEntry(view.entry), payload, crypto);
  const { size, root, hashes } = proof;
  verifyInclusion({ leafHash: leafHash(view.entry), index, size, root, proof: hashes });
  const entry = decodeChainPayload(payload);
  if (entry.kind !== 'block') throw new NodeError('data-damaged', `entry ${index} is no block`);
  const { hash, header } = entry.block;
  return requireSame(head, { number, blockHash: hash, root: header.stateRoot });
}

/** Which checkpoints there are is the node's: a command signs none. */
function explainUncovered(number: number): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof LedgerError) || error.code !== 'not-covered') throw error;
    const message =
      `no signed checkpoint covers block ${number} yet: the node signs one when it is started, ` +
      'which goes without the chain too (`basalt start --no-chain`)';
    throw new NodeError('bad-config', message, { cause: error });
  };
}

/** Where in the log the block of this number is that counts, from its end. */
async function findEntry(log: LedgerBlockLog, number: number): Promise<number | undefined> {
  /** Blocks above were undone by an entry behind. */
  let highest = Number.POSITIVE_INFINITY;
  for (let logIndex = log.length - 1; logIndex >= 0; logIndex--) {
    const entry = decodeChainPayload(await log.read(logIndex));
    if (entry.kind === 'rewind') highest = Math.min(highest, entry.number);
    else if (number > highest) return undefined;
    else if (Number(entry.block.header.number) === number) return logIndex;
  }
  return undefined;
}

async function genesisTarget(dataDir: string): Promise<SnapshotTarget> {
  const file = await readChainFile(join(dataDir, 'chain', 'chain.json'));
  const root = fromHex(file?.stateRoot ?? '');
  const { hash } = completeGenesis(readGenesis(file?.genesis), root);
  return { number: 0, blockHash: hash, root };
}

function requireSame(head: StateFileHead, target: SnapshotTarget): SnapshotTarget {
  if (equalBytes(head.blockHash, target.blockHash)) return target;
  const [theirs, ours] = [head.blockHash, target.blockHash].map((hash) => `0x${toHex(hash)}`);
  const message = `the file is of block ${head.number} with hash ${theirs}; this chain has ${ours}`;
  throw new NodeError('bad-config', message);
}

function requireChain({ dataDir }: NodeConfig): void {
  if (!existsSync(join(resolve(dataDir), 'chain', 'chain.json'))) {
    throw new NodeError('bad-config', `there is no chain in ${dataDir} (chain/chain.json)`);
  }
  // One would be made, and a namespace with it.
  const key = join(resolve(dataDir), 'chain.key');
  if (!existsSync(key)) throw new NodeError('key-damaged', `${key} is missing`);
}

async function withParts<Result>(run: (parts: Parts) => Promise<Result>): Promise<Result> {
  const parts = new Parts();
  try {
    return await run(parts);
  } finally {
    await parts.stop();
  }
}
