import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseSize } from './view/numbers.ts';

/** Where a node listens by default; not taken from `@basalt/node`, which would load all of it. */
export const URL_DEFAULT = 'http://127.0.0.1:4711';

/** Options of every command that talks to a node. */
export interface NodeOptions {
  readonly url: string;
  readonly json?: boolean;
}

export function addNodeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--url <address>', 'address of the node')
        .env('BASALT_URL')
        .default(URL_DEFAULT)
        .argParser(parseUrl),
    )
    .addOption(jsonOption());
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs instead of text');
}

export function namespaceOption(): Option {
  return new Option('-n, --namespace <name>', 'label or id of the namespace').makeOptionMandatory();
}

export function policyOption(): Option {
  return new Option('--policy <file>', 'whom to believe: a tlog-policy file').argParser(readText);
}

export function maxAgeOption(): Option {
  return new Option(
    '--max-age <seconds>',
    'refuse what the witnesses of the policy cosigned longer ago',
  ).argParser(parsePositive);
}

/** For an option that may be repeated. */
export function collectUrl(value: string, before: readonly string[] = []): string[] {
  return [...before, parseUrl(value)];
}

/** Without a slash at its end. */
export function parseUrl(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError('expected an address like http://127.0.0.1:4711');
  }
  return url.href.replace(/\/+$/, '');
}

export function parseCount(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new InvalidArgumentError('expected a whole number, 0 or more');
  }
  return Number(text);
}

export function parsePositive(text: string): number {
  const value = parseCount(text);
  if (value === 0) throw new InvalidArgumentError('expected a whole number above 0');
  return value;
}

export function parseBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined || bytes < 1) {
    throw new InvalidArgumentError('expected a size like 4096, 64K or 1M');
  }
  return bytes;
}

/** A value of any unit: `0.5`, `-1`, `1e6`, or a size like `32M`. */
export function parseValue(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const read = Number.isFinite(value) ? value : parseSize(text);
  if (read === undefined) {
    throw new InvalidArgumentError('expected a number like 300, or a size like 32M');
  }
  return read;
}

/** The text of a file named on the command line. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Examples under a command's help. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
