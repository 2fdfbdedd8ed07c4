import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** What is asked of the system; a test says something else. */
export interface Resolver {
  /** All addresses of a name, as a request to it would find them. */
  resolve(host: string): Promise<readonly Address[]>;
  /** Addresses of this machine's interfaces. */
  own(): readonly Address[];
}

const SYSTEM: Resolver = {
  async resolve(host) {
    const found = await lookup(host, { all: true });
    return found.map(({ address, family }) => ({ address, family: family === 4 ? 4 : 6 }));
  },
  own: () =>
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address, family }) => ({ address, family: family === 'IPv4' ? 4 : 6 })),
};

/**
 * Whether a node at this address has the clock of this machine: by any of its addresses, under
 * whatever name.
 */
export async function isThisMachine(url: string, resolver: Resolver = SYSTEM): Promise<boolean> {
  // Loopback, and "any address", which a connection takes for loopback. What is mapped from
  // version 4 into version 6 is found as well.
  const own = new BlockList();
  own.addSubnet('127.0.0.0', 8, 'ipv4');
  own.addAddress('0.0.0.0', 'ipv4');
  own.addAddress('::1', 'ipv6');
  own.addAddress('::', 'ipv6');
  for (const { address, family } of resolver.own()) own.addAddress(plain(address), nameOf(family));
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const found = await resolver.resolve(host);
  return found.some(({ address, family }) => own.check(plain(address), nameOf(family)));
}

/** Without the zone of a link-local address. */
function plain(address: string): string {
  return address.replace(/%.*$/, '');
}

function nameOf(family: 4 | 6): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}
