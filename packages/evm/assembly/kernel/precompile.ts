// Precompiled contracts. The identity is copied here; the others run in the host.
import { BOUND_RETURN, exceed, hostPrecompile, hostTakeOutput } from './host';
import {
  FRAME_GAS,
  FRAME_INPUT,
  FRAME_INPUT_LENGTH,
  FRAME_RESULT,
  FRAME_RESULT_LENGTH,
  HALT_OUT_OF_GAS,
  HALT_PRECOMPILE,
  HALT_RETURN,
  returnBuffer,
  returnBufferBytes,
} from './layout';

const IDENTITY: u32 = 4;

/** Runs precompile `id` on the frame's input; its output is the frame's result. Returns HALT_*. */
export function runPrecompile(frame: usize, id: u32): i32 {
  const input = <usize>load<u32>(frame, FRAME_INPUT);
  const length = load<u32>(frame, FRAME_INPUT_LENGTH);
  const gas = load<i64>(frame, FRAME_GAS);
  if (id == IDENTITY) {
    const left = gas - 15 - 3 * i64((u64(length) + 31) >> 5);
    if (left < 0) return HALT_OUT_OF_GAS;
    store<i64>(frame, left, FRAME_GAS);
    store<u32>(frame, <u32>input, FRAME_RESULT);
    store<u32>(frame, length, FRAME_RESULT_LENGTH);
    return HALT_RETURN;
  }
  const left = hostPrecompile(id, input, length, gas);
  if (left < 0) return left == -1 ? HALT_OUT_OF_GAS : HALT_PRECOMPILE;
  const size = hostTakeOutput(returnBuffer, returnBufferBytes);
  if (size > returnBufferBytes) exceed(BOUND_RETURN);
  store<i64>(frame, left, FRAME_GAS);
  store<u32>(frame, <u32>returnBuffer, FRAME_RESULT);
  store<u32>(frame, size, FRAME_RESULT_LENGTH);
  return HALT_RETURN;
}
