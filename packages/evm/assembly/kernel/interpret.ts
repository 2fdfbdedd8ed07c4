// The interpreter: runs the present frame's translated code (decode.ts) until it ends or calls.
//
// One case per opcode. A case that goes on says `continue`; one that ends the frame or hands over to
// the driver sets `halt` and says `break`. Program position, stack top and gas live in locals; every
// way out of the loop writes them back. Static gas and stack bounds were checked at the block's head.
import { loadBytes32, storeBytes32 } from './bytes';
import { divideSigned, divideWords, remainderSigned, remainderWords } from './divide';
import { addModulo, multiplyModulo } from './divide';
import { blockFailure, failBlock } from './translate';
import {
  DO_BLOCK,
  DO_DUP,
  DO_INVALID,
  DO_JUMP_TO,
  DO_JUMP_TO_IF,
  DO_PUSH_256,
  DO_PUSH_32,
  DO_PUSH_64,
  DO_STEP,
  DO_SWAP,
} from './handlers';
import { hostStep } from './host';
import * as L from './layout';
import {
  loadSlow,
  memoryAt,
  opCallDataCopy,
  opCallDataLoad,
  opCodeCopy,
  opKeccak,
  opLog,
  opMcopy,
  opMstore8,
  opReturnDataCopy,
  returnLength,
  setResult,
  storeSlow,
} from './memory';
import { multiplyWords, power } from './multiply';
import * as rules from './rules';
import { shiftLeft, shiftRight, shiftRightSigned } from './shift';
import {
  opBalance,
  opBlobHash,
  opBlockHash,
  opExtCodeCopy,
  opExtCodeHash,
  opExtCodeSize,
  opSelfBalance,
  opSelfDestruct,
  opSload,
  opSstore,
  opTload,
  opTstore,
} from './state-ops';
import {
  addWords,
  byteOf,
  copyWord,
  countLeadingZeros,
  equalWords,
  isLess,
  isLessSigned,
  isSmall,
  isZeroWord,
  setWord,
  signExtend,
  subtractWords,
  swapWords,
} from './words';

/** Runs `frame`; returns HALT_* when it ended, ACTION_* when the driver has to act. */
export function interpret(frame: usize): i32 {
  let ip = <usize>load<u32>(frame, L.FRAME_IP);
  let sp = <usize>load<u32>(frame, L.FRAME_SP);
  let gas = load<i64>(frame, L.FRAME_GAS);
  const stackEmpty = <usize>load<u32>(frame, L.FRAME_STACK_EMPTY);
  let halt: i32 = 0;
  while (true) {
    const word = load<u64>(ip);
    ip += 8;
    switch (u32(word) & 0xff) {
      case DO_BLOCK: {
        gas -= i64(word >> 32);
        const surplus = <u32>(sp - stackEmpty) - ((u32(word) >>> 3) & 0x1ffe0);
        ip += 8;
        if (gas >= 0 && surplus <= ((u32(word) >>> 15) & 0x1ffe0)) continue;
        // Again from here, opcode by opcode, to find the one that fails.
        gas += i64(word >> 32);
        ip = failBlock(frame, ip - 16);
        if (ip != 0) continue;
        halt = blockFailure(word, sp - stackEmpty);
        break;
      }
      case DO_STEP: {
        hostStep(frame, sp, gas, u32(word >> 32));
        continue;
      }
      case DO_JUMP_TO: {
        ip = <usize>load<u32>(<usize>load<u32>(frame, L.FRAME_JUMPS) + (<usize>(word >> 32) << 2));
        continue;
      }
      case DO_JUMP_TO_IF: {
        const isFalse = isZeroWord(sp);
        sp -= 32;
        if (isFalse) continue;
        ip = <usize>load<u32>(<usize>load<u32>(frame, L.FRAME_JUMPS) + (<usize>(word >> 32) << 2));
        continue;
      }
      case DO_PUSH_32: {
        sp += 32;
        setWord(sp, word >> 32);
        continue;
      }
      case DO_PUSH_64: {
        sp += 32;
        setWord(sp, load<u64>(ip));
        ip += 8;
        continue;
      }
      case DO_PUSH_256: {
        sp += 32;
        copyWord(sp, ip);
        ip += 32;
        continue;
      }
      case DO_DUP: {
        const from = sp - <usize>(word >> 32);
        sp += 32;
        copyWord(sp, from);
        continue;
      }
      case DO_SWAP: {
        swapWords(sp, sp - <usize>(word >> 32));
        continue;
      }
      case 0x50: // POP
        sp -= 32;
        continue;

      // ---- arithmetic ----
      case 0x01:
        addWords(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      case 0x02:
        multiplyWords(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      case 0x03:
        subtractWords(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      case 0x04:
        divideWords(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      case 0x05:
        divideSigned(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      case 0x06:
        remainderWords(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      case 0x07:
        remainderSigned(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      case 0x08:
        addModulo(sp - 64, sp, sp - 32, sp - 64);
        sp -= 64;
        continue;
      case 0x09:
        multiplyModulo(sp - 64, sp, sp - 32, sp - 64);
        sp -= 64;
        continue;
      case 0x0a: {
        const bits = 256 - countLeadingZeros(sp - 32);
        gas -= i64((bits + 7) >> 3) * rules.expByteGas;
        if (gas < 0) {
          halt = L.HALT_OUT_OF_GAS;
          break;
        }
        power(sp - 32, sp, sp - 32);
        sp -= 32;
        continue;
      }
      case 0x0b:
        signExtend(sp - 32, sp);
        sp -= 32;
        continue;

      // ---- comparison and bits ----
      case 0x10:
        setWord(sp - 32, u64(isLess(sp, sp - 32)));
        sp -= 32;
        continue;
      case 0x11:
        setWord(sp - 32, u64(isLess(sp - 32, sp)));
        sp -= 32;
        continue;
      case 0x12:
        setWord(sp - 32, u64(isLessSigned(sp, sp - 32)));
        sp -= 32;
        continue;
      case 0x13:
        setWord(sp - 32, u64(isLessSigned(sp - 32, sp)));
        sp -= 32;
        continue;
      case 0x14:
        setWord(sp - 32, u64(equalWords(sp, sp - 32)));
        sp -= 32;
        continue;
      case 0x15:
        setWord(sp, u64(isZeroWord(sp)));
        continue;
      case 0x16:
        sp -= 32;
        store<u64>(sp, load<u64>(sp) & load<u64>(sp, 32));
        store<u64>(sp, load<u64>(sp, 8) & load<u64>(sp, 40), 8);
        store<u64>(sp, load<u64>(sp, 16) & load<u64>(sp, 48), 16);
        store<u64>(sp, load<u64>(sp, 24) & load<u64>(sp, 56), 24);
        continue;
      case 0x17:
        sp -= 32;
        store<u64>(sp, load<u64>(sp) | load<u64>(sp, 32));
        store<u64>(sp, load<u64>(sp, 8) | load<u64>(sp, 40), 8);
        store<u64>(sp, load<u64>(sp, 16) | load<u64>(sp, 48), 16);
        store<u64>(sp, load<u64>(sp, 24) | load<u64>(sp, 56), 24);
        continue;
      case 0x18:
        sp -= 32;
        store<u64>(sp, load<u64>(sp) ^ load<u64>(sp, 32));
        store<u64>(sp, load<u64>(sp, 8) ^ load<u64>(sp, 40), 8);
        store<u64>(sp, load<u64>(sp, 16) ^ load<u64>(sp, 48), 16);
        store<u64>(sp, load<u64>(sp, 24) ^ load<u64>(sp, 56), 24);
        continue;
      case 0x19:
        store<u64>(sp, ~load<u64>(sp));
        store<u64>(sp, ~load<u64>(sp, 8), 8);
        store<u64>(sp, ~load<u64>(sp, 16), 16);
        store<u64>(sp, ~load<u64>(sp, 24), 24);
        continue;
      case 0x1a:
        setWord(sp - 32, byteOf(sp - 32, sp));
        sp -= 32;
        continue;
      case 0x1b:
        shiftLeft(sp - 32, sp);
        sp -= 32;
        continue;
      case 0x1c:
        shiftRight(sp - 32, sp);
        sp -= 32;
        continue;
      case 0x1d:
        shiftRightSigned(sp - 32, sp);
        sp -= 32;
        continue;
      case 0x1e:
        setWord(sp, countLeadingZeros(sp));
        continue;
      case 0x20:
        gas = opKeccak(frame, gas, sp);
        sp -= 32;
        if (gas >= 0) continue;
        break;

      // ---- environment ----
      case 0x30:
        sp += 32;
        pushAddress(sp, <usize>load<u32>(frame, L.FRAME_SELF));
        continue;
      case 0x31:
        gas = opBalance(gas, sp);
        if (gas >= 0) continue;
        break;
      case 0x32:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_ORIGIN);
        continue;
      case 0x33:
        sp += 32;
        pushAddress(sp, <usize>load<u32>(frame, L.FRAME_CALLER));
        continue;
      case 0x34:
        sp += 32;
        copyWord(sp, frame + L.FRAME_VALUE);
        continue;
      case 0x35:
        opCallDataLoad(frame, sp);
        continue;
      case 0x36:
        sp += 32;
        setWord(sp, load<u32>(frame, L.FRAME_INPUT_LENGTH));
        continue;
      case 0x37:
        gas = opCallDataCopy(frame, gas, sp);
        sp -= 96;
        if (gas >= 0) continue;
        break;
      case 0x38:
        sp += 32;
        setWord(sp, load<u32>(frame, L.FRAME_CODE_LENGTH));
        continue;
      case 0x39:
        gas = opCodeCopy(frame, gas, sp);
        sp -= 96;
        if (gas >= 0) continue;
        break;
      case 0x3a:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_GAS_PRICE);
        continue;
      case 0x3b:
        gas = opExtCodeSize(gas, sp);
        if (gas >= 0) continue;
        break;
      case 0x3c:
        gas = opExtCodeCopy(frame, gas, sp);
        sp -= 128;
        if (gas >= 0) continue;
        break;
      case 0x3d:
        sp += 32;
        setWord(sp, returnLength);
        continue;
      case 0x3e:
        gas = opReturnDataCopy(frame, gas, sp);
        sp -= 96;
        if (gas >= 0) continue;
        break;
      case 0x3f:
        gas = opExtCodeHash(gas, sp);
        if (gas >= 0) continue;
        break;
      case 0x40:
        opBlockHash(sp);
        continue;
      case 0x41:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_COINBASE);
        continue;
      case 0x42:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_TIMESTAMP);
        continue;
      case 0x43:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_NUMBER);
        continue;
      case 0x44:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_RANDOM);
        continue;
      case 0x45:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_GAS_LIMIT);
        continue;
      case 0x46:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_CHAIN_ID);
        continue;
      case 0x47:
        sp += 32;
        opSelfBalance(frame, sp);
        continue;
      case 0x48:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_BASE_FEE);
        continue;
      case 0x49:
        opBlobHash(sp);
        continue;
      case 0x4a:
        sp += 32;
        copyWord(sp, L.environment + L.ENV_BLOB_BASE_FEE);
        continue;

      // ---- memory, storage, flow ----
      case 0x51: {
        const size = u64(load<u32>(frame, L.FRAME_MEMORY_SIZE));
        const offset = load<u64>(sp);
        if (isSmall(sp) && offset < size && offset + 32 <= size) {
          loadBytes32(sp, memoryAt(frame, sp));
          continue;
        }
        gas = loadSlow(frame, gas, sp);
        if (gas >= 0) continue;
        break;
      }
      case 0x52: {
        const size = u64(load<u32>(frame, L.FRAME_MEMORY_SIZE));
        const offset = load<u64>(sp);
        if (isSmall(sp) && offset < size && offset + 32 <= size) {
          storeBytes32(memoryAt(frame, sp), sp - 32);
          sp -= 64;
          continue;
        }
        gas = storeSlow(frame, gas, sp);
        sp -= 64;
        if (gas >= 0) continue;
        break;
      }
      case 0x53:
        gas = opMstore8(frame, gas, sp);
        sp -= 64;
        if (gas >= 0) continue;
        break;
      case 0x54:
        gas = opSload(frame, gas, sp);
        if (gas >= 0) continue;
        break;
      case 0x55:
        gas = opSstore(frame, gas, sp, i64(word >> 32));
        sp -= 64;
        if (gas >= 0) continue;
        break;
      case 0x56: // JUMP and JUMPI to a target that is not known before
        ip = targetOf(frame, sp);
        sp -= 32;
        if (ip != 0) continue;
        halt = L.HALT_INVALID_JUMP;
        break;
      case 0x57:
        sp -= 64;
        if (isZeroWord(sp + 32)) continue;
        ip = targetOf(frame, sp + 64);
        if (ip != 0) continue;
        halt = L.HALT_INVALID_JUMP;
        break;
      case 0x59:
        sp += 32;
        setWord(sp, load<u32>(frame, L.FRAME_MEMORY_SIZE));
        continue;
      case 0x5a:
        sp += 32;
        setWord(sp, u64(gas + i64(word >> 32)));
        continue;
      case 0x5c:
        opTload(frame, sp);
        continue;
      case 0x5d:
        gas = opTstore(frame, gas, sp);
        sp -= 64;
        if (gas >= 0) continue;
        break;
      case 0x5e:
        gas = opMcopy(frame, gas, sp);
        sp -= 96;
        if (gas >= 0) continue;
        break;

      // ---- logs, ends, calls ----
      case 0xa0:
      case 0xa1:
      case 0xa2:
      case 0xa3:
      case 0xa4: {
        const topics = (u32(word) & 0xff) - 0xa0;
        gas = opLog(frame, gas, sp, topics);
        sp -= 64 + (<usize>topics << 5);
        if (gas >= 0) continue;
        break;
      }
      case 0x00:
        halt = L.HALT_STOP;
        break;
      case 0xf3:
        gas = setResult(frame, gas, sp);
        if (gas >= 0) halt = L.HALT_RETURN;
        break;
      case 0xfd:
        gas = setResult(frame, gas, sp);
        if (gas >= 0) halt = L.HALT_REVERT;
        break;
      case 0xff:
        gas = opSelfDestruct(frame, gas, sp);
        if (gas >= 0) halt = L.HALT_SELFDESTRUCT;
        break;
      case 0xf0:
        halt = L.ACTION_CREATE;
        break;
      case 0xf1:
        halt = L.ACTION_CALL;
        break;
      case 0xf2:
        halt = L.ACTION_CALLCODE;
        break;
      case 0xf4:
        halt = L.ACTION_DELEGATECALL;
        break;
      case 0xf5:
        halt = L.ACTION_CREATE2;
        break;
      case 0xfa:
        halt = L.ACTION_STATICCALL;
        break;
      case DO_INVALID:
        halt = L.HALT_INVALID_OPCODE;
        break;
      default:
        unreachable();
    }
    break;
  }
  // An opcode that fails returns its outcome in place of the gas.
  if (gas < 0 && halt == 0) halt = <i32>-gas;
  store<u32>(frame, <u32>ip, L.FRAME_IP);
  store<u32>(frame, <u32>sp, L.FRAME_SP);
  store<i64>(frame, gas, L.FRAME_GAS);
  return halt;
}

/** Instruction word of the jump target in the word at `at`; 0: not a target. */
// @ts-ignore: decorator
@inline
function targetOf(frame: usize, at: usize): usize {
  const target = load<u64>(at);
  if (!isSmall(at) || target >= u64(load<u32>(frame, L.FRAME_CODE_LENGTH))) return 0;
  return <usize>load<u32>(<usize>load<u32>(frame, L.FRAME_JUMPS) + (<usize>target << 2));
}

// @ts-ignore: decorator
@inline
function pushAddress(to: usize, account: usize): void {
  store<u64>(to, load<u64>(account, L.ACCOUNT_ADDRESS));
  store<u64>(to, load<u64>(account, L.ACCOUNT_ADDRESS + 8), 8);
  store<u64>(to, u64(load<u32>(account, L.ACCOUNT_ADDRESS + 16)), 16);
  store<u64>(to, 0, 24);
}
