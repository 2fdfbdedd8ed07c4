/** Builds chains of blocks step by step, by hand, with what a verifier should say to each. */
import {
  batchMessage,
  blockHash,
  entry,
  type GenesisFields,
  genesisPayload,
  type HeaderFields,
  header,
  merkleSignature,
  namespaceOf,
  signedBytes,
  v1Block,
  ZERO32,
} from './build.ts';
import { hex, keyId, named } from './generate-blocks.ts';
import { sha256, type VectorKey } from './node-keys.ts';

export interface Step {
  readonly name: string;
  readonly block: string;
  readonly nowMs?: number;
  /** `valid` or an error code; a block that is not valid leaves the chain as it is. */
  readonly expect: string;
}

export interface Chain {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What a step may change of the block that would be right; `signature` and the rest come last. */
export interface Change extends Partial<HeaderFields> {
  readonly payload?: Buffer;
  readonly signature?: (signature: Buffer) => Buffer;
  readonly wire?: (wire: Buffer) => Buffer;
  readonly nowMs?: number;
}

export class ChainBuilder {
  readonly name: string;
  readonly steps: Step[] = [];
  namespace = '';
  size = 0;
  head: string = ZERO32;
  timestampMs = 1_760_000_000_000;

  constructor(name: string) {
    this.name = name;
  }

  done(): Chain {
    return { name: this.name, steps: this.steps };
  }

  genesis(name: string, expect: string, key: VectorKey, options: GenesisOptions = {}): this {
    const payload = Buffer.concat([
      genesisPayload({ ...defaultGenesis(key), ...options.fields }),
      options.trailing ?? Buffer.alloc(0),
    ]);
    const before = this.namespace;
    this.namespace = namespaceOf(payload);
    this.next(name, expect, options.signer ?? key, {
      payloadType: 2,
      payload,
      ...options.change,
    });
    if (expect !== 'valid') this.namespace = before;
    return this;
  }

  next(name: string, expect: string, key: VectorKey, change: Change = {}): this {
    const { payload = Buffer.from(name, 'utf8'), signature, wire, nowMs, ...fields } = change;
    const whole = this.#fields(key, payload, fields);
    const headerBytes = header(whole);
    const signed = key.sign(signedBytes(headerBytes));
    const entryBytes = entry(headerBytes, signature === undefined ? signed : signature(signed));
    const bytes = Buffer.concat([entryBytes, payload]);
    this.#push(name, expect, wire === undefined ? bytes : wire(bytes), nowMs);
    if (expect === 'valid') this.#advance(hex(blockHash(headerBytes)), whole.timestampMs);
    return this;
  }

  /** Valid blocks under one Merkle signature. */
  batch(name: string, key: VectorKey, count: number): this {
    const blocks = Array.from({ length: count }, (_, i) => {
      const payload = Buffer.from(`${name} ${i}`, 'utf8');
      const fields = this.#fields(key, payload, { algorithm: key.algorithm + 16 });
      const headerBytes = header(fields);
      this.#advance(hex(blockHash(headerBytes)), fields.timestampMs);
      return { payload, headerBytes };
    });
    const headers = blocks.map((block) => block.headerBytes);
    const inner = key.sign(batchMessage(headers));
    for (const [i, { payload, headerBytes }] of blocks.entries()) {
      const entryBytes = entry(headerBytes, merkleSignature(headers, i, inner));
      this.#push(`${name} ${i}`, 'valid', Buffer.concat([entryBytes, payload]));
    }
    return this;
  }

  v1(name: string, expect: string, key: VectorKey, change: V1Change = {}): this {
    const payload = Buffer.from(name, 'utf8');
    const { wire, ...fields } = change;
    const whole = {
      wireVersion: 0x0107,
      index: this.size,
      timestampSeconds: Math.floor(this.timestampMs / 1000) + 1,
      previous: this.head,
      payloadType: 0x100,
      ...fields,
    };
    const bytes = v1Block(whole, payload, key);
    this.#push(name, expect, wire === undefined ? bytes : wire(bytes));
    if (expect === 'valid') this.#advance(hex(sha256(bytes)), whole.timestampSeconds * 1000);
    return this;
  }

  #fields(key: VectorKey, payload: Buffer, change: Partial<HeaderFields>): HeaderFields {
    return {
      namespace: this.namespace,
      index: this.size,
      timestampMs: this.timestampMs + 10,
      previous: this.head,
      payloadHash: hex(sha256(payload)),
      payloadType: 1,
      payloadLength: payload.length,
      algorithm: key.algorithm,
      payloadHashKind: 0,
      keyId: keyId(key),
      ...change,
    };
  }

  #push(name: string, expect: string, bytes: Buffer, nowMs?: number): void {
    const step = { name, block: hex(bytes), expect };
    this.steps.push(nowMs === undefined ? step : { ...step, nowMs });
  }

  #advance(hash: string, timestampMs: number): void {
    this.size += 1;
    this.head = hash;
    this.timestampMs = timestampMs;
  }
}

export interface GenesisOptions {
  readonly fields?: Partial<GenesisFields>;
  readonly trailing?: Buffer;
  readonly signer?: VectorKey;
  readonly change?: Change;
}

export interface V1Change {
  readonly index?: number;
  readonly timestampSeconds?: number;
  readonly previous?: string;
  readonly payloadType?: number;
  readonly wire?: (wire: Buffer) => Buffer;
}

export function defaultGenesis(key: VectorKey): GenesisFields {
  return {
    nonce: '5a'.repeat(16),
    parent: null,
    label: 'vectors',
    strategy: { kind: 'topic', topic: 'vectors' },
    currentKey: named(key),
    nextKeyHash: null,
    recoveryDelayMs: 0,
    recoveryKeys: [],
  };
}

/** The same bytes with one bit turned. */
export function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
