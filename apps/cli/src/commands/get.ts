import type { ServedBlock } from '@basalt/client';
import { algorithmName, encodeBlock, payloadTypeName, toHex } from '@basalt/protocol';
import { Command, Option } from 'commander';
import { type ReadConsistency, readConsistencyOption, staleOk } from '../consistency.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { decodeFileRecord } from '../input/file-record.ts';
import {
  addExamples,
  addNodeOptions,
  maxAgeOption,
  type NodeOptions,
  policyOption,
} from '../options.ts';
import { type ReadBlock, readBlock } from '../read-block.ts';
import { blockJson } from '../view/block-json.ts';
import { describeVerified, formatChecks, witnessLine } from '../view/checks.ts';
import { formatBytes, formatTime } from '../view/numbers.ts';
import { isShowable, previewPayload } from '../view/payload-preview.ts';

interface Options extends NodeOptions {
  readonly consistency: ReadConsistency;
  readonly namespace?: string;
  readonly policy?: string;
  readonly maxAge?: number;
  readonly payload?: boolean;
  readonly file?: boolean;
  readonly block?: boolean;
}

export function getCommand(context: Context): Command {
  const command = new Command('get')
    .description(
      'Show one block, by its index in a namespace or by its hash, with what was checked about ' +
        'it; or write its payload to standard output. A block that does not verify is refused. ' +
        'Under a policy with a quorum it is shown to lie in what the witnesses have cosigned.',
    )
    .argument('<block>', 'index, or hash in hex')
    .addOption(new Option('-n, --namespace <name>', 'label or id; needed with an index'))
    .option('--payload', 'write the payload, byte for byte')
    .option('--file', 'write the file inside a file record')
    .option('--block', 'write the whole block in wire form')
    .addOption(policyOption())
    .addOption(maxAgeOption())
    .addOption(readConsistencyOption())
    .action((block: string, options: Options) => get(context, block, options));
  return addExamples(addNodeOptions(command), [
    'basalt get --namespace audit 4711',
    'basalt get --namespace audit 4711 --payload > entry.json',
    'basalt get --namespace audit 4711 --policy witnesses.txt --max-age 60',
    'basalt get --namespace papers 12 --file > contract.pdf',
    'basalt get 5d2c0f6e…64 hex digits… --json',
  ]);
}

async function get(context: Context, text: string, options: Options): Promise<void> {
  const { policy, namespace, maxAge } = options;
  const read = await readBlock(context, {
    block: text,
    namespace,
    maxAge,
    url: options.url,
    ...staleOk(options.consistency),
    ...(policy === undefined ? {} : { policy }),
  });
  const { served } = read;
  const { output } = context;
  if (options.block === true) output.write(encodeBlock(served.block));
  else if (options.payload === true) output.write(payloadOf(served));
  else if (options.file === true) output.write(fileOf(served));
  else if (options.json === true) context.screen.line(JSON.stringify(readJson(context, read)));
  else showBlock(context, read);
}

function payloadOf({ block, index }: ServedBlock): Uint8Array {
  if (block.payload !== undefined) return block.payload;
  throw new CliError(
    EXIT.refused,
    'pruned',
    `the payload of block ${index} was pruned on this node`,
    'an archive of the namespace (basalt export) may have it; proofs still work',
  );
}

function fileOf(served: ServedBlock): Uint8Array {
  const file = decodeFileRecord(payloadOf(served));
  if (file !== undefined) return file.content;
  throw new CliError(
    EXIT.usage,
    'no-file',
    `block ${served.index} is not the record of a file`,
    'use --payload',
  );
}

function readJson({ clock }: Context, { served, witnessed }: ReadBlock): Record<string, unknown> {
  if (witnessed === undefined) return blockJson(served);
  const { checkpoint, size } = witnessed;
  const { witnesses, witnessedMs = 0 } = checkpoint;
  const ageSeconds = Math.round((clock.nowMs() - witnessedMs) / 1000);
  return { ...blockJson(served), witnessed: { witnesses, witnessedMs, ageSeconds, size } };
}

function showBlock({ screen, clock }: Context, { served, witnessed }: ReadBlock): void {
  const { header } = served.block.entry;
  const { payload } = served.block;
  const row = (name: string, value: string): void =>
    screen.line(`  ${screen.style('dim', name.padEnd(14))}${value}`);
  screen.line(screen.style('bold', `block ${header.index}`));
  row('namespace', header.namespace);
  row('hash', served.hash === undefined ? '' : toHex(served.hash));
  row('previous', toHex(header.previous));
  row('time', `${formatTime(header.timestampMs)} (${header.timestampMs})`);
  row('type', `${payloadTypeName(header.payloadType)}, ${formatBytes(header.payloadLength)}`);
  row('payload hash', toHex(header.payloadHash));
  row('signed', `${algorithmName(header.algorithm)}, key ${toHex(header.keyId)}`);
  screen.line();
  const checks = describeVerified(served.verified);
  if (witnessed !== undefined) checks.push(witnessLine(witnessed.checkpoint, clock.nowMs()));
  for (const line of formatChecks(screen, checks)) screen.line(line);
  screen.line();
  if (payload !== undefined && payload.length <= 4096 && isShowable(payload)) {
    screen.line(Buffer.from(payload).toString().trimEnd());
  } else {
    screen.line(previewPayload(header.payloadType, payload));
  }
}
