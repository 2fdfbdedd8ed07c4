import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const MAIN = resolve(import.meta.dirname, '..', '..', 'src', 'main.ts');
export const REPOSITORY: string = resolve(import.meta.dirname, '..', '..', '..', '..');

/** No process of a test lives longer. */
const TIMEOUT_MS = 300_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly bytes: Buffer;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder of its own, with a space in its name, with a home and a working folder in it. */
export class Sandbox implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'basalt cli '));
  readonly home: string = join(this.folder, 'home');
  readonly work: string = join(this.folder, 'work');
  readonly #processes = new Set<ChildProcess>();

  constructor() {
    mkdirSync(this.work);
  }

  path(name: string): string {
    return join(this.work, name);
  }

  /** Starts the command line; what a test started it also ends. */
  spawn(args: readonly string[], options: RunOptions = {}): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.work,
      env: { ...cleanEnvironment(), BASALT_HOME: this.home, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    this.#processes.add(child);
    child.once('close', () => this.#processes.delete(child));
    child.stdin?.on('error', () => undefined); // it may end before it has read all
    if (options.input !== undefined) child.stdin?.end(options.input);
    return child;
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await ended(this.spawn(args, { input: '', ...options }));
  }

  /** Runs a command that has to succeed. */
  async ok(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const result = await this.run(args, options);
    if (result.code !== 0) {
      throw new Error(`basalt ${args.join(' ')} ended with ${result.code}:\n${result.err}`);
    }
    return result;
  }

  [Symbol.dispose](): void {
    for (const child of this.#processes) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits for the end and collects what was written. */
export function ended(child: ChildProcess): Promise<Ended> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (piece: Buffer) => out.push(piece));
  child.stderr?.on('data', (piece: Buffer) => err.push(piece));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code, signal) => {
      const bytes = Buffer.concat(out);
      done({ code, signal, out: bytes.toString(), bytes, err: Buffer.concat(err).toString() });
    });
  });
}

/** A node in its own process. */
export interface TestNode {
  readonly url: string;
  /** Of its chain, where it runs one. */
  readonly rpcUrl: string | undefined;
  readonly dataDir: string;
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
  /** SIGTERM, then the exit code. */
  stop(): Promise<Ended>;
  kill(): Promise<Ended>;
}

/** Starts a node on a free port and waits until it answers. */
export async function startTestNode(
  sandbox: Sandbox,
  args: readonly string[] = [],
  dataDir: string = mkdtempSync(join(sandbox.folder, 'data ')),
): Promise<TestNode> {
  const child = sandbox.spawn(['node', '--port', '0', '--data-dir', dataDir, ...args]);
  const end = ended(child);
  const { url, rpcUrl } = await readUrls(child, end);
  const signalled = (signal: NodeJS.Signals) => async (): Promise<Ended> => {
    child.kill(signal);
    return await end;
  };
  return {
    url,
    rpcUrl,
    dataDir,
    child,
    end,
    stop: signalled('SIGTERM'),
    kill: signalled('SIGKILL'),
  };
}

async function readUrls(
  child: ChildProcess,
  end: Promise<Ended>,
): Promise<Pick<TestNode, 'url' | 'rpcUrl'>> {
  let text = '';
  child.stderr?.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  let gone: Ended | undefined;
  void end.then((result) => {
    gone = result;
  });
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 20) {
    const match = /"message":"running","url":"([^"]+)".*?"pid"/.exec(text);
    const rpcUrl = /"rpcUrl":"([^"]+)"/.exec(match?.[0] ?? '')?.[1];
    if (match?.[1] !== undefined) return { url: match[1], rpcUrl };
    if (gone !== undefined) throw new Error(`the node ended with ${gone.code}:\n${gone.err}`);
    await pause(20);
  }
  throw new Error(`the node did not start within 30 s:\n${text}`);
}

/** Without what the machine that runs the tests has set. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('BASALT_') && name !== 'FORCE_COLOR' && name !== 'NODE_OPTIONS',
  );
  return { ...Object.fromEntries(kept), NO_COLOR: '1' };
}

/** The last line as JSON. */
export function lastJson<Value>(text: string): Value {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Value;
}

export const hasGit: boolean = existsSync(join(REPOSITORY, '.git'));
