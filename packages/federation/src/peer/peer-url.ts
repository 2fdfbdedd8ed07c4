import { PeerError } from './errors.ts';
import { URL_CHARACTERS_MAX } from './limits.ts';

/**
 * A node's address in one spelling: scheme, host, port and path without a trailing slash.
 * @throws PeerError `url-refused`
 */
export function normalPeerUrl(text: string): string {
  const url = text.length > URL_CHARACTERS_MAX ? null : URL.parse(text);
  const isPlain =
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (!isPlain) refuse('expected an http or https address without user, query and fragment');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Host and port, as a request names them. */
export function authorityOf(url: string): string {
  return new URL(url).host;
}

/**
 * Addresses that strangers tell may be anywhere, also inside this machine's own network; literal
 * private, loopback and link-local ones are not asked. (A name may still lead there: nodes with
 * something to protect run discovery behind a firewall, or not at all.)
 * @throws PeerError `url-refused`
 */
export function refusePrivateUrl(url: string): void {
  // `localhost.` is `localhost`.
  const host = new URL(url).hostname.replace(/\.$/, '');
  const isPrivate =
    // One label is a name of this network; an address in brackets has no dots either.
    (!host.includes('.') && !host.startsWith('[')) ||
    /\.(localhost|local|internal|lan|home\.arpa)$/.test(host) ||
    /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\./.test(host) ||
    /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(host) ||
    /^(22[4-9]|2[345]\d)\.\d+\.\d+\.\d+$/.test(host) ||
    // Also what carries an IPv4 address: mapped, compatible, NAT64 (RFC 6052) and 6to4.
    /^\[(::.*|f[cdef].*|64:ff9b:.*|2002:.*)\]$/.test(host);
  if (isPrivate) refuse('expected a public address; private ones have to be configured');
}

function refuse(message: string): never {
  throw new PeerError('url-refused', message);
}
