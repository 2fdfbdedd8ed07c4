import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { type Ended, ended, type Sandbox } from './run-cli.ts';

/** `basalt devnet` in its own process. */
export interface TestDevnet {
  readonly rpcUrl: string;
  readonly ledgerUrl: string;
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
  stop(): Promise<Ended>;
  kill(): Promise<Ended>;
  /** @throws Error with the node's words when it says no */
  call<Result>(method: string, params?: readonly unknown[]): Promise<Result>;
}

/** Starts a devnet on free ports and waits until it answers. */
export async function startDevnet(
  sandbox: Sandbox,
  args: readonly string[] = [],
): Promise<TestDevnet> {
  const child = sandbox.spawn(['devnet', '--port', '0', '--ledger-port', '0', ...args]);
  const end = ended(child);
  let text = '';
  child.stdout?.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  let gone: Ended | undefined;
  void end.then((result) => {
    gone = result;
  });
  const addresses = /JSON-RPC +(http:\S+)[^]*?ledger +(http:\S+)/;
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 20) {
    const [, rpcUrl, ledgerUrl] = addresses.exec(text) ?? [];
    if (rpcUrl !== undefined && ledgerUrl !== undefined) {
      const signalled = (signal: NodeJS.Signals) => async (): Promise<Ended> => {
        child.kill(signal);
        return await end;
      };
      const call = <Result>(method: string, params: readonly unknown[] = []): Promise<Result> =>
        callRpc(rpcUrl, method, params);
      return {
        rpcUrl,
        ledgerUrl,
        child,
        end,
        call,
        stop: signalled('SIGTERM'),
        kill: signalled('SIGKILL'),
      };
    }
    if (gone !== undefined) throw new Error(`the devnet ended with ${gone.code}:\n${gone.err}`);
    await pause(20);
  }
  throw new Error(`the devnet did not start within 60 s:\n${text}`);
}

export async function callRpc<Result>(
  url: string,
  method: string,
  params: readonly unknown[],
): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as {
    result?: Result;
    error?: { message: string };
  };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result as Result;
}
