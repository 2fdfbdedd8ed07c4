import { readFileSync } from 'node:fs';
import { type Client, ClientError } from '@basalt/client';
import { createVerifierPool } from '@basalt/crypto';
import {
  type Block,
  blockHash,
  type Checkpoint,
  createNoteKey,
  equalBytes,
  openByPolicy,
  openCheckpoint,
  type Policy,
  ProtocolError,
  parsePolicy,
  parseVerifierKey,
  toHex,
} from '@basalt/protocol';
import { Command } from 'commander';
import { badArchive, type OpenArchive, openArchive } from '../archive/archive-file.ts';
import { ChainVerifier } from '../archive/chain-verifier.ts';
import { connect } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { BATCH_BLOCKS_MAX, BATCH_BYTES_MAX } from '../limits.ts';
import { findNamespace } from '../open-namespace.ts';
import { addExamples, addNodeOptions, type NodeOptions, policyOption } from '../options.ts';
import { formatAmount, formatCount } from '../view/numbers.ts';
import { Progress } from '../view/progress.ts';

interface Options extends NodeOptions {
  readonly policy?: string;
  readonly check?: boolean;
  readonly tokenFile?: string;
}

export function importCommand(context: Context): Command {
  const command = new Command('import')
    .description(
      'Verify an exported file (every rule, every signature, every payload, the tree, the signed ' +
        'checkpoint) and then put its blocks on a node. Blocks that are there are skipped, so an ' +
        'interrupted import goes on when it is run again.',
    )
    .argument('<file>', 'file of `basalt export`')
    .option('--check', 'verify the file only; no node is needed')
    .option('--token-file <file>', 'token for a node that lets only administrators make namespaces')
    .addOption(policyOption())
    .action((file: string, options: Options) => importFile(context, file, options));
  return addExamples(addNodeOptions(command), [
    'basalt import audit.basalt --check --policy policy.txt',
    'basalt import audit.basalt --url http://127.0.0.1:4712',
  ]);
}

async function importFile(context: Context, path: string, options: Options): Promise<void> {
  const archive = await openArchive(path).catch((error: unknown) => {
    if (error instanceof CliError) throw error;
    throw new CliError(EXIT.usage, 'unreadable', `${path}: ${String(error)}`, 'check the path');
  });
  try {
    const verified = await verifyArchive(context, path, archive, options);
    const written =
      options.check === true ? undefined : await sendArchive(context, path, archive, options);
    report(context, path, archive, options, { ...verified, written });
  } finally {
    await archive.close();
  }
}

interface VerifiedArchive {
  /** Who signed the checkpoint, in words. */
  readonly trust: string;
  /** Blocks that are there without their payload. */
  readonly absent: number;
}

/** @throws CliError `bad-archive`, ProtocolError codes as CliError of a failed check */
async function verifyArchive(
  context: Context,
  path: string,
  archive: OpenArchive,
  options: Options,
): Promise<VerifiedArchive> {
  const { head } = archive;
  const provider = context.provider();
  await using pool = createVerifierPool();
  const verifier = new ChainVerifier({ namespace: head.namespace, provider, pool });
  const { terminal, clock } = context;
  const progress = new Progress({ terminal, clock, label: 'verifying', noun: 'block' });
  try {
    const { checkpoint, trust } = openHead(context, archive, options);
    let position = archive.headBytes;
    let absent = 0;
    for await (const blocks of archive.blocks()) {
      context.signal.throwIfAborted();
      await verifier.add(blocks.map(({ block }) => block));
      for (const { block, bytes } of blocks) {
        position += bytes;
        if (block.payload === undefined) absent++;
      }
      progress.update({ count: verifier.size, done: verifier.size, total: head.size });
    }
    if (verifier.size !== head.size) {
      const found = `it holds ${formatCount(verifier.size)} of ${formatCount(head.size)} blocks`;
      throw badArchive(path, found);
    }
    if (position !== archive.sizeBytes) {
      throw badArchive(path, `${archive.sizeBytes - position} bytes are behind its last block`);
    }
    if (!equalBytes(verifier.root(), checkpoint.root)) {
      throw new ProtocolError(
        'inconsistent-checkpoint',
        'the tree over the blocks is not that of the signed checkpoint',
      );
    }
    return { trust, absent };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const message = `${path} does not hold: ${error.message}`;
    throw new CliError(EXIT.failedCheck, error.code, message, 'nothing was sent to the node');
  } finally {
    progress.end();
  }
}

function openHead(
  context: Context,
  { head }: OpenArchive,
  options: Options,
): { checkpoint: Checkpoint; trust: string } {
  const provider = context.provider();
  if (options.policy !== undefined) {
    const policy = policyFor(parsePolicy(options.policy), parseVerifierKey(head.verifierKey).name);
    return {
      checkpoint: openByPolicy(head.checkpoint, policy, provider).checkpoint,
      trust: 'signed as the policy asks',
    };
  }
  const key = parseVerifierKey(head.verifierKey);
  const { checkpoint } = openCheckpoint(head.checkpoint, [key], provider, { origin: key.name });
  return { checkpoint, trust: 'signed by the key that the file itself names (no --policy given)' };
}

/** A node's key in a policy stands for all logs below the node's name. */
function policyFor(policy: Policy, origin: string): Policy {
  const logs = policy.logs.map((log) => {
    const { name, type, publicKey } = log.key;
    const isNode = !/\/ns\/|\/super$/.test(name) && origin.startsWith(`${name}/`);
    return isNode ? { ...log, key: createNoteKey(origin, type, publicKey) } : log;
  });
  return { ...policy, logs };
}

/** Blocks that the node did not have. */
async function sendArchive(
  context: Context,
  path: string,
  archive: OpenArchive,
  options: Options,
): Promise<number> {
  const { head } = archive;
  const { terminal, clock } = context;
  const token =
    options.tokenFile === undefined ? undefined : readFileSync(options.tokenFile, 'utf8').trim();
  const { url } = options;
  const client = await connect(context, { url, ...(token === undefined ? {} : { token }) });
  const there = await findNamespace(client, head.namespace);
  const known = there?.size ?? 0;
  const progress = new Progress({ terminal, clock, label: 'sending', noun: 'block' });
  let batch: Block[] = [];
  let batchBytes = 0;
  let index = 0;
  let sent = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await submit(client, batch);
    sent += batch.length;
    batch = [];
    batchBytes = 0;
    progress.update({ count: sent, done: known + sent, total: Math.max(head.size, known) });
  };
  try {
    for await (const blocks of archive.blocks()) {
      context.signal.throwIfAborted();
      for (const { block, bytes } of blocks) {
        const at = index++;
        if (at < known) {
          if (at === Math.min(known, head.size) - 1) await compareAt(client, path, block);
          continue;
        }
        if (block.payload === undefined) throw withoutPayload(path, at);
        if (batch.length === BATCH_BLOCKS_MAX || batchBytes + bytes > BATCH_BYTES_MAX)
          await flush();
        batch.push(block);
        batchBytes += bytes;
      }
    }
    await flush();
    return sent;
  } finally {
    progress.end();
  }
}

function withoutPayload(path: string, index: number): CliError {
  return new CliError(
    EXIT.refused,
    'pruned',
    `the payload of block ${index} is not in ${path}, and a node takes whole blocks only`,
    '--check verifies the file; `basalt snapshot fetch` makes a node that has the headers',
  );
}

async function submit(client: Client, blocks: readonly Block[]): Promise<void> {
  const first = blocks[0]?.entry.header;
  const ifHead = first === undefined || first.index === 0 ? undefined : first.previous;
  const outcomes = await client.submit(blocks, { until: 'durable', ifHead });
  const refused = outcomes.find(({ status }) => status === 'rejected');
  if (refused === undefined) return;
  throw new CliError(
    EXIT.refused,
    refused.code ?? 'refused',
    `the node refused block ${refused.index}: ${refused.message ?? refused.code}`,
    'what came before it is there; run it again to go on',
  );
}

/** The node's chain and the file's must be one: their last common block is the same. */
async function compareAt(client: Client, path: string, block: Block): Promise<void> {
  const { namespace, index } = block.entry.header;
  const hash = toHex(blockHash(block.entry, block.payload));
  try {
    const served = await client.get(hash, { inclusion: 'if-covered' });
    if (served.index === index) return;
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'rejected') throw error;
  }
  throw new CliError(
    EXIT.failedCheck,
    'fork',
    `${path} and the node hold different blocks at index ${index} of ${namespace}`,
    'one of them was forked; ask whoever holds the key, nothing was sent',
  );
}

function report(
  { screen }: Context,
  path: string,
  { head }: OpenArchive,
  options: Options,
  { trust, absent, written }: VerifiedArchive & { readonly written: number | undefined },
): void {
  const { namespace, size } = head;
  if (options.json === true) {
    const facts = { valid: true, namespace, size, imported: written ?? null, checkpoint: trust };
    screen.line(JSON.stringify({ ...facts, payloadsAbsent: absent }));
    return;
  }
  const payloads =
    absent === 0
      ? 'and payload'
      : `and payload but ${formatAmount(absent, 'payload')} that the exporting node had pruned`;
  screen.line(
    `${screen.style('green', path)} holds: ${formatAmount(size, 'block')}, every rule, signature ` +
      `${payloads}; the tree is that of the checkpoint, ${trust}`,
  );
  if (written === undefined) return;
  const rest =
    written === size ? '' : `, ${formatAmount(size - written, 'block')} were there already`;
  screen.line(`${formatAmount(written, 'block')} sent to ${options.url}${rest}`);
}
