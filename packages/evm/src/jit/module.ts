/** Puts the sections of the module around the functions that were written. */
import { ByteWriter } from './byte-writer.ts';
import * as R from './runtime.ts';
import { FUNCTION_ENTER, FUNCTION_INVALID, functionOf, IMPORTS } from './runtime.ts';
import * as W from './wasm.ts';

const { I32, I64 } = W;
/** By TYPE_*: parameters, results. */
const TYPES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[I32, I32, I64], [I32]],
  [[I32, I64, I32], [I64]],
  [[I32, I64, I32, I64], [I64]],
  [[I32, I32, I64, I32], [I32]],
  [[I32, I64, I64, I64, I64], [I64]],
  [[], [I32]],
  [
    [I64, I64, I64, I64, I64, I64, I64, I64],
    [I64, I64, I64, I64],
  ],
];
const PAGES_MAX = 65_536;
const NAME = new TextEncoder();

/**
 * @param bodies the functions of the module in order, each with its length before it
 * @param blocks number of block functions, slots 1 to `blocks` of the table
 */
export function assemble(
  bodies: ByteWriter,
  blocks: number,
  isShared: boolean,
): Uint8Array<ArrayBuffer> {
  const w = new ByteWriter(bodies.length + blocks * 8 + 4096);
  w.append([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(w, 1, (s) => {
    s.unsigned(TYPES.length);
    for (const [parameters, results] of TYPES) {
      s.u8(0x60);
      s.unsigned(parameters.length);
      s.append(parameters);
      s.unsigned(results.length);
      s.append(results);
    }
  });
  section(w, 2, (s) => writeImports(s, isShared));
  section(w, 3, (s) => {
    s.unsigned(blocks + 3);
    s.append([R.TYPE_BLOCK, R.TYPE_BLOCK, R.TYPE_MULTIPLY]);
    for (let i = 0; i < blocks; i++) s.u8(R.TYPE_BLOCK);
  });
  section(w, 4, (s) => {
    s.append([1, W.FUNCREF, 1]);
    s.unsigned(blocks + 1);
    s.unsigned(blocks + 1);
  });
  section(w, 7, (s) => {
    s.u8(1);
    writeName(s, 'enter');
    s.u8(0);
    s.unsigned(FUNCTION_ENTER);
  });
  section(w, 9, (s) => {
    s.append([1, 0, W.I32_CONST, 0, W.END]);
    s.unsigned(blocks + 1);
    s.unsigned(FUNCTION_INVALID);
    for (let slot = 1; slot <= blocks; slot++) s.unsigned(functionOf(slot));
  });
  w.u8(10);
  const size = w.hole(5);
  const start = w.length;
  w.unsigned(blocks + 3);
  w.bytes.set(bodies.bytes.subarray(0, bodies.length), w.length);
  w.length += bodies.length;
  w.patch(size, 5, w.length - start);
  return w.bytes.slice(0, w.length);
}

function section(w: ByteWriter, id: number, write: (w: ByteWriter) => void): void {
  w.u8(id);
  const size = w.hole(5);
  const start = w.length;
  write(w);
  w.patch(size, 5, w.length - start);
}

function writeImports(s: ByteWriter, isShared: boolean): void {
  s.unsigned(IMPORTS.length + 3);
  for (const [name, type] of IMPORTS) {
    writeName(s, 'kernel');
    writeName(s, name);
    s.u8(0);
    s.u8(type);
  }
  writeName(s, 'env');
  writeName(s, 'memory');
  s.u8(2);
  s.u8(isShared ? 3 : 0);
  s.u8(1);
  if (isShared) s.unsigned(PAGES_MAX);
  for (const name of ['targets', 'environment']) {
    writeName(s, 'env');
    writeName(s, name);
    s.append([3, I32, 0]);
  }
}

function writeName(s: ByteWriter, name: string): void {
  const bytes = NAME.encode(name);
  s.unsigned(bytes.length);
  s.append(bytes);
}
