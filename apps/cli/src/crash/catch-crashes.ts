import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, homedir, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { NodeConfig } from '@basalt/node';
import type { Context } from '../context.ts';
import { openFilesIn } from '../doctor/read-machine.ts';
import { EXIT } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import { type CrashKind, crashReport, framesOf } from './crash-report.ts';
import type { LogTail } from './log-tail.ts';
import { redactText } from './redact.ts';
import { privateFolderIn, storeReport } from './report-folder.ts';

export interface CrashParts {
  readonly config: NodeConfig;
  readonly tail: LogTail;
  /** The data folder goes with the process: the report must not. */
  readonly isTemporary: boolean;
}

/**
 * From now on an error that nobody catches ends the process with `EXIT.crashed` and leaves a
 * report: after it nobody knows what state memory is in, and what was acknowledged is on disk.
 */
export function catchCrashes(context: Context, parts: CrashParts): void {
  let isCrashing = false;
  const crash = (kind: CrashKind, error: unknown): void => {
    // An error while the report is written must not hide the first one.
    if (isCrashing) process.exit(EXIT.crashed);
    isCrashing = true;
    tell(context, error, writeReport(context, parts, kind, error));
    process.exit(EXIT.crashed);
  };
  process.on('uncaughtException', (error) => crash('uncaughtException', error));
  process.on('unhandledRejection', (error) => crash('unhandledRejection', error));
}

/** @returns where it is; undefined where no place could be written */
function writeReport(
  { clock }: Context,
  { config, tail, isTemporary }: CrashParts,
  kind: CrashKind,
  error: unknown,
): string | undefined {
  const atMs = clock.nowMs();
  const { dataDir } = config;
  const machine = describeMachine(dataDir);
  const facts = { kind, error, atMs, version: VERSION, config: { ...config }, machine };
  const report = crashReport({ ...facts, lines: tail.lines, home: homedir() });
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const isThere = !isTemporary && existsSync(dataDir);
  const inData = (): string => {
    const folder = join(dataDir, 'crashes');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  };
  const places = [
    ...(isThere ? [inData] : []),
    () => privateFolderIn(tmpdir(), process.getuid?.()),
  ];
  const name = `crash-${new Date(atMs).toISOString().replaceAll(':', '-')}-${process.pid}.json`;
  for (const open of places) {
    try {
      return storeReport(open(), name, text);
    } catch {
      // The disk may be why it crashed: the next place.
    }
  }
  return undefined;
}

function describeMachine(dataDir: string): Record<string, unknown> {
  const { node, v8, openssl, uv } = process.versions;
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { maxRSS } = process.resourceUsage();
  return {
    versions: { node, v8, openssl, uv },
    system: `${process.platform} ${process.arch} ${release()}`,
    cores: availableParallelism(),
    uptimeSeconds: Math.round(process.uptime()),
    memoryBytes: { rss, heapUsed, heapTotal, external, most: maxRSS * 1024 },
    machineMemoryBytes: { total: totalmem(), available: process.availableMemory() },
    memoryLimitBytes: process.constrainedMemory(),
    openFilesMax: attempt(() => openFilesIn(readFileSync('/proc/self/limits', 'utf8'))),
    openFiles: attempt(() => readdirSync('/proc/self/fd').length),
    diskFreeBytes: attempt(() => {
      const { bavail, bsize } = statfsSync(dataDir);
      return bavail * bsize;
    }),
  };
}

/** null where this system does not tell. */
function attempt<Value>(read: () => Value): Value | null {
  try {
    return read() ?? null;
  } catch {
    return null;
  }
}

function tell({ terminal }: Context, error: unknown, path: string | undefined): void {
  terminal.clearLive();
  const message = error instanceof Error ? error.message : String(error);
  const words = redactText(message.slice(0, 1_000), homedir());
  terminal.line(`${terminal.style(['red', 'bold'], 'basalt:')} ended by a defect: ${words}`);
  if (path === undefined) {
    terminal.line('  no report could be written; the stack:');
    if (error instanceof Error) {
      for (const frame of framesOf(error, homedir())) terminal.line(`    ${frame}`);
    }
    return;
  }
  terminal.line(`  report: ${path}`);
  const advice = 'read it, then attach it to what you report; what was acknowledged is on disk';
  terminal.line(`  ${terminal.style('cyan', 'try:')} ${advice}`);
}
