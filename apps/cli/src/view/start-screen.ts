import type { NodeInfo } from '@basalt/node';
import { formatAmount, formatBytes, formatCount, formatRate } from './numbers.ts';
import type { Terminal } from './terminal.ts';

export interface StartFacts {
  readonly info: NodeInfo;
  readonly version: string;
  /** The word in front of commands: `npx basalt` in a checkout. */
  readonly program: string;
  /** ` --url ...` where commands need to be told the address. */
  readonly urlOption: string;
  /** Folder for display. */
  readonly dataDir: string;
}

const READINGS = 'live readings of this machine';

/** The first screen: what runs, where, what to try next. */
export function startScreen(terminal: Terminal, facts: StartFacts): string[] {
  const { info } = facts;
  const bold = (text: string): string => terminal.style('bold', text);
  const dim = (text: string): string => terminal.style('dim', text);
  const hasReadings = info.hostNamespace !== undefined;
  const values = [info.url, info.origin, facts.dataDir, hasReadings ? READINGS : ''];
  // Notes stand under each other, unless that would push them out of the window.
  const width = Math.min(40, Math.max(...values.map((value) => value.length)));
  const row = (name: string, value: string, note = '', style: 'none' | 'address' = 'none') => {
    const shown = style === 'none' ? value : terminal.style(['bold', 'cyan'], value);
    const padding = ' '.repeat(Math.max(0, width - value.length) + 2);
    return `  ${dim(name.padEnd(9))}${shown}${note === '' ? '' : padding + dim(note)}`;
  };
  const page = info.explorer ? 'open it: live blocks, verified there' : 'HTTP, JSON';
  const key = info.isNewLog ? 'new; its key is not encrypted' : '';
  const rows = [
    row('node', info.url, page, 'address'),
    ...(hasReadings ? [row('records', READINGS, 'one a second, namespace "host"')] : []),
    row('log', info.origin, 'its name in checkpoints'),
    row('data', facts.dataDir, key),
  ];
  return [
    '',
    `  ${bold('Basalt')} ${dim(`${facts.version}  a ledger of signed, provable records`)}`,
    '',
    ...rows,
    '',
    `  ${bold('Try next')}${dim(', in another terminal:')}`,
    '',
    ...tryNext(facts).flatMap(([what, command]) => [
      `    ${dim(`# ${what}`)}`,
      `    ${terminal.style('green', command)}`,
    ]),
    '',
  ];
}

/** Three commands that work by copy and paste, in this order. */
export function tryNext({
  program,
  urlOption,
}: StartFacts): readonly (readonly [string, string])[] {
  return [
    [
      'this folder’s git history, one signed block per commit',
      `${program} append --namespace history --git .${urlOption}`,
    ],
    [
      'a proof of block 1, a small file to hand to anybody',
      `${program} prove --namespace history 1${urlOption} > 1.tlog-proof`,
    ],
    ['check it, without asking the node', `${program} verify 1.tlog-proof`],
  ];
}

export interface StatusNow {
  readonly blocks: number;
  readonly blocksPerSecond: number;
  readonly namespaces: number;
  readonly diskBytes: number;
  readonly readOnlyReason: string | undefined;
}

/** The line that moves. */
export function statusLine(terminal: Terminal, now: StatusNow): string {
  const dim = (text: string): string => terminal.style('dim', text);
  const problem = now.readOnlyReason;
  const state =
    problem === undefined
      ? `${terminal.style('green', '●')} running`
      : `${terminal.style('red', '●')} read-only: ${problem}`;
  const parts = [
    formatAmount(now.blocks, 'block'),
    `${formatRate(now.blocksPerSecond)}/s`,
    `${formatCount(now.namespaces)} namespaces`,
    formatBytes(now.diskBytes),
  ];
  return `  ${state}  ${parts.join(dim(' · '))}  ${dim('Ctrl+C stops')}`;
}
