import { tilePath } from '@basalt/protocol';
import { type ChainView, fetchJson } from '../node-api.ts';
import { nothingToRead } from './nothing-to-read.ts';
import type { LoadParts, Profile } from './types.ts';

/** Namespaces that are read; the largest ones. */
const NAMESPACES_MAX = 64;
/** Blocks at the end of a namespace that most readers want. */
const RECENT = 256;
const RECENT_PART = 0.8;

type Make = (chain: ChainView, index: number) => string;

/** How often which path is asked for: what a page, a light client and a mirror do. */
const KINDS: readonly (readonly [part: number, make: Make])[] = [
  [0.15, ({ namespace }) => `/chains/${namespace}/head`],
  [0.1, ({ namespace }) => `/ns/${namespace}/checkpoint`],
  [0.45, ({ namespace }, index) => `/chains/${namespace}/blocks/${index}`],
  [0.2, ({ namespace }, index) => `/chains/${namespace}/proof?index=${index}`],
  [0.1, (chain, index) => tileOf(chain, index)],
];

export async function createReadProfile(parts: LoadParts): Promise<Profile> {
  const { context, url, uniform } = parts;
  const page = await fetchJson<ChainView[]>(url, '/chains', context.signal);
  const chains = page
    // Proofs and tiles are those of what a checkpoint covers: of newer blocks there are none yet.
    .map((chain) => ({ ...chain, size: chain.checkpointSize }))
    .filter(({ size }) => size > 0)
    .toSorted((a, b) => b.size - a.size)
    .slice(0, NAMESPACES_MAX);
  if (chains.length === 0) throw nothingToRead(url);
  return {
    noun: 'request',
    send(transport) {
      // Small namespaces are asked about as often as large ones: people look at theirs.
      const chain = chains[Math.floor(uniform() * chains.length)] as ChainView;
      const back = uniform() < RECENT_PART ? Math.min(RECENT, chain.size) : chain.size;
      const index = chain.size - 1 - Math.floor(uniform() * back);
      return transport.send({ method: 'GET', path: drawPath(uniform(), chain, index) });
    },
  };
}

function drawPath(draw: number, chain: ChainView, index: number): string {
  let below = 0;
  for (const [part, make] of KINDS) {
    below += part;
    if (draw < below) return make(chain, index);
  }
  return `/chains/${chain.namespace}/head`;
}

/** A full tile where there is one: partial ones change with every append. */
function tileOf({ namespace, size }: ChainView, index: number): string {
  const tile = Math.floor(index / 256);
  if ((tile + 1) * 256 > size) return `/ns/${namespace}/checkpoint`;
  return `/ns/${namespace}/${tilePath({ level: 0, index: tile, width: 256 })}`;
}
