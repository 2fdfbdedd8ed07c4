/**
 * Load on a server that somebody else started, in a process of its own: wrk where it is installed
 * (cheaper than ours, so the server gets more of the machine), else a loop on sockets.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { median } from './cpu-time.ts';

export interface HttpTarget {
  readonly port: number;
  /** Asked for in turn. */
  readonly paths: readonly string[];
  /** What the server has used so far. */
  readonly cpuSeconds: () => Promise<number>;
}

export interface HttpLoadOptions {
  /** Rounds that count, after one that does not; default 5. */
  readonly rounds?: number;
  /** Default 1,000. */
  readonly roundMs?: number;
  /** Default 32. */
  readonly connections?: number;
}

const WRK = 'wrk';
const hasWrk: boolean = spawnSync(WRK, ['-v'], { stdio: 'ignore' }).error === undefined;
const PROCESS = join(import.meta.dirname, 'http-load-process.ts');

/** Medians of answers per CPU second of each server; rounds alternate between them. */
export async function compareServers(
  targets: readonly HttpTarget[],
  options: HttpLoadOptions = {},
): Promise<number[]> {
  const figures: number[][] = targets.map(() => []);
  for (let i = 0; i <= (options.rounds ?? 5); i++) {
    for (const [t, target] of targets.entries()) {
      const before = await target.cpuSeconds();
      const answers = await answersOf(target, options);
      const figure = answers / ((await target.cpuSeconds()) - before);
      if (i > 0) figures[t]?.push(figure);
    }
  }
  return figures.map(median);
}

/** Answers within one round. */
async function answersOf(target: HttpTarget, options: HttpLoadOptions): Promise<number> {
  const { port, paths } = target;
  const { roundMs = 1_000, connections = 32 } = options;
  const [path] = paths;
  const [command, args]: [string, readonly string[]] =
    hasWrk && paths.length === 1 && path !== undefined
      ? [WRK, wrkArguments(`http://127.0.0.1:${port}${path}`, connections, roundMs)]
      : [process.execPath, [PROCESS, ...[port, connections, roundMs].map(String), ...paths]];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`the load ended with ${code}`);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(text);
  return Number(/(\d+) requests in/.exec(text)?.[1] ?? text.trim());
}

function wrkArguments(url: string, connections: number, roundMs: number): string[] {
  return ['-t1', `-c${connections}`, `-d${Math.ceil(roundMs / 1_000)}s`, url];
}
