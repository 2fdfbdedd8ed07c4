import { once } from 'node:events';
import { createServer } from 'node:net';
import { bad, type Finding, good } from './finding.ts';

export interface Listens {
  readonly what: string;
  readonly host: string;
  readonly port: number;
}

/** @param isRunning whether a node already runs on the data folder: then its ports are its own */
export async function judgePort(
  { what, host, port }: Listens,
  isRunning: boolean,
): Promise<Finding> {
  if (port === 0) return good(what, 'a free port is taken');
  const place = `${host}:${port}`;
  const code = await tryListen(host, port);
  if (code === undefined) return good(what, `${place} is free`);
  if (code === 'EADDRINUSE') {
    if (isRunning) return good(what, `${place} is in use; a node runs on this data folder`);
    const advice = `see who has it (ss -ltnp 'sport = :${port}'), or take another port`;
    return bad(what, `${place} is in use`, advice);
  }
  if (code === 'EACCES') {
    return bad(what, `${place} is not allowed to this user`, 'take a port above 1023');
  }
  return bad(what, `${place}: ${code}`, 'name an address of this machine with --host');
}

async function tryListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'error';
  } finally {
    server.close();
  }
}
