import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';
import { CACHE_ENTRY_OVERHEAD_BYTES, COMPRESS_BYTES_MIN } from '../limits.ts';
import { CODINGS, type Coding } from './accept.ts';
import { digestOf } from './digest.ts';
import { DATA_FIELDS } from './security-fields.ts';

/** One coding of a representation, ready to be written. */
export interface Form {
  /** Strong, with quotes; each coding has its own (RFC 9110 section 8.8.3.3). */
  readonly etag: string;
  readonly body: Uint8Array;
  /** All fields of a 200 answer, names and values in turn, Content-Length included. */
  readonly fields: string[];
}

export interface RepresentationOptions {
  readonly body: Uint8Array;
  readonly mediaType: string;
  /** Without quotes; unique for these bytes under this address. */
  readonly tag: string;
  readonly cacheControl: string;
  /** Honour Range. Only for resources that are never coded. */
  readonly ranges?: boolean;
  /** Offer zstd, br and gzip. */
  readonly compress?: boolean;
  /** Coded once and sent often: as small as zstd and br make it, in tenths of a second. */
  readonly smallest?: boolean;
  /** Value of Repr-Digest for the identity form; coded forms get their own. */
  readonly digest?: string;
  /** Request fields that chose this representation, beside Accept-Encoding. */
  readonly vary?: string;
  /** Further fields, names and values in turn. */
  readonly fields?: readonly string[];
  /** Security fields; {@link DATA_FIELDS} where absent. */
  readonly security?: readonly string[];
  /** Fields for a 206 of these bytes, e.g. the proof of its chunks. */
  readonly partFields?: (start: number, end: number) => readonly string[];
  /** Media types that answer this address too, so that Accept has to be looked at. */
  readonly alternatives?: readonly string[];
}

/** On bundles zstd's default beats gzip in both time and size. */
const ZSTD_LEVELS = { quick: 3, smallest: 19 } as const;

/**
 * Quality 5 gives fewer bytes than gzip on bundles and lists, in less time; 9 takes 50 times as
 * long for 2 % of a bundle.
 */
const BROTLI_QUALITIES = { quick: 5, smallest: 11 } as const;

type Effort = keyof typeof ZSTD_LEVELS;

type Compressor = (body: Uint8Array, effort: Effort) => Promise<Buffer>;

const compressors: Record<Exclude<Coding, 'identity'>, Compressor> = {
  gzip: (body) => promisify(gzip)(body),
  br: (body, effort) =>
    promisify(brotliCompress)(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITIES[effort],
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    }),
  zstd: (body, effort) =>
    promisify(zstdCompress)(body, {
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVELS[effort] },
    }),
};

/** Everything about one resource's answer that does not depend on the request. */
export class Representation {
  readonly identity: Form;
  readonly mediaType: string;
  readonly cacheControl: string;
  readonly ranges: boolean;
  readonly compressible: boolean;
  readonly alternatives: readonly string[];
  readonly partFields: ((start: number, end: number) => readonly string[]) | undefined;
  /** Fields of a 304: those that a cache needs (RFC 9110 section 15.4.5), without the tag. */
  readonly #kept: readonly string[];
  readonly #base: readonly string[];
  readonly #tag: string;
  readonly #digest: string | undefined;
  readonly #effort: Effort;
  /** At most one per coding; undefined inside means that coding does not pay. */
  readonly #coded = new Map<Coding, Promise<Form | undefined>>();

  constructor(options: RepresentationOptions) {
    this.#tag = options.tag;
    this.#effort = options.smallest === true ? 'smallest' : 'quick';
    this.mediaType = options.mediaType;
    this.cacheControl = options.cacheControl;
    this.ranges = options.ranges === true;
    this.compressible = options.compress === true && options.body.length >= COMPRESS_BYTES_MIN;
    this.alternatives = options.alternatives ?? [];
    this.partFields = options.partFields;
    const vary = [
      ...(options.vary === undefined ? [] : [options.vary]),
      ...(options.compress === true ? ['Accept-Encoding'] : []),
    ];
    this.#kept = [
      'Cache-Control',
      options.cacheControl,
      ...(vary.length === 0 ? [] : ['Vary', vary.join(', ')]),
      ...(options.security ?? DATA_FIELDS),
    ];
    this.#base = [
      'Content-Type',
      options.mediaType,
      ...this.#kept,
      ...(this.ranges ? ['Accept-Ranges', 'bytes'] : []),
      ...(options.fields ?? []),
    ];
    const digest = options.digest;
    this.#digest = digest;
    this.identity = this.#form(options.body, `"${options.tag}"`, digest, []);
  }

  /** The tags of all codings: whichever a client holds, it is this representation. */
  get etags(): readonly string[] {
    if (!this.compressible) return [this.identity.etag];
    return [this.identity.etag, ...CODINGS.map((coding) => `"${this.#tag}-${coding}"`)];
  }

  /**
   * Bytes held, for the bound of a cache. A compressible one counts all coded forms from the start
   * (each is smaller than the identity form), so that coding later cannot overrun the bound.
   */
  get sizeBytes(): number {
    const forms = this.compressible ? 1 + CODINGS.length : 1;
    return forms * this.identity.body.length + CACHE_ENTRY_OVERHEAD_BYTES;
  }

  /** The coded form, made once on another thread; undefined where coding does not pay. */
  coded(coding: Exclude<Coding, 'identity'>): Promise<Form | undefined> {
    let form = this.#coded.get(coding);
    if (form === undefined) {
      form = this.#compress(coding);
      this.#coded.set(coding, form);
    }
    return form;
  }

  /** Fields of a 304 for the form with this tag. */
  notModifiedFields(etag: string): string[] {
    return ['ETag', etag, ...this.#kept];
  }

  /** Fields of a 206 without Content-Length and Content-Range. */
  partialFields(): string[] {
    const digest = this.#digest === undefined ? [] : ['Repr-Digest', this.#digest];
    return [...this.#base, 'ETag', this.identity.etag, ...digest];
  }

  async #compress(coding: Exclude<Coding, 'identity'>): Promise<Form | undefined> {
    const identity = this.identity.body;
    const body = await compressors[coding](identity, this.#effort);
    // Signatures and hashes do not shrink; less than a twentieth is not worth a second variant.
    if (body.length > identity.length * 0.95) return undefined;
    // Repr-Digest covers the representation as it is coded (RFC 9530 section 3).
    const digest = this.#digest !== undefined ? digestOf(body) : undefined;
    return this.#form(body, `"${this.#tag}-${coding}"`, digest, ['Content-Encoding', coding]);
  }

  #form(
    body: Uint8Array,
    etag: string,
    digest: string | undefined,
    extra: readonly string[],
  ): Form {
    const fields = [...this.#base, 'ETag', etag, ...extra];
    if (digest !== undefined) fields.push('Repr-Digest', digest);
    fields.push('Content-Length', String(body.length));
    return { etag, body, fields };
  }
}
