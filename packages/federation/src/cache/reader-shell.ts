import type { IncomingMessage } from 'node:http';

/**
 * Somebody on this machine, to whom upstreams are named: their addresses are nobody else's affair.
 * Behind a proxy on this machine everybody would look local.
 */
export function isOwner({ socket, headers }: IncomingMessage): boolean {
  const isForwarded = 'x-forwarded-for' in headers || 'forwarded' in headers || 'via' in headers;
  return isLoopback(socket.remoteAddress) && !isForwarded;
}

/** Address that a share is counted for; undefined for a proxy on this machine, who asks for all. */
export function readerOf({ socket }: IncomingMessage): string | undefined {
  const address = socket.remoteAddress ?? 'unknown';
  return isLoopback(address) ? undefined : address;
}

function isLoopback(address: string | undefined): boolean {
  return /^(?:::1$|(?:::ffff:)?127\.)/.test(address ?? '');
}
