/**
 * Random code that gets somewhere: operands are on the stack, jumps mostly land, calls mostly find
 * somebody, memory mostly stays small. A little noise on top finds the rest.
 */
import { findOpcode, isAtLeast, OPCODES } from '../src/opcodes.ts';
import type { Fork } from '../src/types.ts';
import { precompileInput } from './precompile-input.ts';
import { createProgram, type Label, type Program } from './program.ts';
import type { Random } from './random.ts';

export interface CodeContext {
  readonly fork: Fork;
  /** Addresses worth touching. */
  readonly addresses: readonly bigint[];
  readonly precompiles: readonly number[];
  /** How deep creations inside creations may still go. */
  readonly nesting: number;
}

interface Writer {
  readonly random: Random;
  readonly context: CodeContext;
  readonly program: Program;
  /** Items on the stack that this code has put there. */
  height: number;
}

const CODE_LENGTH_MAX = 1_500;
const HEIGHT_MAX = 24;

/** A whole contract. */
export function generateCode(random: Random, context: CodeContext): Uint8Array {
  if (random.chance(0.04)) return random.bytes(random.between(0, 120));
  const writer: Writer = { random, context, program: createProgram(), height: 0 };
  writeBody(writer, random.between(2, 14), 2);
  writeEnd(writer);
  const code = writer.program.finish();
  return random.chance(0.12) ? addNoise(random, code) : code;
}

/** Calls others with part of its gas each and notes how they ended: no failure there ends it. */
export function generateDriver(random: Random, context: CodeContext): Uint8Array {
  const writer: Writer = { random, context, program: createProgram(), height: 0 };
  const { program } = writer;
  const calls = random.between(2, 5);
  for (let call = 0; call < calls; call++) {
    if (random.chance(0.3)) writeBody(writer, random.between(1, 3), 1);
    program.push(random.below(40));
    program.push(0);
    program.push(random.below(80));
    program.push(0);
    program.push(random.chance(0.7) ? 0 : random.below(4));
    program.push(random.pick(context.addresses));
    program.push(random.between(15_000, 90_000));
    program.op('CALL');
    writer.height++;
    if (isAtLeast(context.fork, 'byzantium')) {
      program.op('RETURNDATASIZE');
      program.op('ADD');
    }
    program.push(0x100 + call);
    program.op('SSTORE');
    writer.height--;
  }
  writeEnd(writer);
  return program.finish();
}

/** Init code: runs something, then leaves a contract behind; sometimes it fails at that. */
export function generateInitCode(random: Random, context: CodeContext): Uint8Array {
  const writer: Writer = { random, context, program: createProgram(), height: 0 };
  const { program } = writer;
  if (random.chance(0.5)) writeBody(writer, random.between(1, 5), 1);
  if (random.chance(0.15)) {
    writeEnd(writer);
    return program.finish();
  }
  const inner = { ...context, nesting: context.nesting - 1 };
  let runtime = generateCode(random, inner);
  if (random.chance(0.05)) runtime = Uint8Array.of(0xef, ...runtime);
  const size = random.chance(0.05) ? random.pick([24_576, 24_577, 0, 1]) : runtime.length;
  program.push(size);
  program.pushLabel(program.data(runtime));
  program.push(0);
  program.op('CODECOPY');
  program.push(size);
  program.push(0);
  program.op('RETURN');
  return program.finish();
}

/** Changes, drops or adds a few bytes. */
export function addNoise(random: Random, code: Uint8Array): Uint8Array {
  const bytes = [...code];
  for (let count = random.between(1, 4); count > 0 && bytes.length > 0; count--) {
    const at = random.below(bytes.length);
    const how = random.weighted({ change: 4, drop: 2, insert: 3, truncate: 1 });
    if (how === 'change') bytes[at] = random.below(256);
    else if (how === 'drop') bytes.splice(at, random.between(1, 3));
    else if (how === 'insert') bytes.splice(at, 0, random.pick(OPCODES).code);
    else bytes.length = at;
  }
  return Uint8Array.from(bytes);
}

/** Statements after which the stack is as high as before. */
function writeBody(writer: Writer, statements: number, depth: number): void {
  const before = writer.height;
  for (let count = 0; count < statements; count++) {
    if (writer.program.size > CODE_LENGTH_MAX) break;
    writeStatement(writer, depth);
    while (writer.height > HEIGHT_MAX) drop(writer);
  }
  while (writer.height > before) drop(writer);
  while (writer.height < before) pushWord(writer);
}

function writeStatement(writer: Writer, depth: number): void {
  const { random, context } = writer;
  const kind = random.weighted({
    opcode: 26,
    compute: 8,
    memory: 8,
    storage: 10,
    call: 9,
    precompile: 2,
    create: context.nesting > 0 ? 3 : 0,
    branch: depth > 0 ? 4 : 0,
    loop: depth > 0 ? 3 : 0,
    copy: 6,
    log: 3,
    account: 4,
    returnData: 3,
    stack: 6,
    rare: 1,
  });
  const write: Record<typeof kind, () => void> = {
    opcode: () => writePlainOpcode(writer),
    compute: () => writeCompute(writer),
    memory: () => writeMemory(writer),
    storage: () => writeStorage(writer),
    call: () => writeCall(writer),
    precompile: () => writePrecompileCall(writer),
    create: () => writeCreate(writer),
    branch: () => writeBranch(writer, depth),
    loop: () => writeLoop(writer, depth),
    copy: () => writeCopy(writer),
    log: () => writeLog(writer),
    account: () => writeAccountRead(writer),
    returnData: () => writeReturnData(writer),
    stack: () => writeStackOpcode(writer),
    rare: () => writeRare(writer),
  };
  write[kind]();
}

/** Opcodes that take and give words without looking at anything else. */
const PLAIN: readonly string[] = (
  'ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND LT GT SLT SGT EQ ISZERO ' +
  'AND OR XOR NOT BYTE SHL SHR SAR CLZ ADDRESS ORIGIN CALLER CALLVALUE CALLDATALOAD ' +
  'CALLDATASIZE CODESIZE GASPRICE RETURNDATASIZE BLOCKHASH COINBASE TIMESTAMP NUMBER ' +
  'PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE PC MSIZE GAS'
).split(' ');

function writePlainOpcode(writer: Writer): void {
  const { random, context, program } = writer;
  const row = OPCODES.find(({ name }) => name === random.pick(PLAIN));
  if (row === undefined || findOpcode(context.fork, row.code) === undefined) return;
  needOperands(writer, row.pops);
  program.op(row.name);
  writer.height += row.pushes - row.pops;
  if (random.chance(0.4)) keepResult(writer);
}

const COMPUTE: readonly string[] = PLAIN.slice(0, PLAIN.indexOf('ADDRESS'));

/** Several computations on fresh operands; the hash of all results ends up in storage. */
function writeCompute(writer: Writer): void {
  const { random, context, program } = writer;
  const count = random.between(2, 8);
  for (let index = 0; index < count; index++) {
    const name = random.pick(COMPUTE);
    const row = OPCODES.find((each) => each.name === name);
    if (row === undefined || findOpcode(context.fork, row.code) === undefined) continue;
    const takesBits = ['SHL', 'SHR', 'SAR', 'BYTE', 'SIGNEXTEND'].includes(name);
    const operands = Array.from({ length: row.pops }, (_, operand) => {
      const isBits = takesBits && operand === 0 && random.chance(0.8);
      return isBits ? BigInt(random.below(name.startsWith('S') ? 270 : 36)) : random.word();
    });
    // An operand right before its opcode may be translated together with it; a swap keeps it off.
    const isSwapped = operands.length === 2 && random.chance(0.5);
    for (const operand of isSwapped ? operands : operands.toReversed()) program.push(operand);
    if (isSwapped) program.op('SWAP1');
    program.op(name);
    program.push(0x200 + 32 * index);
    program.op('MSTORE');
  }
  program.push(32 * count);
  program.push(0x200);
  program.op('KECCAK256');
  program.push(0x200 + random.below(8));
  program.op('SSTORE');
}

/** Puts the top item where the end of the case can see it. */
function keepResult(writer: Writer): void {
  const { random, program } = writer;
  if (writer.height === 0) return;
  program.push(random.below(8));
  program.op(random.chance(0.7) ? 'SSTORE' : 'MSTORE');
  writer.height--;
}

function writeMemory(writer: Writer): void {
  const { random, program } = writer;
  const name = random.pick(['MLOAD', 'MSTORE', 'MSTORE', 'MSTORE8', 'KECCAK256']);
  if (name === 'MLOAD') {
    pushOffset(writer);
    program.op(name);
    writer.height++;
  } else if (name === 'KECCAK256') {
    pushSize(writer);
    pushOffset(writer);
    program.op(name);
    writer.height++;
  } else {
    needOperands(writer, 1);
    pushOffset(writer);
    program.op(name);
    writer.height--;
  }
}

function writeStorage(writer: Writer): void {
  const { random, context, program } = writer;
  const isTransient = isAtLeast(context.fork, 'cancun') && random.chance(0.3);
  const slot = random.chance(0.9) ? BigInt(random.below(5)) : random.word();
  if (random.chance(0.4)) {
    program.push(slot);
    program.op(isTransient ? 'TLOAD' : 'SLOAD');
    writer.height++;
    return;
  }
  if (random.chance(0.7)) program.push(random.below(3));
  else {
    needOperands(writer, 1);
    writer.height--;
  }
  program.push(slot);
  program.op(isTransient ? 'TSTORE' : 'SSTORE');
}

function writeCall(writer: Writer): void {
  const { random, context, program } = writer;
  const names = ['CALL', 'CALL', 'CALLCODE'];
  if (isAtLeast(context.fork, 'homestead')) names.push('DELEGATECALL', 'DELEGATECALL');
  if (isAtLeast(context.fork, 'byzantium')) names.push('STATICCALL', 'STATICCALL');
  const name = random.pick(names);
  pushSize(writer);
  pushOffset(writer);
  pushSize(writer);
  pushOffset(writer);
  if (name === 'CALL' || name === 'CALLCODE') pushValue(writer);
  pushAddress(writer);
  pushGas(writer);
  program.op(name);
  writer.height++;
}

function writePrecompileCall(writer: Writer): void {
  const { random, context, program } = writer;
  const address = random.pick(context.precompiles);
  const input = precompileInput(random, address);
  if (input.length > 0) {
    program.push(input.length);
    program.pushLabel(program.data(input));
    program.push(0);
    program.op('CODECOPY');
  }
  program.push(random.below(100));
  program.push(random.below(64));
  program.push(random.chance(0.9) ? input.length : random.below(200));
  program.push(0);
  const isStatic = isAtLeast(context.fork, 'byzantium') && random.chance(0.5);
  if (!isStatic) program.push(random.chance(0.8) ? 0 : 1);
  program.push(address);
  pushGas(writer);
  program.op(isStatic ? 'STATICCALL' : 'CALL');
  writer.height++;
}

function writeCreate(writer: Writer): void {
  const { random, context, program } = writer;
  const inner = { ...context, nesting: context.nesting - 1 };
  const initCode = generateInitCode(random, inner);
  program.push(initCode.length);
  program.pushLabel(program.data(initCode));
  program.push(0);
  program.op('CODECOPY');
  const isCreate2 = isAtLeast(context.fork, 'constantinople') && random.chance(0.5);
  if (isCreate2) program.push(random.below(3));
  const isExact = random.chance(0.9);
  program.push(isExact ? initCode.length : random.pick([0, 1, 49_152, 49_153]));
  program.push(0);
  pushValue(writer);
  program.op(isCreate2 ? 'CREATE2' : 'CREATE');
  writer.height++;
  if (!random.chance(0.5)) return;
  // Call what was made: the address stands deep under the call's own operands.
  const depth = 5;
  for (let operand = 0; operand < depth; operand++) program.push(0);
  program.op(`DUP${depth + 1}`);
  pushGas(writer);
  program.op('CALL');
  writer.height++;
}

function writeBranch(writer: Writer, depth: number): void {
  const { random, program } = writer;
  const end: Label = { offset: undefined };
  needOperands(writer, 1);
  program.pushLabel(end);
  program.op('JUMPI');
  writer.height--;
  writeBody(writer, random.between(1, 4), depth - 1);
  program.place(end);
}

function writeLoop(writer: Writer, depth: number): void {
  const { random, program } = writer;
  const start: Label = { offset: undefined };
  program.push(random.between(1, 6));
  writer.height++;
  program.place(start);
  writeBody(writer, random.between(1, 4), depth - 1);
  program.push(1);
  program.op('SWAP1');
  program.op('SUB');
  program.op('DUP1');
  program.pushLabel(start);
  program.op('JUMPI');
  drop(writer);
}

function writeCopy(writer: Writer): void {
  const { random, context, program } = writer;
  const names = ['CALLDATACOPY', 'CODECOPY', 'EXTCODECOPY'];
  if (isAtLeast(context.fork, 'cancun')) names.push('MCOPY');
  const name = random.pick(names);
  pushSize(writer);
  pushOffset(writer);
  pushOffset(writer);
  if (name === 'EXTCODECOPY') pushAddress(writer);
  program.op(name);
}

function writeLog(writer: Writer): void {
  const { random, program } = writer;
  const topics = random.below(5);
  needOperands(writer, topics);
  pushSize(writer);
  pushOffset(writer);
  program.op(`LOG${topics}`);
  writer.height -= topics;
}

function writeAccountRead(writer: Writer): void {
  const { random, context, program } = writer;
  const names = ['BALANCE', 'EXTCODESIZE'];
  if (isAtLeast(context.fork, 'constantinople')) names.push('EXTCODEHASH');
  pushAddress(writer);
  program.op(random.pick(names));
  writer.height++;
  if (random.chance(0.3)) keepResult(writer);
}

function writeReturnData(writer: Writer): void {
  const { random, context, program } = writer;
  if (!isAtLeast(context.fork, 'byzantium')) return;
  if (random.chance(0.5)) program.op('RETURNDATASIZE');
  else program.push(random.pick([0, 0, 1, 32, 33, 64]));
  program.push(random.chance(0.8) ? 0 : random.below(40));
  pushOffset(writer);
  program.op('RETURNDATACOPY');
}

function writeStackOpcode(writer: Writer): void {
  const { random, program } = writer;
  const depth = random.between(1, 16);
  if (random.chance(0.5)) {
    while (writer.height < depth) pushWord(writer);
    program.op(`DUP${depth}`);
    writer.height++;
  } else {
    while (writer.height < depth + 1) pushWord(writer);
    program.op(`SWAP${depth}`);
  }
}

/** What ends most cases at once, so it must not come often. */
function writeRare(writer: Writer): void {
  const { random, program } = writer;
  const kind = random.pick(['overflow', 'underflow', 'jump', 'invalid', 'push', 'huge'] as const);
  if (kind === 'overflow') {
    const start: Label = { offset: undefined };
    program.push(1);
    program.place(start);
    program.op('DUP1');
    program.op('DUP1');
    program.pushLabel(start);
    program.op('JUMPI');
  } else if (kind === 'underflow') {
    for (let count = writer.height + 1; count > 0; count--) program.op('POP');
  } else if (kind === 'jump') {
    program.push(random.chance(0.5) ? random.below(200) : random.word());
    program.op('JUMP');
  } else if (kind === 'invalid') {
    program.raw([random.below(256)]);
  } else if (kind === 'push') {
    program.raw([random.between(0x60, 0x7f)]);
  } else {
    program.push(random.word());
    program.push(random.word());
    program.op(random.pick(['KECCAK256', 'MSTORE', 'RETURN', 'REVERT']));
  }
}

function writeEnd(writer: Writer): void {
  const { random, context, program } = writer;
  const kind = random.weighted({ stop: 4, give: 6, revert: 2, destroy: 2, fall: 2, invalid: 1 });
  if (kind === 'stop') program.op('STOP');
  else if (kind === 'invalid') program.raw([0xfe]);
  else if (kind === 'destroy') {
    pushAddress(writer);
    program.op('SELFDESTRUCT');
  } else if (kind === 'give' || (kind === 'revert' && isAtLeast(context.fork, 'byzantium'))) {
    pushSize(writer);
    pushOffset(writer);
    program.op(kind === 'give' ? 'RETURN' : 'REVERT');
  }
}

function needOperands(writer: Writer, count: number): void {
  while (writer.height < count || (writer.height < HEIGHT_MAX && writer.random.chance(0.3))) {
    pushWord(writer);
  }
}

function pushWord(writer: Writer): void {
  const { random, program, context } = writer;
  const fromAddress = random.chance(0.05);
  program.push(fromAddress ? random.pick(context.addresses) : random.word());
  writer.height++;
}

function drop(writer: Writer): void {
  writer.program.op('POP');
  writer.height--;
}

// What follows pushes operands that the next opcode takes at once: the height does not count them.

function pushOffset({ random, program }: Writer): void {
  if (random.chance(0.993)) program.push(random.below(random.chance(0.93) ? 160 : 4_000));
  else program.push(random.word());
}

function pushSize({ random, program }: Writer): void {
  if (random.chance(0.995)) program.push(random.below(random.chance(0.93) ? 100 : 2_000));
  else program.push(random.word());
}

function pushValue({ random, program }: Writer): void {
  if (random.chance(0.6)) program.push(0);
  else if (random.chance(0.9)) program.push(random.below(20));
  else program.push(random.word());
}

function pushAddress({ random, program, context }: Writer): void {
  const kind = random.weighted({ known: 16, self: 2, precompile: 1, any: 1 });
  if (kind === 'known') program.push(random.pick(context.addresses));
  else if (kind === 'self') program.op('ADDRESS');
  else if (kind === 'precompile') program.push(random.pick(context.precompiles));
  else program.push(random.word());
}

function pushGas({ random, program }: Writer): void {
  const kind = random.weighted({ all: 6, some: 5, huge: 1, little: 2 });
  if (kind === 'all') program.op('GAS');
  else if (kind === 'some') program.push(random.between(1_000, 40_000));
  else if (kind === 'little') program.push(random.below(800));
  else program.push(random.word());
}
