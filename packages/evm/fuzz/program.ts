/** Writes bytecode: opcodes by name, the shortest push, labels filled in at the end. */
import { OPCODES } from '../src/opcodes.ts';

const CODES: ReadonlyMap<string, number> = new Map(OPCODES.map(({ name, code }) => [name, code]));
const PUSH1 = 0x60;
const PUSH2 = 0x61;

/** A place in the code: a jump target, or data behind the code. */
export interface Label {
  /** Undefined until it is placed. */
  offset: number | undefined;
}

export interface Program {
  op(name: string): void;
  raw(bytes: Iterable<number>): void;
  push(value: bigint | number, minBytes?: number): void;
  pushLabel(label: Label): void;
  /** A JUMPDEST that `label` stands for. */
  place(label: Label): void;
  /** Appends bytes that nothing runs; the label stands for their offset. */
  data(bytes: Uint8Array): Label;
  readonly size: number;
  finish(): Uint8Array;
}

export function createProgram(): Program {
  const bytes: number[] = [];
  const uses: { at: number; label: Label }[] = [];
  const blobs: { label: Label; content: Uint8Array }[] = [];
  return {
    get size() {
      return bytes.length;
    },
    op(name) {
      const code = CODES.get(name);
      if (code === undefined) throw new RangeError(`no opcode ${name}`);
      bytes.push(code);
    },
    raw(more) {
      bytes.push(...more);
    },
    push(value, minBytes = 1) {
      const hex = BigInt(value).toString(16);
      const even = hex.length % 2 === 0 ? hex : `0${hex}`;
      const padded = even.padStart(2 * minBytes, '0');
      bytes.push(PUSH1 + padded.length / 2 - 1, ...Buffer.from(padded, 'hex'));
    },
    pushLabel(label) {
      uses.push({ at: bytes.length + 1, label });
      bytes.push(PUSH2, 0, 0);
    },
    place(label) {
      label.offset = bytes.length;
      bytes.push(CODES.get('JUMPDEST') ?? 0);
    },
    data(content) {
      const label: Label = { offset: undefined };
      blobs.push({ label, content });
      return label;
    },
    finish() {
      if (blobs.length > 0) bytes.push(0);
      for (const { label, content } of blobs) {
        label.offset = bytes.length;
        bytes.push(...content);
      }
      for (const { at, label } of uses) {
        const offset = label.offset ?? 0;
        bytes[at] = (offset >> 8) & 0xff;
        bytes[at + 1] = offset & 0xff;
      }
      return Uint8Array.from(bytes);
    },
  };
}
