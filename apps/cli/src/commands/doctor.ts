import { resolve } from 'node:path';
import type { NodeConfig, ResolvedConfig } from '@basalt/node';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { askClock, type ClockFacts, judgeClock, readSynchronized } from '../doctor/clock.ts';
import { judgeDisk } from '../doctor/disk.ts';
import { bad, type Finding, good, warn } from '../doctor/finding.ts';
import { holderOf, judgeFolder, nearestFolder } from '../doctor/folder.ts';
import { judgeMachine } from '../doctor/machine.ts';
import { judgePort } from '../doctor/ports.ts';
import { readDisk, readMachine } from '../doctor/read-machine.ts';
import { isThisMachine } from '../doctor/this-machine.ts';
import { EXIT } from '../exit-codes.ts';
import { addConfigOptions, type ConfigOptions, loadConfig } from '../load-config.ts';
import { addExamples, jsonOption } from '../options.ts';
import { formatTable } from '../view/table.ts';

interface Options extends ConfigOptions {
  readonly url?: string;
  readonly json?: boolean;
}

export function doctorCommand(context: Context): Command {
  const command = addConfigOptions(new Command('doctor'))
    .description(
      'Look at this machine as a node would use it, and say what to change: Node, limits, disk ' +
        'and how fast it syncs, clock, ports, memory, data folder, keys, configuration. It ' +
        'changes nothing; in the data folder it writes one small file and removes it. Ends with ' +
        '1 where something is bad.',
    )
    .option('--url <address>', 'a node of another machine, whose clock this one is compared with')
    .addOption(jsonOption())
    .action((options: Options) => runDoctor(context, options));
  return addExamples(command, [
    'basalt doctor',
    'basalt doctor --config /etc/basalt.json',
    'basalt doctor --data-dir /var/lib/basalt --url https://node.example.org --json',
  ]);
}

/** What is looked at where the configuration cannot be read. */
const DEFAULTS: Pick<NodeConfig, 'dataDir' | 'host' | 'port' | 'connectionsMax'> = {
  dataDir: '.basalt',
  host: '127.0.0.1',
  port: 4_711,
  connectionsMax: 16_384,
};

async function runDoctor(context: Context, options: Options): Promise<void> {
  const { resolved, findings } = readConfig(context, options);
  const config = resolved?.config ?? { ...DEFAULTS, ...options, port: DEFAULTS.port };
  const dataDir = resolve(config.dataDir);
  const startedMs = context.clock.nowMs();
  const startedAt = performance.now();
  const isRunning = holderOf(dataDir) !== undefined;
  findings.push(
    ...judgeMachine(readMachine(config.connectionsMax)),
    ...judgeFolder(dataDir, process.getuid?.()),
    ...judgeDisk(readDisk(nearestFolder(dataDir))),
    await judgePort({ what: 'port', host: config.host, port: config.port }, isRunning),
  );
  if (resolved?.config.chain === true) {
    const { rpcHost: host, rpcPort: port } = resolved.config;
    findings.push(await judgePort({ what: 'RPC port', host, port }, isRunning));
  }
  const nowMs = context.clock.nowMs();
  const jumpMs = nowMs - startedMs - (performance.now() - startedAt);
  const isSynchronized = await readSynchronized();
  findings.push(...(await clock(context, options, { nowMs, jumpMs, isSynchronized })));
  show(context, findings, options.json === true);
  if (findings.some(({ state }) => state === 'bad')) process.exitCode = EXIT.failedCheck;
}

function readConfig(
  context: Context,
  options: Options,
): { resolved: ResolvedConfig | undefined; findings: Finding[] } {
  const name = 'configuration';
  try {
    const resolved = loadConfig(context, options);
    const { warnings } = resolved;
    const findings = warnings.map((words) => warn(name, words, 'correct its name or remove it'));
    return { resolved, findings: findings.length > 0 ? findings : [good(name, 'can be read')] };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const [first = '', ...rest] = words.split('\n').map((line) => line.trim());
    const advice = rest.join('; ');
    return {
      resolved: undefined,
      findings: [bad(name, first, advice === '' ? '`basalt config --help`' : advice)],
    };
  }
}

async function clock(
  context: Context,
  { url }: Options,
  facts: Omit<ClockFacts, 'aheadMs'>,
): Promise<Finding[]> {
  if (url === undefined) return [judgeClock({ ...facts, aheadMs: undefined })];
  try {
    const aheadMs = await askClock(url, context.signal, context.clock);
    const isOwn = await isThisMachine(url);
    return [judgeClock({ ...facts, aheadMs: isOwn ? undefined : aheadMs })];
  } catch (error) {
    context.signal.throwIfAborted();
    const words = `${url} does not answer: ${error instanceof Error ? error.message : error}`;
    const asked = bad('node asked', words, 'name one that runs, or leave --url away');
    return [judgeClock({ ...facts, aheadMs: undefined }), asked];
  }
}

const MARKS = {
  good: ['green', '✓ good'],
  warn: ['yellow', '! warn'],
  bad: ['red', '✗ bad'],
} as const;

function show({ screen }: Context, findings: readonly Finding[], json: boolean): void {
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  const counts = { good: count('good'), warn: count('warn'), bad: count('bad') };
  if (json) {
    screen.line(JSON.stringify({ ...counts, findings }));
    return;
  }
  const rows = findings.flatMap(({ name, state, words, advice }) => {
    const [colour, mark] = MARKS[state];
    const row = [screen.style(colour, mark), name, words];
    return advice === undefined ? [row] : [row, ['', '', screen.style('cyan', `→ ${advice}`)]];
  });
  const columns = [{ title: '' }, { title: 'what' }, { title: 'found' }];
  for (const line of formatTable(columns, rows)) screen.line(line);
  screen.line('');
  const verdict = counts.bad > 0 ? 'not ready for a node' : 'ready for a node';
  screen.line(`${counts.good} good, ${counts.warn} to look at, ${counts.bad} bad: ${verdict}`);
}
