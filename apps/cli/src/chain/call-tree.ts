import { formatCount } from '../view/numbers.ts';
import type { Terminal } from '../view/terminal.ts';
import { formatWei } from './amounts.ts';
import { revertReason } from './revert-reason.ts';

/** A frame as geth's callTracer tells it. */
export interface TracedCall {
  readonly type: string;
  readonly from: string;
  readonly to?: string;
  readonly value?: string;
  readonly gas: string;
  readonly gasUsed: string;
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly revertReason?: string;
  readonly calls?: readonly TracedCall[];
  readonly logs?: readonly { readonly topics: readonly string[]; readonly data: string }[];
}

/** A call deeper or wider than this is told by its number alone: a screen has an end. */
const LINES_MAX = 2_000;

/** Calls as a tree, each with its gas, what it called, what it gave back or why it failed. */
export function callTree(terminal: Terminal, root: TracedCall): string[] {
  const lines: string[] = [];
  let hidden = 0;
  const put = (line: string): void => {
    if (lines.length < LINES_MAX) lines.push(line);
    else hidden++;
  };
  const walk = (call: TracedCall, indent: string, lead: string): void => {
    put(`${terminal.style('dim', indent + lead)}${describe(terminal, call)}`);
    const below = lead === '' ? '' : `${indent}${lead === '└─ ' ? '   ' : '│  '}`;
    const outcome = outcomeOf(terminal, call);
    const children = call.calls ?? [];
    const logs = call.logs ?? [];
    for (const { topics, data } of logs) {
      const words = `log ${(topics[0] ?? 'without topic').slice(0, 10)}… ${bytesOf(data)} bytes`;
      put(terminal.style('dim', `${below}├─ `) + terminal.style('magenta', words));
    }
    for (const [at, child] of children.entries()) {
      const isLast = at === children.length - 1 && outcome === undefined;
      walk(child, below, isLast ? '└─ ' : '├─ ');
    }
    if (outcome !== undefined) put(`${terminal.style('dim', `${below}└─ `)}${outcome}`);
  };
  walk(root, '', '');
  if (hidden > 0) lines.push(terminal.style('dim', `… ${formatCount(hidden)} more lines: --json`));
  return lines;
}

function describe(terminal: Terminal, call: TracedCall): string {
  const gas = terminal.style('dim', `[${formatCount(Number(call.gasUsed))}]`);
  const isCreation = call.type.startsWith('CREATE');
  const kind = terminal.style(isCreation ? 'yellow' : 'cyan', call.type.toLowerCase());
  const target = call.to ?? 'nowhere';
  const name = terminal.style(call.error === undefined ? 'bold' : ['bold', 'red'], target);
  const bytes = bytesOf(call.input);
  const input = isCreation
    ? `${bytes} bytes of init code`
    : bytes === 0
      ? ''
      : `${call.input.slice(0, 10)}${bytes > 4 ? ` +${bytes - 4} bytes` : ''}`;
  const value = BigInt(call.value ?? '0x0');
  const sent = value === 0n ? '' : terminal.style('green', ` {${formatWei(value)}}`);
  return `${gas} ${kind} ${name}${sent}${input === '' ? '' : ` ${terminal.style('dim', input)}`}`;
}

function outcomeOf(terminal: Terminal, call: TracedCall): string | undefined {
  const output = call.output ?? '0x';
  if (call.error !== undefined) {
    return terminal.style('red', `✗ ${failureOf(call)}`);
  }
  if (call.type.startsWith('CREATE')) {
    return terminal.style('green', `← ${formatCount(bytesOf(output))} bytes of code`);
  }
  if (bytesOf(output) === 0) return undefined;
  const shown = output.length > 66 ? `${output.slice(0, 66)}… ${bytesOf(output)} bytes` : output;
  return terminal.style('green', `← ${shown}`);
}

/** Why a frame failed, in words; undefined: it did not. */
export function failureOf({ error, revertReason: told, output }: TracedCall): string | undefined {
  if (error === undefined) return undefined;
  const reason = told ?? revertReason(output ?? '0x');
  return reason === undefined ? error : `${error}: ${reason}`;
}

function bytesOf(hex: string): number {
  return Math.max(0, hex.length - 2) / 2;
}
