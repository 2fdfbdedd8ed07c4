import type { ChainInfo, NodeInfo } from '@basalt/node';
import { checksumAddress } from '../chain/checksum.ts';
import { dashboardUrl } from './dashboard-url.ts';
import { formatCount } from './numbers.ts';
import type { Terminal } from './terminal.ts';

export interface DevnetFacts {
  readonly chain: ChainInfo;
  readonly info: NodeInfo;
  readonly version: string;
  /** The word in front of commands. */
  readonly program: string;
  /** ` --rpc-url ...` where commands need to be told the address. */
  readonly rpcOption: string;
  /** Folder for display; undefined where it goes with the process. */
  readonly dataDir: string | undefined;
}

/** What runs where, for programs. */
export function devnetReport(info: NodeInfo, chain: ChainInfo): Record<string, unknown> {
  const { devnet } = chain;
  const keyed = (account: { readonly address: Uint8Array; readonly privateKey: Uint8Array }) => ({
    address: checksumAddress(account.address),
    privateKey: `0x${Buffer.from(account.privateKey).toString('hex')}`,
  });
  return {
    rpcUrl: chain.rpcUrl,
    ledgerUrl: info.url,
    chainId: Number(chain.chainId),
    fork: chain.fork,
    head: chain.head,
    namespace: chain.namespace,
    dataDir: info.dataDir,
    ...(devnet === undefined
      ? {}
      : {
          accounts: devnet.accounts.map(keyed),
          faucet: keyed(devnet.faucet),
          mnemonic: devnet.mnemonic,
          seed: devnet.seed ?? null,
        }),
  };
}

/** Keys shown at once: more would push the address out of the window. */
const ACCOUNTS_SHOWN = 20;

/** The first screen of a devnet: the address first, for people and for scripts that look for it. */
export function devnetScreen(terminal: Terminal, facts: DevnetFacts): string[] {
  const dim = (text: string): string => terminal.style('dim', text);
  const bold = (text: string): string => terminal.style('bold', text);
  const { chain, info } = facts;
  const { length } = info.dashboard ? dashboardUrl(info) : info.url;
  const width = Math.max(chain.rpcUrl.length, length) + 2;
  const row = (name: string, value: string, note: string, isAddress = false): string => {
    const padding = ' '.repeat(Math.max(2, width - value.length));
    const shown = isAddress ? terminal.style(['bold', 'cyan'], value) : value;
    return `  ${dim(name.padEnd(11))}${shown}${padding}${dim(note)}`;
  };
  const data = facts.dataDir;
  const about = `${facts.version}  an Ethereum chain whose blocks are proven`;
  return [
    '',
    `  ${bold('Basalt devnet')} ${dim(about)}`,
    '',
    row('JSON-RPC', chain.rpcUrl, 'HTTP and WebSocket', true),
    row('chain id', String(chain.chainId), rulesOf(chain)),
    row('ledger', info.url, info.explorer ? 'open it: blocks, proven in the browser' : '', true),
    ...(info.dashboard
      ? [row('dashboard', dashboardUrl(info), 'what it executes, how fast and why', true)]
      : []),
    data === undefined
      ? row('data', 'temporary', 'gone when this ends; --data-dir keeps it')
      : row('data', data, chain.isNew ? 'new' : `goes on from block ${formatCount(chain.head)}`),
    '',
    ...accountLines(terminal, chain),
    ...nextLines(terminal, facts),
  ];
}

function rulesOf({ fork, devnet, gasLimit, workers }: ChainInfo): string {
  const pace =
    devnet === undefined
      ? 'imported, nothing is built on it'
      : devnet.blockTimeMs === 0
        ? 'a block with each transaction'
        : `a block every ${devnet.blockTimeMs / 1000} s`;
  const threads = workers === 1 ? '1 thread' : `${workers} threads`;
  return `${fork}, ${pace}, ${formatCount(Number(gasLimit))} gas, ${threads}`;
}

function accountLines(terminal: Terminal, { devnet, isNew }: ChainInfo): string[] {
  if (devnet === undefined) return [];
  const dim = (text: string): string => terminal.style('dim', text);
  const { accounts, faucet, mnemonic, seed, balanceEther } = devnet;
  const known = seed === undefined ? 'known to everybody, ' : '';
  const shown = accounts.slice(0, ACCOUNTS_SHOWN).map(({ address, privateKey }, at) => {
    const key = `0x${Buffer.from(privateKey).toString('hex')}`;
    return `    ${String(at).padStart(2)}  ${checksumAddress(address)}  ${dim(key)}`;
  });
  const hidden = accounts.length - shown.length;
  if (hidden > 0) shown.push(dim(`    and ${formatCount(hidden)} more: eth_accounts`));
  return [
    `  ${terminal.style('bold', 'Accounts')}${dim(
      `${isNew ? `, ${formatCount(balanceEther)} ETH each` : ''}, with their keys; ` +
        `${known}for tests alone`,
    )}`,
    '',
    ...shown,
    '',
    `  ${dim('mnemonic   ')}${mnemonic}`,
    `  ${dim('faucet     ')}${checksumAddress(faucet.address)}`,
    '',
  ];
}

function nextLines(terminal: Terminal, facts: DevnetFacts): string[] {
  const commands = tryNextOnChain(facts);
  if (commands.length === 0) return [];
  const dim = (text: string): string => terminal.style('dim', text);
  return [
    `  ${terminal.style('bold', 'Try next')}${dim(', in another terminal:')}`,
    '',
    ...commands.flatMap(([what, command]) => [
      `    ${dim(`# ${what}`)}`,
      `    ${terminal.style('green', command)}`,
    ]),
    '',
  ];
}

/** Commands that work by copy and paste, in this order. */
export function tryNextOnChain({
  program,
  rpcOption,
  chain,
}: Pick<DevnetFacts, 'program' | 'rpcOption' | 'chain'>): readonly (readonly [string, string])[] {
  const to = chain.devnet?.accounts[1] ?? chain.devnet?.accounts[0];
  if (to === undefined) return [];
  const address = checksumAddress(to.address);
  return [
    ['send ether', `${program} send ${address} --value 1ether${rpcOption}`],
    ['deploy a contract', `${program} deploy Token.json "My token" 1000${rpcOption}`],
    ['prove a transaction to anybody', `${program} prove tx <hash>${rpcOption} > tx.proof`],
  ];
}
