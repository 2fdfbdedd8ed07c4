import { join } from 'node:path';
import type { Client } from '@basalt/client';
import { type ChainTip, type NamespaceId, tipAfter, type WriteConsistency } from '@basalt/protocol';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { ensureFolder } from './home.ts';
import { createHttpSink } from './http-sink.ts';
import type { AppendTarget } from './journal/append-source.ts';
import { DiskStorage } from './journal/disk-storage.ts';
import { Journal, NEWEST } from './journal/journal.ts';
import type { OwnNamespace } from './open-namespace.ts';
import { formatAmount } from './view/numbers.ts';

/** A namespace that is ours alone until it is closed, with everything older settled. */
export interface OpenJournal extends AsyncDisposable {
  readonly target: AppendTarget;
  readonly tip: ChainTip;
}

/**
 * Takes the lock of a namespace, settles what an interrupted run left open, and asks for the head.
 *
 * @throws CliError `busy`, `other-node`, `lost-blocks`
 */
export async function openJournal(
  context: Context,
  client: Client,
  url: string,
  own: Pick<OwnNamespace, 'namespace' | 'label' | 'signer'>,
  consistency: WriteConsistency = 'durable',
): Promise<OpenJournal> {
  const { namespace, signer } = own;
  const folder = ensureFolder(join(context.home.journals, namespace));
  const lock: FolderLock = lockFolder(folder, `the namespace "${own.label}"`);
  const storage = new DiskStorage(folder);
  const close = async (): Promise<void> => {
    await storage.close();
    lock.release();
  };
  try {
    const journal = new Journal(storage);
    const sink = createHttpSink({ client, url, namespace, consistency });
    // Before anything is sent or forgotten: on a head that lies behind, all of it would be a fork.
    const { block } = await client.head(namespace);
    const newest = await journal.newestIndex(url);
    const { index } = block.entry.header;
    if (index < newest) throw lostBlocks(join(folder, NEWEST), index, newest);
    await recover(context, journal, sink);
    const head = await client.head(namespace);
    const target = {
      namespace,
      journal,
      sink,
      signer,
      provider: context.provider(),
      clock: context.clock,
    };
    return { target, tip: tipAfter(head.block, head.hash), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * For a namespace that the node says it does not have: whether it may be founded there.
 *
 * @throws CliError `lost-blocks` where blocks of this computer were in it
 */
export async function refuseIfLost(
  context: Context,
  url: string,
  namespace: NamespaceId,
): Promise<void> {
  const folder = join(context.home.journals, namespace);
  const storage = new DiskStorage(folder);
  const newest = await new Journal(storage).newestIndex(url);
  if (newest >= 0) throw lostBlocks(join(folder, NEWEST), -1, newest);
}

function lostBlocks(file: string, index: number, newest: number): CliError {
  const has =
    index < 0 ? 'does not have this namespace' : `has this namespace up to block ${index}`;
  return new CliError(
    EXIT.refused,
    'lost-blocks',
    `the node ${has}, and block ${newest} of this computer was in it before: the node was set ` +
      'back to an older copy, it hides blocks, or it is another node, which has not got them yet',
    'nothing was signed: a second block for an index is a fork. Bring the node’s newest data ' +
      `back; where the blocks are gone for good and nobody holds a copy, delete ${file}`,
  );
}

async function recover(
  { terminal }: Context,
  journal: Journal,
  sink: Parameters<Journal['recover']>[0],
): Promise<void> {
  const { taken, refusal } = await journal.recover(sink);
  if (taken > 0) {
    terminal.line(
      `an interrupted run is settled: its last ${formatAmount(taken, 'block')} are there`,
    );
  }
  if (refusal === undefined) return;
  const { index, code, message } = refusal;
  terminal.line(
    `block ${index} of an interrupted run was refused (${code}: ${message}); it is signed anew`,
  );
}
