import { existsSync, readFileSync } from 'node:fs';
import {
  ClientError,
  isTransactionProof,
  tlogProofOf,
  type VerifiedProof,
  type VerifyProofOptions,
  verifyProof,
  verifyTransactionProof,
} from '@basalt/client';
import {
  checkPayload,
  decodeEntry,
  type Entry,
  type NamespaceId,
  ProtocolError,
  parseCheckpoint,
  parseTlogProof,
  toHex,
  verifySignature,
} from '@basalt/protocol';
import { Command } from 'commander';
import { transactionLines, transactionReport } from '../chain/transaction-report.ts';
import { readKeptLogKey } from '../connection.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { possibleRecords } from '../input/files-source.ts';
import { RECORD_BYTES_MAX } from '../limits.ts';
import { addExamples, jsonOption, maxAgeOption, policyOption } from '../options.ts';
import { type CheckLine, formatChecks, witnessLine } from '../view/checks.ts';
import { formatBytes, formatTime } from '../view/numbers.ts';

interface Options {
  readonly policy?: string;
  readonly maxAge?: number;
  readonly record?: string;
  readonly keyBlocks?: string;
  readonly json?: boolean;
}

export function verifyCommand(context: Context): Command {
  const command = new Command('verify')
    .description(
      'Check a proof file without asking anybody: the entry is in the tree, the tree is signed ' +
        'by a log that you believe. With --record also that a copy of the record is the one ' +
        'that was appended. A file of `basalt prove tx` shows a transaction and its receipt. ' +
        'Without --policy the log key counts that this computer saw first.',
    )
    .argument('<proof>', 'a .tlog-proof file or one of a transaction, - for standard input')
    .option(
      '--record <file>',
      'a copy of the record: the payload itself (a line feed at its end may be there or not), ' +
        'or a file that was appended as a file',
    )
    .option('--key-blocks <file>', 'of `basalt prove`: check the writer’s signature with them')
    .addOption(policyOption())
    .addOption(maxAgeOption())
    .addOption(jsonOption())
    .action((proof: string, options: Options) => verify(context, proof, options));
  return addExamples(command, [
    'basalt verify 4711.tlog-proof --policy policy.txt',
    'basalt verify 4711.tlog-proof --policy policy.txt --record entry.json',
    'basalt verify 12.tlog-proof --record contracts/plan.pdf',
    'basalt verify tx.proof --policy policy.txt',
  ]);
}

async function verify(context: Context, path: string, options: Options): Promise<void> {
  const proof = readInput(path === '-' ? 0 : path).toString();
  if (isTransactionProof(proof)) return await verifyTransaction(context, path, proof, options);
  const { entry, origin } = readProof(proof, path);
  const trust = await readTrust(context, options, entry.header.namespace, origin);
  const verified = await verifyProof({
    ...believed(context, options, trust.verifierKey),
    proof,
  }).catch((error: unknown) => {
    throw explainProofError(error, path);
  });
  const record =
    options.record === undefined ? undefined : await matchRecord(options.record, entry);
  const isOwnKey = !verified.verified.signature && hasGoodOwnSignature(context, entry);
  report(context, options, { path, entry, verified, record, trust: trust.words, isOwnKey });
}

async function verifyTransaction(
  context: Context,
  path: string,
  text: string,
  options: Options,
): Promise<void> {
  const { screen } = context;
  const explain = (error: unknown): never => {
    throw explainProofError(error, path);
  };
  const { entry, origin } = readProof(
    asProof(() => tlogProofOf(text), path),
    path,
  );
  const trust = await readTrust(context, options, entry.header.namespace, origin);
  const beliefs = believed(context, options, trust.verifierKey);
  const proven = await verifyTransactionProof(text, beliefs).catch(explain);
  if (options.json === true) screen.line(JSON.stringify(transactionReport(proven)));
  else for (const line of transactionLines(screen, path, proven, trust.words)) screen.line(line);
}

function asProof<Result>(read: () => Result, path: string): Result {
  try {
    return read();
  } catch (error) {
    throw explainProofError(error, path);
  }
}

/** Whom to believe, and with what. */
function believed(
  context: Context,
  { policy, maxAge, keyBlocks }: Options,
  verifierKey: string | undefined,
): Omit<VerifyProofOptions, 'proof'> {
  return {
    provider: context.provider(),
    clock: context.clock,
    ...(policy === undefined ? {} : { policy }),
    ...(maxAge === undefined ? {} : { staleAfterSeconds: maxAge }),
    ...(verifierKey === undefined ? {} : { verifierKeys: [verifierKey] }),
    ...(keyBlocks === undefined ? {} : { keyBlocks: readInput(keyBlocks) }),
  };
}

function readInput(path: string | number): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, 'unreadable', message, 'check the path');
  }
}

function readProof(proof: string, path: string): { entry: Entry; origin: string } {
  try {
    const { extra, note } = parseTlogProof(proof);
    const { origin } = parseCheckpoint(note.text);
    if (extra !== undefined) return { entry: decodeEntry(extra), origin };
  } catch (error) {
    throw explainProofError(error, path);
  }
  throw new CliError(
    EXIT.failedCheck,
    'missing-block',
    `${path} does not carry the log entry that it proves`,
    'make the proof with `basalt prove`: it puts the entry in',
  );
}

function explainProofError(error: unknown, path: string): unknown {
  const isBad = error instanceof ProtocolError || error instanceof ClientError;
  if (!isBad || (error instanceof ClientError && error.kind === 'usage')) return error;
  const hint =
    error.code === 'policy-unsatisfied'
      ? 'witnesses cosign the super-log alone: a policy with `quorum none` checks the signature ' +
        'of the block’s own log, and `basalt get --policy` shows what the witnesses saw'
      : undefined;
  return new CliError(
    EXIT.failedCheck,
    error.code,
    `${path} does not hold: ${error.message}`,
    hint,
  );
}

/** From the policy, or the key that was kept when this computer first saw the log. */
async function readTrust(
  context: Context,
  options: Options,
  namespace: NamespaceId,
  origin: string,
): Promise<{ verifierKey: string | undefined; words: string }> {
  if (options.policy !== undefined) return { verifierKey: undefined, words: 'in the policy' };
  const verifierKey = await readKeptLogKey(context.home, namespace, origin);
  if (verifierKey !== undefined) {
    return { verifierKey, words: 'kept on this computer since it first saw the log' };
  }
  throw new CliError(
    EXIT.usage,
    'no-trust',
    'a proof says nothing without a log key to believe, and this computer has not seen this log',
    'give --policy policy.txt; `basalt policy --url <node you trust> > policy.txt` writes one',
  );
}

/** @throws CliError `payload-mismatch` when no reading of the file is the record */
async function matchRecord(path: string, entry: Entry): Promise<string> {
  const fits = (payload: Uint8Array): boolean => {
    try {
      checkPayload(entry, payload);
      return true;
    } catch {
      return false;
    }
  };
  if (!existsSync(path)) {
    const message = `there is no file ${path}`;
    throw new CliError(EXIT.usage, 'unreadable', message, 'check the path');
  }
  const bytes = new Uint8Array(readInput(path));
  if (bytes.length <= RECORD_BYTES_MAX + 2) {
    if (fits(bytes)) return 'byte for byte the one that was appended';
    const line = withoutLineEnd(bytes);
    if (line !== undefined && fits(line)) return 'the one that was appended (without its line end)';
  }
  for await (const record of possibleRecords(path)) {
    if (fits(record)) return 'the file that was appended: name, type and every byte';
  }
  throw new CliError(
    EXIT.failedCheck,
    'payload-mismatch',
    `${path} is not the record of this proof: it was changed, or it is another one`,
    'a file record holds the file’s name too: use the name that it had, or the payload itself ' +
      '(`basalt get --payload`)',
  );
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.at(-1) !== 0x0a) return undefined;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

/** Where the writer's key is one of this person's, its signature can be checked as well. */
function hasGoodOwnSignature(context: Context, entry: Entry): boolean {
  const keys = context.keys({ unattended: true });
  const wanted = toHex(entry.header.keyId);
  for (const name of keys.allNames()) {
    try {
      const key = keys.summary(name);
      if (key.keyId !== wanted) continue;
      return verifySignature(entry, key.publicKey, undefined, context.provider()) === undefined;
    } catch {
      // A file that is no key is no reason to refuse a proof.
    }
  }
  return false;
}

interface Report {
  readonly path: string;
  readonly entry: Entry;
  readonly verified: VerifiedProof;
  /** How the record matches; undefined where none was given. */
  readonly record: string | undefined;
  readonly trust: string;
  readonly isOwnKey: boolean;
}

function report(context: Context, options: Options, result: Report): void {
  const { screen } = context;
  const { header } = result.entry;
  const { checkpoint, witnesses, witnessedMs, verified } = result.verified;
  if (options.json === true) {
    screen.line(
      JSON.stringify({
        valid: true,
        namespace: header.namespace,
        index: header.index,
        hash: result.verified.hash === undefined ? null : toHex(result.verified.hash),
        timestampMs: header.timestampMs,
        payloadHash: toHex(header.payloadHash),
        payloadLength: header.payloadLength,
        keyId: toHex(header.keyId),
        checkpoint: { ...checkpoint, root: toHex(checkpoint.root) },
        checked: {
          record: result.record !== undefined,
          inclusion: true,
          checkpoint: true,
          policy: options.policy !== undefined,
          witnesses,
          witnessedMs: witnessedMs ?? null,
          signature: verified.signature || result.isOwnKey,
          writer: verified.writer,
        },
      }),
    );
    return;
  }
  screen.line(screen.style(['green', 'bold'], `${result.path} holds`));
  const checks = checkLines(options, result, context.clock.nowMs());
  for (const line of formatChecks(screen, checks)) screen.line(line);
  const when = formatTime(header.timestampMs);
  screen.line(
    screen.style('dim', `  dated ${when} by its writer; nobody else vouches for the time`),
  );
}

function checkLines(options: Options, result: Report, nowMs: number): CheckLine[] {
  const { header } = result.entry;
  const { checkpoint, witnesses, verified } = result.verified;
  const line = (name: string, holds: boolean, words: string): CheckLine => ({
    name,
    holds: holds ? true : undefined,
    words,
  });
  const key = `key ${toHex(header.keyId).slice(0, 16)}…`;
  const noRecord =
    `not compared: the proof is about ${formatBytes(header.payloadLength)} with ` +
    `SHA-256 ${toHex(header.payloadHash).slice(0, 16)}…; give a copy with --record`;
  const noneBy = options.policy === undefined ? ': no policy was given' : ' by the policy';
  const isSigned = verified.signature || result.isOwnKey;
  const whose = verified.writer ? ', who was the writer then' : ', one of your own keys';
  return [
    line('record', result.record !== undefined, result.record ?? noRecord),
    line(
      'inclusion',
      true,
      `block ${header.index} of ${header.namespace} is in the tree of ${checkpoint.size}`,
    ),
    line('checkpoint', true, `signed by the log ${checkpoint.origin}; its key is ${result.trust}`),
    witnesses.length > 0
      ? witnessLine(result.verified, nowMs)
      : line('witnesses', false, `none asked for${noneBy}`),
    line(
      'signature',
      isSigned,
      isSigned ? `by ${key}${whose}` : `by ${key}: not checked; give --key-blocks`,
    ),
  ];
}
