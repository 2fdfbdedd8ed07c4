import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { NamespaceAppend } from '../src/index.ts';

/**
 * What one would write without a layout, as the peer of ours: LMDB, a row for each entry, payload
 * and block hash, the hash as the key of a B-tree; the same durability (plain LMDB, a sync per
 * commit).
 */
export interface NaiveLog {
  append(append: NamespaceAppend): Promise<void>;
  entry(index: number): Uint8Array | undefined;
  bytes(): number;
  close(): Promise<void>;
}

type Rows = Database<Uint8Array, Uint8Array>;

export function openNaiveLog(path: string): NaiveLog {
  mkdirSync(path, { recursive: true });
  const root: RootDatabase<Uint8Array, Uint8Array> = open({
    path,
    noSubdir: false,
    overlappingSync: false,
    eventTurnBatching: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    pageSize: 4096,
  });
  const table = (name: string): Rows =>
    root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' });
  const [entries, payloads, tiles, hashes] = ['entries', 'payloads', 'tiles', 'hashes'].map(table);
  if (!(entries && payloads && tiles && hashes)) throw new Error('no tables');
  return {
    async append({ expectedSize, blocks, fullTiles }) {
      await root.batch(() => {
        for (const [i, { entry, payload, blockHash }] of blocks.entries()) {
          const key = indexKey(expectedSize + i);
          void entries.put(key, entry);
          void payloads.put(key, payload ?? new Uint8Array(1));
          void hashes.put(blockHash, key);
        }
        for (const tile of fullTiles) void tiles.put(indexKey(tile.index), tile.bytes);
      });
    },
    entry: (index) => entries.getBinary(indexKey(index)),
    bytes: () => statSync(join(path, 'data.mdb')).size,
    close: () => root.close(),
  };
}

function indexKey(index: number): Uint8Array {
  const key = new Uint8Array(10);
  new DataView(key.buffer).setUint32(6, index);
  return key;
}
