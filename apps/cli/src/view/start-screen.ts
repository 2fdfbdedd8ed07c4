import type { NodeInfo } from '@basalt/node';
import { checksumAddress } from '../chain/checksum.ts';
import { RPC_URL_DEFAULT } from '../chain/rpc.ts';
import { dashboardUrl } from './dashboard-url.ts';
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
  const { chain } = info;
  const values = [
    info.dashboard ? dashboardUrl(info) : info.url,
    info.origin,
    facts.dataDir,
    hasReadings ? READINGS : '',
    chain?.rpcUrl ?? '',
  ];
  // Notes stand under each other, unless that would push them out of the window.
  const width = Math.min(40, Math.max(...values.map((value) => value.length)));
  const row = (name: string, value: string, note = '', style: 'none' | 'address' = 'none') => {
    const shown = style === 'none' ? value : terminal.style(['bold', 'cyan'], value);
    const padding = ' '.repeat(Math.max(0, width - value.length) + 2);
    return `  ${dim(name.padEnd(11))}${shown}${note === '' ? '' : padding + dim(note)}`;
  };
  const page = info.explorer ? 'open it: live blocks, verified there' : 'HTTP, JSON';
  const key = info.isNewLog ? 'new; its key is not encrypted' : '';
  const rows = [
    row('node', info.url, page, 'address'),
    ...dashboardRows(info, row),
    ...(hasReadings ? [row('records', READINGS, 'one a second, namespace "host"')] : []),
    ...(chain === undefined
      ? []
      : [row('chain', chain.rpcUrl, `Ethereum JSON-RPC, chain id ${chain.chainId}`, 'address')]),
    row('log', info.origin, 'its name in checkpoints'),
    row('data', facts.dataDir, key),
  ];
  return [
    '',
    `  ${bold('Basalt')} ${dim(`${facts.version}  a ledger of signed, provable records`)}`,
    '',
    ...rows,
    ...accountRows(facts, dim),
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

/** Where the node shows what it does; in the way of other rows. */
function dashboardRows(
  info: NodeInfo,
  row: (name: string, value: string, note: string, style: 'address') => string,
): string[] {
  if (!info.dashboard) return [];
  return [row('dashboard', dashboardUrl(info), 'health, rates, reasons, live', 'address')];
}

/** The first two accounts: who wants the other eight starts `basalt devnet` or asks for them. */
function accountRows({ info }: StartFacts, dim: (text: string) => string): string[] {
  const accounts = info.chain?.devnet?.accounts ?? [];
  const rows = accounts.slice(0, 2).map(({ address, privateKey }, at) => {
    const name = dim((at === 0 ? 'accounts' : '').padEnd(11));
    const key = `0x${Buffer.from(privateKey).toString('hex')}`;
    return `  ${name}${checksumAddress(address)}  ${dim(key)}`;
  });
  const others = accounts.length - rows.length;
  if (others > 0) {
    rows.push(dim(`  ${''.padEnd(11)}and ${others} more from the well-known test mnemonic`));
  }
  return rows;
}

/** Commands that work by copy and paste, in this order. */
export function tryNext({
  program,
  urlOption,
  info,
}: StartFacts): readonly (readonly [string, string])[] {
  const rpcUrl = info.chain?.rpcUrl;
  const rpcOption =
    rpcUrl === undefined || rpcUrl === RPC_URL_DEFAULT ? '' : ` --rpc-url ${rpcUrl}`;
  const to = info.chain?.devnet?.accounts[1]?.address;
  const onChain: readonly (readonly [string, string])[] =
    to === undefined
      ? []
      : [
          [
            'a transaction; `prove tx` with its hash proves it like any record',
            `${program} send ${checksumAddress(to)} --value 1ether${rpcOption}`,
          ],
        ];
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
    ...onChain,
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
