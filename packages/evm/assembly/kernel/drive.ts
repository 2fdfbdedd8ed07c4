// The driver: runs the top frame until it ends or calls, acts, and goes on, until no frame is open.
// By what a frame runs, the interpreter or generated code, was decided when it was opened
// (native.ts).
import { canPay, ensureLoaded, warmAccount } from './accounts';
import { beginCall, delegateOf, giveCode, openCall } from './call';
import { endFrame, outcome, setOutcome } from './close';
import { beginCreate, openCreate } from './create';
import { clearFrames, depth, topFrame } from './frames';
import {
  ACTION_CALL,
  ACTION_CONTINUE,
  ACTION_CREATE,
  HALT_BALANCE,
  KIND_CALL,
  KIND_CREATE,
  KIND_STATICCALL,
} from './layout';
import { setReturnLength } from './memory';
import { runFrame } from './native';

export function drive(): i32 {
  while (depth > 0) {
    const frame = topFrame();
    let halt = runFrame(frame);
    if (halt >= ACTION_CREATE) halt = beginCreate(frame, halt - ACTION_CALL);
    else if (halt >= ACTION_CALL) halt = beginCall(frame, halt - ACTION_CALL);
    if (halt != ACTION_CONTINUE) endFrame(frame, halt);
  }
  return outcome;
}

/** A message call as the outermost frame. Input, and code to run instead, lie in frame memory. */
export function runCall(
  from: usize,
  to: usize,
  value: usize,
  gas: i64,
  input: usize,
  inputLength: u32,
  isStatic: i32,
  code: usize,
  codeLength: u32,
): i32 {
  clearFrames(inputLength + codeLength + 64);
  setReturnLength(0);
  ensureLoaded(from);
  ensureLoaded(to);
  if (!canPay(from, value)) {
    setOutcome(HALT_BALANCE, gas);
    return HALT_BALANCE;
  }
  giveCode(code, codeLength);
  const delegate = code != 0 ? 0 : delegateOf(to);
  if (delegate != 0) {
    warmAccount(delegate);
    ensureLoaded(delegate);
  }
  const codeAccount = delegate == 0 ? to : delegate;
  const kind = isStatic ? KIND_STATICCALL : KIND_CALL;
  openCall(kind, gas, from, to, to, codeAccount, value, input, inputLength);
  return drive();
}

/**
 * A creation as the outermost frame; `account` is the address that was made of sender and nonce.
 */
export function runCreate(
  from: usize,
  account: usize,
  value: usize,
  gas: i64,
  code: usize,
  length: u32,
): i32 {
  clearFrames(length + 64);
  setReturnLength(0);
  ensureLoaded(from);
  if (!canPay(from, value)) {
    setOutcome(HALT_BALANCE, gas);
    return HALT_BALANCE;
  }
  openCreate(KIND_CREATE, gas, from, account, value, code, length);
  return drive();
}
