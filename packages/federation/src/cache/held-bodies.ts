import { tilePath } from '@basalt/protocol';
import type { ResponseStore } from './response-store.ts';
import type { HeldBodies } from './verify-body.ts';

/** What the cache itself holds, for comparing answers with each other. */
export function createHeldBodies(store: ResponseStore): HeldBodies {
  const targetOf = (log: string, level: number, index: number): string =>
    `${log}/${tilePath({ level, index, width: 256 })}`;
  const read = async (target: string, mediaType?: string): Promise<Uint8Array | undefined> => {
    const stored = store.findPlain(target, mediaType);
    return stored && (await store.body(stored));
  };
  return {
    entry: async (hash) =>
      (await read(`/blocks/${hash}`, 'application/x-olocus-block')) ??
      read(`/blocks/${hash}/header`, 'application/x-basalt-header'),
    tile: (log, level, index) => read(targetOf(log, level, index)),
    forget: (log, level, index) => store.remove(targetOf(log, level, index)),
  };
}
