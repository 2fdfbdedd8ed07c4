/** What the bench runs: bytecode written here, and contracts compiled from sources written here. */
import { createProgram, type Label, type Program } from '../fuzz/program.ts';
import { compileContracts } from './compile-contracts.ts';

export interface BenchProgram {
  readonly name: string;
  readonly code: Uint8Array;
  /** Call data that makes one run. */
  readonly data: Uint8Array;
}

/** First four bytes of keccak256("run(uint256)"). */
const RUN_SELECTOR = 'a444f5e9';
const WIDE = 2n ** 255n - 19n;

/** @param scale 1 for a full measurement; less for a quick look */
export function benchPrograms(scale = 1): BenchProgram[] {
  const contracts = compileContracts();
  const contract = (name: string, title: string, count: number): BenchProgram => {
    const code = contracts.get(name);
    if (code === undefined) throw new Error(`no contract ${name}`);
    return { name: title, code, data: runCall(Math.ceil(count * scale)) };
  };
  const turns = Math.ceil(300_000 * scale);
  return [
    { name: 'arith', code: loop(writeArith), data: word(turns) },
    { name: 'arithSload', code: loop(writeArithSload), data: word(turns) },
    { name: 'arithWide', code: loop(writeArithWide), data: word(turns) },
    { name: 'keccakLoop', code: loop(writeKeccak), data: word(turns / 2) },
    contract('TokenTransfer', 'ERC-20 transfer', 5_000),
    contract('TokenMint', 'ERC-20 mint', 5_000),
    contract('TokenApprovalTransfer', 'ERC-20 approval and transfer', 4_000),
    contract('RayTracer', 'ray tracer (own, in the manner of snailtracer)', 100),
    contract('Hashes', 'ten thousand hashes', 10_000),
  ];
}

/**
 * Runs a body as many times as the call data says. The stack below the counter holds one word, the
 * result, which the body takes and gives back.
 */
function loop(writeBody: (program: Program) => void): Uint8Array {
  const program = createProgram();
  const start: Label = { offset: undefined };
  program.push(1);
  program.push(0);
  program.op('CALLDATALOAD');
  program.place(start);
  program.op('SWAP1');
  writeBody(program);
  program.op('SWAP1');
  program.push(1);
  program.op('SWAP1');
  program.op('SUB');
  program.op('DUP1');
  program.pushLabel(start);
  program.op('JUMPI');
  program.op('POP');
  program.push(0);
  program.op('MSTORE');
  program.push(32);
  program.push(0);
  program.op('RETURN');
  return program.finish();
}

/** Values of one limb: masked to 32 bits each turn. */
function writeArith(program: Program): void {
  program.push(7);
  program.op('MUL');
  program.push(13);
  program.op('ADD');
  program.push(0xffff_ffff);
  program.op('AND');
  program.op('DUP1');
  program.push(0);
  program.op('MSTORE');
  program.push(1_000_000);
  program.op('DUP2');
  program.op('LT');
  program.op('ADD');
}

function writeArithSload(program: Program): void {
  writeArith(program);
  program.push(1);
  program.op('SLOAD');
  program.op('ADD');
}

/** Values of four limbs. */
function writeArithWide(program: Program): void {
  program.push(WIDE, 32);
  program.op('MUL');
  program.push(WIDE >> 1n, 32);
  program.op('ADD');
  program.op('DUP1');
  program.push(0);
  program.op('MSTORE');
  program.op('DUP1');
  program.op('MUL');
  program.push(3);
  program.op('XOR');
}

function writeKeccak(program: Program): void {
  program.push(0);
  program.op('MSTORE');
  program.push(32);
  program.push(0);
  program.op('KECCAK256');
}

function runCall(count: number): Uint8Array {
  return Uint8Array.from([...Buffer.from(RUN_SELECTOR, 'hex'), ...word(count)]);
}

function word(value: number): Uint8Array {
  return Uint8Array.from(Buffer.from(Math.floor(value).toString(16).padStart(64, '0'), 'hex'));
}
