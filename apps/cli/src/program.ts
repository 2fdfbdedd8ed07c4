import { Command } from 'commander';
import type { Context } from './context.ts';

/** Builds one command; the file is loaded only when the command is asked for. */
type Build = (context: Context) => Command;

interface Entry {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly load: () => Promise<Build>;
}

const RUN = 'Run:';
const RECORDS = 'Records:';
const CHECK = 'Check:';
const MANAGE = 'Manage:';
const CHAIN = 'Chain:';
const ENGINES = 'Engines:';

/** In the order of the help. */
const ENTRIES: readonly Entry[] = [
  {
    name: 'start',
    group: RUN,
    summary: 'start a node here, with live readings of this machine, and show what to try',
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    name: 'node',
    group: RUN,
    summary: 'run a node as a service: log lines, no screen',
    load: async () => (await import('./commands/node.ts')).nodeCommand,
  },
  {
    name: 'append',
    group: RECORDS,
    summary: 'append records: JSON lines, CSV, text, files, folders, git history, bytes',
    load: async () => (await import('./commands/append.ts')).appendCommand,
  },
  {
    name: 'get',
    group: RECORDS,
    summary: 'show one block, or write its payload',
    load: async () => (await import('./commands/get.ts')).getCommand,
  },
  {
    name: 'list',
    group: RECORDS,
    summary: 'list blocks, newest last',
    load: async () => (await import('./commands/list.ts')).listCommand,
  },
  {
    name: 'watch',
    group: RECORDS,
    summary: 'show new blocks as they come, each one verified',
    load: async () => (await import('./commands/watch.ts')).watchCommand,
  },
  {
    name: 'prove',
    group: CHECK,
    summary: 'write a proof file for one block',
    load: async () => (await import('./commands/prove.ts')).proveCommand,
  },
  {
    name: 'verify',
    group: CHECK,
    summary: 'check a proof file, offline, and the record that it is about',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  {
    name: 'policy',
    group: CHECK,
    summary: 'write the policy file that says whose signatures count',
    load: async () => (await import('./commands/policy.ts')).policyCommand,
  },
  {
    name: 'head',
    group: CHECK,
    summary: 'show the newest block and checkpoint of a namespace',
    load: async () => (await import('./commands/head.ts')).headCommand,
  },
  {
    name: 'fsck',
    group: CHECK,
    summary: 'verify everything again: a data folder, or a node from afar',
    load: async () => (await import('./commands/fsck.ts')).fsckCommand,
  },
  {
    name: 'namespaces',
    group: MANAGE,
    summary: 'list the namespaces of a node',
    load: async () => (await import('./commands/namespaces.ts')).namespacesCommand,
  },
  {
    name: 'search',
    group: MANAGE,
    summary: 'find namespaces by words, beginning, kind and time',
    load: async () => (await import('./commands/search.ts')).searchCommand,
  },
  {
    name: 'keys',
    group: MANAGE,
    summary: 'make, show, protect and rotate the keys that sign blocks',
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  {
    name: 'export',
    group: MANAGE,
    summary: 'write a namespace into one file',
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'import',
    group: MANAGE,
    summary: 'verify an exported file and put it on a node',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    name: 'snapshot',
    group: MANAGE,
    summary: 'begin a namespace at a height: fetch what a new node needs, or show it',
    load: async () => (await import('./commands/snapshot.ts')).snapshotCommand,
  },
  {
    name: 'prune',
    group: MANAGE,
    summary: 'take payloads out of a data folder; headers and proofs stay',
    load: async () => (await import('./commands/prune.ts')).pruneCommand,
  },
  {
    name: 'restore',
    group: MANAGE,
    summary: 'bring payloads back that a data folder let go, from a node that has them',
    load: async () => (await import('./commands/restore.ts')).restoreCommand,
  },
  {
    name: 'retention',
    group: MANAGE,
    summary: 'show what a data folder holds and how it grows under a policy',
    load: async () => (await import('./commands/retention.ts')).retentionCommand,
  },
  {
    name: 'doctor',
    group: CHECK,
    summary: 'look at this machine as a node would use it, and say what to change',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'config',
    group: MANAGE,
    summary: 'print the effective configuration of a node',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'control',
    group: MANAGE,
    summary: 'show what a node tunes by itself and why; hold or release a value',
    load: async () => (await import('./commands/control.ts')).controlCommand,
  },
  {
    name: 'bench',
    group: MANAGE,
    summary: 'measure a running node',
    load: async () => (await import('./commands/bench.ts')).benchCommand,
  },
  {
    name: 'load',
    group: MANAGE,
    summary: 'put load on a running node, and see how long strangers would wait',
    load: async () => (await import('./commands/load.ts')).loadCommand,
  },
  {
    name: 'devnet',
    group: CHAIN,
    summary: 'run an Ethereum chain for development, each block proven',
    load: async () => (await import('./commands/devnet.ts')).devnetCommand,
  },
  {
    name: 'import-chain',
    group: CHAIN,
    summary: 'run the blocks of a chain that others made, and keep them',
    load: async () => (await import('./commands/import-chain.ts')).importChainCommand,
  },
  {
    name: 'chain-state',
    group: CHAIN,
    summary: 'write the state of a chain to a file, and bring it back under a proven block',
    load: async () => (await import('./commands/chain-state.ts')).chainStateCommand,
  },
  {
    name: 'send',
    group: CHAIN,
    summary: 'send ether or call a contract, wait for the receipt',
    load: async () => (await import('./commands/send.ts')).sendCommand,
  },
  {
    name: 'deploy',
    group: CHAIN,
    summary: 'deploy a contract: an artifact or bytecode',
    load: async () => (await import('./commands/deploy.ts')).deployCommand,
  },
  {
    name: 'call',
    group: CHAIN,
    summary: 'ask a contract, nothing changes',
    load: async () => (await import('./commands/call.ts')).callCommand,
  },
  {
    name: 'trace',
    group: CHAIN,
    summary: 'draw the calls of a transaction, with their gas',
    load: async () => (await import('./commands/trace.ts')).traceCommand,
  },
  {
    name: 'tx',
    group: CHAIN,
    summary: 'show a receipt',
    load: async () => (await import('./commands/tx.ts')).txCommand,
  },
  {
    name: 'faucet',
    group: CHAIN,
    summary: 'give an address test ether',
    load: async () => (await import('./commands/faucet.ts')).faucetCommand,
  },
  {
    name: 'evm',
    group: ENGINES,
    summary: 'run EVM bytecode, or the published state tests',
    load: async () => (await import('./commands/evm.ts')).evmCommand,
  },
];

const EXAMPLES = `
Examples:
  $ npm start                                                 a node, and a page in the browser
  $ journalctl -o json | basalt append --namespace audit      one signed block per line
  $ basalt append --namespace repo --git .                    one per commit
  $ basalt prove --namespace audit 4711 > 4711.tlog-proof     a proof that checks offline
  $ basalt verify 4711.tlog-proof --record entry.json         and the record that it is about
  $ basalt devnet                                             an Ethereum chain with ten accounts

Exit codes:
  0 all is well   1 a check failed   2 wrong usage or input   3 no node answers
  4 the node refused   5 data is damaged   70 a defect   130 interrupted`;

/** The whole command line. Only the command that `name` asks for has its options. */
export async function createProgram(
  context: Context,
  version: string,
  name: string | undefined,
): Promise<Command> {
  const program = new Command('basalt')
    .description('A ledger of signed, provable records: append them, prove them, verify them.')
    .version(version, '-V, --version')
    .helpOption('-h, --help')
    .showHelpAfterError('(`basalt <command> --help` has examples)')
    .addHelpText('after', EXAMPLES);
  for (const entry of ENTRIES) {
    const command =
      entry.name === name ? (await entry.load())(context) : new Command(entry.name).description('');
    command.summary(entry.summary).helpGroup(entry.group);
    if (command.description() === '') command.description(entry.summary);
    program.addCommand(command);
  }
  return program;
}
