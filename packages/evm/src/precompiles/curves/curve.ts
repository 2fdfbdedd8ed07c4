import {
  MCLBN_FP_SIZE as FP_SIZE,
  MCLBN_FR_SIZE as FR_SIZE,
  MCLBN_G1_SIZE as G1_SIZE,
  MCLBN_G2_SIZE as G2_SIZE,
  MCLBN_GT_SIZE as GT_SIZE,
} from 'mcl-wasm/dist/constants.js';
import { EvmError } from '../../errors.ts';
import { fromBigInt, isAllZero } from '../bytes.ts';
import { loadMcl, type Mcl } from './load-mcl-shell.ts';

export interface CurveParameters {
  /** The number that mcl-wasm gives it. */
  readonly mclCurve: number;
  readonly fieldOrder: bigint;
  /** Bytes of an element of the field as the EIP writes it, highest first. */
  readonly elementLength: number;
  /** Order of the two parts of an element of the field's extension. */
  readonly isImaginaryFirst: boolean;
}

export type GroupName = 'G1' | 'G2';

/** Points are asked to be of the subgroup, or are known to be where they are on the curve. */
export type Membership = 'curve' | 'subgroup';

export interface Term {
  readonly point: Uint8Array;
  /** 32 bytes, any; counts modulo the order of the subgroup. */
  readonly scalar: Uint8Array;
}

export interface Pair {
  readonly g1: Uint8Array;
  readonly g2: Uint8Array;
  /** What the point of G1 is asked; that of G2 is asked to be of the subgroup always. */
  readonly membershipG1: Membership;
}

/** Room for one element as bytes; the longest is of 64. */
const BYTES_SIZE = 64;
const SCALAR_LENGTH = 32;
/** First byte: compressed, infinity. */
const COMPRESSED_INFINITY = 0xc0;

interface Group {
  /** Elements of the field in a coordinate. */
  readonly degree: 1 | 2;
  /** Of a point in memory: three coordinates. */
  readonly size: number;
  readonly clear: (out: number) => void;
  readonly isValid: (point: number) => number;
  readonly isValidOrder: (point: number) => number;
  readonly isZero: (point: number) => number;
  readonly add: (out: number, one: number, other: number) => void;
  readonly mulVec: (out: number, points: number, scalars: number, count: number) => void;
  readonly normalize: (out: number, point: number) => void;
  readonly deserialize: (out: number, bytes: number, length: number) => number;
}

/**
 * A pairing curve in WebAssembly (mcl). Points go in and out as their EIP writes them, x before y,
 * all zero for infinity. Undefined is the answer wherever a coordinate is not below the field's
 * order or a point is not on the curve or, where asked, not in the subgroup.
 */
export class Curve {
  readonly #mcl: Mcl;
  readonly #elementLength: number;
  readonly #fieldOrder: Uint8Array;
  /** Where each part of an extension element lies in mcl: the real one first. */
  readonly #parts: Readonly<Record<1 | 2, readonly number[]>>;
  readonly #groups: Readonly<Record<GroupName, Group>>;
  readonly #bytesAt: number;
  /** See {@link #memory}. */
  #view = new Uint8Array(0);

  constructor({ mclCurve, fieldOrder, elementLength, isImaginaryFirst }: CurveParameters) {
    const mcl = loadMcl(mclCurve);
    this.#mcl = mcl;
    this.#elementLength = elementLength;
    this.#fieldOrder = fromBigInt(fieldOrder, elementLength);
    this.#parts = { 1: [0], 2: isImaginaryFirst ? [FP_SIZE, 0] : [0, FP_SIZE] };
    this.#groups = { G1: groupG1(mcl), G2: groupG2(mcl) };
    this.#bytesAt = mcl.malloc(BYTES_SIZE);
  }

  /** The buffer of a memory that grew is another one, and views of the old one are empty. */
  get #memory(): Uint8Array {
    if (this.#view.length === 0) this.#view = new Uint8Array(this.#mcl.memory.buffer);
    return this.#view;
  }

  /** Sum of two points on the curve. */
  add(name: GroupName, one: Uint8Array, other: Uint8Array): Uint8Array | undefined {
    const group = this.#groups[name];
    return this.#withRoom(2 * group.size, (at) => {
      const next = at + group.size;
      if (!this.#readPoint(group, one, at, 'curve')) return undefined;
      if (!this.#readPoint(group, other, next, 'curve')) return undefined;
      group.add(at, at, next);
      return this.#writePoint(group, at);
    });
  }

  /** Sum of products; infinity for no terms. */
  sumOfProducts(
    name: GroupName,
    terms: readonly Term[],
    membership: Membership,
  ): Uint8Array | undefined {
    const group = this.#groups[name];
    const room = group.size + terms.length * (group.size + FR_SIZE);
    return this.#withRoom(room, (at) => {
      const points = at + group.size;
      const scalars = points + group.size * terms.length;
      let count = 0;
      for (const { point, scalar } of terms) {
        const place = points + group.size * count;
        if (!this.#readPoint(group, point, place, membership)) return undefined;
        if (group.isZero(place) === 1) continue;
        this.#memory.set(scalar, this.#bytesAt);
        const into = scalars + FR_SIZE * count;
        this.#mcl.mclBnFr_setBigEndianMod(into, this.#bytesAt, SCALAR_LENGTH);
        count++;
      }
      if (count === 0) group.clear(at);
      else group.mulVec(at, points, scalars, count);
      return this.#writePoint(group, at);
    });
  }

  /** Whether the product of the pairings is one; of none it is. */
  isPairingProductOne(pairs: readonly Pair[]): boolean | undefined {
    const { G1, G2 } = this.#groups;
    const mcl = this.#mcl;
    return this.#withRoom(GT_SIZE + pairs.length * (G1.size + G2.size), (at) => {
      const firsts = at + GT_SIZE;
      const seconds = firsts + G1.size * pairs.length;
      let count = 0;
      for (const { g1, g2, membershipG1 } of pairs) {
        const first = firsts + G1.size * count;
        const second = seconds + G2.size * count;
        if (!this.#readPoint(G1, g1, first, membershipG1)) return undefined;
        if (!this.#readPoint(G2, g2, second, 'subgroup')) return undefined;
        // The pairing of infinity is one.
        if (G1.isZero(first) === 0 && G2.isZero(second) === 0) count++;
      }
      if (count === 0) return true;
      mcl.mclBn_millerLoopVec(at, firsts, seconds, count);
      mcl.mclBn_finalExp(at, at);
      return mcl.mclBnGT_isOne(at) === 1;
    });
  }

  /** Map of RFC 9380, cofactor cleared, of an element of the field or of its extension. */
  map(name: GroupName, element: Uint8Array): Uint8Array | undefined {
    const group = this.#groups[name];
    const mcl = this.#mcl;
    return this.#withRoom(2 * group.size, (at) => {
      const point = at + group.size;
      if (!this.#readCoordinate(group, element, at)) return undefined;
      if (name === 'G1') mcl.mclBnFp_mapToG1(point, at);
      else mcl.mclBnFp2_mapToG2(point, at);
      return this.#writePoint(group, point);
    });
  }

  /** A compressed point of the subgroup; of BLS12-381 only, whose form of one is Ethereum's. */
  decompress(name: GroupName, bytes: Uint8Array): Uint8Array | undefined {
    const group = this.#groups[name];
    // Infinity has one form, of which mcl may not look at every byte.
    if (((bytes[0] ?? 0) & COMPRESSED_INFINITY) === COMPRESSED_INFINITY) {
      const isCanonical = bytes[0] === COMPRESSED_INFINITY && isAllZero(bytes.subarray(1));
      return isCanonical ? new Uint8Array(2 * group.degree * this.#elementLength) : undefined;
    }
    return this.#withRoom(group.size + bytes.length, (at) => {
      const from = at + group.size;
      this.#memory.set(bytes, from);
      if (group.deserialize(at, from, bytes.length) !== bytes.length) return undefined;
      return group.isValidOrder(at) === 1 ? this.#writePoint(group, at) : undefined;
    });
  }

  #withRoom<T>(length: number, use: (at: number) => T): T {
    const at = this.#mcl.malloc(length);
    if (at === 0) throw new EvmError('memory-bound', `no ${length} bytes for points`);
    try {
      return use(at);
    } finally {
      this.#mcl.free(at);
    }
  }

  #readPoint(group: Group, bytes: Uint8Array, at: number, membership: Membership): boolean {
    if (isAllZero(bytes)) {
      group.clear(at);
      return true;
    }
    const half = bytes.length / 2;
    const coordinate = FP_SIZE * group.degree;
    if (!this.#readCoordinate(group, bytes.subarray(0, half), at)) return false;
    if (!this.#readCoordinate(group, bytes.subarray(half), at + coordinate)) return false;
    this.#mcl.mclBnFp_setInt32(at + 2 * coordinate, 1);
    if (group.degree === 2) this.#mcl.mclBnFp_clear(at + 2 * coordinate + FP_SIZE);
    if (group.isValid(at) !== 1) return false;
    return membership === 'curve' || group.isValidOrder(at) === 1;
  }

  #readCoordinate(group: Group, bytes: Uint8Array, at: number): boolean {
    for (const [index, part] of this.#parts[group.degree].entries()) {
      const offset = index * this.#elementLength;
      const element = bytes.subarray(offset, offset + this.#elementLength);
      if (!isBelow(element, this.#fieldOrder)) return false;
      this.#memory.set(element, this.#bytesAt);
      this.#mcl.mclBnFp_setBigEndianMod(at + part, this.#bytesAt, this.#elementLength);
    }
    return true;
  }

  /** Makes the point's coordinates affine. */
  #writePoint(group: Group, at: number): Uint8Array {
    const length = this.#elementLength;
    const output = new Uint8Array(2 * group.degree * length);
    if (group.isZero(at) === 1) return output;
    group.normalize(at, at);
    let end = 0;
    for (const coordinate of [at, at + FP_SIZE * group.degree]) {
      for (const part of this.#parts[group.degree]) {
        end += length;
        const room = this.#bytesAt;
        const count = this.#mcl.mclBnFp_getLittleEndian(room, BYTES_SIZE, coordinate + part);
        const memory = this.#memory;
        for (let index = 0; index < count; index++) {
          output[end - 1 - index] = memory[room + index] ?? 0;
        }
      }
    }
    return output;
  }
}

function groupG1(mcl: Mcl): Group {
  return {
    degree: 1,
    size: G1_SIZE,
    clear: mcl.mclBnG1_clear,
    isValid: mcl.mclBnG1_isValid,
    isValidOrder: mcl.mclBnG1_isValidOrder,
    isZero: mcl.mclBnG1_isZero,
    add: mcl.mclBnG1_add,
    mulVec: mcl.mclBnG1_mulVec,
    normalize: mcl.mclBnG1_normalize,
    deserialize: mcl.mclBnG1_deserialize,
  };
}

function groupG2(mcl: Mcl): Group {
  return {
    degree: 2,
    size: G2_SIZE,
    clear: mcl.mclBnG2_clear,
    isValid: mcl.mclBnG2_isValid,
    isValidOrder: mcl.mclBnG2_isValidOrder,
    isZero: mcl.mclBnG2_isZero,
    add: mcl.mclBnG2_add,
    mulVec: mcl.mclBnG2_mulVec,
    normalize: mcl.mclBnG2_normalize,
    deserialize: mcl.mclBnG2_deserialize,
  };
}

/** Of numbers of one length, highest byte first. */
function isBelow(bytes: Uint8Array, bound: Uint8Array): boolean {
  for (let index = 0; index < bound.length; index++) {
    const difference = (bytes[index] ?? 0) - (bound[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
