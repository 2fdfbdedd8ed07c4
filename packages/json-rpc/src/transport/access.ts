/** Who may talk to a server that a browser on the same machine can reach. */
import { isIP } from 'node:net';

export interface AccessRules {
  /** Names that may stand in `Host`, beside addresses; undefined: any. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Origins of pages that may ask; `*` is any. */
  readonly origins: ReadonlySet<string>;
}

/** True for 127.0.0.0/8, ::1 and their name. */
export function isLoopback(host: string): boolean {
  const address = host.startsWith('::ffff:') ? host.slice(7) : host;
  return address === '::1' || address === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/**
 * False: the request names another host. A page of a stranger can have its own name answer with our
 * address (DNS rebinding), and then it is of our origin; but it can not change what it calls us.
 */
export function isHostAllowed(header: string | undefined, { hosts }: AccessRules): boolean {
  if (hosts === undefined) return true;
  if (header === undefined) return false;
  const name = hostName(header);
  return isIP(name) !== 0 || name === 'localhost' || hosts.has(name);
}

/**
 * `chrome-extension:` and its like: a wallet that the owner of the browser installed. A page can
 * not say it of itself.
 */
const EXTENSION = /^[a-z-]+-extension:$/;

/** False: a page of an origin that may not ask. No origin: no page. */
export function isOriginAllowed(origin: string | undefined, { origins }: AccessRules): boolean {
  if (origin === undefined || origins.has('*') || origins.has(origin.toLowerCase())) return true;
  try {
    const url = new URL(origin);
    if (EXTENSION.test(url.protocol)) return true;
    return /^https?:$/.test(url.protocol) && isLoopback(hostName(url.host));
  } catch {
    // `null` and what is no address.
    return false;
  }
}

function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  if (bracketed !== null) return bracketed[1] ?? '';
  return host.replace(/:\d+$/, '').toLowerCase();
}
