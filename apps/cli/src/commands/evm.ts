import {
  createEvm,
  describeRun,
  FORKS,
  type Fork,
  formatRun,
  runCode,
  runTestsCommand,
} from '@basalt/evm';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { addExamples } from '../options.ts';

interface RunOptions {
  readonly code: Uint8Array;
  readonly input: Uint8Array;
  readonly gas: bigint;
  readonly value: bigint;
  readonly fork: Fork;
  readonly trace?: boolean;
  readonly json?: boolean;
}

interface TestOptions {
  readonly engine: 'interpreter' | 'tiered';
  readonly json?: boolean;
}

/** The largest amount of gas that an engine takes. */
const GAS_MAX = 2n ** 63n - 1n;

export function evmCommand(context: Context): Command {
  return new Command('evm')
    .description('Run EVM bytecode or the published state tests; no node is needed.')
    .addCommand(runCommand(context))
    .addCommand(testCommand(context));
}

function runCommand(context: Context): Command {
  const fork = new Option('--fork <name>', 'rules to run by').choices(FORKS).default('osaka');
  const command = new Command('run')
    .description('Run bytecode; show result, gas, logs and what changed. Ends with 1 on a halt.')
    .requiredOption('--code <hex>', 'bytecode', parseHex)
    // Defaults in words: the help would print them as JSON, which knows no bigint.
    .addOption(
      new Option('--input <hex>', 'call data')
        .argParser(parseHex)
        .default(new Uint8Array(0), 'none'),
    )
    .addOption(
      new Option('--gas <amount>', 'gas limit')
        .argParser(parseAmount)
        .default(30_000_000n, '30000000'),
    )
    .addOption(new Option('--value <wei>', 'sent along').argParser(parseAmount).default(0n, '0'))
    .addOption(fork)
    .option('--trace', 'each step before the result, as EIP-3155 lines')
    .option('--json', 'print JSON for programs instead of text')
    .action((options: RunOptions) => run(context, options));
  return addExamples(command, [
    'basalt evm run --code 0x600260030160005260206000f3',
    'basalt evm run --code 0x5f355f5500 --input 0x2a --gas 100000 --trace',
  ]);
}

async function run(context: Context, options: RunOptions): Promise<void> {
  const { code, input, gas, value, fork } = options;
  if (gas > GAS_MAX) throw new CliError(EXIT.usage, 'usage', 'expected less than 2^63 gas');
  const evm = await createEvm({ fork });
  const writeLine = (line: string): unknown => context.output.write(`${line}\n`);
  const request = { code, input, gasLimit: gas, value };
  const result = runCode(
    evm,
    options.trace === true ? { ...request, onTraceLine: writeLine } : request,
  );
  if (options.json === true) writeLine(JSON.stringify(describeRun(result)));
  else for (const line of formatRun(result)) writeLine(line);
  if (result.halt !== undefined) process.exitCode = EXIT.failedCheck;
}

function testCommand(context: Context): Command {
  const command = new Command('test')
    .description(
      'Run state tests: JSON as published, or one case a line in gzip. Failures are named; the ' +
        'last line counts. Ends with 1 when one failed.',
    )
    .argument('<path...>', 'files or folders')
    .addOption(
      new Option('--engine <name>', 'tiered: everything runs as generated code')
        .choices(['interpreter', 'tiered'])
        .default('interpreter'),
    )
    .option('--json', 'print JSON for programs instead of text')
    .action((paths: string[], options: TestOptions) => test(context, paths, options));
  return addExamples(command, [
    'basalt evm test fixtures/state_tests',
    'basalt evm test core.ndjson.gz --engine tiered --json',
  ]);
}

async function test(
  context: Context,
  paths: readonly string[],
  { json = false, engine }: TestOptions,
): Promise<void> {
  const write = (line: string): unknown => context.output.write(`${line}\n`);
  let isGood: boolean;
  try {
    isGood = await runTestsCommand(paths, { json, engine, write });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const hint = 'give files or folders of published state tests';
    throw new CliError(EXIT.usage, 'unreadable', message, hint, { cause });
  }
  if (!isGood) process.exitCode = EXIT.failedCheck;
}

function parseHex(text: string): Uint8Array {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new InvalidArgumentError('expected an even number of hex digits, e.g. 0x6001');
  }
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

function parseAmount(text: string): bigint {
  if (!/^(?:[0-9]{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text)) {
    throw new InvalidArgumentError('expected a whole number, e.g. 100000 or 0x186a0');
  }
  return BigInt(text);
}
