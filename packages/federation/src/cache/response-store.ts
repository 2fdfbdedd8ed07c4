import { type HashFunction, toHex } from '@basalt/protocol';
import { ByteLru } from './byte-lru.ts';
import type { DiskTier } from './disk-tier.ts';
import {
  DISK_READS_BYTES_MAX,
  MEMORY_SHARE_MAX,
  MUTABLE_WRITE_INTERVAL_MS,
  VARIANTS_MAX,
} from './limits.ts';
import { type Field, fieldOf, listOf, overheadBytes, type StoredResponse } from './stored.ts';
import { varyMatches } from './vary.ts';

interface Entry {
  readonly key: string;
  stored: StoredResponse;
  /** In memory as long as its place in the memory's LRU. */
  body: Uint8Array | undefined;
  /** When its disk copy was written last. */
  diskMs: number;
  /** How often its body was asked for. */
  uses: number;
  /** A body that a slow reader still holds is sent to others too, not read once more. */
  sent?: SentBody;
  reading?: Promise<Uint8Array | undefined>;
}

/** Where a body lies that is on its way, without keeping it there. */
interface SentBody {
  readonly memory: WeakRef<ArrayBufferLike>;
  readonly offset: number;
}

function placeOf({ buffer, byteOffset: offset }: Uint8Array): SentBody {
  return { memory: new WeakRef(buffer), offset };
}

/** What is kept: small answers in memory first, popular ones on disk too. */
export class ResponseStore {
  readonly #hash: HashFunction;
  readonly #memory: ByteLru<Entry>;
  readonly #memoryBytesMax: number;
  readonly #targets = new Map<string, Entry[]>();
  readonly #byKey = new Map<string, Entry>();
  /** Where each description belongs, so that a hit hashes no names. */
  readonly #entryOf = new WeakMap<StoredResponse, Entry>();
  #disk: DiskTier | undefined;
  /** Bytes of bodies that are being read from disk. */
  #readingBytes = 0;

  constructor(hash: HashFunction, memoryBytesMax: number) {
    this.#hash = hash;
    this.#memoryBytesMax = memoryBytesMax;
    this.#memory = new ByteLru(memoryBytesMax);
  }

  get memoryBytes(): number {
    return this.#memory.bytes;
  }

  get entries(): number {
    return this.#byKey.size;
  }

  /** Takes what a disk holds. */
  async open(disk: DiskTier): Promise<void> {
    for (const stored of await disk.load((found) => this.#keyOf(found))) {
      this.#add({ key: this.#keyOf(stored), stored, body: undefined, diskMs: -Infinity, uses: 0 });
    }
    this.#disk = disk;
  }

  /** The answer for these request fields that was confirmed last. */
  find(target: string, sent: readonly Field[]): StoredResponse | undefined {
    let found: StoredResponse | undefined;
    for (const { stored } of this.#targets.get(target) ?? []) {
      if (!varyMatches(stored, sent)) continue;
      if (found === undefined || stored.confirmedMs > found.confirmedMs) found = stored;
    }
    return found;
  }

  /** The newest 200 in identity coding; of one media type where that is named. */
  findPlain(target: string, mediaType?: string): StoredResponse | undefined {
    const found = (this.#targets.get(target) ?? [])
      .map(({ stored }) => stored)
      .filter(({ status, fields }) => {
        if (status !== 200 || fieldOf(fields, 'content-encoding') !== undefined) return false;
        return mediaType === undefined || fieldOf(fields, 'content-type') === mediaType;
      });
    return found.sort((a, b) => b.confirmedMs - a.confirmedMs)[0];
  }

  /** Whether any form of the address is held. */
  hasTarget(target: string): boolean {
    return this.#targets.has(target);
  }

  async body(stored: StoredResponse): Promise<Uint8Array | undefined> {
    const entry = this.#current(stored);
    if (entry === undefined) return undefined;
    const { key } = entry;
    entry.uses++;
    if (entry.body !== undefined) {
      this.#memory.get(key);
      return entry.body;
    }
    const { sent } = entry;
    const memory = sent?.memory.deref();
    if (sent !== undefined && memory !== undefined) {
      return new Uint8Array(memory, sent.offset, stored.bodyBytes);
    }
    // The disk may have an older one under this key.
    if (this.#disk?.has(key, stored.bodyHash) !== true) return undefined;
    entry.reading ??= this.#read(entry, this.#disk);
    return await entry.reading;
  }

  /** Whether `body` answers without a read that goes beyond what may be read at a time. */
  mayRead(stored: StoredResponse): boolean {
    const entry = this.#current(stored);
    if (entry === undefined || entry.body !== undefined || entry.reading !== undefined) return true;
    return (
      this.#readingBytes === 0 || this.#readingBytes + stored.bodyBytes <= DISK_READS_BYTES_MAX
    );
  }

  /** One read for all who ask at a time. */
  async #read(entry: Entry, disk: DiskTier): Promise<Uint8Array | undefined> {
    const { key, stored } = entry;
    const { bodyBytes } = stored;
    this.#readingBytes += bodyBytes;
    try {
      const body = await disk.read(key);
      if (body === undefined || this.#byKey.get(key) !== entry) return body;
      if (entry.stored.bodyHash === stored.bodyHash && body.length === bodyBytes) {
        entry.sent = placeOf(body);
      }
      this.#remember(entry, body);
      return body;
    } finally {
      this.#readingBytes -= bodyBytes;
      delete entry.reading;
    }
  }

  /** @returns whether it has a place now */
  put(stored: StoredResponse, body: Uint8Array, isPopular: boolean): boolean {
    const key = this.#keyOf(stored);
    const { diskMs = -Infinity, uses = 0 } = this.#byKey.get(key) ?? {};
    this.#drop(key, !isPopular);
    // It goes to who asked, and to who asks while it is not on disk yet.
    const sent = placeOf(body);
    const entry: Entry = { key, stored, body: undefined, diskMs, uses, sent };
    this.#add(entry);
    this.#remember(entry, body);
    const isOnDisk = isPopular && this.#toDisk(entry, body);
    if (entry.body === undefined && !isOnDisk) this.#drop(key, true);
    return this.#byKey.get(key) === entry;
  }

  /** A popular answer that is only in memory goes to disk as well. */
  admit(stored: StoredResponse): void {
    const entry = this.#current(stored);
    if (entry?.body !== undefined) this.#toDisk(entry, entry.body);
  }

  /** The same body, confirmed anew with other fields. */
  confirm(old: StoredResponse, stored: StoredResponse): void {
    const entry = this.#current(old);
    if (entry === undefined) return;
    entry.stored = { ...stored, vary: old.vary };
    this.#entryOf.set(entry.stored, entry);
  }

  remove(target: string): void {
    for (const { key } of this.#targets.get(target) ?? []) this.#drop(key, true);
  }

  /** An entry left the disk. */
  diskGone(key: string): void {
    if (this.#byKey.get(key)?.body === undefined) this.#drop(key, false);
  }

  /** Undefined since another answer took its place, or none did. */
  #current(stored: StoredResponse): Entry | undefined {
    const entry = this.#entryOf.get(stored);
    if (entry === undefined || this.#byKey.get(entry.key) !== entry) return undefined;
    return entry.stored.bodyHash === stored.bodyHash ? entry : undefined;
  }

  #toDisk(entry: Entry, body: Uint8Array): boolean {
    const { stored, key } = entry;
    if (this.#disk === undefined || stored.status !== 200) return false;
    // Heads change each second; the disk gets one of them now and then, for a restart.
    const isFinal = listOf(stored.fields, 'cache-control')?.includes('immutable') === true;
    if (!isFinal && stored.confirmedMs - entry.diskMs < MUTABLE_WRITE_INTERVAL_MS) return false;
    if (!this.#disk.admit(key, stored, body)) return false;
    entry.diskMs = stored.confirmedMs;
    return true;
  }

  #remember(entry: Entry, body: Uint8Array): void {
    const weight = body.length + overheadBytes(entry.stored);
    if (weight > this.#memoryBytesMax * MEMORY_SHARE_MAX) return;
    entry.body = body;
    for (const [key, old] of this.#memory.set(entry.key, entry, weight)) {
      old.body = undefined;
      if (this.#disk?.has(key, old.stored.bodyHash) !== true) this.#drop(key, true);
    }
  }

  #add(entry: Entry): void {
    const { target } = entry.stored;
    const entries = this.#targets.get(target) ?? [];
    if (entries.length >= VARIANTS_MAX) {
      // The least asked for: made-up forms must not drive out the one that all read.
      const least = entries.reduce((a, b) => (b.uses < a.uses ? b : a));
      this.#drop(least.key, true);
    }
    this.#targets.set(target, [...(this.#targets.get(target) ?? []), entry]);
    this.#byKey.set(entry.key, entry);
    this.#entryOf.set(entry.stored, entry);
  }

  #drop(key: string, alsoDisk: boolean): void {
    const entry = this.#byKey.get(key);
    if (alsoDisk) this.#disk?.remove(key);
    if (entry === undefined) return;
    this.#byKey.delete(key);
    this.#memory.delete(key);
    const { target } = entry.stored;
    const left = (this.#targets.get(target) ?? []).filter((other) => other !== entry);
    if (left.length === 0) this.#targets.delete(target);
    else this.#targets.set(target, left);
  }

  #keyOf({ target, vary }: StoredResponse): string {
    const name = JSON.stringify([target, vary]);
    return toHex(this.#hash(new TextEncoder().encode(name)));
  }
}
