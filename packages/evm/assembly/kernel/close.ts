// What happens when a frame ends: undo or keep, hand gas and output to the parent.
import { finishCreation } from './create';
import { closeFrame, depth } from './frames';
import { BOUND_RETURN, exceed, hostExit } from './host';
import { revertTo } from './journal';
import {
  DECODE_STEP,
  FRAME_BYTES,
  FRAME_GAS,
  FRAME_JOURNAL_START,
  FRAME_KIND,
  FRAME_LOG_START,
  FRAME_OUT,
  FRAME_OUT_LENGTH,
  FRAME_REFUND_START,
  FRAME_RESULT,
  FRAME_RESULT_LENGTH,
  FRAME_SELF,
  FRAME_SP,
  HALT_OUT_OF_GAS,
  HALT_REVERT,
  KIND_CREATE,
  returnBuffer,
  returnBufferBytes,
} from './layout';
import { returnLength, setLogEnd, setReturnLength } from './memory';
import { setRefund } from './state-ops';
import { mode } from './translate';
import { setWord } from './words';

/** How the outermost frame ended. */
export let outcome: i32 = 0;
export let outcomeGas: i64 = 0;
export function setOutcome(halt: i32, gas: i64): void {
  outcome = halt;
  outcomeGas = gas;
}

// @ts-ignore: decorator
@inline
export function isFailure(halt: i32): bool {
  return halt >= HALT_REVERT;
}

/** Puts state, logs and refund back to what they were when the frame began. */
export function undoFrame(frame: usize): void {
  revertTo(<usize>load<u32>(frame, FRAME_JOURNAL_START));
  setLogEnd(<usize>load<u32>(frame, FRAME_LOG_START));
  setRefund(load<i64>(frame, FRAME_REFUND_START));
}

/** Moves the frame's output to the buffer that RETURNDATA* reads. */
export function keepOutput(frame: usize): void {
  const length = load<u32>(frame, FRAME_RESULT_LENGTH);
  if (length > returnBufferBytes) exceed(BOUND_RETURN);
  const from = <usize>load<u32>(frame, FRAME_RESULT);
  if (length > 0 && from != returnBuffer) memory.copy(returnBuffer, from, length);
  setReturnLength(length);
}

/** Ends the top frame, of whatever kind, with HALT_*. */
export function endFrame(frame: usize, halt: i32): void {
  if (<i32>load<u32>(frame, FRAME_KIND) >= KIND_CREATE) closeCreate(frame, halt);
  else closeCall(frame, halt);
}

export function closeCall(frame: usize, halt: i32): void {
  let gas = load<i64>(frame, FRAME_GAS);
  if (isFailure(halt)) undoFrame(frame);
  if (halt >= HALT_OUT_OF_GAS) {
    gas = 0;
    setReturnLength(0);
  } else {
    keepOutput(frame);
  }
  leave(frame, halt, gas);
  if (depth == 0) return;
  const parent = frame - FRAME_BYTES;
  const room = load<u32>(parent, FRAME_OUT_LENGTH);
  const length = returnLength < room ? returnLength : room;
  if (length > 0) memory.copy(<usize>load<u32>(parent, FRAME_OUT), returnBuffer, length);
  store<i64>(parent, load<i64>(parent, FRAME_GAS) + gas, FRAME_GAS);
  setWord(<usize>load<u32>(parent, FRAME_SP), u64(!isFailure(halt)));
}

function closeCreate(frame: usize, halted: i32): void {
  const halt = isFailure(halted) ? halted : finishCreation(frame, halted);
  let gas = load<i64>(frame, FRAME_GAS);
  if (isFailure(halt)) undoFrame(frame);
  if (halt >= HALT_OUT_OF_GAS) gas = 0;
  // RETURNDATA holds something only when the init code reverted (EIP-211); the outermost frame
  // keeps what it returned.
  if (halt == HALT_REVERT || (depth == 1 && !isFailure(halt))) keepOutput(frame);
  else setReturnLength(0);
  leave(frame, halt, gas);
  if (depth == 0) return;
  const parent = frame - FRAME_BYTES;
  store<i64>(parent, load<i64>(parent, FRAME_GAS) + gas, FRAME_GAS);
  const result = <usize>load<u32>(parent, FRAME_SP);
  setWord(result, 0);
  if (!isFailure(halt)) pushAddressOf(result, <usize>load<u32>(frame, FRAME_SELF));
}

function pushAddressOf(to: usize, account: usize): void {
  memory.copy(to, account, 20);
}

function leave(frame: usize, halt: i32, gas: i64): void {
  if (mode == DECODE_STEP) hostExit(frame, halt, gas);
  closeFrame(frame);
  if (depth == 0) setOutcome(halt, gas);
}
