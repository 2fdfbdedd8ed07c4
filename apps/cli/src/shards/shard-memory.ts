import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type NamespaceId, parseNamespaceId } from '@basalt/protocol';
import { readIfThere, replaceFile } from '../durable-files.ts';
import { ensureFolder } from '../home.ts';

/** A time shard that this computer founded, or was about to. */
export interface KnownShard {
  readonly namespace: NamespaceId;
  readonly label: string;
}

/** The newest one may not have come to the node; the one before has. */
const KEPT = 2;

/**
 * The newest time shards of each lane, on disk before they are founded: whatever a list of the node
 * leaves out, the next import asks for these by id. Only a hint: each is verified before use.
 */
export class ShardMemory {
  readonly #journals: string;
  readonly #owner: string;

  /** @param owner what tells nodes and keys apart */
  constructor(journals: string, owner: string) {
    this.#journals = journals;
    this.#owner = owner;
  }

  async read(lane: string): Promise<readonly KnownShard[]> {
    const bytes = await readIfThere(this.#pathOf(lane));
    return bytes === undefined ? [] : parse(bytes);
  }

  /** Durable when it resolves. */
  async add(lane: string, shard: KnownShard): Promise<void> {
    const known = await this.read(lane);
    if (known.some(({ namespace }) => namespace === shard.namespace)) return;
    const all = [shard, ...known].slice(0, KEPT);
    await replaceFile(this.#pathOf(lane), Buffer.from(JSON.stringify(all)));
  }

  #pathOf(lane: string): string {
    const name = createHash('sha256')
      .update(JSON.stringify([this.#owner, lane]))
      .digest('hex');
    return join(ensureFolder(join(this.#journals, 'shards')), `${name}.json`);
  }
}

/** A file that somebody has changed is no hint. */
function parse(bytes: Uint8Array): readonly KnownShard[] {
  try {
    const rows = JSON.parse(Buffer.from(bytes).toString()) as readonly KnownShard[];
    return rows.map(({ namespace, label }) => ({
      namespace: parseNamespaceId(namespace),
      label: String(label),
    }));
  } catch {
    return [];
  }
}
