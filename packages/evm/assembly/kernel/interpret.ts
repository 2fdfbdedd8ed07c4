// The interpreter: runs the present frame's translated code (decode.ts) until it ends or calls.
//
// The outer loop takes a turn for each basic block: it checks the head, for stack and static gas of
// all of the block. The inner loop takes one for each word. A case that stays in the block says
// `continue`. A jump sets `ip` to a head and says `break`; so does one that ends the frame or hands
// over to the driver, with `halt` set or gas below zero (an operation that fails returns its
// outcome negated in place of the gas). Position, top of stack and gas live in locals and are
// written back on the way out.
import { loadBytes32, storeBytes32 } from './bytes';
import { addModulo, divideSigned, divideWords, multiplyModulo } from './divide';
import { remainderSigned, remainderWords } from './divide';
import * as H from './handlers';
import * as L from './layout';
import * as M from './memory';
import { multiplySmall, multiplyWords, power } from './multiply';
import * as rules from './rules';
import { shiftLeft, shiftLeftBy, shiftRight, shiftRightBy, shiftRightSigned } from './shift';
import * as S from './state-ops';
import { blockFailure, refuseBlock } from './translate';
import * as W from './words';
import { copyWord, isLess, isLessSigned, isZeroWord, setWord } from './words';

/** Runs `frame`; returns HALT_* when it ended, ACTION_* when the driver has to act. */
export function interpret(frame: usize): i32 {
  let ip = <usize>load<u32>(frame, L.FRAME_IP);
  let sp = <usize>load<u32>(frame, L.FRAME_SP);
  let gas = load<i64>(frame, L.FRAME_GAS);
  const stackEmpty = <usize>load<u32>(frame, L.FRAME_STACK_EMPTY);
  let halt: i32 = 0;
  while (true) {
    const head = load<u64>(ip);
    gas -= i64(head >> 32);
    const surplus = <u32>(sp - stackEmpty) - ((u32(head) >>> 3) & 0x1ffe0);
    if (gas < 0 || surplus > ((u32(head) >>> 15) & 0x1ffe0)) {
      gas += i64(head >> 32);
      ip = refuseBlock(frame, ip, sp, gas);
      if (ip != 0) continue;
      halt = blockFailure(head, sp - stackEmpty);
      break;
    }
    ip += 16;
    while (true) {
      const word = load<u64>(ip);
      ip += 8;
      switch (u32(word) & 0xff) {
        // A block that is entered from the one before it.
        case H.DO_BLOCK: ip -= 8; break;

        // ---- moves ----
        case H.DO_PUSH_32: sp += 32; setWord(sp, word >> 32); continue;
        case H.DO_PUSH_64: sp += 32; setWord(sp, load<u64>(ip)); ip += 8; continue;
        case H.DO_PUSH_256: sp += 32; copyWord(sp, ip); ip += 32; continue;
        case H.DO_DUP: sp += 32; copyWord(sp, sp - 32 - upper(word)); continue;
        case H.DO_SWAP: W.swapWords(sp, sp - upper(word)); continue;
        case 0x50: sp -= 32; continue; // POP
        case H.DO_DROP: sp -= upper(word); continue;
        case H.DO_SWAP_POP: copyWord(sp - upper(word), sp); sp -= 32; continue;
        case H.DO_DUP_DUP:
          copyWord(sp + 32, sp - lower(word));
          copyWord(sp + 64, sp + 32 - upper(word));
          sp += 64;
          continue;
        case H.DO_DUP_PUSH:
          copyWord(sp + 32, sp - lower(word));
          setWord(sp + 64, word >> 32);
          sp += 64;
          continue;
        case H.DO_PUSH_DUP:
          setWord(sp + 32, word >> 32);
          copyWord(sp + 64, sp + 32 - lower(word));
          sp += 64;
          continue;
        case H.DO_PUSH_PUSH:
          setWord(sp + 32, u64(lower(word)));
          setWord(sp + 64, word >> 32);
          sp += 64;
          continue;
        case H.DO_SWAP_SWAP:
          W.swapWords(sp, sp - lower(word));
          W.swapWords(sp, sp - upper(word));
          continue;

        // ---- arithmetic ----
        case 0x01: W.addWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x02: multiplyWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x03: W.subtractWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x04: divideWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x05: divideSigned(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x06: remainderWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x07: remainderSigned(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x08: addModulo(sp - 64, sp, sp - 32, sp - 64); sp -= 64; continue;
        case 0x09: multiplyModulo(sp - 64, sp, sp - 32, sp - 64); sp -= 64; continue;
        case 0x0a: gas = opExp(gas, sp); sp -= 32; if (gas >= 0) continue; break;
        case 0x0b: W.signExtend(sp - 32, sp); sp -= 32; continue;
        case H.DO_ADD_CONSTANT: W.addSmall(sp, sp, word >> 32); continue;
        case H.DO_SUB_CONSTANT: W.subtractSmall(sp, sp, word >> 32); continue;
        case H.DO_MUL_CONSTANT: multiplySmall(sp, sp, word >> 32); continue;
        case H.DO_DUP_ADD: W.addWords(sp, sp - upper(word), sp); continue;
        case H.DO_DUP_SUB: W.subtractWords(sp, sp - upper(word), sp); continue;
        case H.DO_DUP_MUL: multiplyWords(sp, sp - upper(word), sp); continue;

        // ---- comparison and bits ----
        case 0x10: setWord(sp - 32, u64(isLess(sp, sp - 32))); sp -= 32; continue;
        case 0x11: setWord(sp - 32, u64(isLess(sp - 32, sp))); sp -= 32; continue;
        case 0x12: setWord(sp - 32, u64(isLessSigned(sp, sp - 32))); sp -= 32; continue;
        case 0x13: setWord(sp - 32, u64(isLessSigned(sp - 32, sp))); sp -= 32; continue;
        case 0x14: setWord(sp - 32, u64(W.equalWords(sp, sp - 32))); sp -= 32; continue;
        case 0x15: setWord(sp, u64(isZeroWord(sp))); continue;
        case 0x16: W.andWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x17: W.orWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x18: W.xorWords(sp - 32, sp, sp - 32); sp -= 32; continue;
        case 0x19: W.notWord(sp); continue;
        case 0x1a: setWord(sp - 32, W.byteOf(sp - 32, sp)); sp -= 32; continue;
        case 0x1b: shiftLeft(sp - 32, sp); sp -= 32; continue;
        case 0x1c: shiftRight(sp - 32, sp); sp -= 32; continue;
        case 0x1d: shiftRightSigned(sp - 32, sp); sp -= 32; continue;
        case 0x1e: setWord(sp, W.countLeadingZeros(sp)); continue;
        case H.DO_NOT_LT: setWord(sp - 32, u64(!isLess(sp, sp - 32))); sp -= 32; continue;
        case H.DO_NOT_LT + 1: setWord(sp - 32, u64(!isLess(sp - 32, sp))); sp -= 32; continue;
        case H.DO_NOT_LT + 2: setWord(sp - 32, u64(!isLessSigned(sp, sp - 32))); sp -= 32; continue;
        case H.DO_NOT_LT + 3: setWord(sp - 32, u64(!isLessSigned(sp - 32, sp))); sp -= 32; continue;
        case H.DO_NOT_LT + 4: setWord(sp - 32, u64(!W.equalWords(sp, sp - 32))); sp -= 32; continue;
        case H.DO_AND_CONSTANT: setWord(sp, load<u64>(sp) & (word >> 32)); continue;
        case H.DO_EQ_CONSTANT: setWord(sp, u64(W.isEqualSmall(sp, word >> 32))); continue;
        // The constant is the first operand: constant < item, constant > item.
        case H.DO_LT_CONSTANT: setWord(sp, u64(!W.isAtMost(sp, word >> 32))); continue;
        case H.DO_GT_CONSTANT: setWord(sp, u64(W.isBelow(sp, word >> 32))); continue;
        case H.DO_SHL_CONSTANT: shiftLeftBy(sp, word >> 32); continue;
        case H.DO_SHR_CONSTANT: shiftRightBy(sp, word >> 32, 0); continue;
        case H.DO_DUP_AND: W.andWords(sp, sp - upper(word), sp); continue;
        case H.DO_DUP_LT: setWord(sp, u64(isLess(sp - upper(word), sp))); continue;
        case H.DO_DUP_GT: setWord(sp, u64(isLess(sp, sp - upper(word)))); continue;
        case H.DO_DUP_SLT: setWord(sp, u64(isLessSigned(sp - upper(word), sp))); continue;
        case H.DO_DUP_SGT: setWord(sp, u64(isLessSigned(sp, sp - upper(word)))); continue;
        case H.DO_DUP_EQ: setWord(sp, u64(W.equalWords(sp, sp - upper(word)))); continue;
        case H.DO_DUP_ISZERO:
          setWord(sp + 32, u64(isZeroWord(sp - upper(word))));
          sp += 32;
          continue;

        // ---- environment ----
        case H.DO_ENVIRONMENT: sp += 32; copyWord(sp, L.environment + upper(word)); continue;
        case 0x20: gas = M.opKeccak(frame, gas, sp); sp -= 32; if (gas >= 0) continue; break;
        case 0x30: sp += 32; pushAddress(sp, <usize>load<u32>(frame, L.FRAME_SELF)); continue;
        case 0x31: gas = S.opBalance(gas, sp); if (gas >= 0) continue; break;
        case 0x33: sp += 32; pushAddress(sp, <usize>load<u32>(frame, L.FRAME_CALLER)); continue;
        case 0x34: sp += 32; copyWord(sp, frame + L.FRAME_VALUE); continue;
        case 0x35: M.opCallDataLoad(frame, sp); continue;
        case 0x36: sp += 32; setWord(sp, load<u32>(frame, L.FRAME_INPUT_LENGTH)); continue;
        case 0x37: gas = M.opCallDataCopy(frame, gas, sp); sp -= 96; if (gas >= 0) continue; break;
        case 0x38: sp += 32; setWord(sp, load<u32>(frame, L.FRAME_CODE_LENGTH)); continue;
        case 0x39: gas = M.opCodeCopy(frame, gas, sp); sp -= 96; if (gas >= 0) continue; break;
        case 0x3b: gas = S.opExtCodeSize(gas, sp); if (gas >= 0) continue; break;
        case 0x3c: gas = S.opExtCodeCopy(frame, gas, sp); sp -= 128; if (gas >= 0) continue; break;
        case 0x3d: sp += 32; setWord(sp, M.returnLength); continue;
        case 0x3e:
          gas = M.opReturnDataCopy(frame, gas, sp);
          sp -= 96;
          if (gas >= 0) continue;
          break;
        case 0x3f: gas = S.opExtCodeHash(gas, sp); if (gas >= 0) continue; break;
        case 0x40: S.opBlockHash(sp); continue;
        case 0x47: sp += 32; S.opSelfBalance(frame, sp); continue;
        case 0x49: S.opBlobHash(sp); continue;

        // ---- memory and storage ----
        case 0x51:
          if (isInMemory(frame, sp)) { loadBytes32(sp, M.memoryAt(frame, sp)); continue; }
          gas = M.loadSlow(frame, gas, sp);
          if (gas >= 0) continue;
          break;
        case H.DO_MLOAD_CONSTANT:
          sp += 32;
          setWord(sp, word >> 32);
          if (isInMemory(frame, sp)) { loadBytes32(sp, M.memoryAt(frame, sp)); continue; }
          gas = M.loadSlow(frame, gas, sp);
          if (gas >= 0) continue;
          break;
        case H.DO_DUP_MLOAD:
          copyWord(sp + 32, sp - upper(word));
          sp += 32;
          if (isInMemory(frame, sp)) { loadBytes32(sp, M.memoryAt(frame, sp)); continue; }
          gas = M.loadSlow(frame, gas, sp);
          if (gas >= 0) continue;
          break;
        case 0x52:
          sp -= 64;
          if (isInMemory(frame, sp + 64)) {
            storeBytes32(M.memoryAt(frame, sp + 64), sp + 32);
            continue;
          }
          gas = M.storeSlow(frame, gas, sp + 64);
          if (gas >= 0) continue;
          break;
        case H.DO_MSTORE_CONSTANT:
          setWord(sp + 32, word >> 32);
          sp -= 32;
          if (isInMemory(frame, sp + 64)) {
            storeBytes32(M.memoryAt(frame, sp + 64), sp + 32);
            continue;
          }
          gas = M.storeSlow(frame, gas, sp + 64);
          if (gas >= 0) continue;
          break;
        case H.DO_DUP_MSTORE:
          copyWord(sp + 32, sp - upper(word));
          sp -= 32;
          if (isInMemory(frame, sp + 64)) {
            storeBytes32(M.memoryAt(frame, sp + 64), sp + 32);
            continue;
          }
          gas = M.storeSlow(frame, gas, sp + 64);
          if (gas >= 0) continue;
          break;
        case 0x53: gas = M.opMstore8(frame, gas, sp); sp -= 64; if (gas >= 0) continue; break;
        case 0x54: gas = S.opSload(frame, gas, sp); if (gas >= 0) continue; break;
        case 0x55:
          gas = S.opSstore(frame, gas, sp, i64(word >> 32));
          sp -= 64;
          if (gas >= 0) continue;
          break;
        case 0x59: sp += 32; setWord(sp, load<u32>(frame, L.FRAME_MEMORY_SIZE)); continue;
        case 0x5a: sp += 32; setWord(sp, u64(gas) + (word >> 32)); continue;
        case 0x5c: S.opTload(frame, sp); continue;
        case 0x5d: gas = S.opTstore(frame, gas, sp); sp -= 64; if (gas >= 0) continue; break;
        case 0x5e: gas = M.opMcopy(frame, gas, sp); sp -= 96; if (gas >= 0) continue; break;
        case 0xa0:
        case 0xa1:
        case 0xa2:
        case 0xa3:
        case 0xa4: {
          const topics = (u32(word) & 0xff) - 0xa0;
          gas = M.opLog(frame, gas, sp, topics);
          sp -= 64 + (<usize>topics << 5);
          if (gas >= 0) continue;
          break;
        }

        // ---- jumps: the next block is entered ----
        case 0x56: // to where the stack says
          ip = targetOf(frame, sp);
          sp -= 32;
          if (ip == 0) halt = L.HALT_INVALID_JUMP;
          break;
        case 0x57:
          sp -= 64;
          if (isZeroWord(sp + 32)) break;
          ip = targetOf(frame, sp + 64);
          if (ip == 0) halt = L.HALT_INVALID_JUMP;
          break;
        case H.DO_JUMP_TO: ip = targetIn(frame, word); break;
        case H.DO_JUMP_TO_IF: sp -= 32; if (!isZeroWord(sp + 32)) ip = targetIn(frame, word); break;
        case H.DO_JUMP_TO_UNLESS:
          sp -= 32;
          if (isZeroWord(sp + 32)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_IF_LT:
          sp -= 64;
          if (isLess(sp + 64, sp + 32)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_IF_LT + 1:
          sp -= 64;
          if (isLess(sp + 32, sp + 64)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_IF_LT + 2:
          sp -= 64;
          if (isLessSigned(sp + 64, sp + 32)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_IF_LT + 3:
          sp -= 64;
          if (isLessSigned(sp + 32, sp + 64)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_IF_LT + 4:
          sp -= 64;
          if (W.equalWords(sp + 64, sp + 32)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_UNLESS_LT:
          sp -= 64;
          if (!isLess(sp + 64, sp + 32)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_UNLESS_LT + 1:
          sp -= 64;
          if (!isLess(sp + 32, sp + 64)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_UNLESS_LT + 2:
          sp -= 64;
          if (!isLessSigned(sp + 64, sp + 32)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_UNLESS_LT + 3:
          sp -= 64;
          if (!isLessSigned(sp + 32, sp + 64)) ip = targetIn(frame, word);
          break;
        case H.DO_JUMP_TO_UNLESS_LT + 4:
          sp -= 64;
          if (!W.equalWords(sp + 64, sp + 32)) ip = targetIn(frame, word);
          break;

        // ---- ends and calls ----
        case 0x00: halt = L.HALT_STOP; break;
        case 0xf3: gas = M.setResult(frame, gas, sp); if (gas >= 0) halt = L.HALT_RETURN; break;
        case 0xfd: gas = M.setResult(frame, gas, sp); if (gas >= 0) halt = L.HALT_REVERT; break;
        case 0xff:
          gas = S.opSelfDestruct(frame, gas, sp);
          if (gas >= 0) halt = L.HALT_SELFDESTRUCT;
          break;
        case 0xf0: halt = L.ACTION_CREATE; break;
        case 0xf1: halt = L.ACTION_CALL; break;
        case 0xf2: halt = L.ACTION_CALLCODE; break;
        case 0xf4: halt = L.ACTION_DELEGATECALL; break;
        case 0xf5: halt = L.ACTION_CREATE2; break;
        case 0xfa: halt = L.ACTION_STATICCALL; break;
        case H.DO_INVALID: halt = L.HALT_INVALID_OPCODE; break;
        default: unreachable();
      }
      break;
    }
    if (halt != 0 || gas < 0) break;
  }
  if (gas < 0 && halt == 0) halt = <i32>-gas;
  store<u32>(frame, <u32>ip, L.FRAME_IP);
  store<u32>(frame, <u32>sp, L.FRAME_SP);
  store<i64>(frame, gas, L.FRAME_GAS);
  return halt;
}

// @ts-ignore: decorator
@inline
function upper(word: u64): usize {
  return <usize>(word >> 32);
}

// @ts-ignore: decorator
@inline
function lower(word: u64): u32 {
  return u32(word) >>> 8;
}

/** Head of the block at the code offset in the word's upper half, which is a JUMPDEST. */
// @ts-ignore: decorator
@inline
function targetIn(frame: usize, word: u64): usize {
  return <usize>load<u32>(<usize>load<u32>(frame, L.FRAME_JUMPS) + (upper(word) << 2));
}

/** Head of the block that the word at `at` names; 0: it is no jump target. */
// @ts-ignore: decorator
@inline
function targetOf(frame: usize, at: usize): usize {
  const target = load<u64>(at);
  if (!W.isSmall(at) || target >= u64(load<u32>(frame, L.FRAME_CODE_LENGTH))) return 0;
  return <usize>load<u32>(<usize>load<u32>(frame, L.FRAME_JUMPS) + (<usize>target << 2));
}

/** All 32 bytes at the offset in the word at `at` are in memory already. */
// @ts-ignore: decorator
@inline
function isInMemory(frame: usize, at: usize): bool {
  const size = u64(load<u32>(frame, L.FRAME_MEMORY_SIZE));
  const offset = load<u64>(at);
  return W.isSmall(at) && offset < size && offset + 32 <= size;
}

function opExp(gas: i64, sp: usize): i64 {
  const bits = 256 - W.countLeadingZeros(sp - 32);
  const left = gas - i64((bits + 7) >> 3) * rules.expByteGas;
  if (left < 0) return -L.HALT_OUT_OF_GAS;
  power(sp - 32, sp, sp - 32);
  return left;
}

// @ts-ignore: decorator
@inline
function pushAddress(to: usize, account: usize): void {
  store<u64>(to, load<u64>(account, L.ACCOUNT_ADDRESS));
  store<u64>(to, load<u64>(account, L.ACCOUNT_ADDRESS + 8), 8);
  store<u64>(to, u64(load<u32>(account, L.ACCOUNT_ADDRESS + 16)), 16);
  store<u64>(to, 0, 24);
}
