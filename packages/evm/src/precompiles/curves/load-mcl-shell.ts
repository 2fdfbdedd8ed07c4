import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BLS12_381, IRTF, MCLBN_COMPILED_TIME_VAR } from 'mcl-wasm/dist/constants.js';
import { EvmError } from '../../errors.ts';

/** Pages of 64 KB that the package's own loader gives it; it grows where that is too little. */
const INITIAL_PAGES = 32;

type Place = number;
type Unary = (out: Place, value: Place) => void;
type Binary = (out: Place, one: Place, other: Place) => void;
type Test = (value: Place) => number;
type ReadBytes = (out: Place, bytes: Place, length: number) => number;

/**
 * What is used of mcl's C interface (mcl/bn.h). A place is an address in the instance's memory;
 * tests answer 1 for yes, readers 0 for well.
 */
export interface Mcl {
  readonly memory: WebAssembly.Memory;
  readonly malloc: (length: number) => Place;
  readonly free: (place: Place) => void;
  readonly mclBnFp_clear: (out: Place) => void;
  readonly mclBnFp_setInt32: (out: Place, value: number) => void;
  readonly mclBnFp_setBigEndianMod: ReadBytes;
  /** Writes no more bytes than the value has, the lowest first, and says how many. */
  readonly mclBnFp_getLittleEndian: (out: Place, room: number, value: Place) => number;
  readonly mclBnFp_mapToG1: (out: Place, value: Place) => number;
  readonly mclBnFp2_mapToG2: (out: Place, value: Place) => number;
  readonly mclBnFr_setBigEndianMod: ReadBytes;
  readonly mclBnG1_clear: (out: Place) => void;
  readonly mclBnG1_isValid: Test;
  readonly mclBnG1_isValidOrder: Test;
  readonly mclBnG1_isZero: Test;
  readonly mclBnG1_add: Binary;
  readonly mclBnG1_mulVec: (out: Place, points: Place, scalars: Place, count: number) => void;
  readonly mclBnG1_normalize: Unary;
  /** Gives the number of bytes read, 0 for what is no point. */
  readonly mclBnG1_deserialize: ReadBytes;
  readonly mclBnG2_clear: (out: Place) => void;
  readonly mclBnG2_isValid: Test;
  readonly mclBnG2_isValidOrder: Test;
  readonly mclBnG2_isZero: Test;
  readonly mclBnG2_add: Binary;
  readonly mclBnG2_mulVec: (out: Place, points: Place, scalars: Place, count: number) => void;
  readonly mclBnG2_normalize: Unary;
  readonly mclBnG2_deserialize: ReadBytes;
  readonly mclBn_millerLoopVec: (out: Place, g1: Place, g2: Place, count: number) => void;
  readonly mclBn_finalExp: Unary;
  readonly mclBnGT_isOne: Test;
}

interface Exports extends Mcl {
  readonly __wasm_call_ctors: () => void;
  readonly mclBn_init: (curve: number, compiledTimeVar: number) => number;
  readonly mclBn_verifyOrderG1: (isVerified: number) => void;
  readonly mclBn_verifyOrderG2: (isVerified: number) => void;
  readonly mclBn_setETHserialization: (isEnabled: number) => void;
  readonly mclBn_setMapToMode: (mode: number) => number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Instantiates mcl for one curve, some 25 ms and 6 MB. The package's own loader does no more, but
 * gives a promise, and a precompile cannot wait; so the module is taken out of its file, which
 * carries it as a string.
 *
 * @param curve the package's number of it
 * @throws EvmError `kernel-missing` when the package is not as expected
 */
export function loadMcl(curve: number): Mcl {
  compiled ??= new WebAssembly.Module(readModule());
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  const mcl = { ...(instance.exports as unknown as Exports), memory };
  mcl.__wasm_call_ctors();
  if (mcl.mclBn_init(curve, MCLBN_COMPILED_TIME_VAR) !== 0) {
    throw new EvmError('kernel-missing', `mcl-wasm does not begin with curve ${curve}`);
  }
  // Whether a point is on the curve and whether it is in the subgroup are two questions.
  mcl.mclBn_verifyOrderG1(0);
  mcl.mclBn_verifyOrderG2(0);
  if (curve === BLS12_381) {
    mcl.mclBn_setETHserialization(1);
    // RFC 9380, which EIP-2537 takes its maps from.
    mcl.mclBn_setMapToMode(IRTF);
  }
  return mcl;
}

function readModule(): Uint8Array<ArrayBuffer> {
  const path = createRequire(import.meta.url).resolve('mcl-wasm/dist/mcl_c.js');
  const found = /wasmBase64 = '([^']+)'/.exec(readFileSync(path, 'latin1'))?.[1];
  if (found === undefined) throw new EvmError('kernel-missing', `no module in ${path}`);
  return new Uint8Array(Buffer.from(found, 'base64'));
}
