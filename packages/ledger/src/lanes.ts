import type { CryptoProvider, NamespaceId } from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import { type Lane, loadLane } from './lane.ts';
import { LANES_MAX } from './limits.ts';

/** The lanes in memory, least recently used first out; a busy or unpublished lane stays. */
export class Lanes {
  readonly #store: LogStore;
  readonly #crypto: CryptoProvider;
  readonly #publishedSize: (namespace: NamespaceId) => Promise<number>;
  readonly #isPinned: (namespace: NamespaceId) => boolean;
  readonly #onLoaded: (lane: Lane) => void;
  /** Insertion order is order of use. Promises, so that two callers share one load. */
  readonly #lanes = new Map<NamespaceId, Promise<Lane>>();

  constructor(
    store: LogStore,
    crypto: CryptoProvider,
    publishedSize: (namespace: NamespaceId) => Promise<number>,
    isPinned: (namespace: NamespaceId) => boolean,
    onLoaded: (lane: Lane) => void,
  ) {
    this.#store = store;
    this.#crypto = crypto;
    this.#publishedSize = publishedSize;
    this.#isPinned = isPinned;
    this.#onLoaded = onLoaded;
  }

  get(namespace: NamespaceId): Promise<Lane> {
    const known = this.#lanes.get(namespace);
    if (known !== undefined) {
      this.#lanes.delete(namespace);
      this.#lanes.set(namespace, known);
      return known;
    }
    const loading = this.#load(namespace);
    this.#lanes.set(namespace, loading);
    loading.catch(() => this.drop(namespace));
    this.#evict();
    return loading;
  }

  /** Forgets a lane whose memory may no longer agree with the store. */
  drop(namespace: NamespaceId): void {
    this.#lanes.delete(namespace);
  }

  async #load(namespace: NamespaceId): Promise<Lane> {
    const published = await this.#publishedSize(namespace);
    const lane = await loadLane(namespace, this.#store, this.#crypto, published);
    this.#onLoaded(lane);
    return lane;
  }

  #evict(): void {
    if (this.#lanes.size <= LANES_MAX) return;
    for (const namespace of this.#lanes.keys()) {
      if (this.#isPinned(namespace)) continue;
      this.#lanes.delete(namespace);
      if (this.#lanes.size <= LANES_MAX) return;
    }
  }
}
